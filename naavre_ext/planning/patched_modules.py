"""What the notebook changes of a module is so in the process of the cell that did it, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from naavre_ext.dataflow.graph import CellNode
from naavre_ext.planning.refusal import LoopRefused

REMEDY = "Use a function of your own, and leave the module as it is."

#: Changes that go unseen nowhere: batches write to streams of their own, which are shown in the cell's, and
#: without tqdm's methods of frames a batch fails, so that the loop runs whole.
_HARMLESS = ("sys.stdout", "sys.stderr", "tqdm.")


def patched_module(cells: Iterable[CellNode]) -> str:
    """What these cells change of a module or of a library's class, in words; "" when nothing."""
    for node in cells:
        for effect in node.facts.effects:
            if effect.kind == "monkeypatch" and not effect.what.startswith(_HARMLESS):
                return (
                    f"the notebook changes a module ({effect.what}), which other workers don't see"
                )
    return ""


def check_modules(cells: Iterable[CellNode], line: int) -> None:
    """Refuse what would run in other workers once one of these cells changes a module."""
    reason = patched_module(cells)
    if reason:
        raise LoopRefused(line, reason, REMEDY)
