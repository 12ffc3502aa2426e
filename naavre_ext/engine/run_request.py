"""What a client asks the engine, which lives in another folder and environment, to run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naavre_ext.engine.protocol import options_to_json
from naavre_ext.model.run import RunOptions

if TYPE_CHECKING:
    from naavre_ext.storage.notebook_file import NotebookFile
    from naavre_ext.storage.source_files import SourceFiles


def run_request(
    source: str | Path | Mapping[str, Any] | NotebookFile,
    output: str | Path | None,
    parameters: Mapping[str, Any] | None,
    options: RunOptions,
) -> dict[str, Any]:
    """The fields of a ``start`` request, with this process's folder and environment where no others are given."""
    files: SourceFiles | None = getattr(source, "files", None)
    notebook: Any = source if files is None else files.notebook
    is_path = isinstance(notebook, (str, Path))
    options = replace(
        options,
        cwd=_absolute(options.cwd) if options.cwd or is_path else os.getcwd(),
        store=_absolute(options.store),
        environment=options.environment if options.environment is not None else dict(os.environ),
    )
    return {
        "source": _absolute(notebook) if is_path else notebook,
        "files": None
        if files is None
        else {"workflow": files.workflow, "settings": files.settings},
        "output": _absolute(output),
        "parameters": dict(parameters or {}),
        "options": options_to_json(options),
    }


def source_of(request: Mapping[str, Any]) -> Any:
    """What a request is to run: a path, a notebook, or what was read of it and of other files.

    Raises:
        RefusedError: these can't be read.
    """
    if request["files"] is None:
        return request["source"]
    from naavre_ext.storage.source_files import SourceFiles

    return SourceFiles(request["source"], **request["files"]).read()


def _absolute(path: str | Path | None) -> str | None:
    """The path as the engine, which lives elsewhere, understands it. A URL stays."""
    if path is None or "://" in str(path):
        return None if path is None else str(path)
    return os.path.abspath(os.path.expanduser(path))
