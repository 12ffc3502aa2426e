"""Which names may stand for the same object: Steensgaard's unification-based points-to analysis.

B. Steensgaard, Points-to Analysis in Almost Linear Time, POPL 1996. Every class has at most one
'content' class for all that its objects may hold.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from naavre_ext.model.dataflow import Sharing


class AliasGraph:
    """Classes of nodes that may share an object, and what those objects may hold.

    ``_parent`` has the nodes that don't represent their class. ``_content`` maps a class to the class of all that
    it may hold, ``_holders`` is the reverse; ``_members`` lists the nodes that somebody asked to be found again.
    """

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}
        self._content: dict[Hashable, Hashable] = {}
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
            content_a, content_b = self._content.get(a), self._content.pop(b, None)
            self._parent[b] = a
            if b in self._members:
                self._members.setdefault(a, set()).update(self._members.pop(b))
            if b in self._holders:
                self._holders.setdefault(a, set()).update(self._holders.pop(b))
            if content_b is not None:
                self._holders.setdefault(self.find(content_b), set()).add(a)
                if content_a is None:
                    self._content[a] = content_b
                else:
                    pending.append((content_a, content_b))

    def holds(self, holder: Hashable, held: Hashable) -> None:
        """The holder's objects may hold the held node's."""
        root = self.find(holder)
        content = self._content.get(root)
        if content is None:
            self._content[root] = self.find(held)
            self._holders.setdefault(self.find(held), set()).add(root)
        else:
            self.same(content, held)

    def add(self, relation: str, first: Hashable, second: Hashable) -> None:
        """Add one recorded sharing."""
        if relation == "same":
            self.same(first, second)
        else:
            self.holds(first, second)

    def content(self, root: Hashable) -> Hashable | None:
        """The class of all that a class's objects may hold, if they hold anything."""
        content = self._content.get(self.find(root))
        return None if content is None else self.find(content)

    def reach(self, nodes: Iterable[Hashable]) -> set[Hashable]:
        """Representatives of the nodes' classes and of all that their objects may hold."""
        seen: set[Hashable] = set()
        pending = [self.find(node) for node in nodes]
        while pending:
            root = pending.pop()
            if root in seen:
                continue
            seen.add(root)
            content = self._content.get(root)
            if content is not None:
                pending.append(self.find(content))
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
        graph.add(pair.relation, rename(pair.first), rename(pair.second))
