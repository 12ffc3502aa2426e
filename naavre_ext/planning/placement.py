"""Which steps are proven safe to run on copies in any worker, and which belong in the main worker."""

from __future__ import annotations

import ast
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from naavre_ext.dataflow.graph import BARRIER_EFFECTS, CellNode, NotebookDataflow, first_effect
from naavre_ext.dataflow.tables import IMMUTABLE
from naavre_ext.dataflow.walking import KEPT_CELLS, walk
from naavre_ext.model.workflow import Placement, StepId
from naavre_ext.planning.outside import outside_order, reads_only_files

#: Effects that keep a cell in the main worker, in words.
MAIN_EFFECTS = {
    "outside-read": "it reads files or the network",
    "settings": "it changes settings",
    "figure": "it draws figures",
    "ambient": "it uses process-wide state",
    "rng-seed": "it seeds a random number generator",
    "import": "it imports a module that may have side effects",
    "opaque": "it may touch any name",
    "unknown": "it calls code that can't be seen",
    "outside-write": "it changes files or runs commands",
    "star-import": "it imports names that can't be seen",
    "history": "it uses the output history",
    "monkeypatch": "it changes a module",
}


_NO_TIME = "it takes no time"


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a step runs and why."""

    placement: Placement
    reasons: tuple[str, ...]
    writes_settings: bool


@dataclass(frozen=True, slots=True)
class Placements:
    """All steps' placements.

    ``settings_before`` is the latest earlier step that may change settings. ``rng_seeded`` tells whether a
    global random number generator is ``surely`` or ``maybe`` seeded by then.
    """

    steps: tuple[Placed, ...]
    settings_before: tuple[int | None, ...]
    rng_seeded: tuple[str | None, ...]
    ids: tuple[StepId, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What all cells' verdicts need to know of the notebook."""

    dataflow: NotebookDataflow
    poisoned: bool
    compares_identity: bool
    rng_seeded: tuple[str | None, ...]
    may_exist: tuple[bool, ...]
    changed_later: tuple[frozenset[Hashable], ...]
    method_globals_later: tuple[frozenset[str], ...]


def survey_notebook(dataflow: NotebookDataflow) -> Survey:
    """What there is to know of the notebook."""
    seeded: list[str | None] = []
    may_exist: list[bool] = []
    verdict: str | None = None
    unseen = False
    for node in dataflow.cells:
        may_exist.append(unseen)
        unseen = unseen or node.facts.has("star-import", "opaque")
        if node.facts.has("rng-seed"):
            verdict = "surely"
        elif verdict is None and node.facts.has("opaque", "unknown", "star-import"):
            verdict = "maybe"
        seeded.append(verdict)
    later: frozenset[Hashable] = frozenset()
    changed_later: list[frozenset[Hashable]] = []
    for node in reversed(dataflow.cells):
        changed_later.append(later)
        later = later | node.changed if node.changed - later else later
    poisoned = bool(dataflow.environment.classes_stay) or any(
        node.facts.has("monkeypatch", "history") for node in dataflow.cells
    )
    return Survey(
        dataflow,
        poisoned,
        dataflow.compares_identity(),
        tuple(seeded),
        tuple(may_exist),
        tuple(reversed(changed_later)),
        _method_globals_later(dataflow),
    )


def _method_globals_later(dataflow: NotebookDataflow) -> tuple[frozenset[str], ...]:
    """For each cell the globals of methods that a later cell binds or changes.

    A class is one object in all sessions of a process, so its methods see the latest.
    """
    names = dataflow.method_globals()
    later: frozenset[str] = frozenset()
    found: list[frozenset[str]] = []
    for node in reversed(dataflow.cells):
        found.append(later)
        later |= (node.facts.writes | node.changed_names) & names
    return tuple(reversed(found))


def place(
    dataflow: NotebookDataflow,
    ids: Sequence[StepId],
    apart: Collection[int] = (),
    grouped: Collection[int] = (),
) -> Placements:
    """Each step's placement: ``any`` only where the analysis proves it, and it can overlap another.

    Cells ``apart`` need a worker of their own, whatever they gain by it: they claim resources, or may be stopped.
    ``grouped`` cells run in their group's worker, where it was found that they can.
    """
    survey = survey_notebook(dataflow)
    verdicts = [_why_main(survey, position) for position in range(len(dataflow.cells))]
    for position in apart:
        if verdicts[position] == [_NO_TIME]:
            verdicts[position] = _why_shared(survey, position, dataflow.cells[position])
    candidates = {p for p, why in enumerate(verdicts) if not why}
    overlapping = _overlapping(dataflow, candidates) | candidates.intersection(apart)
    settings_before: list[int | None] = []
    latest: int | None = None
    placed: list[Placed] = []
    for position, (node, why) in enumerate(zip(dataflow.cells, verdicts, strict=True)):
        settings_before.append(latest)
        reasons = tuple(why)
        if position in candidates and position not in overlapping:
            reasons = ("nothing costly could run beside it",)
        if position in grouped:
            reasons = ()
        placement: Placement = "main" if reasons else "any"
        changes = position not in grouped and (
            node.facts.has("settings", "figure", "ambient", "import", *BARRIER_EFFECTS)
            or _changes_module(dataflow, node)
        )
        placed.append(Placed(placement, reasons, changes))
        if changes:
            latest = position
    return Placements(tuple(placed), tuple(settings_before), survey.rng_seeded, tuple(ids))


def _changes_module(dataflow: NotebookDataflow, node: CellNode) -> bool:
    """Whether the cell changes what a module keeps, of which other workers have their own."""
    bindings = dataflow.environment.bindings
    return any(
        binding.role == "import"
        for name in node.changed_names
        for binding in bindings.get(name, ())
    )


def _why_main(survey: Survey, position: int) -> list[str]:
    node = survey.dataflow.cells[position]
    reasons = effect_reasons(survey, position)
    if not node.facts.costly:
        reasons.append(_NO_TIME)
    if not reasons:
        reasons += _why_shared(survey, position, node)
    return reasons


def effect_reasons(
    survey: Survey,
    position: int,
    allowed: Collection[str] = (),
    harmless: Collection[str] = (),
    live: Collection[str] = (),
) -> list[str]:
    """Why a cell belongs in the main worker by what it does, whatever objects it shares with others.

    ``allowed`` kinds of effects don't count, nor do ``harmless`` calls, nor the use of ``live`` names' objects.
    """
    dataflow = survey.dataflow
    node = dataflow.cells[position]
    facts = replace(
        node.facts,
        effects=tuple(
            e for e in node.facts.effects if e.kind not in allowed and e.what not in harmless
        ),
    )
    reasons = [
        text
        for kind, text in MAIN_EFFECTS.items()
        if (kind != "outside-read" or not reads_only_files(facts)) and first_effect(facts, kind)
    ]
    if any(dataflow.environment.kind(name) == "file" for name in facts.writes):
        reasons.append("it leaves a file object")
    if facts.has("rng-draw") and survey.rng_seeded[-1]:
        reasons.append("it draws from a random number generator that may be seeded")
    if node.source.magic is not None:
        reasons.append(f"it uses %%{node.source.magic}")
    if node.source.may_fail:
        reasons.append("it may raise an exception, and what it has set by then stays")
    if _defines_class_or_awaits(node.source.tree):
        reasons.append("it defines a class or awaits")
    if facts.deletes:
        reasons.append("it deletes names")
    missing = [name for name in facts.reads if name not in node.providers]
    if missing and survey.may_exist[position]:
        reasons.append(f"'{missing[0]}' may come from code that can't be seen")
    kinds = {dataflow.environment.kind(n) for n in facts.reads if n not in live}
    if kinds & {"figure", "file", "iterator"}:
        reasons.append("it uses a live object (a figure, a file or an iterator)")
    late = survey.method_globals_later[position].intersection(facts.reads)
    if late:
        reasons.append(f"a method may use '{min(late)}', which a later cell sets or changes")
    if survey.poisoned:
        reasons.append("another cell changes modules or uses the output history")
    return reasons


@lru_cache(maxsize=KEPT_CELLS)
def _defines_class_or_awaits(tree: ast.Module) -> bool:
    return any(isinstance(node, (ast.ClassDef, ast.Await)) for node in walk(tree))


def _why_shared(survey: Survey, position: int, node: CellNode) -> list[str]:
    """Objects that the cell shares with others and that somebody changes in place."""
    if node.changed_names:
        return [f"it changes '{min(node.changed_names)}' in place"]
    dataflow = survey.dataflow
    compared = dataflow.plain_compared()
    if compared:
        return [f"'{compared}' may compare texts or numbers by identity"]
    older = older_classes(dataflow, position, node.facts.reads)
    if node.changed & older:
        return ["it changes an object of an earlier cell in place"]
    outputs = dataflow.aliases.reach((name, position) for name in sorted(node.facts.writes))
    if outputs & older & survey.changed_later[position]:
        return ["what it makes shares objects with its inputs, and they are changed later"]
    if outputs & older and survey.compares_identity:
        return [
            "what it makes shares objects with its inputs, and the notebook compares identities"
        ]
    if survey.compares_identity and share_objects(dataflow, position, node.facts.reads):
        return ["its inputs may be one object, and the notebook compares identities"]
    return []


def share_objects(dataflow: NotebookDataflow, position: int, names: Collection[str]) -> bool:
    """Whether two of the names that the cell reads may stand for (or hold) the same object."""
    seen: set[Hashable] = set()
    for name in sorted(names):
        if dataflow.environment.kind(name) in IMMUTABLE:
            continue
        reach = dataflow.aliases.reach([dataflow.node(position, name)])
        if reach & seen:
            return True
        seen |= reach
    return False


def older_classes(
    dataflow: NotebookDataflow, position: int, names: Collection[str]
) -> set[Hashable]:
    """The alias classes of the names that the cell reads."""
    return dataflow.aliases.reach(dataflow.node(position, name) for name in sorted(names))


def _overlapping(dataflow: NotebookDataflow, candidates: set[int]) -> set[int]:
    """Candidates that some other costly cell neither needs nor is needed by."""
    before = _ancestors(dataflow)
    costly, independent = 0, 0
    for position, node in enumerate(dataflow.cells):
        earlier = (1 << position) - 1
        others = earlier & ~before[position]
        if costly & others:
            independent |= 1 << position
        if node.facts.costly:
            independent |= others
            costly |= 1 << position
    return {position for position in candidates if independent >> position & 1}


def _ancestors(dataflow: NotebookDataflow) -> list[int]:
    """For each cell a bit set of all cells that it must wait for."""
    before: list[int] = []
    everything = 0
    barrier_mask = 0
    outside = outside_order(dataflow)
    for position, node in enumerate(dataflow.cells):
        mask = barrier_mask
        for source in outside[position]:
            mask |= 1 << source | before[source]
        for source in node.providers.values():
            mask |= 1 << source | before[source]
        if node.barrier:
            mask = everything
        everything |= 1 << position
        if node.barrier:
            barrier_mask = everything
        before.append(mask)
    return before
