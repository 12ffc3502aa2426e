"""Which objects may be one when a loop begins: what its own iterations make of them doesn't count yet."""

from __future__ import annotations

import ast
from collections.abc import Hashable

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.planning.loops import Loop


def aliases_before(loop: Loop, notebook: NotebookDataflow, position: int) -> AliasGraph | None:
    """The aliases as the loop finds them; None where that can't be told from those that the cell leaves.

    It can where the loop is a statement of the cell itself, or all that such a statement assigns.
    """
    cell = notebook.cells[position]
    place = next((n for n, s in enumerate(cell.source.tree.body) if _is_all_of(s, loop)), None)
    if place is None:
        return None
    graph = AliasGraph()
    for before in notebook.cells[:position]:
        for link in before.links:
            graph.add(*link)
    for link in cell.links:
        _, first, second, _ = link
        if _name_of(first) is not None and _name_of(first) == _name_of(second):
            graph.add(*link)  # the versions that the cell may find of a name

    def node_of(node: str) -> Hashable:
        return (node, position) if "%" in node else notebook.node(position, node)

    share(graph, notebook.region(cell.source.tree.body[:place]).sharing, node_of)
    return graph


def _is_all_of(statement: ast.stmt, loop: Loop) -> bool:
    if statement is loop.node:
        return True
    is_plain = isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr))
    return is_plain and getattr(statement, "value", None) is loop.node


def _name_of(node: Hashable) -> str | None:
    """The name whose version the node is."""
    is_version = isinstance(node, tuple) and isinstance(node[0], str) and "%" not in node[0]
    return node[0] if is_version else None  # type: ignore[index]
