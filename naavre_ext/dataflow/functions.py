"""Summaries of the notebook's functions and classes: what calling one does to the caller."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from naavre_ext.dataflow import shapes
from naavre_ext.dataflow.arguments import Arguments
from naavre_ext.dataflow.class_state import is_of_class
from naavre_ext.dataflow.compression import compressed, union
from naavre_ext.dataflow.effect_places import by_parameters
from naavre_ext.dataflow.environment import Binding, Environment, FunctionNode, class_method
from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.function_syntax import (
    always_returns,
    function_body,
    has_later_code,
    is_generator,
)
from naavre_ext.dataflow.known_calls import MAKING_METHODS
from naavre_ext.dataflow.own_names import own_names
from naavre_ext.dataflow.recorder import FRESH, Scope, Value, assigned_names
from naavre_ext.dataflow.region import Region
from naavre_ext.dataflow.summary import (
    NOTHING,
    Summary,
    changes_any,
    form,
    given,
    unknown,
    without_own_changes,
)
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow, EffectKind, Sharing

#: Recursive functions whose summaries still grow after so many rounds count as unknown code.
_ROUNDS = 8
#: Effects of code that may keep what it is given, or give what others have.
_UNSEEN: tuple[EffectKind, ...] = ("opaque", "unknown", "star-import", "history", "monkeypatch")
#: Walks of a body until the kinds of its local names are known.
_WALKS = 4


class FunctionRegion(Region):
    """A function's body; collects what it returns, and whether all that it calls is over when it returns."""

    def __init__(self, environment: Environment, summaries: Summaries) -> None:
        super().__init__(environment, summaries)
        self.calls_later = False
        self.results: list[Value] = []
        result = self.temporary("").node
        assert result is not None
        self.result_node = result

    def returned(self, value: Value) -> None:
        """The call's result may be this value."""
        self.results.append(value)
        if value.node is not None:
            self.alias(self.result_node, value.node)

    def yielded(self, value: Value) -> None:
        """The call's result, a generator, may give this value."""
        if self.__dict__.get("result_of_nested") is not None:
            self.nested_result(value)
        elif value.node is not None:
            self.hold(self.result_node, value.node)

    def notebook_call(
        self, binding: Binding, arguments: Arguments, self_value: Value = FRESH, name: str = ""
    ) -> Value:
        """A generator, say, changes things while its result is iterated over."""
        if isinstance(binding.node, FunctionNode):
            self.calls_later = self.calls_later or self.summaries.of(binding.node).runs_later
        return super().notebook_call(binding, arguments, self_value, name)

    def _called(self, what: str, node: ast.expr, value: Value, arguments: Arguments) -> None:
        self.calls_later = True  # ``map(xs.append, ys)`` does so when somebody asks for its items
        super()._called(what, node, value, arguments)

    def operate(self, value: Value, line: int) -> None:
        """Operators may hand out iterators that change things."""
        self.calls_later = self.calls_later or self.environment.operators_change
        super().operate(value, line)


class Summaries:
    """Summaries on demand; functions that call one another are iterated to a fixed point.

    ``_known`` are final. ``_drafts`` belong to a recursion under way, ``_fresh`` are those of its present round.
    """

    def __init__(
        self,
        environment: Environment,
        kinds_only: bool = False,
        enclosing: Mapping[int, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        self.environment = environment
        self._kinds_only = kinds_only
        #: By a function's ``id``, the names that it finds in the functions around it.
        self._enclosing = enclosing
        self._known: dict[int, Summary] = {}
        self._drafts: dict[int, Summary] = {}
        self._fresh: set[int] = set()
        self._running: list[int] = []
        self._recursive = False

    def of(self, node: FunctionNode | ast.ClassDef) -> Summary:
        """The summary of a function, or of a class's constructor."""
        if self._kinds_only:
            return Summary()
        for nested in self.environment.files.nested.values():
            if nested.node is node:
                return nested.summary
        key = id(node)
        if key in self._known:
            return self._known[key]
        if key in self._running:
            self._recursive = True
            return self._drafts.get(key, Summary())
        if key in self._fresh:
            return self._drafts[key]
        if self._running:
            return self._draft(node)
        return self._fixed_point(node)

    def _draft(self, node: FunctionNode | ast.ClassDef) -> Summary:
        self._running.append(id(node))
        summary = self._summarise(node)
        self._running.pop()
        self._drafts[id(node)] = summary
        self._fresh.add(id(node))
        return summary

    def _fixed_point(self, node: FunctionNode | ast.ClassDef) -> Summary:
        self._recursive = False
        before: dict[int, tuple[object, ...]] = {}
        for _ in range(_ROUNDS):
            self._fresh.clear()
            self._draft(node)
            if not self._recursive:
                break
            after = {key: form(summary) for key, summary in self._drafts.items()}
            if after == before:
                break
            before = after
        else:
            self._drafts = {key: unknown(summary) for key, summary in self._drafts.items()}
        self._known.update(self._drafts)
        self._drafts.clear()
        self._fresh.clear()
        return self._known[id(node)]

    def _summarise(self, node: FunctionNode | ast.ClassDef) -> Summary:
        if isinstance(node, ast.ClassDef):
            return self._summarise_class(node)
        region = FunctionRegion(self.environment, self)
        return self._finished(node, region, self.walk_body(node, region))

    def walk_body(self, node: FunctionNode, region: FunctionRegion) -> dict[str, str]:
        """Walks the function's body in the new region; returns the nodes of its parameters."""
        body = function_body(node)
        bound, global_names, _ = assigned_names(body)
        around, scope = Scope(), Scope(global_names=frozenset(global_names))
        for name in sorted(self._enclosing.get(id(node), ())):
            region.new_local(around, name)
        region.scopes += [around, scope] if around.names else [scope]
        parameters = {name: region.new_local(scope, name) for name in argument_names(node.args)}
        region.body_of = (node, parameters)
        known = self.environment.parameters.get(id(node), {})
        for name, parameter in parameters.items():
            region.local_kinds[parameter] = known.get(name, "")
        owner = self.environment.selves.get(id(node))
        if owner is not None and parameters:
            kind = "class" if is_of_class(node) else "instance"
            region.local_kinds[next(iter(parameters.values()))] = f"{kind} {owner}"
        for name in sorted(bound - set(parameters)):
            region.new_local(scope, name)
        region.conditional = 1
        self._walk(region, node, scope)
        return parameters

    def _walk(self, region: FunctionRegion, node: FunctionNode, scope: Scope) -> None:
        """Walk the body until the kinds of its local names don't change any more."""
        if isinstance(node, ast.Lambda):
            region.returned(region.visit(node.body))
            return
        for _ in range(_WALKS):
            before = {n: region.local_kinds.get(n) for n in scope.names.values()}
            region.results.clear()
            region.walk(node.body)
            if before == {n: region.local_kinds.get(n) for n in scope.names.values()}:
                return
        region.local_kinds.update(dict.fromkeys(scope.names.values(), ""))
        region.walk(node.body)

    def _finished(
        self, node: FunctionNode, region: FunctionRegion, parameters: dict[str, str]
    ) -> Summary:
        arguments = node.args
        starred = [a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None]
        if is_generator(node):
            shape = "iterator"
        elif isinstance(node, ast.AsyncFunctionDef) or not region.results:
            shape = ""
        else:
            shape = shapes.join(value.shape for value in region.results)
            if not isinstance(node, ast.Lambda) and not always_returns(node):
                shape = shapes.join((shape, "none"))
        interface = [*parameters.values(), region.result_node]
        facts = region.dataflow()
        around = {name: n for scope in region.scopes[:-1] for name, n in scope.names.items()}
        enclosing = [*around.values()]
        stateless = self.environment.decorated.get(id(node), frozenset())
        others = [n for name, n in around.items() if name not in stateless]
        changes_enclosing = changes_any(facts, others) or changes_any(facts, enclosing, surely=True)
        runs_later = (
            region.calls_later
            or isinstance(node, (ast.AsyncFunctionDef, ast.Lambda))
            or has_later_code(node)
        )
        if not runs_later and not facts.has(*_UNSEEN):
            own_variables = self._own_variables(node, region, parameters)
            facts = without_own_changes(facts, [*parameters.values(), *enclosing], own_variables)
        facts = replace(facts, effects=by_parameters(facts.effects, node, parameters))
        facts = compressed(facts, interface)
        defaulted = self._changeable_defaults(node)
        escaped = facts
        if defaulted and not isinstance(node, ast.Lambda):
            kept = tuple(Sharing("same", parameters[p], node.name) for p in defaulted)
            escaped = replace(facts, sharing=(*facts.sharing, *kept))
        return Summary(
            when_called=facts,
            when_escaped=escaped,
            parameters=parameters,
            variadic=frozenset(starred),
            defaulted=defaulted,
            result_node=region.result_node,
            shape=shape,
            changes_parameters=changes_any(facts, parameters.values()),
            surely_changes_parameters=changes_any(facts, parameters.values(), surely=True),
            runs_later=runs_later,
            changes_enclosing=changes_enclosing,
            gives=frozenset() if shapes.is_immutable(shape) else given(facts, region.result_node),
        )

    def _own_variables(
        self, node: FunctionNode, region: FunctionRegion, parameters: Mapping[str, str]
    ) -> frozenset[str]:
        """Nodes of the variables that only ever stand for containers that the call makes."""
        if not isinstance(node, ast.FunctionDef) or not self.environment.trusted_builtins:
            return frozenset()
        names = region.scopes[-1].names
        known = {*names, *self.environment.bindings}
        found = own_names(node, frozenset(names) - set(parameters), lambda n: n not in known)
        return frozenset(names[name] for name in found)

    def _changeable_defaults(self, node: FunctionNode) -> tuple[str, ...]:
        """Parameters whose default is an object that a call could change."""
        arguments = node.args
        plain = [*arguments.posonlyargs, *arguments.args]
        pairs = list(zip(reversed(plain), reversed(arguments.defaults), strict=False))
        pairs += [
            (a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d
        ]
        found = []
        for argument, default in pairs:
            shape = Region(self.environment, self).visit(default).shape
            if not shapes.is_immutable(shape) and not _is_fixed(default):
                found.append(argument.arg)
        return tuple(sorted(found))

    def _summarise_class(self, node: ast.ClassDef) -> Summary:
        """Whoever gets the class may make instances: what its constructor does to the world."""
        escaped = self.of_fields(node)
        for name in MAKING_METHODS:
            method = class_method(node, name)
            if method is not None and isinstance(method.node, ast.FunctionDef):
                escaped = union(escaped, self.of(method.node).when_escaped)
        return Summary(when_called=escaped, when_escaped=escaped)

    def of_fields(self, node: ast.ClassDef) -> CellDataflow:
        """What functions do that a class's body hands on: ``field(default_factory=lambda: next(ids))``."""
        values = [
            s.value for s in node.body if isinstance(s, (ast.Assign, ast.AnnAssign)) and s.value
        ]
        found = NOTHING
        for part in [part for value in values for part in walk(value)]:
            for function in self.environment.functions(part):
                found = union(found, self.of(function).when_escaped)
        return found


def _is_fixed(default: ast.expr) -> bool:
    """Whether it stands for what can't change: a number, say, or a tuple of such."""
    if isinstance(default, ast.Tuple):
        return all(map(_is_fixed, default.elts))
    return isinstance(default, ast.Constant)
