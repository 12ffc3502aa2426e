"""The writing side of a run's record."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.event import RunEvent, RunFinished
from naavre_ext.model.plain import plain
from naavre_ext.storage.atomic_file import replace_file
from naavre_ext.storage.masking import SecretMask
from naavre_ext.storage.process_identity import is_gone

#: The files of a run's folder; the last says that the run was let go of without an end.
INFO_FILE, EVENTS_FILE, VALUES_FILE = "run.json", "events.jsonl", "values.bin"
NOTEBOOK_FILE, VARIABLES_FILE = "notebook.ipynb", "variables.json"
ABANDONED_FILE, RESULTS_FOLDER = "abandoned", "results"
#: So many of a root's runs keep the results that they may be resumed from, the latest ones.
_RESUMABLE_RUNS = 3


def _goes_on(path: Path) -> bool:
    """Whether the run in this folder has a process that lives."""
    try:
        info = json.loads((path / INFO_FILE).read_bytes())
        return not ((path / ABANDONED_FILE).exists() or is_gone(info.get("process") or {}))
    except (OSError, ValueError, AttributeError):
        return False


@dataclass(frozen=True, slots=True)
class KeptVariable:
    """A variable whose final value is kept: its ``type`` as Python names it, its ``size`` in bytes.

    ``run`` is the run whose record has the value, if that isn't the run's own.
    """

    name: str
    type: str
    size: int
    run: str | None = None


class RunLog:
    """The record of a run that goes on; ``location`` is the root where it is kept.

    ``is_fallback`` says that the root asked for can't be written to. A log may be used from many
    threads, and as a context manager.
    """

    def __init__(self, path: Path, *, is_fallback: bool, mask: SecretMask) -> None:
        self.path = path
        self.run_id = path.name
        self.location = path.parent.parent
        self.is_fallback = is_fallback
        self._mask = mask
        self._lock = threading.Lock()
        self._finished = False
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(path / EVENTS_FILE, flags, 0o600)
        self._file = io.FileIO(descriptor, "a")

    def append(self, event: RunEvent) -> None:
        """Writes the event as one line, at once; secrets are masked.

        Raises:
            NaavreError: it can't be written (a full disk, say). What is there stays whole.
        """
        line = json.dumps(self._mask(event.to_json()), default=repr).encode() + b"\n"
        with self._lock:
            end = os.fstat(self._file.fileno()).st_size
            try:
                written = self._file.write(line)
                if written != len(line):
                    raise OSError("the disk is full")
            except OSError as error:
                with contextlib.suppress(OSError):
                    self._file.truncate(end)
                reason = error.strerror or str(error)
                message = f"The run record '{self.path}' can't be written: {reason}."
                raise NaavreError(message) from error
            self._finished = self._finished or isinstance(event, RunFinished)

    def save_values(self, blob: bytes, variables: Iterable[KeptVariable] = ()) -> None:
        """Keeps ``blob``, which holds these variables, with the run, in place of an earlier one.

        Raises:
            NaavreError: it can't be written; an earlier one stays.
        """
        try:
            listed = json.dumps([plain(variable) for variable in variables]).encode()
            replace_file(self.path / VARIABLES_FILE, listed, mode=0o600)
            replace_file(self.path / VALUES_FILE, blob, mode=0o600)
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"The values of run {self.run_id} can't be kept: {reason}."
            raise NaavreError(message) from error

    @property
    def notebook_path(self) -> Path:
        """Where :meth:`save_notebook` keeps the notebook."""
        return self.path / NOTEBOOK_FILE

    def save_notebook(self, node: Any) -> None:
        """Keeps the executed notebook, an nbformat document, with the run; secrets are masked.

        Raises:
            RefusedError: it can't be written.
        """
        from naavre_ext.storage.notebook_file import as_node, write_notebook

        write_notebook(as_node(self._mask(node)), self.notebook_path)

    def make_results(self) -> Path | None:
        """A new folder for results that a later run may resume from; None when it can't be made.

        Results of all but the latest runs are removed, as long as these don't go on.
        """
        folder = self.path / RESULTS_FOLDER
        try:
            folder.mkdir(mode=0o700)
        except OSError:
            return None
        earlier = [path for path in self.path.parent.glob(f"*/{RESULTS_FOLDER}") if path != folder]
        for path in sorted(earlier, reverse=True)[_RESUMABLE_RUNS:]:
            if not _goes_on(path.parent):
                shutil.rmtree(path, ignore_errors=True)
        return folder

    def remove_results(self) -> None:
        """Removes the results that were stored."""
        gone = self.path / ".removed"
        with contextlib.suppress(OSError):  # renamed first: somebody may still be writing there
            (self.path / RESULTS_FOLDER).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def close(self) -> None:
        """Lets go of the run; without a ``RunFinished`` it counts as interrupted from now on."""
        with self._lock:
            if not self._file.closed:
                self._file.close()
                if not self._finished:
                    with contextlib.suppress(OSError):
                        (self.path / ABANDONED_FILE).touch(mode=0o600)

    def __enter__(self) -> RunLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
