"""What a result depends on besides the notebook: Python, packages, variables, and modules beside the notebook."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path

_WORD = re.compile(r"[A-Za-z_]\w*")
_OURS = str(Path(__file__).parents[1]) + os.sep


def environment_key(
    cwd: str | None,
    environ: Mapping[str, str] | None,
    sources: Iterable[str],
    modules: Iterable[Path] = (),
    scripts: Iterable[Path] = (),
    called: Iterable[str] = (),
) -> str:
    """A digest of what, outside the notebook, decides the results of its cells.

    That is Python, the installed packages' versions, the folder, which ``modules`` of the user's own the cells
    import, what is in ``scripts`` that they run, the code of notebooks ``called`` by them, and the environment
    variables that all these mention (but no secrets).
    """
    files, run = list(modules), [*(_text(file) for file in scripts), *called]
    texts = (*sources, *(_text(file) for file in files), *run)
    mentioned = {word for text in texts for word in _WORD.findall(text)}
    variables = {**(os.environ if environ is None else environ)}
    known = sorted(
        (name, value)
        for name, value in variables.items()
        if name in mentioned and "secret" not in name.lower()
    )
    basis = (
        sys.version, sys.implementation.cache_tag, platform.machine(), metadata.version("naavre-ext"),
        sorted({name for folder in sys.path for name in _distributions(folder)}),
        os.path.realpath(cwd or "."), known, [os.fspath(file) for file in files], run,
    )  # fmt: skip
    return hashlib.sha256(repr(basis).encode()).hexdigest()


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""


def _distributions(folder: str) -> tuple[str, ...]:
    """The names of the packages installed in a folder, which have their versions in them."""
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return ()
    return tuple(sorted(name for name in names if name.endswith((".dist-info", ".egg-info"))))


_found: dict[str, str] = {}
_looked_at: set[str] = set()


def local_modules() -> dict[str, str]:
    """The files of the imported modules that belong to no package, each with its digest when first seen here."""
    if len(sys.modules) != len(_looked_at):
        for name, module in list(sys.modules.items()):
            if name in _looked_at:
                continue
            _looked_at.add(name)
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and not _is_installed(file := os.path.abspath(file)):
                _found[file] = digest_of(file)
    return dict(_found)


def forget_modules() -> None:
    """Look at all modules anew: another run begins, which may import them again."""
    _found.clear()
    _looked_at.clear()


def digest_of(file: str) -> str:
    """A digest of the file's content, or of the archive's that it is in; "" when it can't be read."""
    for path in (Path(file), *Path(file).parents):
        if path.is_file():
            with suppress(OSError):
                return hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    return ""


def has_same_modules(modules: Mapping[str, str]) -> bool:
    """Whether all these files are as they were."""
    return all(digest_of(file) == digest for file, digest in modules.items())


@cache
def _is_installed(file: str) -> bool:
    return file.startswith((_OURS, *_installed()))


@lru_cache(maxsize=1)
def _installed() -> tuple[str, ...]:
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    paths = {sysconfig.get_paths().get(kind, "") for kind in kinds}
    paths |= {entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))}
    return tuple(sorted(os.path.abspath(path) + os.sep for path in paths if path))


def hash_probe() -> int:
    """A number that is the same in processes that hash texts alike."""
    return hash("naavre-ext")
