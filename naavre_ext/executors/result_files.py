"""Results of steps and batches as files: versioned, checksummed, written whole or not at all.

A file holds a JSON header, which is read by itself, and a pickle. Both are followed by a digest. Files are not
synced: what a crash of the machine spoils is found by its digest, and computed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import shutil
import struct
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from naavre_ext.model.diagnostic import NaavreError

_MAGIC = b"naavre-ext result 1\n"
_LENGTH = struct.Struct("<Q")
_DIGEST = 16
#: So much stays free on the disk, and a twentieth of it up to 5 GiB: it isn't ours to fill.
_SPARE_BYTES = 256 << 20


class ResultUnusable(NaavreError):
    """A stored result is missing, damaged or of another version."""


def write_result(path: Path, header: Mapping[str, Any], value: Any, nbytes: int) -> None:
    """Puts a result of about ``nbytes`` at ``path``.

    Raises:
        OSError: it can't be written; no part of it stays.
    """
    disk = shutil.disk_usage(path.parent)
    if disk.free < 2 * nbytes + max(_SPARE_BYTES, min(disk.total // 20, 5 << 30)):
        raise OSError("the disk is nearly full")
    temporary = path.with_name(f".{uuid.uuid4().hex[:12]}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            text = json.dumps(header).encode()
            file.write(_MAGIC + _LENGTH.pack(len(text)))
            file.write(text + hashlib.blake2b(text, digest_size=_DIGEST).digest())
            hashing = _Hashing(file)
            pickle.Pickler(hashing, protocol=5).dump(value)
            file.write(hashing.hash.digest())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


class _Hashing:
    """Passes bytes on to a file and digests them: large arrays aren't copied on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.blake2b(digest_size=_DIGEST)

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return self._file.write(data)


def read_header(path: Path) -> dict[str, Any]:
    """What the file says of its result.

    Raises:
        ResultUnusable: there is no such file, or it is damaged.
    """
    try:
        with open(path, "rb") as file:
            return _header(file)
    except OSError as error:
        raise ResultUnusable(f"it can't be read: {error.strerror}") from error


def read_result(path: Path) -> tuple[dict[str, Any], Any]:
    """The header and the result.

    Raises:
        ResultUnusable: there is no such file, or it is damaged.
    """
    try:
        with open(path, "rb") as file:
            header = _header(file)
            data = file.read()
    except OSError as error:
        raise ResultUnusable(f"it can't be read: {error.strerror}") from error
    body, digest = memoryview(data)[:-_DIGEST], data[-_DIGEST:]
    if hashlib.blake2b(body, digest_size=_DIGEST).digest() != digest:
        raise ResultUnusable("it is damaged")
    try:
        return header, pickle.loads(body)
    except Exception as error:
        raise ResultUnusable(f"it can't be rebuilt: {error}") from error


def _header(file: BinaryIO) -> dict[str, Any]:
    start = file.read(len(_MAGIC) + _LENGTH.size)
    if not start.startswith(_MAGIC) or len(start) < len(_MAGIC) + _LENGTH.size:
        raise ResultUnusable("it is no result of this version")
    (length,) = _LENGTH.unpack(start[len(_MAGIC) :])
    text = file.read(min(length, 1 << 24))
    if hashlib.blake2b(text, digest_size=_DIGEST).digest() != file.read(_DIGEST):
        raise ResultUnusable("it is damaged")
    header: dict[str, Any] = json.loads(text)
    return header


def take_over(earlier: Path, folder: Path) -> None:
    """Has all results of an earlier run in ``folder``, too: as links where the file system can do that."""
    try:
        names = sorted(os.listdir(earlier))
    except OSError:
        return
    for name in names:
        if name.startswith("."):
            continue
        try:
            os.link(earlier / name, folder / name)
        except FileExistsError:
            continue
        except OSError:
            with contextlib.suppress(OSError):
                shutil.copyfile(earlier / name, folder / name)
