"""A folder of its own for each run: a copy of the notebook's, always at one and the same path."""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from naavre_ext.executors.locked_folder import LockedFolder
from naavre_ext.executors.portraits import portray
from naavre_ext.executors.portraits.anatomy import Anatomy, Leaf
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.portrait import Portrait
from naavre_ext.verification.outputs import lines, pixels

#: Never copied: made by tools, not by notebooks.
_LEFT_OUT = frozenset({".naavre", "__pycache__", ".ipynb_checkpoints"})
_PREFIX = "naavre-ext-verify-"
#: Linked, not copied: installed software.
_SOFTWARE = frozenset({"node_modules", "site-packages"})
#: Folders above whose other contents are linked beside the copy, so that '../data' is found.
_LEVELS_ABOVE = 3
_MOST_NEIGHBOURS = 2_000
_CLONE = (
    0x40049409  # Linux's FICLONE: the copy shares the blocks of the original until one is written
)
_LARGEST_TEXT = 1 << 20

Stamps = dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """What of the folder is copied, which folders are made, and what is linked, as paths in it."""

    folder: Path
    folders: tuple[str, ...]
    copied: tuple[str, ...]
    linked: tuple[str, ...]
    nbytes: int


def plan_folder(folder: Path, limit_bytes: int, link: tuple[str, ...] = ()) -> FolderPlan:
    """How to copy the folder; ``link`` are patterns of paths that are linked instead.

    Raises:
        RefusedError: what is to be copied is larger than ``limit_bytes``.
    """
    made: list[str] = []
    copied: list[str] = []
    linked: list[str] = []
    sizes: dict[str, int] = {}
    for top, folders, files in os.walk(folder):
        inside = os.path.relpath(top, folder)
        for name in list(folders):
            path = os.path.normpath(os.path.join(inside, name))
            is_linked = _is_linked(os.path.join(top, name), path, link)
            if _is_left_out(name):
                folders.remove(name)
            elif is_linked:
                linked.append(path)
                folders.remove(name)
            elif os.path.islink(os.path.join(top, name)):
                copied.append(path)
                folders.remove(name)
            else:
                made.append(path)
        for name in files:
            path = os.path.normpath(os.path.join(inside, name))
            if any(fnmatch.fnmatch(path, pattern) for pattern in link):
                linked.append(path)
                continue
            copied.append(path)
            with suppress(OSError):
                first = path.split(os.sep)[0]
                sizes[first] = sizes.get(first, 0) + os.lstat(os.path.join(top, name)).st_size
    nbytes = sum(sizes.values())
    if nbytes > limit_bytes:
        raise _too_large(folder, nbytes, limit_bytes, sizes)
    return FolderPlan(folder, tuple(made), tuple(copied), tuple(linked), nbytes)


def _is_left_out(name: str) -> bool:
    return name in _LEFT_OUT or name.startswith(_PREFIX)


def _is_linked(real: str, path: str, link: tuple[str, ...]) -> bool:
    return (
        os.path.basename(path) in _SOFTWARE
        or os.path.exists(os.path.join(real, "pyvenv.cfg"))
        or any(fnmatch.fnmatch(path, pattern) for pattern in link)
    )


def _too_large(folder: Path, nbytes: int, limit: int, sizes: dict[str, int]) -> RefusedError:
    largest = max(sizes, key=lambda name: sizes[name])
    text = (
        f"each run gets a copy of {folder}, which holds {_size(nbytes)}, more than "
        f"{_size(limit)}; '{largest}' alone has {_size(sizes[largest])}."
    )
    remedy = (
        f"Give --link '{largest}' if the notebook only reads it, a larger --copy-limit, or "
        "--in-place to run in the folder itself."
    )
    return RefusedError([Diagnostic("NX530", "error", text, remedy)])


def _size(nbytes: int) -> str:
    return f"{nbytes / 2**30:.1f} GiB" if nbytes >= 2**29 else f"{nbytes / 2**20:.1f} MiB"


class RunFolders:
    """Gives each run a fresh copy at one path, so that paths in outputs and values are the same in all runs."""

    def __init__(self, plan: FolderPlan, base: Path) -> None:
        self.plan = plan
        above = plan.folder.parents
        depth = min(_LEVELS_ABOVE, max(len(above) - 1, 0))
        self.path = base.joinpath(
            *(above[level].name for level in reversed(range(depth))), plan.folder.name or "root"
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for level in range(depth):
            own = (plan.folder, *above)[level].name
            _link_neighbours(above[level], self.path.parents[level], {own}, base)

    @contextmanager
    def fresh(self) -> Iterator[Path]:
        """The path of a new copy, which is deleted in the end."""
        self.path.mkdir()
        try:
            for path in self.plan.linked:
                target = self.path / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(self.plan.folder / path)
            for path in self.plan.folders:
                (self.path / path).mkdir(parents=True, exist_ok=True)
            for path in self.plan.copied:
                _copy(self.plan.folder / path, self.path / path)
            yield self.path
        finally:
            shutil.rmtree(self.path, ignore_errors=True)


def _link_neighbours(real: Path, beside: Path, but: set[str], base: Path) -> None:
    try:
        names = [name for name in os.listdir(real) if name not in but]
    except OSError:
        return
    for name in names[:_MOST_NEIGHBOURS]:
        if not (beside / name).exists() and not base.is_relative_to(real / name):
            with suppress(OSError):
                (beside / name).symlink_to(real / name)


def _copy(source: Path, target: Path) -> None:
    """Copy one file: with shared blocks where the file system can, links as links; no pipes and sockets."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        goal = os.readlink(source)
        inside = not os.path.isabs(goal) and ".." not in Path(goal).parts
        with suppress(FileExistsError):
            target.symlink_to(goal if inside else source.resolve())
    elif source.is_file():
        if not _clone(source, target):
            shutil.copyfile(source, target)
        with suppress(OSError):
            shutil.copystat(source, target)


def _clone(source: Path, target: Path) -> bool:
    try:
        import fcntl

        with source.open("rb") as original, target.open("wb") as copy:
            fcntl.ioctl(copy.fileno(), _CLONE, original.fileno())
    except (ImportError, OSError):
        return False
    return True


def base_folder(folder: Path, *, remote: bool) -> LockedFolder:
    """A new private folder for the copies: in the notebook's ``.naavre`` where other machines must see it."""
    if not remote:
        return LockedFolder(_PREFIX)
    (folder / ".naavre").mkdir(exist_ok=True)
    return LockedFolder("verify-", folder / ".naavre")


def stamps(folder: Path) -> Stamps:
    """Size and time of each file in the folder."""
    found: Stamps = {}
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _is_left_out(name)]
        for name in files:
            path = os.path.join(top, name)
            with suppress(OSError):
                status = os.lstat(path)
                found[os.path.relpath(path, folder)] = (status.st_size, status.st_mtime_ns)
    return found


def portray_changes(folder: Path, before: Stamps) -> dict[str, Portrait]:
    """The files that were made, changed or deleted since ``before``, by path."""
    now = stamps(folder)
    changed = sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
    return {path: portray(_file(folder / path), f"file {path}") for path in changed}


def _file(path: Path) -> Any:
    if path.is_symlink():
        return Anatomy("link", os.readlink(path))
    if not path.is_file():
        return Anatomy("deleted file" if not path.exists() else "special file")
    try:
        if path.stat().st_size > _LARGEST_TEXT:
            return Leaf("file", f"{path.stat().st_size} bytes", _checksum(path))
        data = path.read_bytes()
    except OSError as error:
        return Anatomy("file", opaque=str(error))
    if data.startswith(b"\x89PNG"):
        return pixels(data)
    try:
        return Anatomy("text file", parts=lines(data.decode()))
    except UnicodeDecodeError:
        return Leaf("file", f"{len(data)} bytes", data)


def _checksum(path: Path) -> bytes:
    import hashlib

    state = hashlib.blake2b()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.digest()
