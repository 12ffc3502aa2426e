"""Names that carry a value between iterations: left to the merge where that is possible, else refused."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.planning.accessors import is_accessor
from naavre_ext.planning.bindings import may_show
from naavre_ext.planning.iteration_facts import facts_of, without_changes
from naavre_ext.planning.loops import (
    Loop,
    Reduction,
    changed_place,
    find_reductions,
)
from naavre_ext.planning.own_methods import changed_instances, instances_in, only_own_methods
from naavre_ext.planning.reduction_changes import over_items, set_later
from naavre_ext.planning.refusal import LoopRefused
from naavre_ext.planning.replay_operands import NotReplayable
from naavre_ext.planning.replaying import carried_names, check_calls, find_records


def replayed_names(
    loop: Loop,
    body: Sequence[ast.stmt],
    candidates: frozenset[str],
    facts: CellDataflow,
    notebook: NotebookDataflow,
) -> frozenset[str]:
    """The names that carry state, if all their uses can be left to the merge and something costly remains."""
    state = {name for name in candidates if name in facts.reads or name in facts.writes}
    state |= facts.writes & set(facts.reads)
    state |= {c.node for c in facts.changes if c.node in facts.reads and not c.suspected}
    state |= changed_instances(facts, notebook)
    state |= {
        r.root
        for r in find_reductions(body)
        if r.protected and r.root in candidates and not _may_stand_in_try(r)
    }
    if not state:
        return frozenset()
    names = carried_names(body, frozenset(state))
    targets = {n.id for n in walk(loop.target) if isinstance(n, ast.Name)}
    if names & targets or not all(may_accumulate(name, notebook) for name in names):
        return frozenset()
    try:
        records = find_records(body, candidates, names)
        private = (facts.writes | targets) - names
        instances = instances_in(records, names, notebook)
        if not all(only_own_methods(name, records, private, notebook) for name in instances):
            return frozenset()
        check_calls(records, notebook.environment, private, instances)
    except NotReplayable as error:
        if error.remedy:
            raise _carries(min(state & names), facts, loop, str(error), error.remedy) from None
        return frozenset()
    again = [ast.Expr(node) for record in records for node, _ in record.repeats]
    if again and _shows_or_changes(again, facts_of(loop, again, notebook), notebook):
        return frozenset()
    left = facts_of(loop, without_changes(body, records), notebook)
    if names & (left.writes | set(left.reads) | left.deletes):
        return frozenset()
    if left.costly:
        return names
    if instances:  # what a method takes, nobody knows
        return frozenset()
    hopeless = facts.writes & set(facts.reads)  # by other rules, too, which would say less
    if hopeless or state <= {_owner(r.statement) for r in records} - candidates:
        why = "all else in an iteration is done faster than it is sent to a worker"
        raise _carries(min(hopeless or state), facts, loop, why, "It is fast as it is.")
    return frozenset()


def _owner(statement: ast.stmt) -> str:
    """The name whose method is called: ``groups`` in ``groups.setdefault(k, set()).add(v)``."""
    node: ast.AST | None = statement.value if isinstance(statement, ast.Expr) else None
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _shows_or_changes(
    again: Sequence[ast.stmt], facts: CellDataflow, notebook: NotebookDataflow
) -> bool:
    """Whether it makes a difference that something is computed once more."""
    nodes = [b.node for name in facts.reads for b in notebook.environment.lookup(name) if b.node]
    return bool(facts.effects or facts.changes) or any(map(may_show, [*again, *nodes]))


def _carries(name: str, facts: CellDataflow, loop: Loop, why: str, remedy: str) -> LoopRefused:
    return LoopRefused(
        facts.reads.get(name, loop.node.lineno),
        f"'{name}' carries a value from one iteration to the next, and {why}",
        remedy,
        name,
    )


#: Kinds of things that the merge must not change on behalf of an iteration.
_NO_ACCUMULATORS = frozenset(
    {
        "module",
        "class",
        "function",
        "figure",
        "plotter",
        "rng",
        "file",
        "iterator",
        "settings",
        "namespace",
    }
)


def may_accumulate(root: str, notebook: NotebookDataflow) -> bool:
    """Whether the name may stand for an accumulator at all."""
    return notebook.environment.kind(root) not in _NO_ACCUMULATORS


def check_reductions(reductions: Sequence[Reduction], facts: CellDataflow, loop: Loop) -> None:
    """Refuse accumulators that an iteration also reads or sets, or changes where errors are caught."""
    for reduction in reductions:
        root, line = reduction.root, reduction.statement.lineno
        if root in facts.reads or root in facts.writes:
            raise LoopRefused(
                facts.reads.get(root, line),
                f"'{root}' is read or set where it is also accumulated, so it carries state from one "
                "iteration to the next",
                _instead(reduction, loop),
                root,
            )
        if (
            reduction.protected
            and reduction.taking != "replay"
            and not _may_stand_in_try(reduction)
        ):
            raise LoopRefused(
                line,
                f"'{root}' is changed inside 'try' or 'with', where an error may have to be caught at once",
                f"Compute in it and change '{root}' after it.",
                root,
            )


def _instead(reduction: Reduction, loop: Loop) -> str:
    """What to write instead of reading the accumulator as well."""
    root, statement = reduction.root, reduction.statement
    if better := over_items(reduction, loop):
        return better
    if is_accessor(changed_place(statement)):
        return set_later(reduction)
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
        entry = ast.unparse(statement.targets[0])
        reads = (p for p in walk(loop.node) if isinstance(getattr(p, "ctx", None), ast.Load))
        if entry in map(ast.unparse, reads):
            return (
                f"Put the value into a variable first, and read that: value = ...; {entry} = value."
            )
        return f"Collect the new values apart, and put them into '{root}' after the loop."
    if _counts(statement) and isinstance(loop.target, ast.Name):
        return f"Count with enumerate(): for {root}, {loop.target.id} in enumerate({ast.unparse(loop.iterable)})."
    return f"Only add to '{root}' in the loop and look at it afterwards."


def _counts(statement: ast.stmt) -> bool:
    """``k += 1``"""
    if not isinstance(statement, ast.AugAssign) or not isinstance(statement.target, ast.Name):
        return False
    return isinstance(statement.op, ast.Add) and ast.unparse(statement.value) == "1"


def _may_stand_in_try(reduction: Reduction) -> bool:
    """Whether a batch can tell that the change raises nothing: that of a plain dict, list or number."""
    return len(reduction.operands) - 1 == (reduction.taking == "store")


def check_carried(facts: CellDataflow, loop: Loop) -> None:
    """Refuse names that an iteration reads before it sets them, having been set by the one before."""
    for name in sorted(facts.writes & set(facts.reads)):
        here = {n.id for n in walk(loop.node) if isinstance(n, ast.Name)}
        if name not in here:
            raise LoopRefused(
                facts.reads[name],
                f"'{name}' carries a value from one iteration to the next, in a function that it calls",
                f"Have the function return what it adds to '{name}', and add it up in the loop.",
                name,
            )
        raise LoopRefused(
            facts.reads[name],
            f"'{name}' carries a value from one iteration to the next",
            f"Set '{name}' in every iteration before using it, or compute it from the item.",
            name,
        )
    if not isinstance(loop.node, ast.For) and facts.writes:
        name = min(facts.writes)
        raise LoopRefused(
            loop.node.lineno, f"it sets '{name}'", "Assign it in a statement of its own.", name
        )
