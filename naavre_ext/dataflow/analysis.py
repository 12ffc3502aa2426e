"""Analyses a notebook: from the sources of its cells to its dataflow."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Sequence
from dataclasses import replace

from naavre_ext.dataflow import shapes, tables
from naavre_ext.dataflow.attribute_kinds import attribute_kinds
from naavre_ext.dataflow.axes import renames_axes, share_axes
from naavre_ext.dataflow.collecting import bind_names
from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.functions import Summaries
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.hidden import find_hidden
from naavre_ext.dataflow.history import with_history
from naavre_ext.dataflow.linking import Linker
from naavre_ext.dataflow.mentions import Mentions, mentioned
from naavre_ext.dataflow.other_files import NO_OTHER_FILES, OtherFiles
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.region import Region
from naavre_ext.dataflow.source import (
    DISPLAY_MAGICS,
    TRANSPARENT_MAGICS,
    CellSource,
    captured_name,
)
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow


def analyse(sources: Sequence[CellSource], files: OtherFiles = NO_OTHER_FILES) -> NotebookDataflow:
    """The dataflow of the cells, in notebook order. Time is linear in the number of cells.

    ``files`` is what code in other files means for them.
    A first pass tells which objects nobody changes in place; the second one may rely on what they hold.
    """
    sources = _with_automagic(sources)
    mentions = [mentioned(source.tree) for source in sources]
    owners = frozenset().union(*(each.owners for each in mentions))
    texts = frozenset().union(*(each.texts for each in mentions))
    known = Environment(files=files, owners=owners, texts=texts)
    first = _analyse(sources, known, mentions)
    unknown_owners = first.environment.unknown_owners and _hands_functions_on(first, mentions)
    constants = _constants(first)
    parameters = _parameters(first)
    told = any("<" in b.shape for name in constants for b in first.environment.bindings[name])
    told = told or any(shape for known in parameters.values() for shape in known.values())
    if not told and not unknown_owners:
        return first
    better = replace(
        first.environment,
        constants=constants,
        parameters=parameters,
        unknown_owners=unknown_owners,
        _shapes={},
    )
    return _analyse(sources, better, mentions)


def relinked(dataflow: NotebookDataflow, facts: Sequence[CellDataflow]) -> NotebookDataflow:
    """The dataflow of the same cells with other facts about each."""
    sources = [node.source for node in dataflow.cells]
    return Linker(dataflow.environment, dataflow.summaries).link(sources, facts)


def _with_automagic(sources: Sequence[CellSource]) -> Sequence[CellSource]:
    """The cells, those that are magics without ``%`` as what IPython makes of them."""
    if not any(source.automagic for source in sources):
        return sources
    bound: set[str] = set()
    found: list[CellSource] = []
    for source in sources:
        if source.automagic is not None and source.automagic[0] not in bound:
            source = CellSource(source.automagic[1], may_fail=source.may_fail)
        found.append(source)
        bound |= assigned_names([source.tree])[0]
    return found


def _analyse(
    sources: Sequence[CellSource], known: Environment, mentions: Sequence[Mentions]
) -> NotebookDataflow:
    environment = _environment(sources, known)
    if environment.closed and environment.definitions:
        environment.attribute_kinds = attribute_kinds(source.tree for source in sources)
    if environment.rebound and any(_begins_generators(source.tree) for source in sources):
        environment.rebound_later = frozenset(environment.rebound)
    find_hidden(environment, mentions)
    environment.renames_axes = renames_axes(sources, mentions, environment)
    summaries = Summaries(environment)
    environment.calls.given.clear()  # what was given before is known better now
    facts = []
    now: dict[str, str] = {}
    postponed = Region.postponed
    for source in sources:
        postponed = postponed or _postpones_annotations(source)
        facts.append(_cell_facts(source, environment, summaries, postponed, now))
    return Linker(environment, summaries).link(sources, list(with_history(facts)))


def _begins_generators(tree: ast.Module) -> bool:
    """Whether there are generator functions, or coroutines, or generator expressions that get a name."""
    return any(
        isinstance(node, (ast.Yield, ast.YieldFrom, ast.AsyncFunctionDef))
        or (
            isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr))
            and isinstance(node.value, ast.GeneratorExp)
        )
        for node in walk(tree)
    )


def _environment(sources: Sequence[CellSource], known: Environment) -> Environment:
    """All bindings with their shapes: each round infers from what the one before is sure of."""
    rounds = [False, False]
    if not known.bindings:
        known = bind_names(sources, known, lambda _node: "")
        rounds = [True, False]
    for kinds_only in rounds:
        region = Region(known, Summaries(known, kinds_only=kinds_only))
        known = bind_names(sources, known, lambda node: region.visit(node).shape)  # noqa: B023
    return known


def _parameters(dataflow: NotebookDataflow) -> dict[int, dict[str, str]]:
    """The shapes of the parameters of functions that nobody calls unseen."""
    unseen = any(c.facts.has("opaque", "star-import", "history") for c in dataflow.cells)
    if unseen or not dataflow.environment.closed:
        return {}
    return dataflow.environment.calls.parameters()


def _constants(dataflow: NotebookDataflow) -> frozenset[str]:
    """Names of containers that no cell changes in place, nor those in them as far as their shapes tell.

    What happens to the objects that they hold in the end, such as instances of classes, makes no difference.
    """
    cells = dataflow.cells
    if not dataflow.environment.closed or any(c.facts.has("opaque", "star-import") for c in cells):
        return frozenset()
    nodes: dict[str, list[Hashable]] = {}
    for position, cell in enumerate(cells):
        for name in cell.facts.writes & dataflow.environment.bindings.keys():
            nodes.setdefault(name, []).append(dataflow.node(position, name))
    aliases, changed = dataflow.aliases, frozenset().union(*(cell.changed for cell in cells))
    return frozenset(
        name
        for name, bound in nodes.items()
        if changed.isdisjoint(aliases.containers(bound, _levels(name, dataflow.environment)))
    )


#: Kinds of which a value stays, whatever happens to it, and of which that is all that analysis knows.
_STAYING = frozenset(
    {"list", "dict", "set", "tuple", "array", "frame", *shapes.NUMBERS, "str", "bytes", "none"}
)


def _levels(name: str, environment: Environment) -> int | None:
    """How many levels of what the name stands for may not change; None where nothing in it may."""
    found = [b.shape for b in environment.bindings[name]]
    ends = frozenset().union(*map(shapes.ends, found))
    if all(end in _STAYING or end.startswith("instance ") for end in ends):
        return max(map(shapes.depth, found), default=0)
    return None


def _hands_functions_on(dataflow: NotebookDataflow, mentions: Sequence[Mentions]) -> bool:
    """Whether a function of the notebook is used otherwise than to call it."""
    bindings = dataflow.environment.bindings
    return any(
        binding.role == "function"
        for each in mentions
        for name in each.handed_on
        for binding in bindings.get(name, ())
    )


def _postpones_annotations(source: CellSource) -> bool:
    """Whether the cell imports the feature; IPython compiles all later cells with it."""
    return any(
        isinstance(statement, ast.ImportFrom)
        and statement.module == "__future__"
        and any(alias.name == "annotations" for alias in statement.names)
        for statement in source.tree.body
    )


def _cell_facts(
    source: CellSource,
    environment: Environment,
    summaries: Summaries,
    postponed: bool,
    now: dict[str, str],
) -> CellDataflow:
    """The cell's facts; ``now`` are the shapes of the names before it, and then those after it."""
    region = Region(environment, summaries)
    region.postponed = postponed
    region.shapes_now = now
    region.conditional += source.may_fail
    region.walk(source.tree.body)
    if source.magic is not None:
        _add_magic(region, source)
    if environment.renames_axes:
        share_axes(region, source.tree)
    facts = region.dataflow()
    return replace(facts, sure=frozenset(), required=frozenset()) if source.may_fail else facts


def _add_magic(region: Region, source: CellSource) -> None:
    """What the cell magic does besides running the cell's Python."""
    name, what = source.magic, f"%%{source.magic}"
    captured = captured_name(source)
    if captured:
        region.writes.add(captured)
        region.sure.add(captured)
    if name in TRANSPARENT_MAGICS or name in DISPLAY_MAGICS:
        region.effect("ambient", what, 1)
    elif name in tables.COMMAND_CELL_MAGICS and "--out" not in source.magic_line:
        region.effect("outside-write", what, 1)
    else:
        region.effect("opaque", what, 1)
