"""Whether a loop in a function or a block may be split: the rules of loops at top level, and a few more.

A function's accumulators have to be objects of its own, that nobody else holds: whatever comes from outside of it
(parameters, globals) may be one and the same object under several names.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.function_syntax import is_generator
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.source import CellSource
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.workflow import Split
from naavre_ext.planning.closures import check_closures
from naavre_ext.planning.control_flow import check_control_flow
from naavre_ext.planning.function_scope import (
    FlatFunction,
    flatten,
    in_function,
    is_local,
    own_nodes,
    plain,
)
from naavre_ext.planning.inner_loops import InnerLoop
from naavre_ext.planning.legality import judge_loop
from naavre_ext.planning.loops import Loop, changed_place, find_reductions
from naavre_ext.planning.patched_modules import check_modules
from naavre_ext.planning.reduction_changes import changed_by, is_alone
from naavre_ext.planning.refusal import LoopRefused, Refusal
from naavre_ext.planning.replaying import loop_records

#: Calls that look at the variables or the frames of the function that makes them.
_LOOKING = frozenset(
    {"locals", "vars", "dir", "eval", "exec", "super", "_getframe", "currentframe"}
)


@dataclass(frozen=True, slots=True)
class FunctionDataflow:
    """The notebook with functions' bodies as further cells, which come after all others.

    ``positions`` finds a function by the id of its node.
    """

    dataflow: NotebookDataflow
    cells: int
    flat: tuple[FlatFunction, ...]
    positions: Mapping[int, int]


def flat_functions(
    loops: Sequence[InnerLoop],
    notebook: NotebookDataflow,
) -> FunctionDataflow:
    """The functions that the loops stand in, with all that is known of the notebook."""
    positions: dict[int, int] = {}
    flat: list[FlatFunction] = []
    sources = [cell.source for cell in notebook.cells]
    for loop in loops:
        function = loop.function
        if function is None or id(function) in positions:
            continue
        positions[id(function)] = len(sources) + len(flat)
        flat.append(flatten(loop.scopes, len(flat) + 1))
    dataflow = notebook
    if flat:
        dataflow = analyse(
            [*sources, *(CellSource(f.tree) for f in flat)], notebook.environment.files
        )
    return FunctionDataflow(dataflow, len(sources), tuple(flat), positions)


def judge_inner(
    inner: InnerLoop,
    notebook: NotebookDataflow,
    position: int,
    functions: FunctionDataflow,
    rng_seeded: Sequence[str | None],
) -> Split | Refusal:
    """The Split of a legal loop, or why it isn't legal.

    The variables of its function are called ``x of f`` in the Split. ``rng_seeded`` is as in :func:`judge_loop`,
    for every cell.
    """
    try:
        _check_form(inner)
        if inner.function is None:
            return judge_loop(inner.loop, notebook, position, rng_seeded[position])
        check_closures(inner)
        seeded = next((s for s in ("surely", "maybe") if s in rng_seeded), None)
        return _judge_in_function(inner, functions, seeded)
    except LoopRefused as refused:
        return refused.refusal


def _check_form(inner: InnerLoop) -> None:
    node = inner.loop.node
    if inner.scopes and inner.function is None:
        raise LoopRefused(node.lineno, "it stands in a class body", "Move the loop into a method.")
    check_control_flow(inner.loop)  # of the loop as it is written: its copy has no 'await' any more
    inside = [node, *own_nodes(node)]
    for part in inside:
        line = getattr(part, "lineno", node.lineno)
        if isinstance(part, ast.Return):
            raise LoopRefused(
                line,
                "'return' ends it early, so iterations depend on earlier ones",
                "Collect all results, and return after the loop.",
            )
        if isinstance(part, (ast.Yield, ast.YieldFrom)):
            raise LoopRefused(
                line,
                "'yield' hands out each result before the next iteration begins",
                "Collect the results in a list, and yield from it after the loop.",
            )
        if isinstance(part, (ast.Global, ast.Nonlocal)):
            names = ", ".join(part.names)
            raise LoopRefused(
                line, f"it declares {names} as a variable of others", "Use local names."
            )
    if inner.function is None:
        return
    all_inside = [*walk(node)]
    for part in walk(inner.function):
        name = part.id if isinstance(part, ast.Name) else getattr(part, "attr", "")
        if name in _LOOKING and (name != "super" or part in all_inside):
            raise LoopRefused(
                part.lineno,  # type: ignore[attr-defined]
                f"'{name}' looks at the variables of the function, which a split adds to",
                f"Use the variables by name, or call '{name}' in a function without a split loop.",
            )


def _judge_in_function(
    inner: InnerLoop, functions: FunctionDataflow, rng_seeded: str | None
) -> Split | Refusal:
    function = inner.function
    assert function is not None
    position = functions.positions[id(function)]
    flat, notebook = functions.flat[position - functions.cells], functions.dataflow
    node = flat.copies[id(inner.loop.node)]
    loop = Loop(inner.loop.index, node, inner.loop.consumer)  # type: ignore[arg-type]
    unseen = notebook.summaries.of(function).when_called.has("unknown")
    check_modules(notebook.cells, loop.node.lineno, unseen=unseen)  # wherever it is called
    _check_attributes(loop, flat)
    verdict = judge_loop(loop, notebook, position, rng_seeded, inner=True)
    if isinstance(verdict, Refusal):
        variable = None if verdict.variable is None else plain(verdict.variable)
        return Refusal(verdict.line, plain(verdict.reason), plain(verdict.remedy), variable)
    _check_writes(loop, verdict, flat)
    if verdict.reductions and is_generator(function):
        raise LoopRefused(
            loop.node.lineno,
            "it adds to variables of a generator, which may have handed them out",
            "Make a list in a comprehension, or loop in a function of its own.",
        )
    _check_accumulators(loop, verdict, flat, functions, position)
    callbacks = notebook.environment.callback_reads & set(notebook.environment.bindings)
    # What functions of an iteration look at of its own, it has set by then.
    callbacks -= {*verdict.private, *verdict.reductions}
    more = replace(verdict, shared=(*verdict.shared, *callbacks))
    return _named(more, flat, function.name)


def _check_attributes(loop: Loop, flat: FlatFunction) -> None:
    body = loop.node.body if isinstance(loop.node, ast.For) else []
    for reduction in find_reductions(body):
        place = changed_place(reduction.statement)
        if reduction.root in flat.given and isinstance(place, ast.Attribute):
            what, owner = plain(ast.unparse(place)), plain(reduction.root)
            raise LoopRefused(
                reduction.statement.lineno,
                f"it adds to '{what}', and others may see '{owner}' meanwhile",
                f"Collect in a variable of the function, and change '{what}' after the loop.",
                owner,
            )


def _check_writes(loop: Loop, split: Split, flat: FlatFunction) -> None:
    for name in split.private:
        if name not in flat.own | flat.given:
            raise LoopRefused(
                loop.node.lineno,
                f"it sets '{name}', which isn't a variable of the function",
                f"Set '{name}' after the loop.",
                name,
            )


def _check_accumulators(
    loop: Loop, split: Split, flat: FlatFunction, functions: FunctionDataflow, position: int
) -> None:
    """What the merge changes must be the function's own."""
    notebook = functions.dataflow
    graph = notebook.aliases_until(position)
    nodes = {node for cell in notebook.cells[: functions.cells] for node in cell.nodes.values()}
    nodes |= {n for name, n in notebook.cells[position].nodes.items() if not is_local(name)}
    nodes |= {notebook.node(position, name) for name in flat.outside}
    theirs = graph.reach(sorted(nodes, key=repr))
    for record in loop_records(loop.node, split.reductions, split.replayed)[1]:
        root = record.root
        if root in flat.own and is_alone(record, loop, notebook, position):
            continue
        if root in flat.own and not changed_by(record, notebook, position, graph) & theirs:
            continue
        raise LoopRefused(
            record.statement.lineno,
            f"'{plain(root)}', which it adds to, may be an object that others see meanwhile",
            "Collect in a list (dict, number) that the function makes itself, and hand it over after the loop.",
            plain(root),
        )


def _named(split: Split, flat: FlatFunction, function: str) -> Split:
    """The split with the function's variables called ``x of f``, and without those of other functions."""
    own = flat.own | flat.given

    def named(names: tuple[str, ...]) -> tuple[str, ...]:
        mine = {in_function(plain(name), function) for name in names if name in own}
        return tuple(sorted(mine | {name for name in names if not is_local(name)}))

    return replace(
        split,
        function=function,
        iterable=plain(split.iterable),
        shared=named(split.shared),
        reductions=named(split.reductions),
        replayed=named(split.replayed),
        instances=named(split.instances),
        private=named(split.private),
        own_rows="".join(named((split.own_rows,))),
        sure=named(split.sure),
        guarded=named(split.guarded),
        identity_matters=True,  # whoever calls the function may change what it returns
    )
