"""Puts what batches have changed of a loop's items into the cell's own objects, unless others have seen them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from naavre_ext.dataflow.source import parse_cell
from naavre_ext.executors.item_parts import Parts, TooMany
from naavre_ext.executors.packing_identity import Reachable
from naavre_ext.executors.packing_immutable import is_immutable
from naavre_ext.executors.packing_making import NOTEBOOK
from naavre_ext.executors.sources import Sliced, Source
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.changed_items import may_come_back
from naavre_ext.planning.loops import find_loops

#: So many objects of what others have copies of are looked at.
_MOST = 200_000
#: What a batch's record has of the items: the contents of what it has changed, and which objects it was given.
CHANGES, SIGNATURE = "changed items", "items"


def may_change_items(step: Step, split: Split, source: Source) -> bool:
    """Whether batches of the loop may send back what they have changed of their items."""
    other = split.tables or split.own_rows or split.immutable_items
    if not split.guard_items or split.is_call or other or step.is_inner(split):
        return False
    tree = parse_cell(step.source).tree
    if not may_come_back(tree, find_loops(tree)[split.index], split.replayed):
        return False
    return isinstance(source, Sliced) and (split.changes_items or not source.are_immutable())


class _Sent:
    """What the items of a batch are and hold; those of its first ``count`` items are its own."""

    def __init__(self, items: Sequence[Any]) -> None:
        self.parts = Parts(items)
        self.take(len(items))

    def take(self, count: int) -> None:
        """The other items are another batch's."""
        end = self.parts.ends[count - 1] if count else 0
        own = [*zip(self.parts.kinds[:end], self.parts.objects[:end], strict=True)]
        self.ids = {id(obj) for kind, obj in own if kind != "array"}
        self.ids |= {id(vars(obj)) for kind, obj in own if kind == "instance"}
        self.inside = Reachable([obj for kind, obj in own if kind in ("array", "watched")], _MOST)


class ItemsBack:
    """What the items of batches are and hold that were sent and not merged yet.

    ``shared`` are the variables that all batches have copies of.
    """

    def __init__(self, shared: Mapping[str, Any]) -> None:
        self._shared = shared
        self._sent: dict[Hashable, _Sent] = {}
        self._classes: dict[type, None] = {}
        self._reachable = Reachable(shared.values(), _MOST)
        self._why_not = ""

    def send(self, batch: Hashable, items: Sequence[Any], *, surely: bool) -> str:
        """Note the batch; why changes of its items, if ``surely`` made, couldn't be brought back, else ""."""
        if batch in self._sent:
            return ""  # it is tried again
        if surely and not self._reachable.is_known:
            self._why_not = "all iterations share too many objects to look at"
        if self._why_not:
            return self._why_not
        try:
            sent = _Sent(items)
        except TooMany:
            self._why_not = "the items that it changes hold too many objects"
            return self._why_not
        if sent.parts.hold_items:
            return "an item that it changes holds another one, or itself"
        self._sent[batch] = sent
        return ""

    def parts(self, batch: Hashable) -> Parts | None:
        """What was noted of the batch."""
        sent = self._sent.get(batch)
        return None if sent is None else sent.parts

    def shorten(self, batch: Hashable, count: int) -> None:
        """The batch has begun its first ``count`` items only."""
        if batch in self._sent:
            self._sent[batch].take(count)

    def merge(self, batch: Hashable, record: dict[str, Any]) -> str:
        """Put into the items what the batch has changed; why that isn't what the loop would do, else "".

        The batch is done then.
        """
        changes, signature = record.pop(CHANGES, {}), record.pop(SIGNATURE, "")
        sent = self._sent.pop(batch, None)
        if not changes:
            return ""
        if sent is None or signature != sent.parts.signature:
            return "copies of its items differ from them"
        parts = sent.parts
        why = self._why_seen(parts, [*changes])
        if not why:
            parts.put(changes)
        return why

    def _why_seen(self, parts: Parts, numbers: Sequence[int]) -> str:
        arrays = [parts.objects[n] for n in numbers if parts.kinds[n] == "array"]
        others = [parts.objects[n] for n in numbers if parts.kinds[n] != "array"]
        others += [vars(parts.objects[n]) for n in numbers if parts.kinds[n] == "instance"]
        for other in self._sent.values():
            if any(id(obj) in other.ids for obj in others) or _meet(other.inside, arrays, others):
                return "an item that is changed is, or holds, an object of a later one"
        self._look_into_classes(parts)
        if _meet(self._reachable, arrays, others):
            return "an item that is changed is, or holds, an object that all iterations share"
        return ""

    def _look_into_classes(self, parts: Parts) -> None:
        """What the classes of the items' objects hold is shared as well."""
        kinds = map(type, parts.of("instance"))
        new = {
            kind: None
            for kind in kinds
            if kind.__module__ == NOTEBOOK and kind not in self._classes
        }
        if new:
            self._classes |= new
            self._reachable = Reachable([*self._shared.values(), *self._classes], _MOST)


def _meet(reachable: Reachable, arrays: Sequence[Any], others: Sequence[Any]) -> bool:
    return any(map(reachable.has, others)) or (
        bool(arrays) and reachable.meets(arrays, but=is_immutable)
    )
