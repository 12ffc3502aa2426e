"""A private folder for a Ray of our own."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from naavre_ext.executors.locked_folder import LockedFolder

_PREFIX = "nx-ray-"
# Ray appends about 70 characters to make socket paths, which the system limits to 104 or more.
_LONGEST_BASE = 24


class PrivateFolder(LockedFolder):
    """A new folder with mode 0700, locked for as long as this process lives.

    ``token_path`` (mode 0600) holds the token that the Ray in ``ray_path`` asks for.
    """

    def __init__(self, base: Path | None = None) -> None:
        super().__init__(_PREFIX, base or _short_temp_dir())
        self.token_path = self.path / "token"
        # Ray opens its folder to everyone, so that can't be the private one.
        self.ray_path = self.path / "r"
        token_file = os.open(self.token_path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(token_file, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32))


def _short_temp_dir() -> Path:
    folder = tempfile.gettempdir()
    return Path(folder if len(folder) <= _LONGEST_BASE else "/tmp")
