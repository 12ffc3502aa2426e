"""Code of the notebook that the merge of a split loop runs, without a call that says so.

::

    for x in xs:
        y = simulate(x)
        best = min(best, y, key=lambda t: abs(t - x))      # the merge has no x
        groups[y].append(x)                                # may make an entry: groups = defaultdict(lambda: ...)
        total += Vector(y)                                 # Vector.__radd__()

It must not look at names that the iterations set: the merge has what these stood for before the loop.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from naavre_ext.dataflow.environment import FunctionNode
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.letting_go import dotted
from naavre_ext.dataflow.walking import KEPT_CELLS, walk
from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.planning.bindings import names_of
from naavre_ext.planning.loops import Loop, Reduction
from naavre_ext.planning.refusal import LoopRefused

#: Special methods that only the iterations call.
_BY_ITERATIONS = frozenset(
    {"__init__", "__new__", "__post_init__", "__call__", "__enter__", "__exit__"}
)


def check_merged_code(
    loop: Loop, reductions: Sequence[Reduction], facts: CellDataflow, notebook: NotebookDataflow
) -> None:
    """Refuse a loop whose merge may run code that looks at what iterations set, or changes what they look at."""
    if not reductions or not isinstance(loop.node, ast.For):
        return
    own = facts.writes | names_of(loop.target)
    line = reductions[0].statement.lineno
    for what, node in [*_handed_over(reductions, notebook), *_special_methods(notebook)]:
        _check_reads(what, node, line, own, notebook)
    for node in _factories(notebook):
        _check_reads("what makes a defaultdict's entries", node, line, own, notebook)
        done = notebook.summaries.of(node).when_called
        changed = {*done.writes, *(c.node for c in done.changes if isinstance(c.node, str))}
        seen = changed & set(facts.reads)
        if seen:
            name = min(seen)
            why = f"what makes a defaultdict's entries changes '{name}', which an iteration reads"
            raise LoopRefused(line, why, f"Look at '{name}' after the loop.", name)


def _check_reads(
    what: str, node: FunctionNode, line: int, own: Collection[str], notebook: NotebookDataflow
) -> None:
    seen = set(notebook.summaries.of(node).when_called.reads).intersection(own)
    if seen:
        name = min(seen)
        raise LoopRefused(
            line,
            f"{what} looks at '{name}', which each iteration sets, when the results are merged",
            f"Compute what it takes of '{name}' before, in every iteration.",
            name,
        )


def _handed_over(
    reductions: Sequence[Reduction], notebook: NotebookDataflow
) -> Iterator[tuple[str, FunctionNode]]:
    """Functions that statements left to the merge are given."""
    for record in reductions:
        for operand in record.operands if record.replayed else ():
            call = "" if isinstance(operand, ast.Lambda) else "()"
            for node in notebook.environment.functions(operand):
                yield ast.unparse(operand) + call, node


def _special_methods(notebook: NotebookDataflow) -> Iterator[tuple[str, FunctionNode]]:
    for definition in notebook.environment.classes():
        for method in definition.body:
            if isinstance(method, ast.FunctionDef) and _is_called_unseen(method.name):
                yield f"{definition.name}.{method.name}()", method


def _is_called_unseen(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in _BY_ITERATIONS


def _factories(notebook: NotebookDataflow) -> Iterator[FunctionNode]:
    """The notebook's functions that make the entries of its defaultdicts."""
    for cell in notebook.cells:
        for given in _given_to_defaultdict(cell.source.tree):
            yield from notebook.environment.functions(given)


@lru_cache(maxsize=KEPT_CELLS)
def _given_to_defaultdict(tree: ast.Module) -> tuple[ast.expr, ...]:
    calls = (node for node in walk(tree) if isinstance(node, ast.Call) and node.args)
    return tuple(call.args[0] for call in calls if dotted(call.func).endswith("defaultdict"))
