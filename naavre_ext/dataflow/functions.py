"""Summaries of the notebook's functions and classes: what calling one does to the caller."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.dataflow.calls import class_method
from naavre_ext.dataflow.environment import Environment, FunctionNode
from naavre_ext.dataflow.recorder import Scope, Value, assigned_names
from naavre_ext.dataflow.region import Region, parameters_of
from naavre_ext.dataflow.tables import Kind
from naavre_ext.model.dataflow import CellDataflow

_NOTHING = CellDataflow({}, frozenset(), frozenset(), frozenset(), frozenset(), (), (), (), False)
#: A chain of calls deeper than this is cut by treating the function as recursive.
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Summary:
    """What a call does, in terms of nodes that stand for the parameters and the result.

    ``when_escaped`` are the facts when the function itself is handed on and called by others.
    ``variadic`` parameters collect several arguments.
    ``changes_parameters`` says that it changes something that it was given.
    """

    when_called: CellDataflow = _NOTHING
    when_escaped: CellDataflow = _NOTHING
    parameters: dict[str, str] = field(default_factory=dict)
    variadic: frozenset[str] = frozenset()
    result_node: str = "%result"
    kind: Kind = ""
    changes_parameters: bool = False


class _FunctionRegion(Region):
    """A function's body; collects what it returns."""

    def __init__(self, environment: Environment, summaries: Summaries) -> None:
        super().__init__(environment, summaries)
        self.results: list[Value] = []
        result = self.temporary("").node
        assert result is not None
        self.result_node = result

    def returned(self, value: Value) -> None:
        self.results.append(value)
        if value.node is not None:
            self.alias(self.result_node, value.node)

    def yielded(self, value: Value) -> None:
        if value.node is not None:
            self.hold(self.result_node, value.node)


class Summaries:
    """Summaries on demand; recursive functions are iterated to a fixed point."""

    def __init__(self, environment: Environment, kinds_only: bool = False) -> None:
        self.environment = environment
        self._kinds_only = kinds_only
        self._known: dict[int, Summary] = {}
        self._running: dict[int, Summary] = {}
        self._nodes: dict[int, ast.AST] = {}
        self._recursive: set[int] = set()

    def of(self, node: FunctionNode | ast.ClassDef) -> Summary:
        """The summary of a function, or of making an instance of a class."""
        key = id(node)
        if self._kinds_only:
            return Summary()
        if key in self._known:
            return self._known[key]
        if key in self._running:
            self._recursive.add(key)
            return self._running[key]
        self._nodes[key] = node
        self._running[key] = summary = Summary()
        for _ in range(_ROUNDS):
            before, summary = summary, self._summarise(node)
            self._running[key] = summary
            if key not in self._recursive or _shape(before) == _shape(summary):
                break
        del self._running[key]
        # Inside a cycle the partners' summaries were taken while still incomplete: don't keep those.
        if not self._recursive & set(self._running):
            self._known[key] = summary
        return summary

    def _summarise(self, node: FunctionNode | ast.ClassDef) -> Summary:
        if isinstance(node, ast.ClassDef):
            return self._summarise_class(node)
        region = _FunctionRegion(self.environment, self)
        body: list[ast.stmt] | list[ast.expr]
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        bound, global_names, _ = assigned_names(body)
        scope = Scope(global_names=frozenset(global_names))
        region.scopes.append(scope)
        parameters = {name: region.new_local(scope, name) for name in parameters_of(node)}
        for name in sorted(bound - set(parameters)):
            region.new_local(scope, name)
        region.conditional = 1
        if isinstance(node, ast.Lambda):
            region.returned(region.visit(node.body))
        else:
            region.walk(node.body)
            region.walk(node.body)  # once more, now that the kinds of all locals are known
        facts = replace(region.dataflow(), sure=frozenset(), required=frozenset())
        arguments = node.args
        starred = [a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None]
        generator = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in _own_nodes(node))
        kinds = {value.kind for value in region.results}
        kind = kinds.pop() if len(kinds) == 1 else ""
        if generator:
            kind = "iterator"
        elif isinstance(node, ast.AsyncFunctionDef):
            kind = ""
        return Summary(
            when_called=facts,
            when_escaped=facts,
            parameters=parameters,
            variadic=frozenset(starred),
            result_node=region.result_node,
            kind=kind,
            changes_parameters=_changes_parameters(facts, parameters.values()),
        )

    def _summarise_class(self, node: ast.ClassDef) -> Summary:
        """Making an instance runs the constructor; every method may run later on."""
        escaped = _NOTHING
        for statement in node.body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                facts = self.of(statement).when_escaped
                escaped = _union(escaped, facts)
        for base in node.bases:
            if isinstance(base, ast.Name):
                for binding in self.environment.bindings.get(base.id, ()):
                    if isinstance(binding.node, ast.ClassDef) and binding.node is not node:
                        escaped = _union(escaped, self.of(binding.node).when_escaped)
        constructor = class_method(node, "__init__") or class_method(node, "__post_init__")
        if (
            constructor is None
            or constructor.node is None
            or isinstance(constructor.node, ast.ClassDef)
        ):
            return Summary(when_called=escaped, when_escaped=escaped, variadic=frozenset({"*"}),
                           parameters={"*": "%result"})  # fmt: skip
        made = self.of(constructor.node)
        return replace(made, when_called=_union(made.when_called, escaped), when_escaped=escaped)


def _changes_parameters(facts: CellDataflow, parameters: Iterable[str]) -> bool:
    graph = AliasGraph()
    share(graph, facts.sharing)
    given = graph.reach(parameters)
    return any(graph.changed_by(change.node, change.deep) & given for change in facts.changes)


def _union(first: CellDataflow, second: CellDataflow) -> CellDataflow:
    return replace(
        first,
        reads={**first.reads, **second.reads},
        writes=first.writes | second.writes,
        deletes=first.deletes | second.deletes,
        changes=tuple(dict.fromkeys([*first.changes, *second.changes])),
        sharing=tuple(dict.fromkeys([*first.sharing, *second.sharing])),
        effects=tuple(dict.fromkeys([*first.effects, *second.effects])),
    )


def _shape(summary: Summary) -> tuple[object, ...]:
    """What must stop growing before a recursive summary is complete (nodes are renamed each round)."""
    facts = summary.when_called
    changed = {c.node for c in facts.changes if "%" not in c.node}
    parameters = {
        p for p, n in summary.parameters.items() if any(c.node == n for c in facts.changes)
    }
    effects = {(e.kind, e.what) for e in facts.effects}
    return (set(facts.reads), facts.writes, changed, parameters, effects, summary.kind)


def _own_nodes(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    pending = list(ast.iter_child_nodes(node))
    while pending:
        child = pending.pop()
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        found.append(child)
        pending.extend(ast.iter_child_nodes(child))
    return found
