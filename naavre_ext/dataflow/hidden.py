"""What may run without being called by name: callbacks, and the methods behind operators."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.class_state import stateful_classes, uses_attribute, why_classes_stay
from naavre_ext.dataflow.compression import union
from naavre_ext.dataflow.environment import Environment, FunctionNode
from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.functions import NOTHING, Summaries
from naavre_ext.dataflow.kept_functions import kept_functions
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.walking import children, walk
from naavre_ext.model.dataflow import CellDataflow, Effect

#: Effects of operators that must not go unseen.
_LOUD = ("opaque", "outside-read", "outside-write", "settings", "figure", "ambient", "rng-seed", "rng-draw",
         "monkeypatch")  # fmt: skip

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def find_hidden(environment: Environment, trees: Iterable[ast.Module]) -> None:
    """Set the environment's ``callbacks`` and ``operators``; None where they do nothing of note."""
    trees = list(trees)
    environment.makes_items = _makes_items(environment, trees)
    environment.stateful_classes = stateful_classes(environment, trees)
    environment.classes_stay = why_classes_stay(environment, trees)
    called_by_others = list(_escaping(trees, environment))
    if not called_by_others and not any(environment.classes()):
        return
    summaries = Summaries(environment, enclosing=_enclosing_names(trees))
    callbacks = NOTHING
    reads: set[str] = set()
    for node, inner in called_by_others:
        reads |= set(summaries.of(node).when_escaped.reads) & set(environment.bindings)
        callbacks = union(callbacks, _beyond_arguments(node, inner, environment, summaries))
    operators, environment.operators_change = _operators(environment, summaries)
    environment.callback_reads = frozenset(reads)
    if callbacks.writes or callbacks.changes or callbacks.effects:
        environment.callbacks = callbacks
    environment.operators = operators


def _makes_items(environment: Environment, trees: Iterable[ast.Module]) -> bool:
    """Whether looking an item up may make it: there may be a ``defaultdict``."""
    paths = {b.path for bound in environment.bindings.values() for b in bound}
    return "collections.defaultdict" in paths or (
        "collections" in paths and uses_attribute(trees, "defaultdict")
    )


def _escaping(
    trees: Iterable[ast.Module], environment: Environment
) -> Iterator[tuple[FunctionNode, bool]]:
    """Functions that code elsewhere may call, and whether they are defined inside another one."""
    functions = {
        name
        for name, bound in environment.bindings.items()
        if any(isinstance(b.node, (ast.FunctionDef, ast.AsyncFunctionDef)) for b in bound)
    }
    for tree in trees:
        if functions:
            for name in _loaded_names(tree, functions):
                for binding in environment.bindings[name]:
                    if isinstance(binding.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                        yield binding.node, False
        if any(isinstance(node, _FUNCTIONS) for node in walk(tree)):
            yield from _inner_functions(tree, False, kept_functions(tree))


def _loaded_names(tree: ast.Module, functions: set[str]) -> Iterator[str]:
    """Names of functions that are used otherwise than to call them."""
    called: set[int] = set()
    for node in walk(tree):  # a call comes before the name in it
        if isinstance(node, ast.Call):
            called.add(id(node.func))
        elif isinstance(node, ast.Attribute):
            called.add(id(node.value))
        elif isinstance(node, ast.Name) and node.id in functions and id(node) not in called:
            yield node.id


def _inner_functions(
    node: ast.AST, inner: bool, kept: frozenset[int]
) -> Iterator[tuple[FunctionNode, bool]]:
    """Lambdas, methods, decorated functions, and functions in functions that aren't ``kept`` there."""
    for child in children(node):
        if isinstance(child, ast.Lambda):
            yield child, inner
            yield from _inner_functions(child, True, kept)
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            escapes = inner or isinstance(node, ast.ClassDef) or child.decorator_list
            if escapes and id(child) not in kept:
                yield child, inner
            yield from _inner_functions(child, True, kept)
        else:
            yield from _inner_functions(child, inner, kept)


def _enclosing_names(trees: Iterable[ast.Module]) -> dict[int, frozenset[str]]:
    """By the ``id`` of each function in a function, the names that it finds in those around it."""
    found: dict[int, frozenset[str]] = {}
    pending: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset()) for tree in trees]
    while pending:
        node, names = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found[id(node)] = names
            body = [node.body] if isinstance(node, ast.Lambda) else node.body
            bound, global_names, _ = assigned_names(body)
            inside = (names - global_names) | bound | set(argument_names(node.args))
            pending += [(part, inside) for part in body]
            # Defaults and decorators are evaluated outside.
            pending += [(part, names) for part in (node.args, *getattr(node, "decorator_list", ()))]
            continue
        pending += [(child, names) for child in children(node)]
    return {key: names for key, names in found.items() if names}


def _beyond_arguments(
    node: FunctionNode, inner: bool, environment: Environment, summaries: Summaries
) -> CellDataflow:
    """What a call of the function does besides changing what it is given."""
    summary = summaries.of(node)
    facts = summary.when_escaped
    changes = tuple(change for change in facts.changes if "%" not in change.node)
    outer = {change.node for change in changes} | set(facts.writes)
    effects: list[Effect] = []
    kept = set(facts.writes)
    if inner:
        enclosed = {n for n in outer if n not in environment.bindings}
        if enclosed or summary.changes_enclosing or _rebinds_enclosing(node):
            effects.append(
                Effect("ambient", "a function that keeps state between its calls", node.lineno)
            )
        changes = tuple(change for change in changes if change.node not in enclosed)
        kept -= enclosed
    if not inner or not (changes or kept or effects):
        kept = set(facts.writes) & set(environment.bindings)
    if not (changes or kept or effects):
        return NOTHING
    reads = {name: line for name, line in facts.reads.items() if name in environment.bindings}
    return replace(
        facts,
        reads=reads,
        writes=frozenset(kept),
        changes=changes,
        sharing=(),
        effects=tuple(effects),
    )


def _rebinds_enclosing(node: FunctionNode) -> bool:
    return not isinstance(node, ast.Lambda) and bool(assigned_names(node.body)[2])


def _operators(environment: Environment, summaries: Summaries) -> tuple[CellDataflow | None, bool]:
    """What operators, attributes, iteration and the like may do through the notebook's classes.

    And whether they may change their own object.
    """
    found = NOTHING
    own = False
    for definition in environment.classes():
        for method in definition.body:
            if not isinstance(method, ast.FunctionDef) or not _runs_by_itself(method):
                continue
            facts = summaries.of(method).when_escaped
            changes = tuple(change for change in facts.changes if "%" not in change.node)
            effects = tuple(effect for effect in facts.effects if effect.kind in _LOUD)
            if method.name == "__del__":
                effects = (*effects, Effect("ambient", f"{definition.name}.__del__", method.lineno))
            own = (
                own
                or bool(changes or effects or facts.writes)
                or _changes_itself(method, summaries)
            )
            reads = {
                name: line for name, line in facts.reads.items() if name in environment.bindings
            }
            kept = replace(facts, reads=reads, changes=changes, sharing=(), effects=effects)
            found = union(found, kept)
    noteworthy = own or found.reads or found.writes or found.changes or found.effects
    return (found if noteworthy else None), own


def _runs_by_itself(method: ast.FunctionDef) -> bool:
    """Whether Python calls the method without its name being written."""
    special = method.name.startswith("__") and method.name.endswith("__")
    computed = any(
        "property" in ast.unparse(d) or "setter" in ast.unparse(d) for d in method.decorator_list
    )
    return (special and method.name not in tables.SELF_CHANGING) or computed


def _changes_itself(method: ast.FunctionDef, summaries: Summaries) -> bool:
    parameters = argument_names(method.args)
    setter = any(ast.unparse(d).endswith(".setter") for d in method.decorator_list)
    return bool(parameters) and not setter and summaries.of(method).changes_parameters
