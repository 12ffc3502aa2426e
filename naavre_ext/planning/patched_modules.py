"""What the notebook changes of a module is so in the process of the cell that did it, and nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from naavre_ext.dataflow.graph import CellNode
from naavre_ext.dataflow.walking import walk
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


#: Calls by which libraries that no table knows are told something: ``torch.set_default_dtype()``.
_TELLING = re.compile(
    r"""\w.*\.(
        (set|enable|disable|use|register|install|configure|activate|init|setup|patch|seed|manual_seed)(_\w+)?
        | (config|options|settings)\.\w+
    )\(\)""",
    re.VERBOSE,
)


#: Calls that teach a library something, which a decorator may make as well.
_TEACHING = re.compile(r"numba\.extending\.\w+\(\)")


def told_library(cells: Iterable[CellNode]) -> str:
    """By which call these cells tell an unseen library what it keeps, in words; "" when by none."""
    cells = list(cells)
    for node in cells:
        for effect in node.facts.effects:
            if effect.kind != "unknown":
                continue
            name = effect.what.rpartition(".")[2].removesuffix("()")
            tells = _TELLING.fullmatch(effect.what) and any(_drops_result(c, name) for c in cells)
            if tells or _TEACHING.fullmatch(effect.what):
                return f"the notebook calls {effect.what}, whose effect other workers may not see"
    return ""


def _drops_result(node: CellNode, name: str) -> bool:
    """Whether the cell somewhere calls a function of this name and takes no result."""
    called = (
        part.value.func
        for part in walk(node.source.tree)
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call)
    )
    return any(ast.unparse(function).rpartition(".")[2] == name for function in called)


def check_modules(cells: Iterable[CellNode], line: int, *, unseen: bool) -> None:
    """Refuse what would run in other workers once one of these cells changes a module.

    What runs there may be ``unseen`` code of a library, so that it counts what libraries are told, too.
    """
    cells = list(cells)
    if reason := patched_module(cells):
        raise LoopRefused(line, reason, REMEDY)
    if unseen and (reason := told_library(cells)):
        raise LoopRefused(line, reason, "Call it in the loop as well, or leave it out.")
