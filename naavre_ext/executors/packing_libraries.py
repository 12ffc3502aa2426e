"""Kinds of objects of libraries that pickling loses, or loses a part of."""

from __future__ import annotations

import copyreg
import functools
import operator
import pickle
import struct
import sys
import types
from collections.abc import Callable
from typing import Any

from naavre_ext.executors.global_generators import home_of_generator
from naavre_ext.executors.packing_arrays import name_of_dtype

#: The code that every function made by ``functools.singledispatch`` runs.
_DISPATCHING = functools.singledispatch(lambda _: None).__code__  # type: ignore[attr-defined]


def reduce_library_object(obj: Any) -> Any:
    """How to rebuild such an object; NotImplemented for all others."""
    kind = type(obj)
    if kind is types.FunctionType:
        return _reduce_dispatching(obj) if obj.__code__ is _DISPATCHING else NotImplemented
    if kind.__module__ == "numpy.dtypes":
        return _reduce_dtype(obj)
    reducer = _REDUCERS.get(f"{kind.__module__}.{kind.__qualname__}")
    return NotImplemented if reducer is None else reducer(obj)


def reduce_library_class(cls: Any) -> Any:
    """How to find a class again that has no name of its own; NotImplemented for all others."""
    meta = f"{type(cls).__module__}.{type(cls).__qualname__}"
    if meta == "_ctypes.PyCArrayType" and hasattr(cls, "_length_"):
        return operator.mul, (cls._type_, cls._length_)
    if meta == "sympy.core.function.UndefinedFunction" and cls.__module__ is None:
        return make_undefined_function, (type(cls), cls.__name__, dict(cls._kwargs))
    return NotImplemented


def _reduce_dtype(dtype: Any) -> Any:
    told = name_of_dtype(dtype)
    return NotImplemented if told is dtype else (sys.modules["numpy"].dtype, (told,))


def make_undefined_function(
    meta: Callable[..., Any], name: str, assumptions: dict[str, Any]
) -> Any:
    """SymPy's ``Function(name, **assumptions)``."""
    return meta(name, **assumptions)


def make_cached_property(function: Any) -> Any:
    """A ``functools.cached_property``; its lock, where it has one, is new."""
    return functools.cached_property(function)


def make_dispatching(function: Any) -> Any:
    """``functools.singledispatch(function)``."""
    return functools.singledispatch(function)


def fill_dispatching(function: Any, state: tuple[dict[type, Any], dict[str, Any]]) -> None:
    """Registers what was registered before."""
    registered, attributes = state
    for kind, implementation in registered.items():
        function.register(kind, implementation)
    for name, value in attributes.items():
        function.__dict__.setdefault(name, value)


def make_masked_array(kind: Any, data: Any, mask: Any) -> Any:
    """A masked array on this memory."""
    numpy = sys.modules["numpy"]
    made = data.view(kind)
    made._mask = numpy.ma.nomask if mask is None else mask
    return made


def fill_attributes(obj: Any, state: dict[str, Any]) -> None:
    """Gives the object these attributes, whatever it does when they are set."""
    vars(obj).update(state)


def _reduce_bunch(bunch: Any) -> Any:
    """scikit-learn leaves out which keys it warns of, by a ``__setstate__`` that does nothing."""
    make = copyreg.__newobj__  # type: ignore[attr-defined]
    return make, (type(bunch),), dict(vars(bunch)), None, iter(bunch.items()), fill_attributes


def _reduce_cached_property(found: Any) -> Any:
    state = {k: v for k, v in vars(found).items() if k not in ("lock", "func")}
    return make_cached_property, (found.func,), state


def _reduce_dispatching(function: Any) -> Any:
    registered = dict(function.registry)
    first = registered.pop(object)
    kept = ("register", "dispatch", "registry", "_clear_cache", "__wrapped__")
    attributes = {k: v for k, v in vars(function).items() if k not in kept}
    state = (registered, attributes)
    return make_dispatching, (first,), state, None, None, fill_dispatching


def _reduce_struct(found: Any) -> Any:
    return struct.Struct, (found.format,), None


def _reduce_masked_array(array: Any) -> Any:
    numpy = sys.modules["numpy"]
    mask = None if array._mask is numpy.ma.nomask else array._mask
    state = {k: v for k, v in vars(array).items() if k != "_mask"}
    args = (type(array), array.view(numpy.ndarray), mask)
    return make_masked_array, args, state, None, None, fill_attributes


def _reduce_arrow_array(array: Any) -> Any:
    """pandas would copy the column first, although it mostly lies in one piece already and can't change."""
    column = array._pa_array
    if not column.num_chunks:
        return NotImplemented
    pieces = column.chunks
    piece = pieces[0] if len(pieces) == 1 else sys.modules["pyarrow"].concat_arrays(pieces)
    if piece.offset or piece.get_total_buffer_size() > piece.nbytes + _SPARE_BYTES:
        return NotImplemented  # a part of a larger column, all of which would travel
    nested = piece.type.num_fields or hasattr(piece.type, "value_type")
    state = {**vars(array), "_pa_array": piece if nested else _ArrowPiece(piece), "_cache": {}}
    if hasattr(array, "_readonly"):
        state["_readonly"] = array._readonly
    # What is taken from a table leaves it with another array of the same memory, whose attributes were set in
    # another order, some not at all, and by other texts of the same names: none of that is a change.
    state = {sys.intern(name): state[name] for name in sorted(state)}
    return copyreg.__newobj__, (type(array),), state  # type: ignore[attr-defined]


def make_text_dtype(kind: Any, storage: str) -> Any:
    """The dtype of pandas' columns of texts in which ``numpy.nan`` stands for what is missing."""
    return kind(storage, na_value=sys.modules["numpy"].nan)


def _reduce_text_dtype(dtype: Any) -> Any:
    """Without its NaN, so that a table of texts isn't pickled in the slower way that keeps NaNs what they are."""
    if getattr(dtype, "na_value", None) is not sys.modules["numpy"].nan:
        return NotImplemented
    return make_text_dtype, (type(dtype), dtype.storage)


def _reduce_times(array: Any) -> Any:
    """pandas would hand on what it has looked up of the array so far: reading it would count as a change."""
    make, args, (kind, data, *others) = array.__reduce__()
    attributes = {k: v for other in others for k, v in other.items() if k != "_cache"}
    has_three = attributes or sys.modules["pandas"].__version__.startswith("2.")
    return make, args, (kind, data, attributes) if has_three else (kind, data)


def _reduce_table(table: Any) -> Any:
    """pandas would copy the dictionary ``table.attrs``, which others may hold as well."""
    make, args, state = table.__reduce_ex__(5)[:3]
    return make, args, state, None, None, fill_table


def fill_table(table: Any, state: dict[str, Any]) -> None:
    """Gives a table or a series its contents, with this very dictionary as its ``attrs``."""
    table.__setstate__(state)
    object.__setattr__(table, "_attrs", state["attrs"])


def _reduce_graph(graph: Any) -> Any:
    """networkx keeps the views of a graph that were asked for: ``G.nodes`` would count as a change of it."""
    kind = type(graph)
    state = {
        name: value
        for name, value in vars(graph).items()
        if not isinstance(getattr(kind, name, None), functools.cached_property)
    }
    return copyreg.__newobj__, (kind,), state  # type: ignore[attr-defined]


def _reduce_generator(generator: Any) -> Any:
    """A global one by its name: a copy would go on by itself, and draw again what others have drawn."""
    home = home_of_generator(generator)
    return NotImplemented if home is None else (getattr, home)


def _reduce_sparse(matrix: Any) -> Any:
    """SciPy keeps what it has found out of the order of the indices: ``abs(m)`` would count as a change of it."""
    found_out = ("_has_sorted_indices", "_has_canonical_format")
    state = {k: v for k, v in vars(matrix).items() if k not in found_out}
    return copyreg.__newobj__, (type(matrix),), state  # type: ignore[attr-defined]


class _ArrowPiece:
    """Stands for a plain Arrow array in a pickle, with its memory read-only, as it is where it arrives.

    So what is sent on has the same bytes as what was received.
    """

    def __init__(self, piece: Any) -> None:
        self._piece = piece

    def __reduce__(self) -> tuple[Any, ...]:
        memory = [
            None if part is None else pickle.PickleBuffer(memoryview(part).toreadonly())
            for part in self._piece.buffers()
        ]
        return make_arrow_piece, (self._piece.type, len(self._piece), *memory)


def make_arrow_piece(kind: Any, length: int, *memory: Any) -> Any:
    """A plain Arrow array in this memory."""
    pyarrow = sys.modules["pyarrow"]
    buffers = [None if part is None else pyarrow.py_buffer(part) for part in memory]
    return pyarrow.Array.from_buffers(kind, length, buffers)


#: What a column's memory may have beyond its elements, for alignment.
_SPARE_BYTES = 1024

_SPARSE = tuple(
    f"_{form}.{form}_{kind}" for form in ("csr", "csc", "bsr") for kind in ("matrix", "array")
)
_TABLES = ("pandas", "pandas.core.frame", "pandas.core.series")
_GRAPHS = ("Graph", "DiGraph", "MultiGraph", "MultiDiGraph")


def _reduce_labelled(obj: Any) -> Any:
    """Dictionaries that xarray makes when they are first read are none as long as they are empty."""
    make, arguments, (attributes, slots) = obj.__reduce_ex__(5)[:3]
    late = {n: None for n in ("_attrs", "_encoding") if n in slots and not slots[n]}
    return make, arguments, (attributes, {**slots, **late})


_REDUCERS: dict[str, Callable[[Any], Any]] = {
    "functools.cached_property": _reduce_cached_property,
    "_struct.Struct": _reduce_struct,
    "numpy.ma.MaskedArray": _reduce_masked_array,
    "numpy.ma.core.MaskedArray": _reduce_masked_array,
    # The second names are those of pandas 2.
    **dict.fromkeys(
        ("pandas.StringDtype", "pandas.core.arrays.string_.StringDtype"), _reduce_text_dtype
    ),
    **dict.fromkeys(
        (
            "pandas.arrays.ArrowStringArray",
            "pandas.core.arrays.string_arrow.ArrowStringArray",
            "pandas.arrays.ArrowExtensionArray",
            "pandas.core.arrays.arrow.array.ArrowExtensionArray",
        ),
        _reduce_arrow_array,
    ),
    **dict.fromkeys(
        (f"{module}.{name}" for name in ("DataFrame", "Series") for module in _TABLES),
        _reduce_table,
    ),
    "sklearn.utils._bunch.Bunch": _reduce_bunch,
    "random.Random": _reduce_generator,
    "xarray.core.dataset.Dataset": _reduce_labelled,
    "xarray.core.variable.IndexVariable": _reduce_labelled,
    "xarray.core.variable.Variable": _reduce_labelled,
    "numpy.random.mtrand.RandomState": _reduce_generator,
    **{f"networkx.classes.{name.lower()}.{name}": _reduce_graph for name in _GRAPHS},
    **{f"scipy.sparse.{name}": _reduce_sparse for name in _SPARSE},
    **dict.fromkeys(
        (
            "pandas.arrays.DatetimeArray",
            "pandas.core.arrays.datetimes.DatetimeArray",
            "pandas.arrays.TimedeltaArray",
            "pandas.core.arrays.timedeltas.TimedeltaArray",
            "pandas.arrays.PeriodArray",
            "pandas.core.arrays.period.PeriodArray",
        ),
        _reduce_times,
    ),
}
