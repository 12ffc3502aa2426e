"""The variables of the modules beside the notebook: each process has its own, and nothing carries them over."""

from __future__ import annotations

import hashlib
import pickle
import sys
import types
from collections.abc import Mapping
from typing import Any

#: Values larger than this are taken to stay as they are.
_LARGEST_BYTES = 1 << 20
#: What a module defines, and doesn't keep.
_DEFINED = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


def states_of(modules: Mapping[str, types.ModuleType]) -> dict[str, bytes]:
    """For each module, by name, what its variables hold: equal in processes where they hold the same."""
    return {name: _state(module) for name, module in modules.items()}


def unlike(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> str:
    """The first module that both know and that isn't the same in both; "" when there is none."""
    return next((n for n in sorted(one.keys() & other.keys()) if one[n] != other[n]), "")


def _state(module: types.ModuleType) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for name, value in sorted(vars(module).items()):
        if name.startswith("__") or isinstance(value, _DEFINED):
            continue
        digest.update(name.encode() + b"=" + _content(value))
    return digest.digest()


def _content(value: Any) -> bytes:
    size = getattr(value, "nbytes", 0)
    if sys.getsizeof(value, 0) > _LARGEST_BYTES or (
        isinstance(size, int) and size > _LARGEST_BYTES
    ):
        return b"large"
    try:
        return pickle.dumps(value, protocol=4)
    except Exception:  # noqa: BLE001  (a lock, say; pickling may be any library's code)
        return type(value).__qualname__.encode()
