"""Cuts the inputs of an ``# over`` cell: how many items a value has, and a slice of it, by its type.

A slice is what the notebook's own ``value[start:stop]`` (rows of a table or matrix, items of a dict in their
order) gives: of the same type, with the same dtypes, index, names and format.
"""

from __future__ import annotations

import collections
import itertools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

#: Gives the slice from ``start`` to ``stop`` of one value.
Slicer = Callable[[int, int], Any]


class NotCuttable(Exception):
    """A value can't be cut into slices; ``remedy`` says what would work."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


@dataclass(frozen=True, slots=True)
class Cut:
    """One value, ready to be cut: its number of items, and what slices it."""

    count: int
    slicer: Slicer


class Slices:
    """What one batch gets of each ``# over`` name: ``values`` in the order of the names, ``len`` items of each."""

    def __init__(self, values: tuple[Any, ...], count: int) -> None:
        self.values, self._count = values, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Any:
        """The slice of the name with this number."""
        return self.values[number]


class OverSource:
    """The items of several values side by side, as :class:`~naavre_ext.executors.sources.Source` gives them.

    Raises:
        NotCuttable: one of the values can't be cut, or their numbers of items differ.
    """

    may_watch = False
    kept = 0

    def __init__(self, values: dict[str, Any]) -> None:
        cuts = {name: _cut_of(name, value) for name, value in values.items()}
        counts = {name: cut.count for name, cut in cuts.items()}
        if len(set(counts.values())) > 1:
            said = ", ".join(f"'{name}' has {count}" for name, count in counts.items())
            raise NotCuttable(
                f"the numbers of items differ: {said}", "Give '# over' names of equal length only."
            )
        self._slicers = tuple(cut.slicer for cut in cuts.values())
        self._total = next(iter(counts.values()))
        self.taken = 0
        self.held: list[Any] = []

    @property
    def left(self) -> int:
        """How many items are left."""
        return self._total - self.taken

    def count(self) -> int:
        """How many items are left."""
        return self.left

    def take(self, most: int) -> Slices:
        """The next slices, of at most so many items."""
        start, self.taken = self.taken, min(self._total, self.taken + most)
        stop = self.taken
        return Slices(tuple(slicer(start, stop) for slicer in self._slicers), stop - start)

    step = take

    def rest(self) -> tuple[Any, ...]:
        """Nothing: a cell whose batches can't be used runs whole."""
        return ()


def _cut_of(name: str, value: Any) -> Cut:
    """The value's items. Raises NotCuttable."""
    for kinds, make in (*_BUILT_IN, *_library_cuts()):
        if isinstance(value, kinds):
            try:
                return make(value)
            except NotCuttable as problem:
                raise NotCuttable(f"'{name}' {problem.reason}", problem.remedy) from None
    if isinstance(value, Sequence) or _slices_itself(value):
        return _plain(value)
    raise NotCuttable(
        f"'{name}' is a {type(value).__name__}, which has no slices",
        f"Make a list of it before the cell: {name} = list({name}).",
    )


def _plain(value: Any) -> Cut:
    return Cut(len(value), lambda start, stop: value[start:stop])


def _mapping(value: dict[Any, Any]) -> Cut:
    items = list(value.items())
    if isinstance(value, collections.defaultdict):
        factory = value.default_factory
        return Cut(
            len(items), lambda start, stop: collections.defaultdict(factory, items[start:stop])
        )
    kind = type(value)
    if kind not in (dict, collections.OrderedDict, collections.Counter):
        raise NotCuttable(f"is a {kind.__name__}, which can't be made anew from some of its items",
                          "Make a dict of it before the cell: dict(...).")  # fmt: skip
    return Cut(len(items), lambda start, stop: kind(dict(items[start:stop])))


def _deque(value: collections.deque[Any]) -> Cut:
    return Cut(
        len(value),
        lambda start, stop: collections.deque(itertools.islice(value, start, stop), value.maxlen),
    )


def _array(value: Any) -> Cut:
    if value.ndim == 0:
        raise NotCuttable("is an array without dimensions", "Give it one: np.atleast_1d(...).")
    return _plain(value)


def _rows(value: Any) -> Cut:
    return Cut(len(value), lambda start, stop: value.iloc[start:stop])


def _arrow(value: Any) -> Cut:
    return Cut(len(value), lambda start, stop: value.slice(start, stop - start))


def _sparse(value: Any) -> Cut:
    if value.ndim != 2:
        raise NotCuttable(f"is a sparse array with {value.ndim} dimensions", "Make it 2-D.")
    by_rows = value.tocsr()
    return Cut(value.shape[0], lambda start, stop: by_rows[start:stop].asformat(value.format))


def _slices_itself(value: Any) -> bool:
    """Whether an unknown value says how long it is and gives slices that say so too."""
    try:
        return len(value[0:1]) == min(1, len(value)) and not isinstance(value, (str, bytes, dict))
    except Exception:  # noqa: BLE001  (a user's class may raise anything)
        return False


_Row = tuple[Any, Callable[[Any], Cut]]

#: Types → how they are cut.
_BUILT_IN: tuple[_Row, ...] = (
    ((list, tuple, range, str, bytes, bytearray), _plain),
    (dict, _mapping),
    (collections.deque, _deque),
)


def _library_cuts() -> list[_Row]:
    """The same for the types of libraries, of those that somebody has imported."""
    rows: list[_Row] = []
    if (numpy := sys.modules.get("numpy")) is not None:
        rows.append((numpy.ndarray, _array))
    if (pandas := sys.modules.get("pandas")) is not None:
        rows.append(((pandas.DataFrame, pandas.Series), _rows))
        rows.append((pandas.Index, _plain))
    if (arrow := sys.modules.get("pyarrow")) is not None and hasattr(arrow, "Table"):
        rows.append(((arrow.Table, arrow.RecordBatch, arrow.Array, arrow.ChunkedArray), _arrow))
    if (sparse := sys.modules.get("scipy.sparse")) is not None:
        rows.append(((sparse.spmatrix, sparse.sparray), _sparse))
    return rows
