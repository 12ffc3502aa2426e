"""The functions that rebuild objects where they arrive; pickles name them."""

from __future__ import annotations

import functools
import importlib
import io
import os
import sys
import types
import typing
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from naavre_ext.executors import packing_functions
from naavre_ext.executors.packing_arrays import ArrayReader

#: Home of functions whose globals are the notebook's namespace.
NOTEBOOK = "__main__"


@dataclass(frozen=True, slots=True)
class Receiver:
    """What the rebuilding functions below need to know about the process they run in."""

    namespace: dict[str, Any]
    arrays: ArrayReader
    #: Whether its functions are the notebook's own; those that batches hand back may have been made there.
    known_functions: bool
    #: The functions without a state that it has brought so far: two of the sender's are two here.
    functions: dict[int, types.FunctionType] = field(default_factory=dict)


#: Set while :func:`naavre_ext.executors.packing.unpack` runs.
PACKING: ContextVar[Receiver] = ContextVar("naavre_ext_packing")


def make_function(
    home: str, code: types.CodeType, name: str, cells: tuple[types.CellType, ...]
) -> types.FunctionType:
    """A function whose globals are this process's notebook namespace or module ``home``."""
    if home == NOTEBOOK:
        namespace = PACKING.get().namespace
    else:
        namespace = vars(importlib.import_module(home))
    return types.FunctionType(code, namespace, name, None, cells or None)


def make_stateless_function(code: types.CodeType, name: str, defaults: str) -> types.FunctionType:
    """The notebook's function with this code and these defaults, as it is here if it is."""
    receiver = PACKING.get()
    found = None
    if receiver.known_functions:
        found = packing_functions.known(receiver.namespace, code, defaults)
    if found is None or id(found) in receiver.functions:
        found = make_function(NOTEBOOK, code, name, ())
    receiver.functions[id(found)] = found
    return found


def fill_function(function: types.FunctionType, state: Mapping[str, Any]) -> None:
    """Gives a new function what may refer back to it."""
    function.__qualname__ = state["qualname"]
    function.__defaults__ = state["defaults"]
    function.__kwdefaults__ = _interned(state["kwdefaults"])
    function.__annotations__ = _interned(state["annotations"])
    function.__doc__ = state["doc"]
    module = state["module"]
    function.__module__ = sys.intern(module) if type(module) is str else module
    function.__dict__.update(_interned(state["dict"]))
    if state["type_params"]:
        function.__type_params__ = state["type_params"]  # type: ignore[attr-defined]  # from 3.12
    for cell, contents in zip(function.__closure__ or (), state["contents"], strict=True):
        if contents:
            cell.cell_contents = contents[0]
    receiver = PACKING.get()
    if receiver.known_functions and id(function) in receiver.functions:
        packing_functions.remember(function)


def _interned(named: Any) -> Any:
    """The entries under names that are one object with those in the function's code, as where they came from.

    So a copy's pickle is the same one.
    """
    if type(named) is not dict:
        return named
    return {sys.intern(k) if type(k) is str else k: value for k, value in named.items()}


def make_closed_file(
    name: Any,
    mode: str,
    coding: tuple[str, str] | None,
    is_raw: bool,
    attributes: Mapping[str, Any],
) -> Any:
    """A closed file that says of itself what the one that it stands for said."""
    raw = io.FileIO(os.devnull, mode.replace("x", "w"))
    file: Any = raw
    if not is_raw:
        kind = io.BufferedRandom if "+" in mode else io.BufferedReader
        file = io.BufferedWriter(raw) if mode == "wb" else kind(raw)
    if coding is not None:
        file = io.TextIOWrapper(file, encoding=coding[0], errors=coding[1])
    file.close()
    raw.name = name
    vars(file).update(attributes)
    return file


def make_cell() -> types.CellType:
    """An empty closure cell."""
    return types.CellType()


def make_array(number: int) -> Any:
    """The array of this number in the layout."""
    return PACKING.get().arrays.array(number)


def make_array_subclass(kind: type, array: Any) -> Any:
    """The same memory as an array of a subclass."""
    return array.view(kind)


def fill_attributes(obj: Any, attributes: dict[str, Any]) -> None:
    """Gives an object its attributes, without its class's ``__setstate__``."""
    vars(obj).update(attributes)


def fill_read_only(array: Any, state: Any) -> None:
    """Gives an array its elements, and lets nobody change them."""
    array.__setstate__(state)
    array.flags.writeable = False


def make_block(number: int, make: Callable[..., Any], *rest: Any) -> Any:
    """A pandas block around the array of this number."""
    return make(make_array(number), *rest)


def find_notebook_global(name: str) -> Any:
    """What the notebook calls ``name`` in this process."""
    first, *rest = name.split(".")
    return functools.reduce(getattr, rest, PACKING.get().namespace[first])


def import_with(name: str, submodules: tuple[str, ...]) -> types.ModuleType:
    """The module, with those submodules loaded that were loaded where it came from."""
    module = importlib.import_module(name)
    for submodule in submodules:
        if submodule not in sys.modules:
            try:
                importlib.import_module(submodule)
            except ImportError:
                continue
    return module


def make_dict_view(mapping: dict[Any, Any], kind: Any, name: str) -> Any:
    """``mapping.keys()``, ``.values()`` or ``.items()``, as dictionaries of that kind make them."""
    return getattr(kind, name)(mapping)


def make_cached_function(function: Any, parameters: Mapping[str, Any]) -> Any:
    """``function`` under a new, empty ``functools.lru_cache``."""
    return functools.lru_cache(**parameters)(function)


def make_newtype(name: str, supertype: Any, module: str) -> Any:
    """A ``typing.NewType`` of that module."""
    made = typing.NewType(name, supertype)  # type: ignore[misc]
    made.__module__ = module
    return made
