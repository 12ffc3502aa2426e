"""How each kind of object is taken apart for the journey, and the functions that rebuild it."""

from __future__ import annotations

import collections
import functools
import gc
import hashlib
import importlib
import io
import itertools
import pickle
import sys
import types
import typing
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import cloudpickle

from naavre_ext.executors.packing_arrays import (
    ArrayReader,
    ArrayWriter,
    is_file_backed,
    is_shippable,
)
from naavre_ext.executors.packing_classes import reduce_class
from naavre_ext.executors.packing_identity import has_copy_on_write
from naavre_ext.executors.packing_modules import is_importable, loaded_submodules

#: Home of functions whose globals are the notebook's namespace.
_NOTEBOOK = "__main__"

#: What makes a code object, in the order of its constructor's arguments.
_CODE_PARTS = (
    *("argcount", "posonlyargcount", "kwonlyargcount", "nlocals", "stacksize", "flags", "code"),
    *("consts", "names", "varnames", "filename", "name"),
    *(("qualname",) if sys.version_info >= (3, 11) else ()),
    *("firstlineno", "linetable"),
    *(("exceptiontable",) if sys.version_info >= (3, 11) else ()),
    *("freevars", "cellvars"),
)

_DICT_VIEWS = {type(getattr({}, kind)()): kind for kind in ("keys", "values", "items")}
_CACHED_FUNCTION = type(functools.lru_cache(lambda: None))


@dataclass(frozen=True, slots=True)
class Receiver:
    """What the rebuilding functions below need to know about the process they run in."""

    namespace: dict[str, Any]
    arrays: ArrayReader


#: Set while :func:`naavre_ext.executors.packing.unpack` runs.
PACKING: ContextVar[Receiver] = ContextVar("naavre_ext_packing")


class NotPackable(Exception):
    """An object can't be packed; ``reason`` says why, in words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NotebookPickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Pickles by the rules of :mod:`naavre_ext.executors.packing`."""

    namespace: dict[str, Any]
    arrays: ArrayWriter
    persistent: Callable[[Any], Any] | None

    @staticmethod
    def create(
        stream: io.BytesIO,
        namespace: dict[str, Any],
        buffer_callback: Callable[[pickle.PickleBuffer], Any],
        persistent: Callable[[Any], Any] | None,
    ) -> NotebookPickler:
        """A pickler that writes to ``stream``; without ``persistent`` it is the faster kind."""
        kind = NotebookPickler if persistent is None else _PersistentPickler
        pickler = kind(stream, protocol=5, buffer_callback=buffer_callback)
        pickler.namespace = namespace
        pickler.arrays = ArrayWriter()
        pickler.persistent = persistent
        pickler._cells = {}
        pickler._latest = None
        return pickler

    _cells: dict[int, types.CellType]
    _latest: Any

    def explain(self, error: BaseException) -> str:
        """Why pickling failed, in words: the kind of the object that it failed at."""
        if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
            return "it is nested too deeply to be copied to another process"
        if isinstance(error, MemoryError):
            return "there isn't enough memory to copy it to another process"
        return f"{_kind(self._latest)} can't be copied to another process"

    def reducer_override(self, obj: Any) -> Any:
        """How to rebuild ``obj``; NotImplemented leaves it to cloudpickle and pickle."""
        self._latest = obj
        kind = type(obj)
        if kind is types.FunctionType:
            return self._reduce_function(obj)
        if issubclass(kind, type):
            return self._reduce_class(obj)
        if is_shippable(obj):
            return self._reduce_array(obj)
        reducer = _REDUCERS.get(kind)
        if reducer is not None:
            return reducer(self, obj)
        if isinstance(obj, io.IOBase) and not isinstance(obj, (io.StringIO, io.BytesIO)):
            return _reduce_file(self, obj)
        if _is_copy_on_write_block(obj):
            return self._reduce_block(obj)
        if kind not in self.dispatch_table:
            return self._reduce_notebook_global(obj)
        return NotImplemented

    def _reduce_function(self, function: types.FunctionType) -> Any:
        home = self._home(function)
        if home is None:
            return super().reducer_override(function)
        if home != _NOTEBOOK and _is_attribute(function):
            _refuse_unimportable(home)
            return NotImplemented
        cells = function.__closure__ or ()
        self._cells.update((id(cell), cell) for cell in cells)
        state = {
            "qualname": function.__qualname__,
            "defaults": function.__defaults__,
            "kwdefaults": function.__kwdefaults__,
            "annotations": function.__annotations__,
            "doc": function.__doc__,
            "module": function.__module__,
            "dict": function.__dict__,
            "type_params": getattr(function, "__type_params__", ()),
            "contents": tuple(map(_contents, cells)),
        }
        args = (home, function.__code__, function.__name__, cells)
        return make_function, args, state, None, None, fill_function

    def _home(self, function: types.FunctionType) -> str | None:
        """The module whose globals ``function`` uses; None when they are nobody's."""
        if function.__globals__ is self.namespace:
            return _NOTEBOOK
        name = function.__globals__.get("__name__")
        module = sys.modules.get(name) if isinstance(name, str) else None
        if module is None or name == _NOTEBOOK or vars(module) is not function.__globals__:
            return None
        return name

    def _reduce_class(self, cls: type) -> Any:
        reduced = super().reducer_override(cls)
        if reduced is NotImplemented:
            _refuse_unimportable(cls.__module__)
            return NotImplemented
        return reduced if len(reduced) == 2 else reduce_class(cls, reduced, self._digest)

    def _digest(self, value: Any) -> bytes | None:
        """Tells whether ``value`` changed since; None when it can't be pickled."""
        stream = io.BytesIO()
        pickler = NotebookPickler.create(stream, self.namespace, lambda _: True, None)
        try:
            pickler.dump(value)
        except Exception:  # noqa: BLE001  (any code of the user's classes may run here)
            return None
        layout, buffers = pickler.arrays.layout()
        digest = hashlib.blake2b(stream.getvalue() + layout, digest_size=20)
        for buffer in buffers:
            digest.update(buffer)
        return digest.digest()

    def _reduce_array(self, array: Any) -> Any:
        if is_file_backed(array):
            raise NotPackable("an array that writes to a file can't be copied to another process")
        return make_array, (self.arrays.add(array),)

    def _reduce_block(self, block: Any) -> Any:
        """A pandas block with memory of its own.

        Under copy-on-write, frames that share memory don't see each other's changes; but the
        references by which pandas knows who shares don't travel.
        """
        function, (values, *rest) = block.__reduce__()
        if is_shippable(values):
            number = self.arrays.add(values, private=True)
            return make_block, (number, function, *rest)
        if block.refs.has_reference():
            values = values.copy()
        return function, (values, *rest)

    def _reduce_notebook_global(self, obj: Any) -> Any:
        """An object of the notebook that pickles by its name, such as a sentinel."""
        try:
            if obj.__module__ != _NOTEBOOK:
                return NotImplemented
        except AttributeError:
            return NotImplemented
        reduced = obj.__reduce_ex__(5)
        if not isinstance(reduced, str):
            return reduced
        if self.namespace.get(reduced.split(".")[0]) is None:
            raise NotPackable(f"{_kind(obj)} goes by the name {reduced!r}, which isn't defined")
        return find_notebook_global, (reduced,)

    def _reduce_cell(self, cell: types.CellType) -> Any:
        """Cells of functions are made empty, and filled with the function's state."""
        return (make_cell, ()) if id(cell) in self._cells else NotImplemented

    def _reduce_module(self, module: types.ModuleType) -> Any:
        if vars(module) is self.namespace or module.__name__ == _NOTEBOOK:
            return importlib.import_module, (_NOTEBOOK,)
        _refuse_unimportable(module.__name__)
        return import_with, (module.__name__, loaded_submodules(module))


class _PersistentPickler(NotebookPickler):
    def persistent_id(self, obj: Any) -> Any:
        return self.persistent(obj) if self.persistent is not None else None


def make_function(
    home: str, code: types.CodeType, name: str, cells: tuple[types.CellType, ...]
) -> types.FunctionType:
    """A function whose globals are this process's notebook namespace or module ``home``."""
    if home == _NOTEBOOK:
        namespace = PACKING.get().namespace
    else:
        namespace = vars(importlib.import_module(home))
    return types.FunctionType(code, namespace, name, None, cells or None)


def fill_function(function: types.FunctionType, state: Mapping[str, Any]) -> None:
    """Gives a new function what may refer back to it."""
    function.__qualname__ = state["qualname"]
    function.__defaults__ = state["defaults"]
    function.__kwdefaults__ = state["kwdefaults"]
    function.__annotations__ = state["annotations"]
    function.__doc__ = state["doc"]
    function.__module__ = state["module"]
    function.__dict__.update(state["dict"])
    if state["type_params"]:
        function.__type_params__ = state["type_params"]  # type: ignore[attr-defined]  # from 3.12
    for cell, contents in zip(function.__closure__ or (), state["contents"], strict=True):
        if contents:
            cell.cell_contents = contents[0]


def make_cell() -> types.CellType:
    """An empty closure cell."""
    return types.CellType()


def make_array(number: int) -> Any:
    """The array of this number in the layout."""
    return PACKING.get().arrays.array(number)


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


def make_dict_view(mapping: dict[Any, Any], kind: str) -> Any:
    """``mapping.keys()``, ``.values()`` or ``.items()``."""
    return getattr(mapping, kind)()


def make_cached_function(function: Any, parameters: Mapping[str, Any]) -> Any:
    """``function`` under a new, empty ``functools.lru_cache``."""
    return functools.lru_cache(**parameters)(function)


def make_newtype(name: str, supertype: Any, module: str) -> Any:
    """A ``typing.NewType`` of that module."""
    made = typing.NewType(name, supertype)  # type: ignore[misc]
    made.__module__ = module
    return made


def _contents(cell: types.CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def _is_attribute(function: types.FunctionType) -> bool:
    """Whether its module and qualified name lead to ``function`` itself, in every process."""
    if function.__module__ == _NOTEBOOK:
        return False  # a library's wrapper in a class of the notebook, as dataclasses have them
    found: Any = sys.modules.get(function.__module__ or "")
    for part in function.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is function


def _refuse_unimportable(name: str | None) -> None:
    if name is not None and not is_importable(name):
        raise NotPackable(f"module {name!r} can't be imported by name in another process")


def _is_copy_on_write_block(obj: Any) -> bool:
    pandas = sys.modules.get("pandas")
    if pandas is None or not type(obj).__module__.startswith("pandas.core.internals"):
        return False
    if not hasattr(obj, "refs") or not hasattr(obj, "mgr_locs"):
        return False
    return has_copy_on_write(pandas)


def _kind(obj: Any) -> str:
    kind = type(obj)
    module = "" if kind.__module__ in ("builtins", _NOTEBOOK) else f"{kind.__module__}."
    article = "an" if (module or kind.__qualname__)[0].lower() in "aeiou" else "a"
    return f"{article} {module}{kind.__qualname__} object"


def _reduce_code(_pickler: NotebookPickler, code: types.CodeType) -> Any:
    """Code with its file name, by which a traceback finds the cell's lines.

    From 3.1.3 on cloudpickle leaves the name out.
    """
    return types.CodeType, tuple(getattr(code, f"co_{part}") for part in _CODE_PARTS)


def _reduce_file(_pickler: NotebookPickler, file: Any) -> Any:
    for name in ("stdout", "stderr", "stdin"):
        if file is getattr(sys, name):
            return getattr, (sys, name)
    raise NotPackable("an open file can't be copied to another process")


def _reduce_dict_view(_pickler: NotebookPickler, view: Any) -> Any:
    """A view keeps showing its dictionary, so the dictionary itself goes along."""
    for owner in gc.get_referents(view):
        if type(owner) is dict:
            return make_dict_view, (owner, _DICT_VIEWS[type(view)])
    return NotImplemented


def _reduce_cached_function(_pickler: NotebookPickler, cached: Any) -> Any:
    if cached.__module__ != _NOTEBOOK:
        return NotImplemented
    function = cached.__wrapped__
    return make_cached_function, (function, cached.cache_parameters()), None


def _reduce_newtype(_pickler: NotebookPickler, made: Any) -> Any:
    if made.__module__ != _NOTEBOOK:
        return NotImplemented
    return make_newtype, (made.__name__, made.__supertype__, made.__module__)


_SAMPLES: tuple[Any, ...] = (
    *([], (), "", "é", b"", bytearray(), {}, {}.values(), {}.items(), set(), range(0)),
    *(range(1 << 70), collections.deque()),
)
_REVERSIBLE: tuple[Any, ...] = ([], {}, {}.values(), {}.items())

#: Who takes from an iterator changes it for everybody, so a copy would be wrong.
_ITERATORS: tuple[type, ...] = (
    *(zip, map, filter, enumerate, reversed, type(iter(int, 1))),
    *(type(iter(sample)) for sample in _SAMPLES),
    *(type(reversed(sample)) for sample in _REVERSIBLE),
    *(kind for kind in vars(itertools).values() if isinstance(kind, type)),
)


def _refuse(_pickler: NotebookPickler, obj: Any) -> Any:
    raise NotPackable(f"{_kind(obj)} can't be copied to another process")


_REDUCERS: dict[type, Callable[[NotebookPickler, Any], Any]] = {
    types.CellType: NotebookPickler._reduce_cell,
    types.CodeType: _reduce_code,
    types.ModuleType: NotebookPickler._reduce_module,
    memoryview: _refuse,
    **dict.fromkeys(_ITERATORS, _refuse),
    _CACHED_FUNCTION: _reduce_cached_function,
    typing.NewType: _reduce_newtype,
    **dict.fromkeys(_DICT_VIEWS, _reduce_dict_view),
}
