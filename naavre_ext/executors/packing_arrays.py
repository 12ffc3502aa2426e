"""NumPy arrays on their way to another process: which memory they share, and how to rebuild it.

An array is pickled as a number. What the numbers stand for is decided when all arrays are known:
arrays whose memory overlaps become views of one block, so that a change through one of them is seen
through the others after the journey, as it was before.
"""

from __future__ import annotations

import pickle
import sys
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from naavre_ext.executors.packing_bases import Member, find_bases
from naavre_ext.executors.packing_gaps import narrowed

#: Blocks below this size travel inside the layout: an out-of-band buffer costs more than a copy.
INLINE_BYTES = 2048

#: Arrays compared pair by pair for shared memory; beyond it sharing is assumed.
_MAX_COMPARED = 48

#: Arrays whose span is at most this many times their bytes are sent as one block unexamined.
_CHEAP_SPAN = 2

#: Read-only memory handed out by :class:`ArrayReader`: it was writable where it came from.
_lent: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()

#: The same of sealed arrays, and these arrays themselves: only they were writable, not what is taken from them.
_lent_sealed: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
_sealed: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an array lies: ``block`` counts blocks, ``offset`` and ``strides`` are in bytes.

    ``dtype`` is its type, by :func:`name_of_dtype`.
    ``sealed`` ones belong to an object that hands out read-only views of them, as pandas' tables do. ``base``
    is the number of the array whose memory it has, its own perhaps; None where several share the block's.
    """

    block: int
    offset: int
    dtype: Any
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    writable: bool
    sealed: bool = False
    base: int | None = None


class _Span:
    """A stretch of memory, as NumPy's array interface describes it; keeps its owner alive."""

    def __init__(self, owner: Any, start: int, length: int) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "data": (start, True),
            "shape": (length,),
            "typestr": "|u1",
            "version": 3,
        }


def name_of_dtype(dtype: Any) -> Any:
    """By what other processes find the type, where it is one of NumPy's own: each has one object for it.

    A pickled one is another object, so that ``np.asarray(x, x.dtype)`` would be another array. Any other type is
    returned as it is.
    """
    return dtype.char if dtype.isbuiltin == 1 else dtype


def is_shippable(array: Any) -> bool:
    """Whether ``array`` is an exact ndarray whose bytes are its whole value."""
    numpy = sys.modules.get("numpy")
    return (
        numpy is not None
        and type(array) is numpy.ndarray
        and not array.dtype.hasobject
        and array.dtype.kind in "biufcmMSUV"
    )


def is_array_of_objects(array: Any) -> bool:
    """Whether ``array`` is an exact ndarray that holds Python objects."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(array) is numpy.ndarray and bool(array.dtype.hasobject)


def bounds(array: Any) -> tuple[int, int]:
    """First address of ``array``'s memory and the one after its last; equal when it is empty."""
    start = end = array.__array_interface__["data"][0]
    if array.size == 0:
        return start, start
    for length, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            start += (length - 1) * stride
        else:
            end += (length - 1) * stride
    return start, end + array.itemsize


def root(array: Any) -> Any:
    """The last object on the chain of bases of ``array`` that is an ndarray.

    What ``as_strided`` puts between two arrays is passed over.
    """
    ndarray = sys.modules["numpy"].ndarray
    while (base := _base(array)) is not None and isinstance(base, ndarray):
        array = base
    return array


def _base(array: Any) -> Any:
    base = array.base
    return getattr(base, "base", None) if type(base).__name__ == "DummyArray" else base


def is_writable(array: Any, *, sealed: bool = False) -> bool:
    """Whether ``array`` can be written, or could be in the process that it was received from."""
    if array.flags.writeable:
        return True
    memory = id(root(array))
    return memory in _lent or (
        memory in _lent_sealed and (sealed or _sealed.get(id(array)) is array)
    )


#: Memory that a program may reach otherwise than through arrays, and what it is.
_FOREIGN = {
    "bytearray": "a bytearray",
    "mmap": "a file",
    "memmap": "a file",
    "array": "an array.array",
    "SharedMemory": "other processes",
}


def foreign_memory(array: Any) -> str:
    """Whose memory a change of ``array`` would change too, in words; "" for memory of its own."""
    if not array.flags.writeable:
        return ""
    last = root(array)
    base = last.base
    while isinstance(base, memoryview):
        base = base.obj
    if type(last).__name__ == "memmap":
        return _FOREIGN["memmap"]
    if base is not None and hasattr(base, "_b_base_"):
        return "a C object"
    return _FOREIGN.get(type(base).__name__, "")


class ArrayWriter:
    """Collects the arrays met while pickling; then lays them out in blocks."""

    def __init__(self) -> None:
        self._arrays: list[Any] = []
        self._private: set[int] = set()
        self._sealed: set[int] = set()
        self._of_objects: dict[int, list[Any]] = {}

    def add(self, array: Any, *, private: bool = False, sealed: bool = False) -> int:
        """The number that stands for ``array``; a ``private`` one shares memory with no other."""
        number = len(self._arrays)
        self._arrays.append(array)
        if private:
            self._private.add(number)
        if sealed:
            self._sealed.add(number)
        return number

    def pass_by(self, array: Any) -> bool:
        """Take note of an array of objects, which is pickled by itself; whether another sees its changes."""
        neighbours = self._of_objects.setdefault(id(root(array)), [])
        shares = any(
            (is_writable(array) or is_writable(other)) and share_memory(array, other)
            for other in neighbours
        )
        neighbours.append(array)
        return shares

    def shareable(self) -> list[Any]:
        """The arrays met so far that aren't private."""
        own = [a for number, a in enumerate(self._arrays) if number not in self._private]
        return own + [array for arrays in self._of_objects.values() for array in arrays]

    def layout(self) -> tuple[bytes, list[Any]]:
        """The pickled layout, and the buffers of the blocks that aren't part of it."""
        if not self._arrays:
            return b"", []
        placed: list[Placed | None] = [None] * len(self._arrays)
        blocks: list[bytes | None] = []
        buffers: list[Any] = []
        for members in self._components():
            start, span, arrays = _block([array for _, array in members])
            bases = find_bases([self._member(*member) for member in members])
            for (number, original), array in zip(members, arrays, strict=True):
                placed[number] = Placed(
                    len(blocks),
                    array.__array_interface__["data"][0] - start,
                    name_of_dtype(array.dtype),
                    array.shape,
                    array.strides,
                    is_writable(original, sealed=number in self._sealed),
                    number in self._sealed,
                    bases.get(number),
                )
            if span.nbytes < INLINE_BYTES:
                blocks.append(span.tobytes())
            else:
                blocks.append(None)
                buffers.append(span)
        return pickle.dumps((placed, blocks), protocol=5), buffers

    def _member(self, number: int, array: Any) -> Member:
        return Member(
            number, array, *bounds(array), is_writable(array, sealed=number in self._sealed)
        )

    def _components(self) -> list[list[tuple[int, Any]]]:
        """The arrays, grouped so that arrays of two groups share no memory that matters."""
        groups: list[list[tuple[int, Any]]] = []
        shareable = []
        for number, array in enumerate(self._arrays):
            if number in self._private or array.size == 0:
                groups.append([(number, array)])
            else:
                shareable.append((*bounds(array), number, array))
        shareable.sort(key=lambda entry: entry[:3])
        overlapping: list[tuple[int, Any]] = []
        reach = -1
        for start, end, number, array in shareable:
            if start >= reach and overlapping:
                groups += _split_apart(overlapping)
                overlapping = []
            overlapping.append((number, array))
            reach = max(reach, end)
        groups += _split_apart(overlapping)
        return sorted(groups, key=lambda group: min(number for number, _ in group))


def _block(arrays: list[Any]) -> tuple[int, Any, list[Any]]:
    """First address and bytes of the block that holds ``arrays``, and the arrays as they lie in it.

    A lone array with gaps between its elements is copied with narrow ones.
    """
    numpy = sys.modules["numpy"]
    start, end = _bounds_of_all(arrays)
    if len(arrays) == 1 and end - start > arrays[0].nbytes:
        arrays = [narrowed(arrays[0])]
        start, end = bounds(arrays[0])
    if start == end:
        return arrays[0].__array_interface__["data"][0], numpy.empty(0, numpy.uint8), arrays
    return start, numpy.asarray(_Span(arrays, start, end - start)), arrays


def _bounds_of_all(arrays: Sequence[Any]) -> tuple[int, int]:
    starts, ends = zip(*map(bounds, arrays), strict=True)
    return min(starts), max(ends)


def _split_apart(members: list[tuple[int, Any]]) -> list[list[tuple[int, Any]]]:
    """``members`` as one group when they share memory or are cheap to keep together, else apart."""
    if not members:
        return []
    if len(members) == 1:
        return [members]
    arrays = [array for _, array in members]
    start, end = _bounds_of_all(arrays)
    if end - start <= _CHEAP_SPAN * sum(a.nbytes for a in arrays) or _really_share(arrays):
        return [members]
    return [[member] for member in members]


def _really_share(arrays: Sequence[Any]) -> bool:
    if len(arrays) > _MAX_COMPARED:
        return True
    return any(
        share_memory(one, other)
        for index, one in enumerate(arrays)
        for other in arrays[index + 1 :]
        if is_writable(one) or is_writable(other)
    )


def share_memory(one: Any, other: Any) -> bool:
    """Whether two arrays have a byte in common; True where that is too hard to say."""
    numpy = sys.modules["numpy"]
    try:
        return bool(numpy.shares_memory(one, other, max_work=10_000))
    except Exception as error:
        if type(error).__name__ == "TooHardError":
            return True
        raise


class ArrayReader:
    """Rebuilds the arrays of a layout, each when it is asked for.

    Where ``writable`` is false the arrays are read-only windows on the buffers; where it is true
    each block is copied once.
    """

    def __init__(self, layout: bytes, buffers: Sequence[Any], *, writable: bool) -> None:
        self._placed: Sequence[Placed] = ()
        self._blocks: list[Any] = []
        self._writable = writable
        #: How many of the buffers belong to the layout; they come first.
        self.outside = 0
        if layout:
            self._placed, blocks = pickle.loads(layout)
            self.outside = blocks.count(None)
            outside = iter(buffers)
            self._blocks = [next(outside) if block is None else block for block in blocks]
        self._bases: dict[int, Any] = {}
        self._roots: dict[tuple[int, bool, bool], Any] = {}

    def array(self, number: int) -> Any:
        """The array that this number stands for."""
        numpy = sys.modules.get("numpy") or __import__("numpy")
        placed = self._placed[number]
        if number in self._bases:
            return self._bases[number]
        if not self._writable or placed.base is None:
            array = self._window(numpy, placed, self._root(numpy, placed))
        elif placed.base == number:
            array = self._bases[number] = self._own_copy(numpy, placed)
        else:
            offset = placed.offset - self._placed[placed.base].offset
            array = self._window(numpy, replace(placed, offset=offset), self.array(placed.base))
        if not placed.writable:
            array.flags.writeable = False
        elif placed.sealed and not self._writable:
            _sealed[id(array)] = array
        return array

    def _window(self, numpy: Any, placed: Placed, memory: Any) -> Any:
        return numpy.ndarray(
            placed.shape, placed.dtype, buffer=memory, offset=placed.offset, strides=placed.strides
        )

    def _own_copy(self, numpy: Any, placed: Placed) -> Any:
        """An array that owns its memory, so that ``resize`` and the like work on it.

        Unless it has gaps, runs backwards or repeats itself: then it is a view where it came from, too.
        """
        memory = _bytes_of(numpy, self._blocks[placed.block])
        window = self._window(numpy, placed, memory)
        made = numpy.empty_like(window)
        if not window.flags.forc and made.strides != window.strides:
            return self._window(numpy, placed, memory.copy())
        made[...] = window
        return made

    def _root(self, numpy: Any, placed: Placed) -> Any:
        """The memory of the array's block. Windows on it tell by it what they were where they came from."""
        kind = (False, False) if self._writable else (placed.writable, placed.sealed)
        key = (placed.block, *kind)
        memory = self._roots.get(key)
        if memory is None:
            memory = _bytes_of(numpy, self._blocks[placed.block])
            if self._writable:
                memory = memory.copy()
            else:
                memory.flags.writeable = False
                if placed.writable:
                    lent = _lent_sealed if placed.sealed else _lent
                    lent[id(root(memory))] = root(memory)
            self._roots[key] = memory
        return memory


def _bytes_of(numpy: Any, buffer: Any) -> Any:
    if memoryview(buffer).nbytes == 0:
        return numpy.empty(0, numpy.uint8)
    return numpy.frombuffer(buffer, numpy.uint8)
