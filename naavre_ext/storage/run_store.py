"""Run records on disk: what was run, every event, and the values that were kept.

``<root>/runs/<run id>/`` holds ``run.json`` (written once, at the start), ``events.jsonl`` (one
event a line, appended as it happens) and perhaps ``values.bin``. Only their owner can read them.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.planning.parameters import prefixed_kind, secret_literals
from naavre_ext.storage.atomic_file import replace_file
from naavre_ext.storage.ids import ID, new_folder
from naavre_ext.storage.masking import SecretMask
from naavre_ext.storage.process_identity import this_process
from naavre_ext.storage.run_log import INFO_FILE, RunLog
from naavre_ext.storage.run_record import RunRecord, RunSummary, StoredStatus, read_info, summarise

__all__ = ["RunLog", "RunRecord", "RunStore", "RunSummary", "StoredStatus"]

#: What stands for the id of the run that began last.
LATEST = "latest"
_RUN_ID = re.compile(ID)


class RunStore:
    """The runs below one root, usually ``.naavre`` in the notebook's folder.

    When ``root`` can't be written to, runs go to a folder of its own in the user's state
    directory, and are found there again.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.abspath(root))

    @functools.cached_property
    def fallback_root(self) -> Path:
        """Where runs go when ``root`` can't be written to."""
        digest = hashlib.sha256(os.fsencode(os.path.realpath(self.root))).hexdigest()[:12]
        return _state_folder() / f"{self.root.parent.name or 'root'}-{digest}"

    @classmethod
    def beside(cls, notebook: str | os.PathLike[str] | None) -> RunStore:
        """The store in the folder of ``notebook``; in the working directory if it has no file."""
        folder = Path(notebook).parent if notebook is not None else Path()
        return cls(folder / ".naavre")

    def create(
        self,
        notebook: str | None,
        *,
        parameters: Mapping[str, Any] | None = None,
        workflow: Mapping[str, Any] | None = None,
        secrets: Iterable[str] = (),
        labels: Mapping[str, Any] | None = None,
        parsing: AbstractContextManager[Any] | None = None,
    ) -> RunLog:
        """The log of a new run. ``workflow`` is its JSON form, ``secrets`` are texts to mask.

        Cells are parsed within ``parsing``: Python's parser isn't for several threads at once.

        Neither parameters named ``secret_*`` are stored, nor texts that the workflow's cells assign
        to such names.

        Raises:
            RefusedError: neither the root nor the fallback can be written to.
        """
        steps = (workflow or {}).get("steps", ())
        with parsing or contextlib.nullcontext():
            literals = [text for step in steps for text in secret_literals(step.get("source", ""))]
        given = dict(parameters or {})
        hidden = {name for name in given if prefixed_kind(name) == "secret"}
        mask = SecretMask([*secrets, *literals, *(str(given[name]) for name in hidden)])
        now = time.time()
        info = {
            "notebook": os.path.abspath(notebook) if notebook is not None else None,
            "parameters": mask({k: v for k, v in given.items() if k not in hidden}),
            "started_at": now,
            "workflow": mask(workflow),
            "version": _version(),
            "process": this_process(),
            "labels": mask(dict(labels or {})),
        }
        path, is_fallback = self._new_folder(now)
        content = json.dumps({"id": path.name, **info}, default=repr).encode()
        try:
            log = RunLog(path, is_fallback=is_fallback, mask=mask)
            replace_file(path / INFO_FILE, content, mode=0o600)
        except OSError as error:
            _refuse_creation(path, error)
        return log

    def _new_folder(self, now: float) -> tuple[Path, bool]:
        try:
            return _make_run_folder(self.root, now), False
        except OSError:
            try:
                return _make_run_folder(self.fallback_root, now), True
            except OSError as error:
                _refuse_creation(self.fallback_root, error)

    def list(self) -> tuple[RunSummary, ...]:
        """All runs, newest first; a folder that holds no readable run is left out."""
        found = [(path, read_info(path)) for path in self.folders()]
        summaries = [summarise(path, info) for path, info in found if info is not None]
        return tuple(sorted(summaries, key=lambda s: (s.started_at, s.id), reverse=True))

    def of_notebook(self, notebook: str | os.PathLike[str]) -> Iterator[RunRecord]:
        """The runs of this notebook, the latest first; each is read when it is asked for."""
        wanted = os.path.abspath(notebook)
        return (run for run in self._newest_first() if run.info.get("notebook") == wanted)

    def _newest_first(self) -> Iterator[RunRecord]:
        paths = sorted(self.folders(), key=lambda path: path.name, reverse=True)
        return (found for found in map(self.read, paths) if found is not None)

    def rename_notebook(
        self, old: str | os.PathLike[str], new: str | os.PathLike[str]
    ) -> tuple[RunRecord, ...]:
        """The runs of a notebook that has another name now, which is theirs from then on."""
        renamed = tuple(self.of_notebook(old))
        for record in renamed:
            info = {**record.info, "notebook": os.path.abspath(new)}
            with contextlib.suppress(OSError):  # it keeps the old name
                replace_file(record.path / INFO_FILE, json.dumps(info).encode(), mode=0o600)
        return renamed

    def find(self, run_id: str) -> RunRecord | None:
        """The run with exactly this id; None where there is none."""
        if not _RUN_ID.fullmatch(run_id):
            return None
        places = (root / "runs" / run_id for root in (self.root, self.fallback_root))
        return next((found for found in map(self.read, places) if found is not None), None)

    def read(self, path: Path) -> RunRecord | None:
        """The run in this folder; None where that is no readable run."""
        info = read_info(path)
        return None if info is None else RunRecord(path, info)

    def open(self, run_id: str, notebook: str | os.PathLike[str] | None = None) -> RunRecord:
        """The run with this id, or with the only id that starts so.

        The word ``latest`` stands for the run that began last, of the ``notebook`` where one is named.

        Raises:
            RefusedError: there is no such run, or more than one.
        """
        if run_id == LATEST:
            runs = self._newest_first() if notebook is None else self.of_notebook(notebook)
            if (found := next(runs, None)) is not None:
                return found
        exact = self.find(run_id)  # thousands of jobs are opened by their whole ids
        if exact is not None:
            return exact
        matches = [path for path in self.folders() if path.name.startswith(run_id) and run_id]
        if len(matches) > 1:
            ids = ", ".join(sorted((path.name for path in matches), reverse=True)[:5])
            _refuse(
                "NX016", f"More than one run starts with '{run_id}': {ids}.", "Give more of it."
            )
        info = read_info(matches[0]) if matches else None
        if info is None:
            latest = ", ".join(run.id for run in self.list()[:5])
            known = f"The latest runs: {latest}." if latest else f"'{self.root}' has no runs yet."
            remedy = (
                "Runs are kept beside their notebook: name that as well if it is in another folder."
            )
            _refuse("NX015", f"There is no run '{run_id}'. {known}", remedy)
        return RunRecord(matches[0], info)

    def delete(self, run_id: str) -> None:
        """Removes a run, named as for :meth:`open`, and all that it kept.

        Raises:
            RefusedError: there is no such run, it still runs, or it can't be removed.
        """
        record = self.open(run_id)
        if record.summary.status == "running":
            _refuse("NX017", f"Run {record.run_id} is still running.", "Stop it first.")
        try:
            # Renamed first, so that no half of a run is ever listed.
            gone = record.path.rename(record.path.with_name(f".deleted-{record.run_id}"))
            shutil.rmtree(gone)
        except OSError as error:
            message = f"Run {record.run_id} can't be removed: {error.strerror}."
            _refuse("NX017", message, f"Check the permissions of '{record.path}'.")

    def folders(self) -> Iterator[Path]:
        """Where the records of all runs are, in the order of their ids."""
        for root in (self.root, self.fallback_root):
            with contextlib.suppress(OSError):
                names = sorted(os.listdir(root / "runs"))
                yield from (root / "runs" / name for name in names if _RUN_ID.fullmatch(name))


@functools.cache
def _version() -> str:
    return metadata.version("naavre-ext")


def _state_folder() -> Path:
    home = os.environ.get("XDG_STATE_HOME")
    if not home or not os.path.isabs(home):
        home = os.path.expanduser("~/.local/state")
    return Path(home) / "naavre-ext"


def _make_run_folder(root: Path, now: float) -> Path:
    """A new, empty folder in ``root``."""
    while True:
        try:
            return new_folder(root / "runs", now)
        except FileNotFoundError:
            _make_root(root)


def _make_root(root: Path) -> None:
    """The folders above those of runs, which git is told to ignore."""
    root.parent.mkdir(parents=True, exist_ok=True)
    for folder in (root, root / "runs"):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not (root / ".gitignore").exists():
        replace_file(root / ".gitignore", b"*\n", mode=0o600)


def _refuse(code: str, message: str, remedy: str) -> NoReturn:
    raise RefusedError([Diagnostic(code, "error", message, remedy)]) from None


def _refuse_creation(path: Path, error: OSError) -> NoReturn:
    message = f"The run record can't be written to '{path}': {error.strerror}."
    _refuse("NX019", message, "Name a folder that can be written to with --store.")
