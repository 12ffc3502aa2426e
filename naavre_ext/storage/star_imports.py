"""Which names ``from module import *`` binds: asked of a child process, remembered on disk.

Importing a module runs its code, which must not happen in this process. Modules that lie in the
notebook's folder aren't asked at all: they may do anything, and the notebook may write them itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from naavre_ext.storage.atomic_file import replace_file

#: Exported name → dotted path of what it is.
Exports = Mapping[str, str]

#: Runs in the child: prints name → dotted path as JSON, the path by which the tables know the object.
_ASK = """
import contextlib, importlib, io, json, sys, types
name = sys.argv[1]
out = sys.stdout
with contextlib.redirect_stdout(io.StringIO()):
    module = importlib.import_module(name)
    public = getattr(module, "__all__", None)
    names = [n for n in vars(module) if not n.startswith("_")] if public is None else list(public)
    homes = [sys.modules[h] for h in ("numpy", "matplotlib.pyplot", "numpy.random", "numpy.linalg", "numpy.fft")
             if name == "pylab" and h in sys.modules]
    found = {}
    for each in names:
        value = getattr(module, each, None)
        home = next((h.__name__ for h in homes if getattr(h, each, homes) is value), name)
        found[each] = value.__name__ if isinstance(value, types.ModuleType) else home + "." + each
json.dump(found, out)
"""


def star_exports(
    modules: Iterable[str], folder: Path, cache: Path, *, timeout_s: float = 60
) -> dict[str, Exports]:
    """What each installed module exports, without those that can't be told.

    ``folder`` is the notebook's, ``cache`` where answers are kept; they belong to this interpreter and to the
    module's version.
    """
    asked = [name for name in sorted(set(modules)) if not _is_local(name, folder)]
    answers = {name: _installed(name, cache, timeout_s) for name in asked}
    return {name: exports for name, exports in answers.items() if exports is not None}


def _installed(module: str, cache: Path, timeout_s: float) -> Exports | None:
    key = _version(module)
    if key is None:
        return None
    file = cache / f"{key}.json"
    with contextlib.suppress(OSError, ValueError):
        return _checked(json.loads(file.read_text("utf-8")))
    exports = _ask(module, timeout_s)
    if exports is not None:
        with contextlib.suppress(OSError):  # else it is asked again next time
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(file, json.dumps(exports).encode())
    return exports


def default_cache() -> Path:
    """The user's cache folder for such answers."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(home) if os.path.isabs(home) else Path.home() / ".cache"
    return root / "naavre-ext" / "star-imports"


def _version(module: str) -> str | None:
    """A digest of the interpreter and of the package's file; None when there is no such package."""
    try:
        spec = importlib.util.find_spec(module.split(".")[0])
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    parts = [sys.executable, sys.version, module, str(spec.origin)]
    if spec.origin and os.path.isfile(spec.origin):
        parts.append(str(os.stat(spec.origin).st_mtime_ns))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _ask(module: str, timeout_s: float) -> Exports | None:
    """The answer of a child process; None when it fails or takes too long."""
    try:
        answer = subprocess.run(
            [sys.executable, "-c", _ASK, module],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            env={**os.environ, "MPLBACKEND": "agg"},
            check=False,
        )
        return _checked(json.loads(answer.stdout)) if answer.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _checked(data: object) -> Exports | None:
    if not isinstance(data, dict):
        return None
    return {str(name): str(path) for name, path in data.items()}


def _is_local(module: str, folder: Path) -> bool:
    """Whether the module lies in the notebook's folder; importing it could do anything."""
    place = folder / module.split(".")[0]
    return place.with_suffix(".py").exists() or place.is_dir()
