"""What a client asks the engine, which lives in another folder and environment, to run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from naavre_ext.engine.protocol import options_to_json
from naavre_ext.model.run import RunOptions


def run_request(
    source: str | Path | Mapping[str, Any],
    output: str | Path | None,
    parameters: Mapping[str, Any] | None,
    options: RunOptions,
) -> dict[str, Any]:
    """The fields of a ``start`` request, with this process's folder and environment where no others are given."""
    is_path = isinstance(source, (str, Path))
    options = replace(
        options,
        cwd=_absolute(options.cwd) if options.cwd or is_path else os.getcwd(),
        store=_absolute(options.store),
        environment=options.environment if options.environment is not None else dict(os.environ),
    )
    return {
        "source": _absolute(source) if isinstance(source, (str, Path)) else source,
        "output": _absolute(output),
        "parameters": dict(parameters or {}),
        "options": options_to_json(options),
    }


def _absolute(path: str | Path | None) -> str | None:
    """The path as the engine, which lives elsewhere, understands it. A URL stays."""
    if path is None or "://" in str(path):
        return None if path is None else str(path)
    return os.path.abspath(os.path.expanduser(path))
