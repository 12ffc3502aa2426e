"""What a batch has to know of the objects that the merge changes for it, which stay with the cell."""

from __future__ import annotations

import numbers
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from naavre_ext.executors.class_homes import package_of
from naavre_ext.executors.packing_identity import CommonObjects
from naavre_ext.executors.packing_immutable import is_immutable
from naavre_ext.executors.packing_tables import is_array
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.inner_rewriting import inner_operations
from naavre_ext.planning.rewriting import Operation, operations

_NUMBERS = (int, float, bool)
_ATOMS = (*_NUMBERS, str, bytes, type(None))
#: A float takes smaller integers without an error.
_LARGEST = 2**1000
#: A longer list isn't looked through for arrays.
_MOST_ARRAYS = 1000
#: So many containers in an accumulator are told from others.
_MOST_CONTAINERS = 1000


@dataclass(frozen=True, slots=True)
class Accumulator:
    """An accumulator's kind, and how many elements it had when the loop began.

    It ``keeps`` a reference to what is stored in it; arrays of numbers copy that, and tables, arrays of
    ``objects`` and what attributes hold, now and then. A list or dict that ``holds_arrays`` of
    numbers, and nothing else, has them copy what is stored in them: ``results["mean"][i] = v``.
    """

    kind: str = ""
    size: int = 0
    holds_arrays: bool = False

    @property
    def keeps(self) -> bool:
        """Whether what is stored is the very object."""
        return self.kind in ("list", "dict", "a list", "a dict", "deque")

    @property
    def takes_elements(self) -> bool:
        """Whether what is added to it are the very elements of what is given."""
        return self.keeps or self.kind == "set"

    def surely_takes(self, operation: Operation, index: Any, value: Any) -> bool:
        """Whether the operation raises nothing that a ``try`` around it could catch."""
        if operation.taking == "store" and operation.depth == 1:
            if self.kind == "dict":
                return _is_key(index) or _is_flat(index)
            fits = _is_integer(index) and -self.size <= index < self.size
            return fits and (self.kind == "list" or (self.kind == "floats" and _is_small(value)))
        if operation.taking == "copy" and operation.depth == 0:
            return self.kind == "number" and _is_small(value)
        if operation.taking == "keep" and operation.depth == 0:
            return self.kind in ("list", "a list", "deque") or (
                self.kind == "set" and type(value) in _ATOMS
            )
        if operation.taking == "spread" and operation.depth == 0:
            return self.kind == "list" and type(value) in (list, tuple)
        return False


def _is_integer(index: Any) -> bool:
    numpys = type(index).__module__ == "numpy" and isinstance(index, numbers.Integral)
    return type(index) is int or numpys


def _is_key(index: Any) -> bool:
    """Whether it is surely hashable."""
    numpys = type(index).__module__ == "numpy" and isinstance(index, (float, str))
    return type(index) in _ATOMS or numpys or _is_integer(index)


def _is_flat(index: Any) -> bool:
    return type(index) is tuple and all(map(_is_key, index))


def _is_small(value: Any) -> bool:
    return type(value) in _NUMBERS and (type(value) is float or abs(value) < _LARGEST)


def accumulator(value: Any) -> Accumulator:
    """What batches are told of an accumulator."""
    if type(value) in (list, dict):
        return Accumulator(type(value).__name__, len(value), _holds_arrays(value))
    if type(value) in (set, deque):
        return Accumulator(type(value).__name__)
    if isinstance(value, (list, dict)):
        return Accumulator("a list" if isinstance(value, list) else "a dict")
    if type(value) in _NUMBERS:
        return Accumulator("number")
    library = package_of(type(value))
    if library == "pandas" or getattr(getattr(value, "dtype", None), "hasobject", False) is True:
        return Accumulator("objects")
    if library == "numpy" and getattr(value, "ndim", 0) == 1:
        return Accumulator("floats" if value.dtype == float else "", len(value))
    return Accumulator("objects" if type(getattr(value, "__dict__", None)) is dict else "")


def _holds_arrays(value: list[Any] | dict[Any, Any]) -> bool:
    held = value.values() if isinstance(value, dict) else value
    return 0 < len(value) <= _MOST_ARRAYS and all(map(_is_of_numbers, held))


def _is_of_numbers(value: Any) -> bool:
    kind = type(value)
    return (kind.__module__, kind.__name__) == ("numpy", "ndarray") and value.dtype.kind in "biufc"


def accumulators(names: tuple[str, ...], known: Mapping[str, Any]) -> dict[str, Accumulator]:
    """The named accumulators, as batches know them."""
    return {name: accumulator(known.get(name)) for name in names}


def same_kind(begun: Accumulator | None, now: Accumulator) -> Accumulator:
    """The accumulator as the loop began if it is still of that kind, else as it is now."""
    return begun if begun is not None and _sort(begun) == _sort(now) else now


def _sort(found: Accumulator) -> tuple[str, bool]:
    return found.kind, found.holds_arrays


def changed_by_merge(
    step: Step, split: Split, variables: Mapping[str, Any]
) -> CommonObjects | None:
    """What the merge will change, for packs to be held against: what batches get mustn't be or hold any of it.

    Analysis foresees most of that. Of tables it is looked at elsewhere. None where nothing changes in place.
    """
    tables = {table.name for table in split.tables}
    values = {n: variables.get(n) for n in split.reductions if n not in tables}
    changeable = {name: value for name, value in values.items() if not is_immutable(value)}
    if not changeable:
        return None
    found = inner_operations if step.is_inner(split) else operations
    deep = {each.root for each in found(step.source, split) if _goes_deeper(each)}
    common = CommonObjects()
    for name, value in changeable.items():
        met = dict(_containers(value, deep=name in deep or name in split.replayed))
        common.meet({name: value}, met, [part for _, part in met.values() if is_array(part)])
    common.is_complete = True
    return common


def _goes_deeper(operation: Operation) -> bool:
    """Whether it may change what its accumulator holds: ``groups[k].append(v)``, ``rows[i] += v``."""
    return operation.depth > (1 if operation.taking == "store" else 0) or bool(operation.takings)


def _containers(value: Any, *, deep: bool) -> Iterator[tuple[int, tuple[int, Any]]]:
    """An accumulator and the containers that its attributes, or with ``deep`` it, hold, as picklers have them."""
    waiting, seen = [value], 0
    while waiting and seen < _MOST_CONTAINERS:
        part = waiting.pop()
        seen += 1
        yield id(part), (0, part)
        within: Iterable[Any] = ()
        if isinstance(part, (list, dict, set, deque)):
            within = (part.values() if isinstance(part, dict) else part) if deep else ()
        elif part is value:
            within = getattr(part, "__dict__", {}).values()
        # Taken at once: the cell may go on with its own share meanwhile.
        waiting += filter(_is_container, list(islice(within, _MOST_CONTAINERS)))


def _is_container(value: Any) -> bool:
    return isinstance(value, (list, dict, set, deque)) or is_array(value)
