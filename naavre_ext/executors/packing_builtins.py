"""How objects of Python's own kinds that pickle alone wouldn't rebuild are taken apart and rebuilt."""

from __future__ import annotations

import collections
import dataclasses
import functools
import gc
import io
import sys
import types
import typing
from collections.abc import Callable
from typing import Any

from naavre_ext.executors.packing_live import Live
from naavre_ext.executors.packing_making import (
    NOTEBOOK,
    make_cached_function,
    make_closed_file,
    make_dict_view,
    make_newtype,
)
from naavre_ext.executors.packing_refusals import refusal

#: What makes a code object, in the order of its constructor's arguments.
_CODE_PARTS = (
    *("argcount", "posonlyargcount", "kwonlyargcount", "nlocals", "stacksize", "flags", "code"),
    *("consts", "names", "varnames", "filename", "name"),
    *(("qualname",) if sys.version_info >= (3, 11) else ()),
    *("firstlineno", "linetable"),
    *(("exceptiontable",) if sys.version_info >= (3, 11) else ()),
    *("freevars", "cellvars"),
)


#: The kinds of binary files that ``open()`` makes, and a mode that makes them of any file that is there.
_BINARY_FILES: dict[type, str] = {
    io.FileIO: "",
    io.BufferedReader: "rb",
    io.BufferedWriter: "wb",
    io.BufferedRandom: "r+b",
}


#: Kinds of views of dictionaries, with the class and the method that make them.
_DICT_VIEWS = {
    type(getattr(kind(), name)()): (kind, name)
    for kind in (dict, collections.OrderedDict)
    for name in ("keys", "values", "items")
}


_CACHED_FUNCTION = type(functools.lru_cache(lambda: None))


def _reduce_code(code: types.CodeType) -> Any:
    """Code with its file name, by which a traceback finds the cell's lines.

    From 3.1.3 on cloudpickle leaves the name out.
    """
    return types.CodeType, tuple(getattr(code, f"co_{part}") for part in _CODE_PARTS)


def reduce_file(file: Any) -> Any:
    """The standard streams, by name, and files that were closed; raises NotPackable for any other file.

    ``with open(path) as f`` leaves a closed file under its name, in each iteration of a loop.
    """
    for name in ("stdout", "stderr", "stdin"):
        if file is getattr(sys, name):
            return getattr, (sys, name)
    closed = _closed_file(file)
    if closed is not None:
        return make_closed_file, closed
    raise refusal(file, Live("an open file", "Open it in the loop or the cell that uses it."))


def _closed_file(file: Any) -> tuple[Any, ...] | None:
    """What :func:`make_closed_file` takes, for a closed file of ``open()``'s kinds; else None."""
    is_text = type(file) is io.TextIOWrapper
    try:
        binary = file.buffer if is_text else file
        raw = binary if type(binary) is io.FileIO else binary.raw
        if not file.closed or type(binary) not in _BINARY_FILES or type(raw) is not io.FileIO:
            return None
        mode = raw.mode if binary is raw else _BINARY_FILES[type(binary)]
        coding = (file.encoding, file.errors) if is_text else None
        return raw.name, mode, coding, binary is raw, dict(vars(file))
    except (AttributeError, ValueError):  # detached, or of another library
        return None


def _reduce_dict_view(view: Any) -> Any:
    """A view keeps showing its dictionary, so the dictionary itself goes along."""
    for owner in gc.get_referents(view):
        if issubclass(type(owner), dict):
            return make_dict_view, (owner, *_DICT_VIEWS[type(view)])
    return NotImplemented


def _reduce_mapping_proxy(proxy: Any) -> Any:
    """A window on a dictionary, which goes along; that of a class's attributes is copied."""
    (mapping,) = gc.get_referents(proxy)
    if "__module__" in mapping and "__doc__" in mapping:
        return NotImplemented
    return types.MappingProxyType, (mapping,)


def _reduce_cached_function(cached: Any) -> Any:
    if cached.__module__ != NOTEBOOK:
        return NotImplemented
    info = cached.cache_info()
    if info.hits or info.misses:
        live = Live("a cache in use", "Fill and use the cache in one cell.")
        raise refusal(cached, live)
    function = cached.__wrapped__
    return make_cached_function, (function, cached.cache_parameters()), None


def _reduce_newtype(made: Any) -> Any:
    if made.__module__ != NOTEBOOK:
        return NotImplemented
    return make_newtype, (made.__name__, made.__supertype__, made.__module__)


def _reduce_missing(_mark: Any) -> Any:
    """The one mark for 'no default', which dataclasses compare by identity."""
    return getattr, (dataclasses, "MISSING")


#: Exact type → how to rebuild an object of it.
REDUCERS: dict[type, Callable[[Any], Any]] = {
    types.CodeType: _reduce_code,
    type(dataclasses.MISSING): _reduce_missing,
    _CACHED_FUNCTION: _reduce_cached_function,
    typing.NewType: _reduce_newtype,
    types.MappingProxyType: _reduce_mapping_proxy,
    **dict.fromkeys(_DICT_VIEWS, _reduce_dict_view),
}
