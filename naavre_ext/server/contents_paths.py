"""Paths of the contents manager ↔ files, confined to the server's root."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async

from naavre_ext.server.errors import RequestError


class ContentsPaths:
    """What the contents manager serves, as files. ``follow_links`` allows links that lead out of the root."""

    def __init__(self, manager: Any, *, follow_links: bool = False) -> None:
        self._manager = manager
        self.follow_links = follow_links

    @property
    def root(self) -> Path:
        """The folder that the server serves.

        Raises:
            RequestError: its files are elsewhere.
        """
        if not hasattr(self._manager, "_get_os_path"):
            message = "This server's notebooks aren't files of this machine; naavre-ext needs them."
            raise RequestError(503, message)
        return Path(os.path.abspath(self._manager.root_dir))

    async def file(self, path: str, field: str = "path", *, make_folder: bool = False) -> Path:
        """The file that ``path`` names, which need not exist; its folder does, or is made.

        Raises:
            RequestError: it is no relative path (400), or the server doesn't serve it (404).
        """
        if not path or path.startswith("/") or "\0" in path or os.path.splitdrive(path)[0]:
            message = f"{path!r} isn't a path relative to the server's root."
            raise RequestError(400, message, field=field)
        parts = path.split("/")
        missing = RequestError(404, f"The server has no {path!r}.", field=field)
        if any(part in ("", ".", "..") for part in parts):
            raise missing
        is_hidden = any(part.startswith(".") for part in parts) or await ensure_async(
            self._manager.is_hidden(path)
        )
        if is_hidden and not self._manager.allow_hidden:
            raise missing
        root = self.root
        file = Path(self._manager._get_os_path(path))
        if not self.follow_links and not _is_below(os.path.realpath(file), os.path.realpath(root)):
            message = (
                f"{path!r} is a link that leads out of the server's root; "
                "NaavreExtension.follow_links allows that."
            )
            raise RequestError(404, message, field=field)
        if make_folder:
            with suppress(OSError):
                file.parent.mkdir(parents=True, exist_ok=True)
        if not file.parent.is_dir():
            raise missing
        return file

    def path_of(self, file: str | os.PathLike[str]) -> str | None:
        """The path by which the contents manager serves ``file``; None when it doesn't."""
        root = str(self.root)
        if not _is_below(os.path.abspath(file), root):
            return None
        parts = Path(os.path.relpath(file, root)).parts
        if any(part.startswith(".") for part in parts) and not self._manager.allow_hidden:
            return None
        return "/".join(parts)


def _is_below(path: str, root: str) -> bool:
    return os.path.commonpath([path, root]) == root
