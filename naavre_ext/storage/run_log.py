"""The writing side of a run's record."""

from __future__ import annotations

import contextlib
import io
import json
import os
import threading
from pathlib import Path
from types import TracebackType

from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.event import RunEvent, RunFinished
from naavre_ext.storage.atomic_file import replace_file
from naavre_ext.storage.masking import SecretMask

#: The files of a run's folder; the last says that the run was let go of without an end.
INFO_FILE, EVENTS_FILE, VALUES_FILE = "run.json", "events.jsonl", "values.bin"
ABANDONED_FILE = "abandoned"


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

    def save_values(self, blob: bytes) -> None:
        """Keeps ``blob`` with the run, in place of an earlier one.

        Raises:
            NaavreError: it can't be written; an earlier one stays.
        """
        try:
            replace_file(self.path / VALUES_FILE, blob, mode=0o600)
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"The values of run {self.run_id} can't be kept: {reason}."
            raise NaavreError(message) from error

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
