"""How many CPUs of the machine have nothing to do while a step calls tasks, and who runs which call.

Both are kept in a folder that the step's processes share, so that each can look and take in microseconds.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import suppress
from pathlib import Path

from naavre_ext.executors.locked_folder import LockedFolder

_COUNT = "idle"


class TaskSlots:
    """The idle slots of one step. Where the folder isn't (on another machine), there are none."""

    def __init__(self, folder: Path) -> None:
        self._folder: Path | None = folder

    @property
    def folder(self) -> Path:
        """Where the step's processes keep them."""
        assert self._folder is not None
        return self._folder

    def take(self) -> bool:
        """Whether a slot was idle; the caller has it then."""
        return self._add(-1, least=0)

    def give(self) -> None:
        """A slot is idle again."""
        self._add(1)

    def resume(self) -> None:
        """Whoever waited goes on, whether there is an idle slot or not."""
        self._add(-1)

    def claim(self, call: str) -> bool:
        """Whether nobody has begun the call yet; from now on it is the caller's to run."""
        try:
            os.close(os.open(self.folder / call, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return False
        except OSError:  # another machine
            return True
        return True

    def _add(self, change: int, least: int | None = None) -> bool:
        with suppress(OSError, ValueError), (self.folder / _COUNT).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            count = int(file.read()) + change
            if least is not None and count < least:
                return False
            file.seek(0)
            file.truncate()
            file.write(str(count))
            file.flush()
            return True
        return False


class OwnTaskSlots(TaskSlots):
    """The slots of a step that begins here, ``idle`` of them free. The folder is made when somebody asks for one.

    Most steps are over before that, and making and deleting it takes milliseconds. For several threads.
    """

    def __init__(self, idle: int) -> None:
        self._folder: Path | None = None
        self._idle = idle
        self._own: LockedFolder | None = None
        self._making = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where the step's processes keep them."""
        with self._making:
            if self._folder is None:
                # Beside a cell that computes, each of a folder's entries takes as long as Python's threads
                # take to change places: seconds, where many files lie about.
                self._own = LockedFolder("naavre-tasks-", cleans_later=True)
                (self._own.path / _COUNT).write_text(str(self._idle))
                self._folder = self._own.path
            return self._folder

    def remove(self) -> None:
        """The step is over."""
        if self._own is not None:
            self._own.remove()
