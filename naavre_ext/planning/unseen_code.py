"""When code that can't be seen may run in a group's worker.

A library may keep state of its own, hold on to what it is given and hand out what it holds. That is one more live
object, of all unseen code together: it stays right in a group's worker only while nobody elsewhere could see or
change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.graph import BARRIER_EFFECTS, CellNode, NotebookDataflow, first_effect
from naavre_ext.dataflow.tables import IMMUTABLE
from naavre_ext.model.notebook import Cell
from naavre_ext.planning.placement import Survey, older_classes

_HIDDEN = "code that can't be seen"


def why_unseen_stays(
    survey: Survey,
    dataflow: NotebookDataflow,
    position: int,
    inside: Mapping[int, str],
    live: frozenset[str],
    cells: Sequence[Cell],
) -> str:
    """Why a cell with unseen code can't run in its group's worker, in words; "" when it can.

    ``inside`` are those of the ``cells`` that would run in the workers of groups, ``live`` its names that only its
    group uses.
    """
    facts = dataflow.cells[position].facts
    if not facts.has("unknown"):
        return ""
    if not dataflow.environment.closed:
        return f"it calls {_HIDDEN}, which may set any variable"
    group = inside[position]
    modules = _modules(dataflow, inside, group)
    for number, node in enumerate(dataflow.cells):
        if inside.get(number) != group:
            why = _meets(dataflow, node, modules, imports=number > position)
            if why:
                other = f"cell {cells[number].number}"
                return (
                    f"it calls {_HIDDEN}, and what it changes may be seen in {other}, which {why}"
                )
    given = [name for name in sorted(facts.reads.keys() - live) if _may_change(dataflow, name)]
    if survey.changed_later[position] & older_classes(dataflow, position, given):
        return f"{_HIDDEN} may keep '{given[0]}', which a cell elsewhere changes later"
    later = [
        number
        for number in inside
        if number > position
        and inside[number] == group
        and dataflow.cells[number].facts.has("unknown")
    ]
    made = [name for name in sorted(facts.writes - live) if _may_change(dataflow, name)]
    if later and (made or given):
        name, how = (made[0], "handed out") if made else (given[0], "given")
        return f"'{name}', {how} here, may be changed by {_HIDDEN} in cell {cells[later[0]].number}"
    return ""


def _modules(dataflow: NotebookDataflow, inside: Mapping[int, str], group: str) -> frozenset[str]:
    """The packages that cells with unseen code of the group use, but for those that tables know well."""
    cells = (dataflow.cells[number] for number in inside if inside[number] == group)
    used = (m for node in cells if node.facts.has("unknown") for m in _packages(dataflow, node))
    return frozenset(used) - tables.PURE_MODULES - tables.FIGURE_MODULES


def _meets(
    dataflow: NotebookDataflow, node: CellNode, modules: frozenset[str], *, imports: bool
) -> str:
    """What of a cell elsewhere may meet the state of unseen code; ``imports`` says whether new modules count."""
    effect = first_effect(node.facts, *BARRIER_EFFECTS)
    if effect is not None:
        return f"calls such code, too ({effect.what})"
    if imports and node.facts.has("import"):
        return "imports a module that isn't known"
    for package in _packages(dataflow, node):
        if package in modules or package not in tables.QUIET_IMPORTS:
            return f"uses '{package}'"
    return ""


def _packages(dataflow: NotebookDataflow, node: CellNode) -> Iterator[str]:
    """The packages that the names which a cell reads are imported from."""
    for name in sorted(node.facts.reads):
        for binding in dataflow.environment.bindings.get(name, ()):
            if binding.role == "import":
                yield binding.path.split(".")[0]


def _may_change(dataflow: NotebookDataflow, name: str) -> bool:
    """Whether the name may stand for something that changes in place, or that calls back."""
    kind = dataflow.environment.kind(name)
    return kind not in IMMUTABLE and kind != "module"
