"""Temporary folders that are locked while their owner lives, and the removal of those that killed owners left."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

# A folder this young may belong to a process that hasn't locked it yet.
_UNLOCKED_GRACE_S = 60.0


class LockedFolder:
    """A new folder with mode 0700, locked for as long as this process lives.

    Others of the same ``prefix`` whose owner is gone without having removed them are deleted: now, or with
    ``cleans_later`` when this one is removed.
    """

    def __init__(
        self, prefix: str, base: Path | None = None, *, cleans_later: bool = False
    ) -> None:
        base = base or Path(tempfile.gettempdir())
        self._to_clean = (prefix, base) if cleans_later else None
        if not cleans_later:
            _remove_abandoned(prefix, base)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
        self._lock = os.open(self.path / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Delete the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            os.close(self._lock)
        if self._to_clean is not None:
            _remove_abandoned(*self._to_clean)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.remove()


def _remove_abandoned(prefix: str, base: Path) -> None:
    for folder in base.glob(f"{prefix}*"):
        with suppress(OSError):
            status = folder.lstat()
            if status.st_uid != os.getuid() or folder.is_symlink():
                continue
            if time.time() - status.st_mtime > _UNLOCKED_GRACE_S and not _is_locked(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_locked(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
