"""Records what a batch's iterations would have done to the accumulators, for the merge to do it.

An operand is recorded in the state that the operation would have used it in: by reference where the accumulator
keeps the object, as a copy where it only looks at it. Tables and arrays of objects do now the one, now the other;
what goes there is recorded by reference, and must not change any more.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.class_homes import package_of
from naavre_ext.executors.filled_columns import why_not_set
from naavre_ext.executors.packing_identity import is_immutable
from naavre_ext.executors.tasks import Violation
from naavre_ext.model.event import OutputMessage
from naavre_ext.model.workflow import FilledTable
from naavre_ext.planning.rewriting import Operation, stores_deeper_only

if TYPE_CHECKING:
    from naavre_ext.executors.accumulators import Accumulator

_ATOMS = frozenset({int, float, str, bool, bytes, complex, type(None)})
#: What gives its elements now, as they are.
_LIVE = (Iterator, KeysView, ValuesView, ItemsView)
#: What ``+=`` takes elements from, one by one.
_TAKE_ELEMENTS = frozenset({"list", "a list", "deque"})


class Recorder:
    """Collects a batch's operations: ``(operation number, outputs so far, operands)``.

    ``plain`` says that all values are numbers and texts, ``plain_keys`` that so is where they are stored.
    ``tables`` are those that iterations read as well, of which the merge must set cells in known rows only.
    """

    def __init__(
        self,
        known: tuple[Operation, ...],
        keeps: dict[str, Accumulator],
        outputs: list[OutputMessage],
        flush: Callable[[], None],
        tables: Mapping[str, tuple[FilledTable, Any]] = MappingProxyType({}),
        instances: tuple[str, ...] = (),
    ) -> None:
        self.log: list[tuple[int, int, tuple[Any, ...]]] = []
        self.known = known
        self.keeps = keeps
        self.outputs = outputs
        self.flush = flush
        self.plain = self.plain_keys = True
        self._tables, self._instances = tables, instances
        self._refusal = ""
        self._stored: list[tuple[str, Any, Any]] = []

    def record(self, number: int, *operands: Any) -> None:
        """Note the operation; raises Violation where the merge could do something else than the iteration."""
        try:
            self._record(number, operands)
        except Violation as violation:  # a 'try' of the loop's may catch it, too
            self._refusal = self._refusal or str(violation)
            raise

    def why_unusable(self) -> str:
        """Why the merge can't do what was recorded; "" where it can."""
        for root, value, before in self._stored:
            if not _is_same(value, before):
                return f"what is stored in '{root}' changes afterwards"
        return self._refusal

    def _record(self, number: int, operands: tuple[Any, ...]) -> None:
        operation = self.known[number]
        if operation.taking == "replay":
            operands = self._replayed(operation, operands)
        else:
            value_at = 0 if operation.taking == "store" else len(operands) - 1
            value = operands[value_at]
            if not _ATOMS.issuperset(map(type, (*operands[:value_at], *operands[value_at + 1 :]))):
                self.plain_keys = False
            if operation.root in self._tables:
                why = why_not_set(*self._tables[operation.root], operands[1 - value_at], value)
                if why:
                    raise Violation(why)
            if operation.protected:
                index = operands[1] if operation.taking == "store" else None
                if not self.keeps[operation.root].surely_takes(operation, index, value):
                    raise Violation(
                        f"changing '{operation.root}' may raise, which 'try' would catch"
                    )
            if type(value) not in _ATOMS:
                self.plain = False
                value = self._taken(operation, value)
                operands = (*operands[:value_at], value, *operands[value_at + 1 :])
        self.flush()
        self.log.append((number, len(self.outputs), operands))

    def _replayed(self, operation: Operation, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """The operands of a statement that the merge runs, in the state that it would have used them in."""
        if all(type(operand) in _ATOMS for operand in operands):
            return operands
        self.plain = self.plain_keys = False
        takings = [taking.removeprefix("lazy ") for taking in operation.takings]
        given = [
            value if taking == how else _looked_up(value)
            for value, taking, how in zip(operands, operation.takings, takings, strict=True)
        ]
        if self._instances and not all(map(is_immutable, given)):
            raise Violation(f"a method of '{self._instances[0]}' is given what may change")
        return tuple(
            _copied(value) if self._copies(taking) and not is_immutable(value) else value
            for taking, value in zip(takings, given, strict=True)
        )

    def _copies(self, taking: str) -> bool:
        place = taking.removeprefix("store ")
        stores = taking != place and place in self.keeps
        return not self.keeps[place].keeps if stores else taking == "copy"

    def _taken(self, operation: Operation, value: Any) -> Any:
        """The operand in the state that the operation would have used it in."""
        taking, kept = operation.taking, self.keeps[operation.root]
        if taking == "store" and operation.depth == 2 and self._into_arrays(operation.root):
            taking = "copy"
        if taking == "store":
            if operation.depth != 1 and not is_immutable(value):
                raise Violation(f"what is stored in '{operation.root}' may be shared")
            taking = "keep" if operation.depth != 1 or kept.keeps else "copy"
        if taking == "keep" or is_immutable(value):
            return value
        if isinstance(value, _LIVE) and (
            operation.taking == "spread" or kept.kind in _TAKE_ELEMENTS
        ):
            return list(value)
        if operation.taking == "store" and kept.kind == "objects":
            self._stored.append((operation.root, value, _copied(value)))
            return value
        return _copied(value, deep=operation.taking == "store")

    def _into_arrays(self, root: str) -> bool:
        """Whether what is stored in the elements of ``root`` goes into arrays, which copy it."""
        return self.keeps[root].holds_arrays and stores_deeper_only(self.known, root)


def _copied(value: Any, *, deep: bool = False) -> Any:
    """The value as it is now; ``deep`` for an array, which also copies what lists in a list hold."""
    deep = deep and type(value) in (list, tuple)
    try:
        return copy.deepcopy(value) if deep else copy.copy(value)
    except Exception as error:  # noqa: BLE001  (any code of the user's classes may run here)
        raise Violation(f"what it adds can't be copied ({error})") from None


def _is_same(value: Any, before: Any) -> bool:
    """Whether a list, dict, set or array still holds what its copy holds; other objects go by reference anyway."""
    if type(value) in (list, tuple):
        return len(value) == len(before) and all(map(_is, value, before))
    if type(value) is dict:
        return [*map(id, value)] == [*map(id, before)] and all(
            map(_is, value.values(), before.values())
        )
    if isinstance(value, (set, frozenset)):
        return {*map(id, value)} == {*map(id, before)}
    if package_of(type(value)) in ("numpy", "pandas"):
        return _is_same_table(value, before)
    return True


def _is(one: Any, other: Any) -> bool:
    return one is other


def _is_same_table(value: Any, before: Any) -> bool:
    if hasattr(value, "equals"):
        return bool(value.equals(before))
    return bool(value.dtype == before.dtype and value.tobytes() == before.tobytes())


def _looked_up(value: Callable[[], Any]) -> Any:
    """What only a branch needs, which the notebook may not come to."""
    try:
        return value()
    except Exception as error:  # noqa: BLE001  (whatever it is, the notebook may do without)
        raise Violation(
            f"a value that is needed in one branch only isn't there ({error})"
        ) from None
