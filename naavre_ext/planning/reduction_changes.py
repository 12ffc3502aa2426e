"""What the merge of a split loop changes for one of its reductions."""

from __future__ import annotations

import ast
from collections.abc import Hashable

from naavre_ext.dataflow.aliases import AliasGraph
from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.walking import walk
from naavre_ext.planning.accessors import is_accessor
from naavre_ext.planning.fresh_objects import is_fresh
from naavre_ext.planning.loops import Loop, Reduction, changed_place
from naavre_ext.planning.replaying import PURE_FUNCTIONS, evaluated, makes_new


def over_items(reduction: Reduction, loop: Loop) -> str:
    """How to loop over the items, where the loop looks each up to change it in place; "" elsewhere.

    ``for i in range(len(recs)): recs[i]["y"] = v`` and ``for key in d: d[key].append(v)`` are such loops.
    """
    if not isinstance(loop.target, ast.Name) or reduction.replayed:
        return ""
    root, place = reduction.root, changed_place(reduction.statement)
    label, iterable = loop.target.id, ast.unparse(loop.iterable)
    while isinstance(place, (ast.Subscript, ast.Attribute)) and ast.unparse(place.value) != root:
        place = place.value
    if ast.unparse(place) != f"{root}[{label}]":
        return ""
    ways = {
        f"range(len({root}))": f"enumerate({root})",
        root: f"{root}.items()",
        f"{root}.keys()": f"{root}.items()",
    }
    if iterable not in ways:
        return ""
    return (
        f"Loop over the items, which an iteration may change in place: for {label}, item in {ways[iterable]}, "
        f"with 'item' for '{root}[{label}]'."
    )


def set_later(reduction: Reduction) -> str:
    """What to write instead of changing an accumulator in the loop."""
    if not reduction.replayed and is_accessor(changed_place(reduction.statement)):
        column = f"{reduction.root}['column'] = values"
        return f"Collect the values in a list, and set the column after the loop: {column}."
    return f"Collect the changes and make them to '{reduction.root}' after the loop."


def is_alone(reduction: Reduction, loop: Loop, notebook: NotebookDataflow, position: int) -> bool:
    """Whether it changes nothing but an object that only the loop can reach: ``row = []`` is right before it."""
    if reduction.replayed or not isinstance(changed_place(reduction.statement), ast.Name):
        return False
    return is_fresh(notebook.cells[position].source.tree, loop.node, reduction.root)


def changed_by(
    reduction: Reduction, notebook: NotebookDataflow, position: int, graph: AliasGraph
) -> set[Hashable]:
    """The alias classes of what the merge will change."""
    if reduction.replayed and _only_binds(reduction, notebook.environment):
        return set()
    if reduction.replayed and (_only_adds_rows(reduction) or _only_sets_entry(reduction)):
        return {graph.find(notebook.node(position, reduction.root))}
    if reduction.replayed:
        names = _changed_names(reduction)
        return graph.reach(notebook.node(position, name) for name in sorted(names))
    root = graph.find(notebook.node(position, reduction.root))
    node = changed_place(reduction.statement)
    if is_accessor(node):
        return {root}
    if any(isinstance(part, ast.Attribute) for part in walk(node)):
        return graph.reach([root])
    found: set[Hashable] = {root}
    while isinstance(node, ast.Subscript):
        found, node = graph.contents(found), node.value
    return found


def _only_binds(reduction: Reduction, environment: Environment) -> bool:
    """Whether the merge of a statement changes no object, but only binds names: ``if y < best: best = y``."""
    for node in evaluated(reduction):
        if isinstance(node, ast.Call) and (isinstance(node.func, ast.Attribute) or node.keywords):
            if makes_new(node, environment):
                continue
            return False
        if isinstance(node, ast.stmt) and not isinstance(node, (ast.If, ast.Assign, ast.Pass)):
            return False
        stores = isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))
        if stores and isinstance(node, (ast.Subscript, ast.Attribute)):
            return False
    return True


def _only_adds_rows(reduction: Reduction) -> bool:
    """``df.loc[len(df)] = row``"""
    statement = reduction.statement
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    calls = [ast.unparse(part.func) for part in walk(target) if isinstance(part, ast.Call)]
    roots = {part.id for part in walk(target) if isinstance(part, ast.Name)} & reduction.replayed
    reads = any(
        isinstance(p, ast.Name) and p.id in reduction.replayed for p in walk(statement.value)
    )
    adds = isinstance(target, ast.Subscript) and is_accessor(target.value)
    return adds and set(calls) <= {"len"} and roots == {reduction.root} and not reads


def _only_sets_entry(reduction: Reduction) -> bool:
    """``counts[k] = counts.get(k, 0) + 1``, and ``filled[place] = v`` with a place that is carried, too"""
    statement = reduction.statement
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
        return False
    calls = [part.func for part in walk(statement) if isinstance(part, ast.Call)]
    names = {
        p.id
        for part in (target.value, statement.value)
        for p in walk(part)
        if isinstance(p, ast.Name)
    }
    return names & reduction.replayed == {target.value.id} and all(
        call.attr == "get"
        if isinstance(call, ast.Attribute)
        else ast.unparse(call) in PURE_FUNCTIONS
        for call in calls
    )


def _changed_names(reduction: Reduction) -> set[str]:
    """The names whose objects a statement that is left to the merge may change, not only bind anew."""
    places: list[ast.expr] = []
    for part in walk(reduction.statement):
        if isinstance(part, ast.AugAssign):
            places.append(part.target)
        elif isinstance(part, (ast.Subscript, ast.Attribute)) and not isinstance(
            part.ctx, ast.Load
        ):
            places.append(part.value)
        elif isinstance(part, ast.Call) and ast.unparse(part.func) not in PURE_FUNCTIONS:
            places.append(part)
    names = {n.id for place in places for n in walk(place) if isinstance(n, ast.Name)}
    return names & reduction.replayed
