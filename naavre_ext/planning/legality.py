"""Whether a loop's iterations may run apart: the proof, or the reason why not and what would help."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import suppress

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.recorder import Value
from naavre_ext.dataflow.region import Region
from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.model.workflow import Split
from naavre_ext.planning.control_flow import check_control_flow
from naavre_ext.planning.drawing import may_draw_ahead
from naavre_ext.planning.guard_clauses import without_guards
from naavre_ext.planning.loops import (
    Comprehension,
    Loop,
    Reduction,
    changed_place,
    find_reductions,
)
from naavre_ext.planning.mapping_calls import ARGUMENT
from naavre_ext.planning.mapping_checks import check_managers, check_mapping
from naavre_ext.planning.own_rows import own_rows
from naavre_ext.planning.patched_modules import check_modules
from naavre_ext.planning.rebound_items import with_rebound_apart
from naavre_ext.planning.refusal import ITEMS as ITEMS
from naavre_ext.planning.refusal import LoopRefused
from naavre_ext.planning.refusal import Refusal as Refusal
from naavre_ext.planning.replaying import (
    NotReplayable,
    carried_names,
    check_calls,
    find_records,
)
from naavre_ext.planning.shared_objects import (
    check_aliases,
    check_changes,
    check_deletes,
    check_identity,
    check_iterable,
    identity_matters_for,
    is_accessor,
    set_later,
)


def judge_loop(
    loop: Loop,
    notebook: NotebookDataflow,
    position: int,
    rng_seeded: str | None,
    *,
    items_apart: bool = False,
) -> Split | Refusal:
    """The Split of a legal loop, or why it isn't legal.

    ``rng_seeded`` is None when no global random number generator can have been seeded before, ``"surely"`` or
    ``"maybe"`` (by code that can't be seen). ``items_apart`` says that it is looked at run time whether an item
    is an object that the iterations share.
    """
    try:
        return _judge(loop, notebook, position, rng_seeded, items_apart)
    except LoopRefused as refused:
        return refused.refusal


def _judge(
    loop: Loop,
    notebook: NotebookDataflow,
    position: int,
    rng_seeded: str | None,
    items_apart: bool,
) -> Split:
    check_control_flow(loop)
    _check_classes(loop, notebook)
    _check_consumer(loop, notebook)
    check_managers(loop, notebook)
    check_mapping(loop, notebook)
    body = without_guards(loop.node.body) if isinstance(loop.node, ast.For) else []
    whole = _facts(loop, body, notebook)
    private = frozenset(whole.writes) - set(whole.reads)
    candidates = frozenset(
        r.root
        for r in find_reductions(body)
        if r.root not in private
        and _is_reducible(r.root, notebook)
        and (r.taking != "replay" or notebook.environment.kind(r.root) == "progress")
    )
    reductions = find_records(body, candidates, frozenset())
    facts, sure = _facts_and_sure(loop, _without(body, reductions), notebook)
    replayed = _replayed(loop, body, candidates, facts, notebook)
    if replayed:
        reductions = find_records(body, candidates, replayed)
        facts, sure = _facts_and_sure(loop, _without(body, reductions), notebook)
    roots = frozenset(reduction.root for reduction in reductions) | replayed
    _check_reductions(reductions, facts)
    immutable_items = check_iterable(loop, reductions, notebook, position)
    _check_carried(facts, loop)
    check_aliases(facts, reductions, loop, notebook, position)
    if not items_apart:
        check_identity(loop, facts, notebook, position)
    guarded, guard_items = _check_changes(loop, body, reductions, facts, roots, notebook)
    guard_rng = _check_effects(facts, loop, rng_seeded)
    check_modules(notebook.cells[: position + 1], loop.node.lineno)
    check_deletes(facts, loop, notebook, position)
    own = frozenset(facts.writes)
    shared = set(facts.reads) | notebook.method_globals()
    if any(effect.kind == "unknown" for effect in facts.effects):  # a function in a container, say
        shared |= notebook.environment.callback_reads
    shared -= own | roots | {ITEMS}
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
        guard_rng=guard_rng,
        identity_matters=identity_matters_for(loop, whole, roots | own, notebook, position),
        eager=loop.mapping is not None and loop.mapping.is_eager,
        immutable_items=immutable_items,
        lazy=may_draw_ahead(loop, whole, reductions, notebook, position),
        items_apart=items_apart and notebook.compares_identity(),
        own_rows=own_rows(loop, reductions),
    )


def _check_changes(
    loop: Loop,
    body: Sequence[ast.stmt],
    reductions: Sequence[Reduction],
    facts: CellDataflow,
    roots: frozenset[str],
    notebook: NotebookDataflow,
) -> tuple[set[str], bool]:
    """As :func:`check_changes` says, of ``item = item.copy()`` as of another name than the item's."""
    try:
        return check_changes(facts, roots)
    except LoopRefused:
        apart = with_rebound_apart(loop.target, _without(body, reductions))
        if apart is not None:
            with suppress(LoopRefused):  # told in the names that the user has given
                return check_changes(_facts(loop, apart, notebook), roots)[0], True
        raise


def _replayed(
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
    state |= {
        r.root
        for r in find_reductions(body)
        if r.protected and r.root in candidates and not _may_stand_in_try(r)
    }
    if not state:
        return frozenset()
    names = carried_names(body, frozenset(state))
    targets = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    if names & targets or not all(_is_reducible(name, notebook) for name in names):
        return frozenset()
    try:
        records = find_records(body, candidates, names)
        check_calls(records, notebook.environment, (facts.writes | targets) - names)
    except NotReplayable as error:
        if error.remedy:
            raise _carries(min(state & names), facts, loop, str(error), error.remedy) from None
        return frozenset()
    again = [ast.Expr(node) for record in records for node, _ in record.repeats]
    if again and _shows_or_changes(_facts(loop, again, notebook), notebook):
        return frozenset()
    left = _facts(loop, _without(body, records), notebook)
    if names & (left.writes | set(left.reads) | left.deletes):
        return frozenset()
    if not left.costly and not state <= {_owner(r.statement) for r in records} - candidates:
        return frozenset()
    if not left.costly:  # other checks would take the method that changes it for an accident
        why = "all else in an iteration is done faster than it is sent to a worker"
        raise _carries(min(state & names), facts, loop, why, "It is fast as it is.")
    return names


def _owner(statement: ast.stmt) -> str:
    """The name whose method is called: ``groups`` in ``groups.setdefault(k, set()).add(v)``."""
    node: ast.AST | None = statement.value if isinstance(statement, ast.Expr) else None
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _shows_or_changes(facts: CellDataflow, notebook: NotebookDataflow) -> bool:
    """Whether it makes a difference that something is computed once more."""
    nodes = [b.node for name in facts.reads for b in notebook.environment.lookup(name) if b.node]
    words = {part.id for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name)}
    return bool(facts.effects or facts.changes or words & {"print", "display"})


def _carries(name: str, facts: CellDataflow, loop: Loop, why: str, remedy: str) -> LoopRefused:
    return LoopRefused(
        facts.reads.get(name, loop.node.lineno),
        f"'{name}' carries a value from one iteration to the next, and {why}",
        remedy,
        name,
    )


def _check_consumer(loop: Loop, notebook: NotebookDataflow) -> None:
    """Refuse a generator expression that is handed to a function that may be another one than Python's."""
    if loop.consumer and notebook.environment.lookup(loop.consumer):
        raise LoopRefused(
            loop.node.lineno,
            f"'{loop.consumer}' isn't Python's own function here",
            "Make a list of the elements first: [... for ...].",
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


def _is_reducible(root: str, notebook: NotebookDataflow) -> bool:
    """Whether the name may stand for an accumulator at all."""
    return notebook.environment.kind(root) not in _NO_ACCUMULATORS


def _facts(loop: Loop, body: Sequence[ast.stmt], notebook: NotebookDataflow) -> CellDataflow:
    return _facts_and_sure(loop, body, notebook)[0]


def _facts_and_sure(
    loop: Loop, body: Sequence[ast.stmt], notebook: NotebookDataflow
) -> tuple[CellDataflow, frozenset[str]]:
    """The facts of one iteration, and the names that every iteration surely writes."""
    region = Region(notebook.environment, notebook.summaries)
    if not isinstance(loop.node, ast.For):
        region.visit(_over_items(loop.node))
        return region.dataflow(), frozenset()
    region.continue_sure = []
    region.bind(loop.target, _item(loop.iterable, notebook))
    region.walk(body)
    ends = [*region.continue_sure, *([] if region.ended else [region.sure])]
    sure = frozenset(set.intersection(*ends)) if ends else frozenset()
    return region.dataflow(), sure


def _over_items(node: Comprehension) -> ast.expr:
    """The comprehension with its first iterable replaced by the items' stand-in."""
    first, *others = node.generators
    stand_in = ast.copy_location(ast.Name(ITEMS, ast.Load()), first.iter)
    generators = [ast.comprehension(first.target, stand_in, first.ifs, first.is_async), *others]
    fields = {name: getattr(node, name) for name in node._fields if name != "generators"}
    return ast.copy_location(type(node)(**fields, generators=generators), node)


def _item(iterable: ast.expr, notebook: NotebookDataflow) -> Value:
    probe = Region(notebook.environment, notebook.summaries)
    items = probe.visit(iterable)
    item = probe.element(items)
    return Value(item.shape, None if item.node is None else ITEMS)


def _without(body: Sequence[ast.stmt], reductions: Sequence[Reduction]) -> list[ast.stmt]:
    """The body with every reduction replaced by the mere evaluation of its operands."""
    by_statement = {id(r.statement): r for r in reductions}

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            reduction = by_statement.get(id(node))
            if reduction is None:
                return super().visit(node) if isinstance(node, ast.stmt) else node
            operands = ast.Tuple([plain_index(o) for o in reduction.operands], ast.Load())
            statement = ast.Expr(operands)
            return ast.fix_missing_locations(ast.copy_location(statement, node))

        def generic_visit(self, node: ast.AST) -> ast.AST:
            copied = type(node)(**{name: getattr(node, name, None) for name in node._fields})
            ast.copy_location(copied, node)
            for name in ("body", "orelse", "finalbody"):
                block = getattr(copied, name, None)
                if isinstance(block, list):
                    setattr(copied, name, [self.visit(child) for child in block])
            for name in ("handlers", "cases"):
                parts = getattr(copied, name, None)
                if isinstance(parts, list):
                    setattr(copied, name, [self.generic_visit(part) for part in parts])
            return copied

    replace = Replace()
    return [replace.visit(statement) for statement in body]  # type: ignore[misc]


def plain_index(node: ast.expr) -> ast.expr:
    """A part of an expression as one that may stand by itself: slices become ``slice(...)``."""
    if isinstance(node, ast.FormattedValue):
        return ast.copy_location(ast.JoinedStr([node]), node)
    if isinstance(node, ast.Slice):
        none = ast.Constant(None)
        parts = [part or none for part in (node.lower, node.upper, node.step)]
        call = ast.Call(ast.Name("slice", ast.Load()), parts, [])
        return ast.fix_missing_locations(ast.copy_location(call, node))
    if isinstance(node, ast.Tuple):
        return ast.copy_location(ast.Tuple([plain_index(e) for e in node.elts], ast.Load()), node)
    return node


def _check_reductions(reductions: Sequence[Reduction], facts: CellDataflow) -> None:
    for reduction in reductions:
        root, line = reduction.root, reduction.statement.lineno
        if root in facts.reads or root in facts.writes:
            raise LoopRefused(
                facts.reads.get(root, line),
                f"'{root}' is read or set where it is also accumulated, so it carries state from one "
                "iteration to the next",
                set_later(reduction)
                if is_accessor(changed_place(reduction.statement))
                else f"Only add to '{root}' in the loop and look at it afterwards.",
                root,
            )
        if (
            reduction.protected
            and reduction.taking != "replay"
            and not _may_stand_in_try(reduction)
        ):
            raise LoopRefused(
                line,
                f"'{root}' is changed inside 'try', where an error must be caught at once",
                f"Compute in the 'try' and change '{root}' after it.",
                root,
            )


def _may_stand_in_try(reduction: Reduction) -> bool:
    """Whether a batch can tell that the change raises nothing: that of a plain dict, list or number."""
    return len(reduction.operands) - 1 == (reduction.taking == "store")


def _check_classes(loop: Loop, notebook: NotebookDataflow) -> None:
    name = notebook.environment.classes_run_code
    if name:
        raise LoopRefused(
            loop.node.lineno,
            f"class '{name}' runs code when a class is made, and would do so again in each worker",
            "Use a class decorator, or a plain list of classes.",
        )


def _check_carried(facts: CellDataflow, loop: Loop) -> None:
    for name in sorted(facts.writes & set(facts.reads)):
        here = {n.id for n in ast.walk(loop.node) if isinstance(n, ast.Name)}
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


def _check_effects(facts: CellDataflow, loop: Loop, rng_seeded: str | None) -> bool:
    remedies = {
        "opaque": "Take that out of the loop.",
        "star-import": "Import by name, before the loop.",
        "history": "Use a name of your own.",
        "monkeypatch": "Use a function of your own.",
        "settings": "Change settings before the loop.",
        "figure": "Compute in the loop and draw after it.",
        "ambient": "Take that out of the loop.",
        "rng-seed": "Use a generator per item: rng = np.random.default_rng([seed, index]).",
    }
    own = _item_names(loop)
    reading = next((e for e in facts.effects if e.kind == "outside-read"), None)
    for effect in facts.effects:
        if effect.kind in remedies:
            raise LoopRefused(
                effect.line, _effect_reason(effect.kind, effect.what), remedies[effect.kind]
            )
        if effect.kind == "outside-write" and not effect.names & own:
            raise LoopRefused(
                effect.line,
                f"{effect.what} writes to the same place in every iteration",
                "Write to a file of its own per item, or after the loop.",
            )
        if effect.kind == "outside-write" and reading is not None:
            raise LoopRefused(
                effect.line,
                f"it writes files ({effect.what}) and reads them ({reading.what}), perhaps the same",
                "Read in the loop, collect the results, and write them after it.",
            )
        if effect.kind == "rng-draw" and rng_seeded == "surely":
            raise LoopRefused(
                effect.line,
                f"{effect.what}() draws from the global random number generator, which is seeded",
                "Use a generator per item: rng = np.random.default_rng([seed, index]).",
            )
    return rng_seeded is not None and any(
        effect.kind in ("unknown", "rng-draw") for effect in facts.effects
    )


def _item_names(loop: Loop) -> frozenset[str]:
    """Names whose values depend on the item: the target's, and what is computed from them."""
    names = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    statements = loop.node.body if isinstance(loop.node, ast.For) else []
    for statement in statements:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            used = {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)}
            if isinstance(target, ast.Name) and used & names:
                names.add(target.id)
    return frozenset(names)


def _effect_reason(kind: str, what: str) -> str:
    reasons = {
        "settings": f"{what} changes settings that later code sees",
        "figure": f"{what} draws on figures that later code sees",
        "rng-seed": f"{what}() seeds the global random number generator",
        "history": f"'{what}' means the notebook's output history",
    }
    return reasons.get(kind, f"{what} may do anything to the notebook's names")
