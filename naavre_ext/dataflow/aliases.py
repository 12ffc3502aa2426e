"""Which names may stand for the same object: Steensgaard's unification-based points-to analysis.

B. Steensgaard, Points-to Analysis in Almost Linear Time, POPL 1996. Every class has at most one
'content' class for all that its objects may hold.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable


class AliasGraph:
    """Classes of nodes that may share an object, and what those objects may hold."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}
        self._content: dict[Hashable, Hashable] = {}

    def find(self, node: Hashable) -> Hashable:
        """The representative of the node's class."""
        parent = self._parent
        root = node
        while parent.get(root, root) != root:
            root = parent[root]
        while parent.get(node, node) != root:
            parent[node], node = root, parent[node]
        return root

    def same(self, first: Hashable, second: Hashable) -> None:
        """Both nodes may be one object; so may what they hold."""
        pending = [(first, second)]
        while pending:
            a, b = (self.find(node) for node in pending.pop())
            if a == b:
                continue
            content_a, content_b = self._content.get(a), self._content.pop(b, None)
            self._parent[b] = a
            if content_b is not None:
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
        else:
            self.same(content, held)

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
