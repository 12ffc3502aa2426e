"""A private folder for a Ray of our own, and the removal of those that killed owners left."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_PREFIX = "nx-ray-"
# Ray appends about 70 characters to make socket paths, which the system limits to 104 or more.
_LONGEST_BASE = 24
# A folder this young may belong to a process that hasn't locked it yet.
_UNLOCKED_GRACE_S = 60.0


class PrivateFolder:
    """A new folder with mode 0700, locked for as long as this process lives.

    ``token_path`` (mode 0600) holds the token that the Ray in ``ray_path`` asks for.
    """

    def __init__(self, base: Path | None = None) -> None:
        base = base or _short_temp_dir()
        _remove_abandoned(base)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        self.token_path = self.path / "token"
        # Ray opens its folder to everyone, so that can't be the private one.
        self.ray_path = self.path / "r"
        self._lock = os.open(self.path / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        token_file = os.open(self.token_path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(token_file, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32))

    def remove(self) -> None:
        """Delete the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            os.close(self._lock)


def _short_temp_dir() -> Path:
    folder = tempfile.gettempdir()
    return Path(folder if len(folder) <= _LONGEST_BASE else "/tmp")


def _remove_abandoned(base: Path) -> None:
    """Delete our folders under ``base`` whose owner is gone without having removed them."""
    for folder in base.glob(f"{_PREFIX}*"):
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
