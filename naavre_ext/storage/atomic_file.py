"""Files that are replaced whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import uuid
from pathlib import Path


def replace_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Puts ``content`` at ``path``; a reader sees all of the old file or all of the new one.

    The new file has ``mode``, or else the mode of the file it replaces, or else what the umask
    gives. A symbolic link stays, and its target is replaced; a device or a pipe is written to.

    Raises:
        OSError: it can't be done; what stood at ``path`` is unchanged and no other file is left.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    if is_stream(target):
        target.write_bytes(content)
        return
    if mode is None and target.is_file():
        mode = stat.S_IMODE(target.stat().st_mode)
        if not _may_write(target):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    temporary = _temporary_beside(target)
    try:
        _write_new(temporary, content, mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def is_stream(path: Path) -> bool:
    """Whether something other than a regular file or a folder stands at ``path``."""
    return path.exists() and not path.is_file() and not path.is_dir()


def check_creatable(path: Path) -> None:
    """Returns when :func:`replace_file` could now create or replace ``path``.

    It creates a file beside it and removes it again: permission bits alone say yes to root.

    Raises:
        OSError: why not.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if target.exists() and not _may_write(target):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    if is_stream(target):
        return
    with contextlib.suppress(FileNotFoundError):
        os.lstat(target)  # raises when the name is too long
    temporary = _temporary_beside(target)
    _write_new(temporary, b"", None)
    temporary.unlink()


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _temporary_beside(path: Path) -> Path:
    """A new hidden name in the same folder, short enough for any file system."""
    return path.parent / f".naavre-{uuid.uuid4().hex[:12]}.tmp"


def _write_new(path: Path, content: bytes, mode: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    descriptor = os.open(path, flags, 0o666 if mode is None else 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if mode is not None:
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Makes the new name durable where the file system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
