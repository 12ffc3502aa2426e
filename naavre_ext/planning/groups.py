"""Which cells of a ``# group:`` run in the group's worker, and which of their values never leave it.

A cell runs there if it may run on copies of what it needs from elsewhere, as cells in any worker do. Beyond
that it may use what only cells of the same group use: *live* names, which nobody else could see changing. Code
that can't be seen is allowed, too: the worker checks afterwards that it left its inputs alone.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from naavre_ext.dataflow.analysis import relinked
from naavre_ext.dataflow.graph import CellNode, NotebookDataflow
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import RAISES_TAG, Cell
from naavre_ext.model.workflow import Step
from naavre_ext.planning.placement import (
    Survey,
    effect_reasons,
    older_classes,
    share_objects,
    survey_notebook,
)
from naavre_ext.planning.unseen_code import why_unseen_stays

CODE = "NX161"

#: Effects that a cell may have in its group's worker.
_ALLOWED = frozenset({"unknown"})
#: Process-wide things that serve those who share an object.
_LOCKS = (
    "threading.Lock",
    "threading.RLock",
    "threading.Condition",
    "threading.Event",
    "threading.Semaphore",
)


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """``live`` names per position of a cell that runs in its group's worker; ``refused`` cells and why.

    ``dataflow`` leaves out what these cells are only suspected to change: a run makes sure that they don't.
    """

    dataflow: NotebookDataflow
    live: Mapping[int, frozenset[str]]
    refused: Mapping[int, str]


def plan_groups(
    dataflow: NotebookDataflow,
    groups: Mapping[int, str],
    cells: Sequence[Cell],
    in_main: Collection[int] = (),
) -> GroupPlan:
    """The plan for cells in these groups, by position; those that a file keeps ``in_main`` are refused."""
    if not groups:
        return GroupPlan(dataflow, {}, {})
    refused = dict.fromkeys(in_main, "the workflow's file says so ('placement: main')")
    inside = {position: group for position, group in groups.items() if position not in refused}
    while True:
        seen = _unsuspecting(dataflow, inside)
        survey = survey_notebook(seen)
        live = _live_names(seen, inside)
        found = {
            position: why
            for position in inside
            if (why := _why_not(survey, seen, position, live[position], cells[position]))
            or (why := why_unseen_stays(survey, seen, position, inside, live[position], cells))
        }
        if not found:
            return GroupPlan(seen, live, refused)
        for position, why in found.items():
            refused[position] = why
            del inside[position]


def _unsuspecting(dataflow: NotebookDataflow, inside: Iterable[int]) -> NotebookDataflow:
    """The dataflow without the changes that code of these cells, which can't be seen, might make."""
    facts = [node.facts for node in dataflow.cells]
    for position in inside:
        sure = tuple(change for change in facts[position].changes if not change.suspected)
        facts[position] = replace(facts[position], changes=sure)
    seen = relinked(dataflow, facts)
    for old, new in zip(dataflow.cells, seen.cells, strict=True):
        own = {*old.facts.reads, *old.facts.writes, *old.changed_names}
        for name in old.providers.keys() - own:  # an annotation names it: '# batches: NAME'
            new.providers[name] = old.providers[name]
    return seen


def _uses(node: CellNode) -> frozenset[str]:
    facts = node.facts
    return frozenset(
        {*node.providers, *facts.reads, *facts.writes, *facts.deletes, *node.changed_names}
    )


def _live_names(dataflow: NotebookDataflow, inside: Mapping[int, str]) -> dict[int, frozenset[str]]:
    """For each cell inside a group the names it uses that are bound in the group and used nowhere else."""
    users: dict[str, set[str | None]] = {}
    for position, node in enumerate(dataflow.cells):
        for name in _uses(node):
            users.setdefault(name, set()).add(inside.get(position))
    return {
        position: frozenset(
            name for name in _uses(dataflow.cells[position]) if users[name] == {group}
        )
        for position, group in inside.items()
    }


def _why_not(
    survey: Survey, dataflow: NotebookDataflow, position: int, live: frozenset[str], cell: Cell
) -> str:
    """Why the cell can't run in its group's worker, in words; "" when it can."""
    node = dataflow.cells[position]
    facts = node.facts
    reasons = effect_reasons(survey, position, _ALLOWED, _LOCKS, live)
    if reasons:
        return reasons[0]
    if RAISES_TAG in cell.tags:
        return "it is expected to raise"
    for_effect = _called_for_effect(node, live)
    if for_effect:
        return f"it calls {for_effect}() for what that does, which can't be seen"
    changed = node.changed_names - live
    if changed:
        return f"it changes '{min(changed)}' in place, which cells elsewhere use"
    older = older_classes(dataflow, position, facts.reads.keys() - live)
    if node.changed & older:
        return "it changes an object of an earlier cell in place"
    made = dataflow.aliases.reach((name, position) for name in sorted(facts.writes))
    if made & older & survey.changed_later[position]:
        return "what it makes shares objects with cells elsewhere, and they are changed later"
    compared = dataflow.plain_compared()
    if compared:
        return f"'{compared}' may compare texts or numbers by identity"
    if made & older and survey.compares_identity:
        return "what it makes shares objects with cells elsewhere, and the notebook compares identities"
    if survey.compares_identity and share_objects(dataflow, position, facts.reads.keys() - live):
        return "its inputs may be one object, and the notebook compares identities"
    return ""


def _called_for_effect(node: CellNode, live: frozenset[str]) -> str:
    """The call of code that can't be seen whose result nobody takes: it may be there for what it leaves elsewhere.

    Methods of live objects may leave something in these.
    """
    lines = {effect.line for effect in node.facts.effects if effect.kind == "unknown"}
    for part in walk(node.source.tree):
        if not isinstance(part, ast.Expr) or not isinstance(part.value, ast.Call):
            continue
        function: ast.expr = part.value.func
        while isinstance(function, (ast.Attribute, ast.Call, ast.Subscript)):
            function = function.func if isinstance(function, ast.Call) else function.value
        root = function.id if isinstance(function, ast.Name) else ""
        if part.lineno in lines and root and root not in live and root not in dir(builtins):
            return ast.unparse(part.value.func)
    return ""


def in_group(step: Step, position: int, plan: GroupPlan) -> Step:
    """The step as its group's worker runs it."""
    node = plan.dataflow.cells[position]
    writes = node.facts.writes | node.changed_names
    live = plan.live[position]
    bundles = (tuple(n for n in bundle if n in writes) for bundle in step.bundles)
    return replace(
        step,
        placement="any",
        reads=tuple(sorted(node.providers)),
        writes=tuple(sorted(writes)),
        bundles=tuple(bundle for bundle in bundles if bundle),
        live=tuple(sorted(live)),
        writes_settings=False,
        reasons=(),
    )


def refused_group(step: Step, cell: Cell, why: str) -> Diagnostic:
    """What is said of a cell that runs in the main worker though it has a group."""
    return Diagnostic.at(
        cell,
        CODE,
        "warning",
        f"'# group: {step.group}' has no effect here: the cell runs in the main worker, as {why}.",
        remedy="Put what the group's worker can't do into a cell of its own, without '# group:'.",
        title=step.title,
    )
