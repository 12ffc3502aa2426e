"""Types that variables are given (``n: int = 1``), which Python notes in ``__annotations__`` as it comes by."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from naavre_ext.dataflow.graph import CellNode
from naavre_ext.dataflow.walking import walk
from naavre_ext.planning.loops import Loop
from naavre_ext.planning.refusal import LoopRefused

_NOTES = "__annotations__"


def check_noted_types(loop: Loop, cells: Iterable[CellNode]) -> None:
    """Refuse a loop that notes types where one of the cells asks for them: each worker notes its own."""
    noted = [n for n in walk(loop.node) if isinstance(n, ast.AnnAssign) and n.simple]
    if noted and any(_asks(cell.source.tree) for cell in cells):
        raise LoopRefused(
            noted[0].lineno,
            f"the type of '{ast.unparse(noted[0].target)}' is noted in {_NOTES}, which the notebook reads",
            "Leave the type out.",
        )


def _asks(tree: ast.Module) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id == _NOTES)
        or (isinstance(node, ast.Constant) and node.value == _NOTES)
        for node in walk(tree)
    )
