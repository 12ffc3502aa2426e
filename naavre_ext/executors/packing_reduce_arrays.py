"""How arrays, and what pandas keeps them in, are taken apart for the journey.

``arrays`` writes the memory of those that are met; ``sealed`` are the ids of those that pandas keeps and of which
it hands out read-only views.
"""

from __future__ import annotations

import sys
from collections.abc import Set as AbstractSet
from typing import Any

from naavre_ext.executors.class_homes import home_of
from naavre_ext.executors.packing_arrays import ArrayWriter, foreign_memory, is_shippable
from naavre_ext.executors.packing_live import Live
from naavre_ext.executors.packing_making import (
    fill_attributes,
    fill_read_only,
    make_array,
    make_array_subclass,
    make_block,
)
from naavre_ext.executors.packing_refusals import refusal
from naavre_ext.executors.packing_tables import has_copy_on_write


def reduce_array(array: Any, arrays: ArrayWriter, sealed: AbstractSet[int]) -> Any:
    """A plain array, which ``arrays`` writes. Raises NotPackable where its memory is somebody else's."""
    owner = foreign_memory(array)
    if owner:
        live = Live(f"an array on the memory of {owner}", "Hand on a copy of it: array.copy().")
        raise refusal(array, live)
    return make_array, (arrays.add(array, sealed=id(array) in sealed),)


def reduce_array_of_objects(array: Any, arrays: ArrayWriter, sealed: AbstractSet[int]) -> Any:
    """An array that pickle takes element by element; read-only if it is."""
    if id(array) not in sealed and arrays.pass_by(array):
        live = Live(
            "an array of objects that shares memory with another one",
            "Copy one of them: array.copy().",
        )
        raise refusal(array, live)
    if array.flags.writeable:
        return NotImplemented
    return (*array.__reduce__(), None, None, fill_read_only)


def reduce_array_subclass(array: Any) -> Any:
    """An array of a subclass that leaves pickling to NumPy: a view of the same memory, as here."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(array, numpy.ndarray):
        return NotImplemented
    kind, plain = type(array), numpy.ndarray
    own = any(
        getattr(kind, name, None) is not getattr(plain, name)
        for name in ("__reduce__", "__reduce_ex__", "__setstate__")
    )
    view = array.view(plain)
    if own or not is_shippable(view):
        return NotImplemented
    attributes = dict(vars(array)) if hasattr(array, "__dict__") else {}
    return make_array_subclass, (kind, view), attributes, None, None, fill_attributes


def reduce_block(block: Any, arrays: ArrayWriter) -> Any:
    """A pandas block, with memory of its own if another frame refers to it.

    Under copy-on-write, frames that share memory don't see each other's changes; but the
    references by which pandas knows who shares don't travel. An array that was taken from
    a frame (``.values``) does see its changes, unless another frame shares them.
    """
    function, (values, *rest) = block.__reduce__()
    referred = block.refs.has_reference()
    if is_shippable(values):
        number = arrays.add(values, private=referred, sealed=True)
        return make_block, (number, function, *rest)
    return function, (values.copy() if referred else values, *rest)


def is_copy_on_write_block(obj: Any) -> bool:
    """Whether it is a block of a pandas that copies on write."""
    return _is_internal(obj) and hasattr(obj, "refs") and hasattr(obj, "mgr_locs")


def is_copy_on_write_series(obj: Any) -> bool:
    """Whether it is what a series keeps its block in: pandas would pickle the block's array by itself."""
    return _is_internal(obj) and type(obj).__name__ == "SingleBlockManager"


def _is_internal(obj: Any) -> bool:
    """Whether it is a part of a table or series of a pandas that copies on write."""
    pandas = sys.modules.get("pandas")
    return (
        pandas is not None
        and home_of(type(obj)).startswith("pandas.core.internals")
        and has_copy_on_write(pandas)
    )


def is_plain_scalar(kind: type) -> bool:
    """Whether it is one of NumPy's own kinds of numbers and times, which pickle as they are."""
    numpy = sys.modules.get("numpy")
    if numpy is None or kind.__module__ != "numpy":
        return False
    return issubclass(kind, (numpy.number, numpy.bool_, numpy.datetime64))
