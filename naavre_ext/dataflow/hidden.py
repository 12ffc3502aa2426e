"""What may run without being called by name: callbacks, and the methods behind operators."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.class_state import (
    exact_selves,
    holding_classes,
    stateful_classes,
    why_classes_stay,
)
from naavre_ext.dataflow.compression import union
from naavre_ext.dataflow.decorators import decorated_parameters
from naavre_ext.dataflow.environment import Environment, FunctionNode
from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.functions import Summaries
from naavre_ext.dataflow.kept_functions import variables_of
from naavre_ext.dataflow.letting_go import letting_go
from naavre_ext.dataflow.mentions import Mentions
from naavre_ext.dataflow.recorder import GIVEN
from naavre_ext.dataflow.summary import NOTHING
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow, Effect, Sharing

#: Effects of operators that must not go unseen.
_LOUD = ("opaque", "outside-read", "outside-write", "settings", "figure", "ambient", "rng-seed", "rng-draw",
         "monkeypatch")  # fmt: skip

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def find_hidden(environment: Environment, mentions: Sequence[Mentions]) -> None:
    """Set the environment's ``callbacks`` and ``operators``; None where they do nothing of note."""
    attributes = frozenset().union(*(each.attributes for each in mentions))
    environment.makes_items = _makes_items(environment, attributes)
    environment.stateful_classes = stateful_classes(environment)
    environment.holding_classes = holding_classes(environment)
    if "__class__" not in environment.set_attributes:
        environment.selves = exact_selves(environment, mentions)
    environment.classes_stay = why_classes_stay(environment, attributes)
    environment.decorated = decorated_parameters(environment, mentions)
    called_by_others = list(_escaping(mentions, environment))
    if not called_by_others and not any(environment.classes()):
        return
    enclosing = {key: names for each in mentions for key, names in each.enclosing.items()}
    summaries = Summaries(environment, enclosing=enclosing)
    callbacks = NOTHING
    reads: set[str] = set()
    for node, inner in called_by_others:
        reads |= set(summaries.of(node).when_escaped.reads) & set(environment.bindings)
        callbacks = union(callbacks, _beyond_arguments(node, inner, environment, summaries))
    operators, environment.operators_change, environment.operators_suspected = _operators(
        environment, summaries
    )
    environment.callback_reads = frozenset(reads)
    if callbacks.writes or callbacks.changes or callbacks.effects:
        environment.callbacks = callbacks
    environment.operators = operators


def _makes_items(environment: Environment, attributes: frozenset[str]) -> bool:
    """Whether looking an item up may make it: there may be a ``defaultdict``."""
    paths = {b.path for bound in environment.bindings.values() for b in bound}
    return "collections.defaultdict" in paths or (
        "collections" in paths and "defaultdict" in attributes
    )


def _escaping(
    mentions: Iterable[Mentions], environment: Environment
) -> Iterator[tuple[FunctionNode, bool]]:
    """Functions that code elsewhere may call, and whether they are defined inside another one."""
    functions = {
        name: nodes
        for name, bound in environment.bindings.items()
        if (nodes := [b.node for b in bound if isinstance(b.node, _DEFINITIONS)])
    }
    for each in mentions:
        for name in each.handed_on:
            for node in functions.get(name, ()):
                yield node, False
        yield from each.unnamed(letting_go(environment, each.called))


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
    """Whether it, or a function in it, may bind a variable of the functions around it."""
    own = variables_of(node)
    inside = (part for part in walk(node) if isinstance(part, ast.Nonlocal))
    return any(not own.issuperset(part.names) for part in inside)


def _operators(
    environment: Environment, summaries: Summaries
) -> tuple[CellDataflow | None, bool, bool]:
    """What operators, attributes, iteration and the like may do through the notebook's classes.

    And whether they may change their own object; and whether that is only suspected.
    """
    found = NOTHING
    own = suspected = False
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
                or _changes_itself(method, summaries, surely=True)
            )
            suspected = suspected or _changes_itself(method, summaries)
            reads = {
                name: line for name, line in facts.reads.items() if name in environment.bindings
            }
            given = tuple(
                Sharing("same", GIVEN, name) for name in sorted(summaries.of(method).gives)
            )
            kept = replace(facts, reads=reads, changes=changes, sharing=given, effects=effects)
            found = union(found, kept)
    noteworthy = own or suspected or found.reads or found.writes or found.changes or found.effects
    return (found if noteworthy else None), own or suspected, not own


def _runs_by_itself(method: ast.FunctionDef) -> bool:
    """Whether Python calls the method without its name being written."""
    special = method.name.startswith("__") and method.name.endswith("__")
    computed = any(
        "property" in ast.unparse(d) or "setter" in ast.unparse(d) for d in method.decorator_list
    )
    return (special and method.name not in tables.SELF_CHANGING) or computed


def _changes_itself(method: ast.FunctionDef, summaries: Summaries, *, surely: bool = False) -> bool:
    parameters = argument_names(method.args)
    setter = any(ast.unparse(d).endswith(".setter") for d in method.decorator_list)
    if not parameters or setter:
        return False
    summary = summaries.of(method)
    return summary.surely_changes_parameters if surely else summary.changes_parameters
