"""Which names may stand for the same object: Steensgaard's unification-based points-to analysis.

B. Steensgaard, Points-to Analysis in Almost Linear Time, POPL 1996; what objects hold is told apart by fields as
in his Points-to Analysis by Type Inference of Programs with Structures and Unions, CC 1996. Every class has one
content class for each field, or only one for all that its objects may hold.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from naavre_ext.model.dataflow import Sharing


class AliasGraph:
    """Classes of nodes that may share an object, and what those objects may hold.

    ``_parent`` has the nodes that don't represent their class. ``_fields`` maps a class to the classes of what it
    may hold, by field: by names, or only by "", which is any. ``_holders`` is the reverse; ``_members`` lists the
    nodes that somebody asked to be found again.
    """

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}
        self._fields: dict[Hashable, dict[str, Hashable]] = {}
        self._holders: dict[Hashable, set[Hashable]] = {}
        self._members: dict[Hashable, set[Hashable]] = {}

    def find(self, node: Hashable) -> Hashable:
        """The representative of the node's class."""
        parent = self._parent
        above = parent.get(node)
        if above is None:
            return node
        root = above
        while (higher := parent.get(root)) is not None:
            root = higher
        while above != root:
            parent[node], node = root, above
            above = parent[node]
        return root

    def remember(self, node: Hashable) -> None:
        """Make the node one that :meth:`holders_of` tells."""
        self._members.setdefault(self.find(node), set()).add(node)

    def forget(self, node: Hashable) -> None:
        """Undo :meth:`remember`."""
        self._members.get(self.find(node), set()).discard(node)

    def same(self, first: Hashable, second: Hashable) -> None:
        """Both nodes may be one object; so may what they hold."""
        pending = [(first, second)]
        while pending:
            a, b = (self.find(node) for node in pending.pop())
            if a == b:
                continue
            self._parent[b] = a
            if b in self._members:
                self._members.setdefault(a, set()).update(self._members.pop(b))
            if b in self._holders:
                self._holders.setdefault(a, set()).update(self._holders.pop(b))
            for field, content in self._fields.pop(b, {}).items():
                pending += self._put(a, content, field)

    def holds(self, holder: Hashable, held: Hashable, field: str = "") -> None:
        """The holder's objects may hold the held node's, in that field only; "": anywhere."""
        for first, second in self._put(self.find(holder), held, field):
            self.same(first, second)

    def _put(self, root: Hashable, held: Hashable, field: str) -> list[tuple[Hashable, Hashable]]:
        """Let the class hold the node; returns what is one by that."""
        fields = self._fields.setdefault(root, {})
        self._holders.setdefault(self.find(held), set()).add(root)
        if field and "" not in fields:
            known = [fields[field]] if field in fields else []
            fields.setdefault(field, held)
        else:
            known = list(fields.values())
            fields.clear()
            fields[""] = known[0] if known else held
        return [(content, held) for content in known]

    def add(self, relation: str, first: Hashable, second: Hashable, field: str = "") -> None:
        """Add one recorded sharing."""
        if relation == "same":
            self.same(first, second)
        else:
            self.holds(first, second, field)

    def fields(self, root: Hashable) -> dict[str, Hashable]:
        """The classes of what a class's objects may hold: by field, or only by "" for any."""
        held = self._fields.get(self.find(root), {})
        return {field: self.find(content) for field, content in held.items()}

    def contents(self, roots: Iterable[Hashable]) -> set[Hashable]:
        """The classes of what the classes' objects may hold."""
        return {content for root in roots for content in self.fields(root).values()}

    def containers(self, nodes: Iterable[Hashable], depth: int | None) -> set[Hashable]:
        """The classes of the nodes and of what their objects hold, down to so many levels in all; None: all."""
        if depth is None:
            return self.reach(nodes)
        found: set[Hashable] = set()
        level = {self.find(node) for node in nodes}
        for _ in range(depth):
            found |= level
            level = self.contents(level)
        return found

    def reach(self, nodes: Iterable[Hashable]) -> set[Hashable]:
        """Representatives of the nodes' classes and of all that their objects may hold."""
        seen: set[Hashable] = set()
        pending = [self.find(node) for node in nodes]
        while pending:
            root = pending.pop()
            if root in seen:
                continue
            seen.add(root)
            pending += map(self.find, self._fields.get(root, {}).values())
        return seen

    def holders_of(self, roots: Iterable[Hashable]) -> set[Hashable]:
        """The remembered nodes from which one of the classes can be reached."""
        seen: set[Hashable] = set()
        pending = [self.find(root) for root in roots]
        while pending:
            root = pending.pop()
            if root not in seen:
                seen.add(root)
                pending.extend(self.find(holder) for holder in self._holders.get(root, ()))
        return {member for root in seen for member in self._members.get(root, ())}

    def changed_by(self, node: Hashable, deep: bool) -> set[Hashable]:
        """Classes that a change of the node's object touches."""
        return self.reach([node]) if deep else {self.find(node)}


def share(
    graph: AliasGraph,
    pairs: Iterable[Sharing],
    rename: Callable[[str], Hashable] = lambda node: node,
) -> None:
    """Add recorded sharing to the graph, nodes renamed."""
    for pair in pairs:
        graph.add(pair.relation, rename(pair.first), rename(pair.second), pair.field)
