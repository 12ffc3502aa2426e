"""What a run left behind: its executed notebook as a file one can open, and its variables."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from naavre_ext.server.errors import RequestError
from naavre_ext.storage.atomic_file import replace_file
from naavre_ext.storage.run_record import RunRecord


def default_copy(record: RunRecord, notebook: Path) -> Path:
    """``study.20260102-030405-abcd.ipynb`` beside ``study.ipynb``."""
    return notebook.with_name(f"{notebook.name.removesuffix('.ipynb')}.{record.run_id}.ipynb")


def copy_notebook(record: RunRecord, target: Path, *, is_default: bool) -> None:
    """The executed notebook, written to ``target``; a default one that is there stays.

    Raises:
        RequestError: the run kept none, or the file can't be written.
    """
    if target.exists():
        if is_default:
            return
        raise RequestError(409, f"'{target.name}' is there already.", field="output")
    kept = record.notebook_file
    if kept is None:
        raise RequestError(404, f"Run {record.run_id} kept no executed notebook.")
    try:
        replace_file(target, kept.read_bytes())
    except OSError as error:
        message = f"'{target.name}' can't be written: {error.strerror}."
        raise RequestError(409, message, field="output") from None


def variables_of(record: RunRecord, names: Sequence[str] | None) -> dict[str, Any]:
    """The variables that were kept, and code that binds those with these names (None: all) in a kernel."""
    kept = record.variables()
    known = [variable.name for variable in kept]
    unknown = [name for name in names or () if name not in known]
    if unknown:
        message = f"Run {record.run_id} kept no variable {unknown[0]!r}."
        raise RequestError(404, message, field="names")
    return {
        "variables": [{"name": v.name, "type": v.type, "size": v.size} for v in kept],
        "code": _loading_code(record, known if names is None else list(names)),
    }


def _loading_code(record: RunRecord, names: list[str]) -> str:
    usable = [name for name in names if name.isidentifier() and not keyword.iskeyword(name)]
    if not usable:
        return ""
    store = str(record.path.parent.parent)
    targets, values = ", ".join(usable), ", ".join(f"_run[{name!r}]" for name in usable)
    return (
        "from naavre_ext import open_run as _open_run\n"
        f"_run = _open_run({record.run_id!r}, store={store!r})\n"
        f"{targets} = {values}\n"
        "del _open_run, _run\n"
    )
