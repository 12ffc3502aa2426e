"""Batches on disk: ``<root>/batches/<batch id>/`` holds what was asked for, and how each job ended.

``batch.json`` is written once, ``jobs.jsonl`` grows by a line per job that begins and one when it has ended,
``shared`` holds the results of the steps that all jobs share. Only their owner can read them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from naavre_ext.model.diagnostic import Diagnostic, NaavreError, RefusedError
from naavre_ext.model.jobs import Job, JobEnd
from naavre_ext.model.notebook import Notebook
from naavre_ext.storage.atomic_file import replace_file
from naavre_ext.storage.ids import ID, new_folder

_INFO, _JOBS = "batch.json", "jobs.jsonl"
_BATCH_ID = re.compile(f"batch-{ID}")


class BatchRecord:
    """One batch on disk; ``info`` is what ``batch.json`` says."""

    def __init__(self, path: Path, info: Mapping[str, Any]) -> None:
        self.path, self.info = path, info
        self.batch_id = path.name
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.info)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, in their order."""
        return tuple(Job(**job) for job in self.info["jobs"])

    @property
    def shared(self) -> Path:
        """The folder of results that all jobs share."""
        folder = self.path / "shared"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def ends(self, digest: str | None = None) -> dict[int, JobEnd]:
        """How each job ended last, by its number; with ``digest`` only what ran from that notebook."""
        found: dict[int, JobEnd] = {}
        for entry in self._entries():
            with contextlib.suppress(TypeError, KeyError):  # it tells of a beginning
                if digest in (None, entry.pop("notebook")):
                    found[entry["number"]] = JobEnd(**entry)
        return found

    def outdated(self, digest: str) -> int:
        """How many jobs ended well of another notebook than this one: to go on means to run them again."""
        current = self.ends(digest)
        return sum(
            end.status == "ok" and (number not in current or current[number].status != "ok")
            for number, end in self.ends().items()
        )

    def begun(self) -> dict[int, str]:
        """The id of each job's latest run, by its number; 0 is the run of what all share."""
        return {e["number"]: e["begun"] for e in self._entries() if "begun" in e}

    def _entries(self) -> Iterator[dict[str, Any]]:
        with contextlib.suppress(FileNotFoundError):
            for line in (self.path / _JOBS).read_bytes().splitlines():
                with contextlib.suppress(ValueError):  # a line that was cut off
                    entry = json.loads(line)
                    if isinstance(entry, dict):
                        yield entry

    def forget_unless_begun(self) -> None:
        """Remove the record if no job has run yet, nor what they share."""
        if not self.ends() and not any(self.shared.glob("*.json")):
            shutil.rmtree(self.path, ignore_errors=True)

    def append(self, end: JobEnd, digest: str) -> None:
        """Note how a job ended, at once.

        Raises:
            NaavreError: it can't be written.
        """
        self._write({**end.to_json(), "notebook": digest})

    def note_begun(self, number: int, run_id: str) -> None:
        """Note that a job's run has a record, at once.

        Raises:
            NaavreError: it can't be written.
        """
        self._write({"number": number, "begun": run_id})

    def _write(self, entry: Mapping[str, Any]) -> None:
        # A line that was cut off, as the process was killed, doesn't take this one along.
        line = b"\n" + json.dumps(entry).encode() + b"\n"
        try:
            with self._lock, open(self.path / _JOBS, "ab", opener=_private) as file:
                file.write(line)
        except OSError as error:
            message = f"The batch's record '{self.path}' can't be written: {error.strerror}."
            raise NaavreError(message) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def create_batch(
    root: Path,
    *,
    notebook: str | None,
    jobs: Sequence[Job],
    varying: Sequence[str],
    keep: Sequence[str],
    keeps_all: bool,
    settings: tuple[str, str] | None = None,
) -> BatchRecord:
    """The record of a new batch; ``keeps_all`` says that the kept variables may be of any size.

    ``settings`` are the name and the text of the file with settings of the cells, if there is one.

    Raises:
        RefusedError: it can't be written.
    """
    path, now = root / "batches", time.time()
    rows = [
        {
            "number": job.number,
            "parameters": dict(job.parameters),
            "output": None if job.output is None else os.path.abspath(job.output),
        }
        for job in jobs
    ]
    info = {
        "notebook": None if notebook is None else os.path.abspath(notebook),
        "started_at": now, "jobs": rows, "varying": list(varying), "keep": list(keep),
        "keeps_all": keeps_all, "settings": settings,
    }  # fmt: skip
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = new_folder(path, now, "batch-")
        if not (root / ".gitignore").exists():
            replace_file(root / ".gitignore", b"*\n", mode=0o600)
        replace_file(path / _INFO, json.dumps(info, indent=1).encode(), mode=0o600)
    except TypeError as error:
        raise _refused(
            "NX543", f"The table can't be kept: {error}.", "Give values that JSON knows."
        ) from None
    except OSError as error:
        message = f"The batch's record can't be written to '{path}': {error.strerror}."
        raise _refused(
            "NX019", message, "Name a folder that can be written to with --store."
        ) from None
    return BatchRecord(path, info)


def find_batch(root: Path, batch_id: str | None = None) -> BatchRecord:
    """The batch with this id, or with the only one that starts so; None: the latest.

    Raises:
        RefusedError: there is none.
    """
    folders = sorted(p for p in (root / "batches").glob("batch-*") if _BATCH_ID.fullmatch(p.name))
    wanted = batch_id or ""
    found = [p for p in folders if p.name == wanted] or [
        p for p in folders if p.name.startswith(wanted) or p.name.startswith(f"batch-{wanted}")
    ]
    if batch_id is None:
        found = found[-1:]
    if len(found) == 1:
        with contextlib.suppress(OSError, ValueError):
            return BatchRecord(found[0], json.loads((found[0] / _INFO).read_bytes()))
    latest = ", ".join(path.name for path in folders[-5:])
    what = "More than one batch starts" if len(found) > 1 else "There is no batch that starts"
    raise _refused(
        "NX015", f"{what} with '{wanted}' in '{root}'.", latest and f"The latest: {latest}."
    )


def digest_of_code(notebook: Notebook, folder: Path) -> str:
    """Stands for a notebook: its cells, their tags, and the user's own code in its folder that they use."""
    # The server's own process reads batches, and does so without the analysis.
    from naavre_ext.storage.own_code import own_files

    cells = [(cell.source, sorted(cell.tags)) for cell in notebook.code_cells]
    own = own_files("\n".join(source for source, _ in cells), folder)
    files = [_digest_of_file(file) for file in (*own.modules, *own.scripts)]
    return hashlib.sha256(json.dumps([cells, files, own.called]).encode()).hexdigest()[:32]


def _digest_of_file(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _refused(code: str, message: str, remedy: str) -> RefusedError:
    return RefusedError([Diagnostic(code, "error", message, remedy)])
