"""Which objects a loop body shares with its iterable, its accumulators and the code around it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.identity import PLAIN_KINDS
from naavre_ext.dataflow.shapes import is_immutable
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow, Change
from naavre_ext.planning.accessors import is_accessor
from naavre_ext.planning.before_loops import aliases_before
from naavre_ext.planning.bindings import names_of
from naavre_ext.planning.iteration_facts import item_of
from naavre_ext.planning.loop_effects import GENERATOR_PER_ITEM
from naavre_ext.planning.loops import Loop, Reduction, changed_place
from naavre_ext.planning.own_rows import own_rows
from naavre_ext.planning.reduction_changes import changed_by, is_alone, over_items, set_later
from naavre_ext.planning.refusal import ITEMS, LoopRefused


def check_iterable(
    loop: Loop,
    reductions: Sequence[Reduction],
    notebook: NotebookDataflow,
    position: int,
    filled: frozenset[str] = frozenset(),
) -> bool:
    """Refuse a loop whose merge would change what it iterates over; not the ``filled`` tables, which it copies.

    Returns whether the merge may change items, so that they must be things that can't change.
    """
    graph = notebook.aliases_until(position)
    live = graph.reach(_live(loop.iterable, notebook, position, graph))
    names = names_of(loop.iterable)
    containers = {graph.find(notebook.node(position, name)) for name in names}
    suspected, rows = False, own_rows(loop, reductions)
    for reduction in reductions:
        if notebook.environment.kind(reduction.root) == "progress":
            continue  # a bar shows something else then, and gives the same items
        if is_alone(reduction, loop, notebook, position) or reduction.root in {rows, *filled}:
            continue
        changed = changed_by(reduction, notebook, position, graph) & live
        by_copying = (
            is_accessor(changed_place(reduction.statement)) if not reduction.replayed else True
        )
        if changed & containers or (changed and not by_copying):
            raise LoopRefused(
                loop.node.lineno,
                f"it changes '{reduction.root}' while it iterates over it"
                if reduction.root in names
                else f"'{reduction.root}', which it changes, may be or hold what it iterates over",
                over_items(reduction, loop) or set_later(reduction),
                reduction.root,
            )
        suspected = suspected or bool(changed)
    return suspected


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
            yield from graph.contents(parts)
            return
        if name in ("enumerate", "zip", "reversed") and not node.keywords:
            yield from parts
            return
    for part in walk(node):
        if isinstance(part, ast.Name):
            yield notebook.node(position, part.id)


def check_aliases(
    facts: CellDataflow,
    reductions: Sequence[Reduction],
    loop: Loop,
    notebook: NotebookDataflow,
    position: int,
    filled: frozenset[str] = frozenset(),
) -> None:
    """Nothing that the body reads may be a part of what it accumulates into, under another name.

    Of ``filled`` tables that is looked at when the loop runs.
    """
    graph = notebook.aliases_until(position)
    names = sorted(set(facts.reads) - facts.writes - {ITEMS})
    reached = {name: graph.reach([notebook.node(position, name)]) for name in names}
    for reduction in reductions:
        if is_alone(reduction, loop, notebook, position) or reduction.root in filled:
            continue
        changed = changed_by(reduction, notebook, position, graph)
        for name, reach in reached.items():
            if changed & reach:
                is_data = _is_data(name, notebook)  # copies of classes are other classes
                raise LoopRefused(
                    facts.reads[name],
                    f"'{name}', which it reads, may be or hold what it adds to '{reduction.root}'",
                    f"Read a copy: {name} = copy.deepcopy({name}) before the loop."
                    if is_data
                    else f"Collect in variables, and change '{reduction.root}' after the loop.",
                    name,
                )


def items_shared(
    loop: Loop, shared: Collection[str], notebook: NotebookDataflow, position: int
) -> bool:
    """Whether an item may be (or hold) an object of the ``shared`` names, though they travel apart.

    That counts only where the notebook can tell an object from a copy.
    """
    if not notebook.compares_identity():
        return False
    item = item_of(loop.iterable, notebook)
    if item.node is None:  # analysis doesn't follow what can't change
        return notebook.tests_identity() and item.kind not in PLAIN_KINDS
    names = [n for n in sorted(shared) if _holds(n, notebook)]
    iterable = [n for n in sorted(names_of(loop.iterable)) if _holds(n, notebook)]

    def shared_in(graph: AliasGraph) -> bool:
        items = graph.reach(notebook.node(position, name) for name in iterable)
        return any(graph.reach([notebook.node(position, name)]) & items for name in names)

    if any(notebook.environment.kind(name) == "frame" for name in iterable):
        return bool(names)  # analysis doesn't look into tables
    if not shared_in(notebook.aliases_until(position)):
        return False
    before = aliases_before(loop, notebook, position)  # which takes longer
    return before is None or shared_in(before)


def check_plain(line: int, notebook: NotebookDataflow) -> None:
    """Refuse what runs on copies where the notebook can tell a text or a number from an equal one."""
    compared = notebook.plain_compared()
    if compared:
        raise LoopRefused(
            line,
            f"'{compared}' may compare texts or numbers by identity, and others get equal copies of these",
            "Compare with '=='.",
        )


def _holds(name: str, notebook: NotebookDataflow) -> bool:
    """Whether the name may stand for what could be mistaken for a copy of it, or hold such: a class does, too."""
    kind = notebook.environment.kind(name)
    return kind in ("class", "function") or _is_data(name, notebook)


def _is_data(name: str, notebook: NotebookDataflow) -> bool:
    """Whether the name may stand for an object that could be mistaken for a copy of it."""
    kind = notebook.environment.kind(name)
    return kind not in ("module", "function", "class") and not is_immutable(
        notebook.environment.shape(name)
    )


def check_deletes(
    facts: CellDataflow, loop: Loop, notebook: NotebookDataflow, position: int
) -> None:
    """A name that the body deletes must not have existed before the loop."""
    lines = range(loop.node.lineno, (loop.node.end_lineno or loop.node.lineno) + 1)
    tree = notebook.cells[position].source.tree
    for name in sorted(facts.deletes):
        elsewhere = any(
            name in cell.facts.writes and any(_outside_handlers(cell.source.tree, name))
            for cell in notebook.cells[:position]
        )
        here = any(line not in lines for line in _outside_handlers(tree, name))
        if elsewhere or here:
            reason, remedy = f"it deletes '{name}'", f"Delete '{name}' after the loop."
            if any(handler.name == name for handler in _handlers(loop.node)):
                reason = f"its except clause deletes '{name}', which is set elsewhere"
                remedy = f"Call the exception something else than '{name}'."
            raise LoopRefused(loop.node.lineno, reason, remedy, name)


def _handlers(node: ast.AST) -> Iterator[ast.ExceptHandler]:
    return (part for part in walk(node) if isinstance(part, ast.ExceptHandler))


def _outside_handlers(tree: ast.AST, name: str) -> Iterator[int]:
    """The lines where the name stands but for clauses like ``except Error as name``, which leave it unbound."""
    inside = {id(part) for h in _handlers(tree) if h.name == name for part in walk(h)}
    for part in walk(tree):
        found = (getattr(part, attribute, None) for attribute in ("id", "asname", "name", "rest"))
        own = next(filter(None, found), "")
        if isinstance(own, str) and own.partition(".")[0] == name and id(part) not in inside:
            yield getattr(part, "lineno", 0)


def check_changes(
    facts: CellDataflow, roots: frozenset[str], *, comes_back: bool = False
) -> tuple[set[str], bool, bool]:
    """The names, and whether the items, that may be changed, and whether the items surely are.

    Refuses what surely changes names, or items where what becomes of these never ``comes_back``. What only was put
    into one object with an item may be the item, for all that aliases tell: it is looked at when the loop runs.
    """
    graph = AliasGraph()
    share(graph, facts.sharing)
    inside = _held_by(facts)
    own = facts.writes
    outer = sorted((set(facts.reads) | roots) - own)
    reached = {name: graph.reach([name]) for name in [*outer, ITEMS]}
    guarded: set[str] = set()
    changes_items = False
    for change in facts.changes:
        classes = graph.changed_by(change.node, change.deep)
        for name, reach in reached.items():
            if not classes & reach:
                continue
            if not change.suspected and (name in roots or change.deep or inside(name, change.node)):
                if name != ITEMS or not comes_back:
                    raise _shared_change(name, change)
                changes_items = True
            guarded.add(name)
    return guarded - {ITEMS} - roots, ITEMS in guarded, changes_items


def _held_by(facts: CellDataflow) -> Callable[[str, str], bool]:
    """Tells whether an object may be another one, or a part of it, as the code itself has taken it from there."""
    graph = AliasGraph()
    for sharing in facts.sharing:
        if sharing.relation == "same":
            graph.same(sharing.first, sharing.second)
    held: dict[Hashable, set[Hashable]] = {}
    for sharing in facts.sharing:
        if sharing.relation != "same":
            held.setdefault(graph.find(sharing.first), set()).add(graph.find(sharing.second))

    def inside(holder: str, part: str) -> bool:
        pending, seen = [graph.find(holder)], set()
        while pending:
            node = pending.pop()
            if node == graph.find(part):
                return True
            if node not in seen:
                seen.add(node)
                pending += held.get(node, ())
        return False

    return inside


def _shared_change(name: str, change: Change) -> LoopRefused:
    if name == ITEMS:
        return LoopRefused(
            change.line,
            f"an item is {change.how}, which the list would see",
            "Change a copy of the item and collect the copies.",
        )
    return LoopRefused(
        change.line,
        f"'{name}', which all iterations share, is {change.how}",
        f"Collect results in a list and build '{name}' after the loop.",
        name,
    )


def in_function(refused: LoopRefused, loop: Loop, notebook: NotebookDataflow) -> LoopRefused:
    """The refusal of a change of a shared name, with what helps where a function that the loop calls makes it."""
    refusal, name = refused.refusal, refused.refusal.variable
    if name is not None and any(bound.cached for bound in notebook.environment.lookup(name)):
        return LoopRefused(
            refusal.line,
            f"{name}() keeps the results of its calls for the iterations that follow",
            f"Define {name}() without functools.cache (or lru_cache).",
            name,
        )
    if name is not None and notebook.environment.kind(name) == "rng":
        return LoopRefused(refusal.line, refusal.reason, GENERATOR_PER_ITEM, name)
    calls = [call for call in _calls(loop.node, notebook) if refusal.line in _lines(call)]
    changing = [call for call in calls if _changes_itself(call, notebook)]
    if name is None or not changing or _is_changed_in(loop, name):
        return refused
    called = ast.unparse(changing[-1].func)  # the others stand around it
    return LoopRefused(
        refusal.line,
        f"{refusal.reason} in {called}()",
        f"Have {called}() return what it puts into '{name}', and put it there in the loop itself: "
        f"{name}[...] = {called}(...), or {name}.append({called}(...)).",
        name,
    )


def _changes_itself(call: ast.Call, notebook: NotebookDataflow) -> bool:
    """Whether the function that is called changes something, and not what stands in the call as an argument."""
    given = [ast.Expr(k.value) for k in call.keywords] + [ast.Expr(a) for a in call.args]
    return bool(notebook.region([ast.Expr(call)]).changes) and not notebook.region(given).changes


def _calls(node: ast.AST, notebook: NotebookDataflow) -> Iterator[ast.Call]:
    """Calls of the notebook's functions, each before those in it."""
    for part in walk(node):
        function = part.func if isinstance(part, ast.Call) else None
        if isinstance(function, ast.Name) and notebook.environment.kind(function.id) == "function":
            yield part  # type: ignore[misc]


def _lines(node: ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _is_changed_in(loop: Loop, name: str) -> bool:
    """Whether the loop's own code sets parts of the name's object, or calls its methods."""
    for part in walk(loop.node):
        owner = part.value if isinstance(part, (ast.Attribute, ast.Subscript)) else None
        if isinstance(owner, ast.Name) and owner.id == name:
            return True
    return False


def identity_matters_for(
    loop: Loop,
    facts: CellDataflow,
    outputs: frozenset[str],
    notebook: NotebookDataflow,
    position: int,
) -> bool:
    """Whether later code changes an object in place that an iteration may hand back as a copy."""
    aliases = notebook.aliases
    cell = notebook.cells[position]
    # What can't be seen may change anything, and who compares objects knows a copy.
    comparing = notebook.compares_identity() or any(
        later.facts.has("opaque") for later in notebook.cells[position + 1 :]
    )
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
    names = names_of(loop.iterable)
    names |= set(facts.reads) - outputs - {ITEMS}
    incoming = aliases.reach(notebook.node(position, name) for name in sorted(names))
    if isinstance(loop.node, ast.For):
        outgoing = aliases.reach(notebook.node(position, name) for name in sorted(outputs))
    else:
        outgoing = aliases.reach(notebook.node(position, n) for n in sorted(cell.facts.writes))
    shared = incoming & outgoing
    return bool(shared) if comparing else bool(shared & changed)
