"""Where the engine of this interpreter, installation and cluster is found."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from naavre_ext.model.diagnostic import ClusterError

# The system's limit for a Unix socket's path is 104 characters or more.
_LONGEST_FOLDER = 60

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class EnginePlace:
    """The files of one engine, all in a folder that only its user can enter."""

    socket: Path

    @property
    def lock(self) -> Path:
        """Held while an engine is being started, or a dead one's socket removed."""
        return self.socket.with_suffix(".lock")

    @property
    def log(self) -> Path:
        """What the engine has to say."""
        return self.socket.with_suffix(".log")

    def outdated(self) -> tuple[Path, ...]:
        """Sockets of engines that differ from this one only by the source they run."""
        prefix = self.socket.stem.partition("-")[0]
        found = sorted(self.socket.parent.glob(f"{prefix}-*.sock"))
        return tuple(path for path in found if path != self.socket)

    @contextmanager
    def locked(self, *, wait: bool = True) -> Iterator[bool]:
        """Hold the lock; false when someone else does and ``wait`` isn't wanted."""
        descriptor = os.open(self.lock, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)


def engine_place(address: str | None) -> EnginePlace:
    """The place for engines that run this very code in this interpreter on this cluster.

    An engine of another interpreter, another installation or older source is never found.

    Raises:
        ClusterError: the private folder belongs to somebody else.
    """
    parts = (sys.executable, sys.version, sys.prefix, address or "local", str(_PACKAGE))
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return EnginePlace(_private_folder() / f"{digest}-{_source_digest()}.sock")


def _source_digest() -> str:
    """Changes with any file of this package."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(_PACKAGE):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            if name.endswith(".py"):
                status = os.stat(os.path.join(folder, name))
                digest.update(f"{folder}/{name} {status.st_mtime_ns} {status.st_size}".encode())
    return digest.hexdigest()[:12]


def _private_folder() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and len(runtime) <= _LONGEST_FOLDER and os.path.isdir(runtime):
        folder = Path(runtime, "naavre-ext")
    else:
        base = tempfile.gettempdir()
        folder = Path(base if len(base) <= _LONGEST_FOLDER else "/tmp", f"naavre-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise ClusterError(
            f"NX520 {folder}: this folder must belong to you alone (mode 0700), or others could "
            f"run code as you. Remove it, or set XDG_RUNTIME_DIR to a folder of your own."
        )
    return folder
