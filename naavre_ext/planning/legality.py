"""Whether a loop's iterations may run apart: the proof, or the reason why not and what would help."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import suppress

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.model.workflow import Split
from naavre_ext.planning.carried_state import (
    check_carried,
    check_reductions,
    may_accumulate,
    replayed_names,
)
from naavre_ext.planning.changed_items import may_come_back
from naavre_ext.planning.control_flow import check_control_flow
from naavre_ext.planning.drawing import may_draw_ahead
from naavre_ext.planning.drawn_figures import check_figures_stay, draws_apart
from naavre_ext.planning.filled_tables import TableUse, tables_of, without_tables
from naavre_ext.planning.guard_clauses import without_guards
from naavre_ext.planning.iteration_facts import facts_and_sure, facts_of, without_changes
from naavre_ext.planning.loop_effects import check_effects
from naavre_ext.planning.loops import (
    Loop,
    Reduction,
    find_reductions,
)
from naavre_ext.planning.mapping_calls import ARGUMENT
from naavre_ext.planning.mapping_checks import check_futures, check_managers, check_mapping
from naavre_ext.planning.merged_code import check_merged_code
from naavre_ext.planning.missing_files import asks_files, makes_missing
from naavre_ext.planning.noted_types import check_noted_types
from naavre_ext.planning.own_methods import calls_own_method, instances_in
from naavre_ext.planning.own_rows import own_rows
from naavre_ext.planning.patched_modules import check_modules
from naavre_ext.planning.rebound_items import with_rebound_apart
from naavre_ext.planning.refusal import ITEMS, LoopRefused, Refusal
from naavre_ext.planning.renamed_axes import check_axes
from naavre_ext.planning.replaying import find_records
from naavre_ext.planning.seeding import seeded_generators
from naavre_ext.planning.shared_objects import (
    check_aliases,
    check_changes,
    check_deletes,
    check_iterable,
    check_plain,
    identity_matters_for,
    in_function,
    items_shared,
)


def judge_loop(
    loop: Loop,
    notebook: NotebookDataflow,
    position: int,
    rng_seeded: str | None,
    *,
    inner: bool = False,
) -> Split | Refusal:
    """The Split of a legal loop, or why it isn't legal.

    ``rng_seeded`` is None when no global random number generator can have been seeded before, ``"surely"`` or
    ``"maybe"`` (by code that can't be seen). An ``inner`` loop is one in a function or a block.
    """
    try:
        return _judge(loop, notebook, position, rng_seeded, inner)
    except LoopRefused as refused:
        return refused.refusal


def _judge(
    loop: Loop,
    notebook: NotebookDataflow,
    position: int,
    rng_seeded: str | None,
    inner: bool,
) -> Split:
    check_control_flow(loop)
    check_noted_types(loop, notebook.cells)
    _check_classes(loop, notebook)
    _check_consumer(loop, notebook)
    check_managers(loop, notebook)
    check_mapping(loop, notebook, position)
    check_futures(loop, notebook)
    body = without_guards(loop.node.body) if isinstance(loop.node, ast.For) else []
    whole = facts_of(loop, body, notebook)
    private = frozenset(whole.writes) - set(whole.reads)
    candidates = frozenset(
        r.root
        for r in find_reductions(body)
        if r.root not in private
        and may_accumulate(r.root, notebook)
        and not calls_own_method(r.statement, notebook)
        and (r.taking != "replay" or notebook.environment.kind(r.root) == "progress")
    )
    reductions = find_records(body, candidates, frozenset())
    facts, sure = facts_and_sure(loop, without_changes(body, reductions), notebook)
    uses: list[TableUse] = []
    if not inner:  # where a table is a parameter, mostly, which others see
        facts, uses = without_tables(loop, body, reductions, facts, notebook)
    replayed = replayed_names(loop, body, candidates, facts, notebook)
    if replayed:
        reductions = find_records(body, candidates, replayed)
        facts, sure = facts_and_sure(loop, without_changes(body, reductions), notebook)
        if not inner:
            facts, uses = without_tables(loop, body, reductions, facts, notebook)
    tables = tables_of(uses, loop, facts, notebook, position)
    roots = frozenset(reduction.root for reduction in reductions) | replayed
    check_reductions(reductions, facts, loop)
    filled = frozenset(table.name for table in tables)
    immutable_items = check_iterable(loop, reductions, notebook, position, filled)
    check_carried(facts, loop)
    check_aliases(facts, reductions, loop, notebook, position, filled)
    check_merged_code(loop, reductions, facts, notebook)
    check_plain(loop.node.lineno, notebook)
    cell = notebook.cells[position].source.tree
    comes_back = not (
        inner or tables or immutable_items or own_rows(loop, reductions)
    ) and may_come_back(cell, loop, replayed)
    guarded, guard_items, changes_items = _check_changes(
        loop, body, reductions, facts, roots, notebook, comes_back=comes_back
    )
    seeds = frozenset() if inner else seeded_generators(loop, notebook, whole)
    draws = not inner and draws_apart(facts)
    guard_rng = check_effects(facts, loop, rng_seeded, seeds, draws=draws)
    unseen = facts.has("unknown")
    check_modules(notebook.cells[: position + 1], loop.node.lineno, unseen=unseen)
    check_axes(facts, reductions, loop, notebook.environment)
    check_deletes(facts, loop, notebook, position)
    own = frozenset(facts.writes)
    shared = set(facts.reads) | notebook.method_globals()
    if any(effect.kind == "unknown" for effect in facts.effects):  # a function in a container, say
        shared |= notebook.environment.callback_reads
    shared -= own | roots | {ITEMS}
    apart = (
        notebook.compares_identity() if inner else items_shared(loop, shared, notebook, position)
    )
    if draws:
        check_figures_stay(own - sure, reductions, loop.node.lineno, notebook.environment)
    entries = {table.name for table in tables if table.entries}
    if unseen:
        guarded |= entries
    return Split(
        index=loop.index,
        line=loop.node.lineno,
        form=loop.form,
        iterable=ast.unparse(loop.iterable),
        shared=tuple(sorted(name for name in shared if name in notebook.environment.bindings)),
        reductions=tuple(sorted(roots)),
        replayed=tuple(sorted(replayed)),
        private=tuple(sorted(own - {ARGUMENT})),
        sure=tuple(sorted((own & sure) - {ARGUMENT})),
        guarded=tuple(sorted(guarded)),
        guard_items=guard_items,
        changes_items=changes_items,
        guard_rng=guard_rng,
        identity_matters=bool(entries)
        or identity_matters_for(loop, whole, roots | own, notebook, position),
        eager=loop.mapping is not None and loop.mapping.is_eager,
        immutable_items=immutable_items,
        lazy=may_draw_ahead(loop, whole, reductions, notebook, position, filled),
        makes_missing=makes_missing(loop.node, facts),
        asks_files=asks_files(facts),
        draws=draws,
        files_apart=facts.has("outside-write", "unknown"),
        items_apart=apart,
        own_rows=own_rows(loop, reductions),
        tables=tables,
        seeds=tuple(sorted(seeds)),
        instances=tuple(sorted(instances_in(reductions, replayed, notebook))),
    )


def _check_changes(
    loop: Loop,
    body: Sequence[ast.stmt],
    reductions: Sequence[Reduction],
    facts: CellDataflow,
    roots: frozenset[str],
    notebook: NotebookDataflow,
    *,
    comes_back: bool,
) -> tuple[set[str], bool, bool]:
    """As :func:`check_changes` says, of ``item = item.copy()`` as of another name than the item's."""
    try:
        return check_changes(facts, roots)
    except LoopRefused as refused:
        apart = with_rebound_apart(loop.target, without_changes(body, reductions))
        if apart is not None:
            with suppress(LoopRefused):  # told in the names that the user has given
                return check_changes(facts_of(loop, apart, notebook), roots)[0], True, False
        if comes_back:
            with suppress(LoopRefused):
                return check_changes(facts, roots, comes_back=True)
        raise in_function(refused, loop, notebook) from None


def _check_consumer(loop: Loop, notebook: NotebookDataflow) -> None:
    """Refuse a generator expression that is handed to a function that may be another one than Python's."""
    if loop.consumer and notebook.environment.lookup(loop.consumer):
        raise LoopRefused(
            loop.node.lineno,
            f"'{loop.consumer}' isn't Python's own function here",
            "Make a list of the elements first: [... for ...].",
        )


def _check_classes(loop: Loop, notebook: NotebookDataflow) -> None:
    if notebook.environment.classes_stay:
        raise LoopRefused(
            loop.node.lineno,
            notebook.environment.classes_stay,
            "Use a class decorator, or a plain list of classes.",
        )
