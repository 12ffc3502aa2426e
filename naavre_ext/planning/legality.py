"""Whether a loop's iterations may run apart: the proof, or the reason why not and what would help."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.recorder import Value, is_provided
from naavre_ext.dataflow.region import Region
from naavre_ext.model.dataflow import CellDataflow, Change
from naavre_ext.model.workflow import Split
from naavre_ext.planning.loops import (
    Comprehension,
    Loop,
    Reduction,
    changed_place,
    find_reductions,
)
from naavre_ext.planning.placement import compares_identity

#: Stands for the loop's items in the facts of its body.
ITEMS = "__naavre_items__"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a loop has to run whole: the reason, its line, and the rewrite that would work."""

    line: int
    reason: str
    remedy: str


class _RefusedError(Exception):
    def __init__(self, line: int, reason: str, remedy: str) -> None:
        self.refusal = Refusal(line, reason, remedy)


def judge_loop(
    loop: Loop, notebook: NotebookDataflow, position: int, rng_seeded: str | None
) -> Split | Refusal:
    """The Split of a legal loop, or why it isn't legal.

    ``rng_seeded`` is None when no global random number generator can have been seeded before, ``"surely"`` or
    ``"maybe"`` (by code that can't be seen).
    """
    try:
        return _judge(loop, notebook, position, rng_seeded)
    except _RefusedError as refused:
        return refused.refusal


def _judge(loop: Loop, notebook: NotebookDataflow, position: int, rng_seeded: str | None) -> Split:
    _check_control_flow(loop)
    body: Sequence[ast.stmt] = loop.node.body if isinstance(loop.node, ast.For) else []
    whole = _facts(loop, body, notebook)
    private = frozenset(whole.writes) - set(whole.reads)
    reductions = [
        r
        for r in find_reductions(body)
        if r.root not in private and _is_reducible(r.root, notebook)
    ]
    facts, sure = _facts_and_sure(loop, _without(body, reductions), notebook)
    roots = frozenset(reduction.root for reduction in reductions)
    _check_reductions(reductions, facts)
    _check_iterable(loop, reductions, notebook, position)
    _check_carried(facts, loop)
    _check_aliases(facts, reductions, loop, notebook, position)
    guarded, guard_items = _check_changes(facts, roots)
    guard_rng = _check_effects(facts, loop, rng_seeded)
    _check_deletes(facts, loop, notebook, position)
    own = frozenset(facts.writes)
    shared = set(facts.reads) | _method_globals(notebook)
    shared -= own | roots | {ITEMS}
    return Split(
        index=loop.index,
        line=loop.node.lineno,
        form=loop.form,
        iterable=ast.unparse(loop.iterable),
        shared=tuple(sorted(name for name in shared if name in notebook.environment.bindings)),
        reductions=tuple(sorted(roots)),
        private=tuple(sorted(own)),
        sure=tuple(sorted(own & sure)),
        guarded=tuple(sorted(guarded)),
        guard_items=guard_items,
        guard_rng=guard_rng,
        identity_matters=_identity_matters(loop, whole, roots | own, notebook, position),
    )


#: Kinds of things that the merge must not change on behalf of an iteration.
_NO_ACCUMULATORS = frozenset(
    {"module", "class", "function", "figure", "plotter", "rng", "file", "iterator"}
)


def _is_reducible(root: str, notebook: NotebookDataflow) -> bool:
    """Whether the name may stand for an accumulator at all."""
    return notebook.environment.kind(root) not in _NO_ACCUMULATORS


def _check_control_flow(loop: Loop) -> None:
    for target in ast.walk(loop.target):
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            raise _RefusedError(
                loop.node.lineno,
                f"each item is assigned to {ast.unparse(target)}",
                "Use a plain name as the loop variable.",
            )
    for node in ast.walk(loop.node):
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            raise _RefusedError(node.lineno, "it awaits", "Use plain calls in the loop.")
        if isinstance(node, ast.ClassDef):
            raise _RefusedError(
                node.lineno, f"it defines class '{node.name}'", "Define the class before the loop."
            )
    if not isinstance(loop.node, ast.For):
        _check_late_binding(loop.node)
        return
    for statement in _own_breaks(loop.node.body):
        raise _RefusedError(
            statement.lineno,
            "'break' ends it early, so iterations depend on earlier ones",
            "Filter the items first, or keep all results and pick the first match after the loop.",
        )


#: Calls that are done with a function once they return.
_IMMEDIATE = frozenset(
    {
        "sorted", "min", "max", "list", "tuple", "set", "dict", "sum",
        "any", "all", "reduce", "apply", "applymap", "agg", "transform", "sort",
        "sort_values", "fromfunction"
    }
)  # fmt: skip


def _check_late_binding(node: Comprehension) -> None:
    """All functions made in a comprehension see its last item: they must not outlive their iteration."""
    own = {
        n.id
        for generator in node.generators
        for n in ast.walk(generator.target)
        if isinstance(n, ast.Name)
    }
    for function in _lasting_functions(node, immediate=False):
        if any(isinstance(n, ast.Name) and n.id in own for n in ast.walk(function)):
            raise _RefusedError(
                function.lineno,
                "its functions look at the loop variable only when they are called",
                "Bind it in the function: lambda x, i=i: ...",
            )


def _lasting_functions(node: ast.AST, immediate: bool) -> Iterator[ast.Lambda | ast.GeneratorExp]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Lambda):
            if not immediate:
                yield child
            continue
        inside = immediate
        if isinstance(node, ast.Call):
            function = node.func
            name = (
                function.attr
                if isinstance(function, ast.Attribute)
                else getattr(function, "id", "")
            )
            inside = name in _IMMEDIATE or (immediate and name in ("map", "filter"))
        yield from _lasting_functions(child, inside)


def _own_breaks(body: Sequence[ast.stmt]) -> Iterable[ast.Break]:
    for statement in body:
        if isinstance(statement, ast.Break):
            yield statement
        elif isinstance(statement, (ast.For, ast.While)):
            yield from _own_breaks(statement.orelse)
        elif isinstance(statement, ast.Match):
            for case in statement.cases:
                yield from _own_breaks(case.body)
        elif isinstance(statement, (ast.If, ast.With, ast.Try)):
            for name in ("body", "orelse", "finalbody"):
                yield from _own_breaks(getattr(statement, name, []))
            for handler in getattr(statement, "handlers", []):
                yield from _own_breaks(handler.body)


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
    """An index as an expression that may stand outside brackets: slices become ``slice(...)``."""
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
            raise _RefusedError(
                facts.reads.get(root, line),
                f"'{root}' is read or set where it is also accumulated, so it carries state from one "
                "iteration to the next",
                f"Only add to '{root}' in the loop and look at it afterwards.",
            )
        if reduction.protected and reduction.taking not in ("keep",):
            raise _RefusedError(
                line,
                f"'{root}' is changed inside 'try', where an error must be caught at once",
                f"Compute in the 'try' and change '{root}' after it.",
            )


def _check_iterable(
    loop: Loop, reductions: Sequence[Reduction], notebook: NotebookDataflow, position: int
) -> None:
    graph = notebook.aliases_until(position)
    live = graph.reach(_live(loop.iterable, notebook, position, graph))
    for reduction in reductions:
        if _changed_by(reduction, notebook, position, graph) & live:
            raise _RefusedError(
                loop.node.lineno,
                f"it changes '{reduction.root}' while it iterates over it",
                f"Collect the changes and make them to '{reduction.root}' after the loop.",
            )


def _live(
    node: ast.expr, notebook: NotebookDataflow, position: int, graph: AliasGraph
) -> Iterator[Hashable]:
    """The objects that are looked at while the loop runs: not those that are copied before it."""
    name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    if name and isinstance(node, ast.Call) and name not in notebook.environment.bindings:
        if name in ("range", "len"):
            return
        parts = [
            part for argument in node.args for part in _live(argument, notebook, position, graph)
        ]
        if name in ("list", "tuple", "sorted", "set", "frozenset"):
            contents = [graph.content(graph.find(part)) for part in parts]
            yield from [content for content in contents if content is not None]
            return
        if name in ("enumerate", "zip", "reversed") and not node.keywords:
            yield from parts
            return
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield notebook.node(position, part.id)


def _changed_by(
    reduction: Reduction, notebook: NotebookDataflow, position: int, graph: AliasGraph
) -> set[Hashable]:
    """The alias classes of what the merge will change."""
    root = graph.find(notebook.node(position, reduction.root))
    node = changed_place(reduction.statement)
    if any(isinstance(part, ast.Attribute) for part in ast.walk(node)):
        return graph.reach([root])
    while isinstance(node, ast.Subscript):
        content = graph.content(root)
        if content is None:
            return set()
        root, node = content, node.value
    return {root}


def _check_aliases(
    facts: CellDataflow,
    reductions: Sequence[Reduction],
    loop: Loop,
    notebook: NotebookDataflow,
    position: int,
) -> None:
    """Nothing that the body reads may be a part of what it accumulates into, under another name."""
    graph = notebook.aliases_until(position)
    names = sorted(set(facts.reads) - facts.writes - {ITEMS})
    reached = {name: graph.reach([notebook.node(position, name)]) for name in names}
    for reduction in reductions:
        changed = _changed_by(reduction, notebook, position, graph)
        for name, reach in reached.items():
            if changed & reach:
                raise _RefusedError(
                    facts.reads[name],
                    f"'{name}', which it reads, may be or hold what it adds to '{reduction.root}'",
                    f"Read a copy: {name} = copy.deepcopy({name}) before the loop.",
                )


def _check_deletes(
    facts: CellDataflow, loop: Loop, notebook: NotebookDataflow, position: int
) -> None:
    """A name that the body deletes must not have existed before the loop."""
    lines = range(loop.node.lineno, (loop.node.end_lineno or loop.node.lineno) + 1)
    for name in sorted(facts.deletes):
        elsewhere = any(name in cell.facts.writes for cell in notebook.cells[:position])
        here = any(
            isinstance(n, ast.Name) and n.id == name and n.lineno not in lines
            for n in ast.walk(notebook.cells[position].source.tree)
        )
        if elsewhere or here:
            raise _RefusedError(
                loop.node.lineno, f"it deletes '{name}'", f"Delete '{name}' after the loop."
            )


def _check_carried(facts: CellDataflow, loop: Loop) -> None:
    for name in sorted(facts.writes & set(facts.reads)):
        raise _RefusedError(
            facts.reads[name],
            f"'{name}' carries a value from one iteration to the next",
            f"Set '{name}' in every iteration before using it, or compute it from the item.",
        )
    if not isinstance(loop.node, ast.For) and facts.writes:
        name = min(facts.writes)
        raise _RefusedError(
            loop.node.lineno, f"it sets '{name}'", "Assign it in a statement of its own."
        )


def _check_changes(facts: CellDataflow, roots: frozenset[str]) -> tuple[set[str], bool]:
    graph = AliasGraph()
    share(graph, facts.sharing)
    own = facts.writes
    outer = sorted((set(facts.reads) | roots) - own)
    reached = {name: graph.reach([name]) for name in [*outer, ITEMS]}
    guarded: set[str] = set()
    for change in facts.changes:
        classes = graph.changed_by(change.node, change.deep)
        for name, reach in reached.items():
            if not classes & reach:
                continue
            if not change.suspected:
                raise _shared_change(name, change, classes, reached)
            guarded.add(name)
    return guarded - {ITEMS} - roots, ITEMS in guarded


def _shared_change(
    name: str, change: Change, classes: set[Hashable], reached: dict[str, set[Hashable]]
) -> _RefusedError:
    if ITEMS in reached and classes & reached[ITEMS]:
        return _RefusedError(
            change.line,
            f"an item is {change.how}, which the list would see",
            "Change a copy of the item and collect the copies.",
        )
    return _RefusedError(
        change.line,
        f"'{name}', which all iterations share, is {change.how}",
        f"Collect results in a list and build '{name}' after the loop.",
    )


def _check_effects(facts: CellDataflow, loop: Loop, rng_seeded: str | None) -> bool:
    remedies = {
        "opaque": "Take that out of the loop.",
        "star-import": "Import by name, before the loop.",
        "history": "Use a name of your own.",
        "monkeypatch": "Change the module before the loop.",
        "settings": "Change settings before the loop.",
        "figure": "Compute in the loop and draw after it.",
        "ambient": "Take that out of the loop.",
        "rng-seed": "Use a generator per item: rng = np.random.default_rng([seed, index]).",
    }
    own = _item_names(loop)
    reading = next((e for e in facts.effects if e.kind == "outside-read"), None)
    for effect in facts.effects:
        if effect.kind in remedies:
            raise _RefusedError(
                effect.line, _effect_reason(effect.kind, effect.what), remedies[effect.kind]
            )
        if effect.kind == "outside-write" and not effect.names & own:
            raise _RefusedError(
                effect.line,
                f"{effect.what} writes to the same place in every iteration",
                "Write to a file of its own per item, or after the loop.",
            )
        if effect.kind == "outside-write" and reading is not None:
            raise _RefusedError(
                effect.line,
                f"it writes files ({effect.what}) and reads them ({reading.what}), perhaps the same",
                "Read in the loop, collect the results, and write them after it.",
            )
        if effect.kind == "rng-draw" and rng_seeded == "surely":
            raise _RefusedError(
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


def _method_globals(notebook: NotebookDataflow) -> set[str]:
    """Globals that methods of the notebook's classes read: operators may call them unseen."""
    names: set[str] = set()
    for definition in notebook.environment.classes():
        names |= set(notebook.summaries.of(definition).when_escaped.reads)
    return {name for name in names if not is_provided(name)}


def _identity_matters(
    loop: Loop,
    facts: CellDataflow,
    outputs: frozenset[str],
    notebook: NotebookDataflow,
    position: int,
) -> bool:
    """Whether later code changes an object in place that an iteration may hand back as a copy."""
    aliases = notebook.aliases
    cell = notebook.cells[position]
    comparing = compares_identity(notebook)
    inside = range(loop.node.lineno, (loop.node.end_lineno or loop.node.lineno) + 1)
    changed: set[Hashable] = set()
    for later in notebook.cells[position + 1 :]:
        changed |= later.changed
    for change in cell.facts.changes:
        if change.line not in inside:
            key = (
                (change.node, position)
                if "%" in change.node
                else notebook.node(position, change.node)
            )
            changed |= aliases.changed_by(key, change.deep)
    if not changed and not comparing:
        return False
    names = {n.id for n in ast.walk(loop.iterable) if isinstance(n, ast.Name)}
    names |= set(facts.reads) - outputs - {ITEMS}
    incoming = aliases.reach(notebook.node(position, name) for name in sorted(names))
    if isinstance(loop.node, ast.For):
        outgoing = aliases.reach(notebook.node(position, name) for name in sorted(outputs))
    else:
        outgoing = aliases.reach(notebook.node(position, n) for n in sorted(cell.facts.writes))
    shared = incoming & outgoing
    return bool(shared) if comparing else bool(shared & changed)
