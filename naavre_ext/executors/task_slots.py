"""How many CPUs of the machine have nothing to do while a step calls tasks, and who runs which call.

Both are kept in a folder that the step's processes share, so that each can look and take in microseconds.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from naavre_ext.executors.locked_folder import LockedFolder

_COUNT = "idle"


class TaskSlots:
    """The idle slots of one step. Where the folder isn't (on another machine), there are none."""

    def __init__(self, folder: Path, own: LockedFolder | None = None) -> None:
        self.folder = folder
        self._own = own

    @classmethod
    def create(cls, idle: int) -> TaskSlots:
        """The slots of a step that begins, ``idle`` of them free."""
        own = LockedFolder("naavre-tasks-")
        slots = cls(own.path, own)
        (slots.folder / _COUNT).write_text(str(idle))
        return slots

    def remove(self) -> None:
        """The step is over."""
        if self._own is not None:
            self._own.remove()

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
