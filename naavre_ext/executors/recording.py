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
from naavre_ext.executors.held_objects import held_objects
from naavre_ext.executors.packing import PackingError, fingerprint
from naavre_ext.executors.packing_immutable import is_immutable
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
    ``tables`` are those that iterations read as well, of which the merge must set cells in known rows only. The
    ``namespace`` is the notebook's.
    """

    def __init__(
        self,
        known: tuple[Operation, ...],
        keeps: dict[str, Accumulator],
        outputs: list[OutputMessage],
        flush: Callable[[], None],
        tables: Mapping[str, tuple[FilledTable, Any]] = MappingProxyType({}),
        instances: tuple[str, ...] = (),
        namespace: dict[str, Any] | None = None,
    ) -> None:
        self.log: list[tuple[int, int, tuple[Any, ...]]] = []
        self.known = known
        self.keeps = keeps
        self.outputs = outputs
        self.flush = flush
        self.plain = self.plain_keys = True
        self._tables, self._instances = tables, instances
        self._namespace = {} if namespace is None else namespace
        self._refusal = ""
        self._stored: list[tuple[str, Any, Any]] = []
        self._looked_at: list[tuple[str, Any, bytes]] = []

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
        for root, value, before in self._looked_at:
            if self._print(value) != before:
                return f"what is added to '{root}' changes afterwards"
        return self._refusal

    def replayed_operands(self) -> Iterator[Any]:
        """The operands of statements that the merge does again."""
        for number, _, operands in self.log:
            if self.known[number].taking == "replay":
                yield from operands

    def _record(self, number: int, operands: tuple[Any, ...]) -> None:
        operation = self.known[number]
        if operation.taking == "replay":
            operands = self._replayed(operation, operands)
        else:
            value_at = 0 if operation.taking == "store" else len(operands) - 1
            value = operands[value_at]
            if not _ATOMS.issuperset(map(type, (*operands[:value_at], *operands[value_at + 1 :]))):
                self.plain_keys = False
                operands = tuple(
                    o if place == value_at else self._key(_index(o), operation.root)
                    for place, o in enumerate(operands)
                )
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
                into_slice = operation.taking == "store" and isinstance(operands[-1], slice)
                value = self._taken(operation, value, into_slice=into_slice)
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
        if any(type(value) is slice for value in given):  # a list takes the elements
            takings = ["copy" if taking.startswith("store ") else taking for taking in takings]
        if self._instances and not all(map(is_immutable, given)):
            raise Violation(f"a method of '{self._instances[0]}' is given what may change")
        return tuple(
            self._as(taking, value, operation.root)
            for taking, value in zip(takings, given, strict=True)
        )

    def _key(self, value: Any, root: str) -> Any:
        """A key or an element of a set, which the merge asks for its hash: that mustn't have changed by then."""
        method: Any = type(value).__hash__
        hashes = method is not None and method is not object.__hash__
        return self._steady(value, root) if hashes and not is_immutable(value) else value

    def _keys(self, values: Any, root: str) -> None:
        for value in values if isinstance(values, (list, tuple, set, frozenset, dict)) else ():
            self._key(value[0] if type(value) in (list, tuple) and value else value, root)
            self._key(value, root)

    def _as(self, taking: str, value: Any, root: str) -> Any:
        if is_immutable(value):
            return value
        if taking == "index":
            return self._key(_index(value), root)
        if taking == "steady":
            return self._steady(value, root)
        store = self._stored_in(taking)
        if store is not None and store.kind == "objects":
            return self._steady(value, root)
        if store.keeps if store is not None else taking != "copy":
            return value
        kept = self.keeps.get(root)
        return self._copy(value, root, steady=kept is None or not kept.takes_elements)

    def _stored_in(self, taking: str) -> Accumulator | None:
        """What a value goes into that is taken so; None where it isn't stored, or nobody knows in what."""
        before, _, place = taking.partition("store ")
        return None if before else self.keeps.get(place)

    def _copy(self, value: Any, root: str, *, steady: bool) -> Any:
        """A copy of what is looked at only; ``steady`` says that also what it holds counts as it is now."""
        copied = _copied(value)
        return self._steady(copied, root) if steady and not _holds_plain(copied) else copied

    def _steady(self, value: Any, root: str) -> Any:
        """The object, which is looked at when the merge comes to it: it mustn't have changed by then."""
        self._looked_at.append((root, value, self._print(value)))
        return value

    def _print(self, value: Any) -> bytes:
        try:
            return fingerprint(value, self._namespace)
        except PackingError as error:
            raise Violation(f"what it adds can't be copied ({error.reason})") from None

    def _taken(self, operation: Operation, value: Any, *, into_slice: bool) -> Any:
        """The operand in the state that the operation would have used it in."""
        taking, kept = operation.taking, self.keeps[operation.root]
        if kept.kind == "set":
            self._key(value, operation.root)
        if kept.kind in ("set", "dict", "a dict") and operation.depth == 0:
            self._keys(value, operation.root)
        if into_slice and kept.kind in ("list", "a list") and not is_immutable(value):
            return list(value)
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
        if operation.taking == "store":
            return _copied(value, deep=True)
        if operation.taking == "spread" and kept.kind in ("dict", "a dict") and type(value) is list:
            return [tuple(pair) if type(pair) is list else pair for pair in value]
        return self._copy(value, operation.root, steady=not kept.takes_elements)

    def _into_arrays(self, root: str) -> bool:
        """Whether what is stored in the elements of ``root`` goes into arrays, which copy it."""
        return self.keeps[root].holds_arrays and stores_deeper_only(self.known, root)


def _index(index: Any) -> Any:
    """An index as it is now; keys are the very objects."""
    if type(index) is tuple:
        return tuple(map(_index, index))
    return index if type(index).__hash__ is not None or type(index) is slice else _copied(index)


def _holds_plain(value: Any) -> bool:
    """Whether nothing that it holds can change."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(is_immutable, value))
    if isinstance(value, dict):
        return all(map(is_immutable, value.values()))
    if package_of(type(value)) in ("numpy", "pandas"):
        return not held_objects([value])
    return False


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
