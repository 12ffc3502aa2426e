"""Walks expressions: what they read, change, and what their value may share."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from naavre_ext.dataflow import shapes
from naavre_ext.dataflow.environment import FunctionNode
from naavre_ext.dataflow.function_syntax import function_body
from naavre_ext.dataflow.lookups import Lookups
from naavre_ext.dataflow.recorder import FRESH, Scope, Value, assigned_names
from naavre_ext.dataflow.tables import Kind
from naavre_ext.dataflow.targets import LocalFunction
from naavre_ext.dataflow.walking import children, walk

_CONSTANT_KINDS: dict[type, Kind] = {
    bool: "bool", int: "int", float: "float", complex: "num", str: "str", bytes: "bytes",
    type(None): "none", type(...): "none",
}  # fmt: skip
_NUMBERS = shapes.NUMBERS
_COMPARABLE = _NUMBERS | {
    "str",
    "bytes",
    "none",
    "tuple",
    "list",
    "dict",
    "defaultdict",
    "set",
    "path",
}
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Expressions(Lookups):
    """Recorder that can walk expressions; calls are in :class:`Calls`.

    ``compares_ids`` says that it is within ``id(a) == id(b)``, which holds for copies of both as well.
    """

    compares_ids = False

    def visit(self, node: ast.expr) -> Value:
        """The abstract value of an expression, its facts recorded."""
        method = getattr(self, f"_visit_{type(node).__name__.lower()}", None)
        if method is not None:
            value: Value = method(node)
            return value
        parts = [self.visit(child) for child in children(node) if isinstance(child, ast.expr)]
        return self._join(parts)

    def visit_call(self, node: ast.Call) -> Value:
        """Overridden by :class:`Calls`."""
        raise NotImplementedError

    def _visit_call(self, node: ast.Call) -> Value:
        return self.visit_call(node)

    def _visit_constant(self, node: ast.Constant) -> Value:
        return Value(_CONSTANT_KINDS.get(type(node.value), ""))

    def _visit_name(self, node: ast.Name) -> Value:
        value = self.read(node.id, node.lineno)
        if self.local_node(node.id) is not None:
            return value
        given = self.escape(node.id, node.lineno)
        if node.id in self.environment.stateful_classes:
            value = Value("", node.id)
        own = set() if value.node is None else {value.node}
        return self._giving(given | own) if given else value

    def escape(self, name: str, line: int) -> set[str]:
        """A function or class used as a value may be called from now on: take its facts over.

        Returns the names whose objects it may give.
        """
        self.called_elsewhere(name)
        given: set[str] = set()
        for binding in self.environment.bindings.get(name, ()):
            if binding.node is not None:
                summary = self.summaries.of(binding.node)
                self.absorb(summary.when_escaped, line, {})
                given |= summary.gives
        return given

    def _giving(self, names: Iterable[str]) -> Value:
        """A function that is, or gives whoever calls it, objects of these names."""
        made = self.temporary("stateful function")
        assert made.node is not None
        for name in sorted(names):
            self.alias(made.node, name)
        return made

    def called_elsewhere(self, name: str) -> None:
        """The function of this name, if it is one, may be called by code that can't be seen."""
        for binding in self.environment.bindings.get(name, ()):
            self.environment.calls.elsewhere.add(id(binding.node))

    def _visit_starred(self, node: ast.Starred) -> Value:
        value = self.visit(node.value)
        self.operate(value, node.lineno)
        return self.element(value)

    def _visit_list(self, node: ast.List) -> Value:
        return self._display("list", [self.visit(e) for e in node.elts])

    def _visit_set(self, node: ast.Set) -> Value:
        return self._display("set", [self.visit(e) for e in node.elts])

    def _display(self, kind: Kind, parts: list[Value]) -> Value:
        held = shapes.join(part.shape for part in parts) if parts else ""
        return self.temporary(shapes.make(kind, held), *parts)

    def _visit_tuple(self, node: ast.Tuple) -> Value:
        parts = [self.visit(e) for e in node.elts]
        starred = any(isinstance(e, ast.Starred) for e in node.elts)
        shape = "tuple" if starred else shapes.make("tuple", *[part.shape for part in parts])
        if all(part.node is None for part in parts):
            return Value(shape)
        return self.temporary(shape, *parts)

    def _visit_dict(self, node: ast.Dict) -> Value:
        keys = [self.visit(key) for key in node.keys if key is not None]
        values = [
            self.contents(self.visit(value)) if key is None else self.visit(value)
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        plain = bool(keys) and len(keys) == len(values)
        held = (
            [shapes.join(part.shape for part in side) for side in (keys, values)] if plain else []
        )
        return self.temporary(shapes.make("dict", *held), *keys, *values)

    def _visit_binop(self, node: ast.BinOp) -> Value:
        left, right = self.visit(node.left), self.visit(node.right)
        self.costly = self.costly or isinstance(node.op, ast.MatMult)
        return self.combine(left, node.op, right, node.lineno)

    def _visit_unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.visit(node.operand)
        self.operate(value, node.lineno)
        if isinstance(node.op, ast.Not):
            return Value("bool")
        if not value.kind and self.environment.shares_in_arithmetic:
            return self.merged([value])
        kind = value.kind if value.kind in (*_NUMBERS, "array", "frame", "expr") else ""
        return Value(kind if kind != "bool" else "int")

    def _visit_compare(self, node: ast.Compare) -> Value:
        self.compares_ids = all(map(is_id, (node.left, *node.comparators)))
        values = [self.visit(part) for part in [node.left, *node.comparators[:1]]]
        self.conditional += 1
        sure = set(self.sure)
        values += [self.visit(part) for part in node.comparators[1:]]
        self.sure = sure
        self.conditional -= 1
        self.compares_ids = False
        for value in values:
            self.operate(value, node.lineno)
        plain = {value.kind for value in values} <= _COMPARABLE
        identity = all(isinstance(op, (ast.Is, ast.IsNot, ast.In, ast.NotIn)) for op in node.ops)
        return Value("bool" if plain or identity else "")

    def _visit_joinedstr(self, node: ast.JoinedStr) -> Value:
        for part in node.values:
            self.visit(part)
        return Value("str")

    def _visit_formattedvalue(self, node: ast.FormattedValue) -> Value:
        self.operate(self.visit(node.value), node.lineno)
        if node.format_spec is not None:
            self.visit(node.format_spec)
        return Value("str")

    def test(self, node: ast.expr) -> Value:
        """A value whose truth is asked for, which may run its ``__bool__`` or ``__len__``."""
        value = self.visit(node)
        self.operate(value, node.lineno)
        return value

    def _visit_boolop(self, node: ast.BoolOp) -> Value:
        parts = [self.test(node.values[0])]
        self.conditional += 1
        sure = set(self.sure)
        parts += [self.test(part) for part in node.values[1:]]
        self.sure = sure
        self.conditional -= 1
        return self._join(parts)

    def _visit_ifexp(self, node: ast.IfExp) -> Value:
        self.test(node.test)
        self.conditional += 1
        sure = set(self.sure)
        parts = [self.visit(node.body), self.visit(node.orelse)]
        self.sure = sure
        self.conditional -= 1
        return self._join(parts)

    def _visit_namedexpr(self, node: ast.NamedExpr) -> Value:
        value = self.visit(node.value)
        # In a comprehension the target belongs to the scope around it.
        self.write(node.target.id, value, node.lineno)
        return value

    def _visit_await(self, node: ast.Await) -> Value:
        self.run_generators(node.lineno)  # a coroutine, which is one
        return self.visit(node.value)

    def _visit_yield(self, node: ast.Yield) -> Value:
        if node.value is not None:
            self.yielded(self.visit(node.value))
        return FRESH

    def _visit_yieldfrom(self, node: ast.YieldFrom) -> Value:
        value = self.visit(node.value)
        self.operate(value, node.lineno)
        self.yielded(self.element(value))
        return FRESH

    def yielded(self, value: Value) -> None:
        """Called with each yielded value; functions collect them."""

    def _visit_lambda(self, node: ast.Lambda) -> Value:
        return self.nested_function(node)

    def nested_function(self, node: FunctionNode) -> Value:
        """The value of a function defined in here, which may be called any time: its body counts as run now.

        The value holds on to what the body refers to.
        """
        defaults = [*node.args.defaults, *[d for d in node.args.kw_defaults if d]]
        given = [self.visit(default) for default in defaults]
        if not self.scopes and isinstance(node, ast.Lambda):
            summary = self.summaries.of(node)
            self.absorb(summary.when_escaped, node.lineno, {})
            return self._giving(summary.gives) if summary.gives else Value("function")
        body = function_body(node)
        bound, global_names, _ = assigned_names(body)
        scope = Scope(global_names=frozenset(global_names))
        parameters = argument_names(node.args)
        for name in sorted(bound | set(parameters)):
            self.new_local(scope, name)
        closure = self.temporary("", *given)
        assert closure.node is not None
        for name in sorted({n.id for part in body for n in walk(part) if isinstance(n, ast.Name)}):
            outer = self.local_node(name)
            if outer is not None and name not in scope.names:
                self.hold(closure.node, outer)
        for name in parameters:  # a default's object stays from call to call
            for value in given:
                if value.node is not None:
                    self.alias(scope.names[name], value.node)
        result = self.temporary("").node
        assert result is not None
        own = LocalFunction(node, {name: scope.names[name] for name in parameters}, result)
        self.local_functions[closure.node] = own
        named = None if isinstance(node, ast.Lambda) else self.local_node(node.name)
        if named is not None:  # it may call itself
            self.named_functions.setdefault(named, own)
        self.scopes.append(scope)
        self.conditional += 1
        now, self.shapes_now = self.shapes_now, None
        self.walk_function_body(node, result)
        self.shapes_now = now
        self.conditional -= 1
        self.scopes.pop()
        return closure

    def walk_function_body(self, node: FunctionNode, result: str) -> None:
        """Overridden by :class:`Region`."""
        raise NotImplementedError

    def _visit_listcomp(self, node: ast.ListComp) -> Value:
        return self._comprehension(node, "list")

    def _visit_setcomp(self, node: ast.SetComp) -> Value:
        return self._comprehension(node, "set")

    def _visit_generatorexp(self, node: ast.GeneratorExp) -> Value:
        return self._comprehension(node, "iterator")

    def _visit_dictcomp(self, node: ast.DictComp) -> Value:
        return self._comprehension(node, "dict")

    def _comprehension(self, node: Comprehension, kind: Kind) -> Value:
        self.costly = True
        first = self.visit(node.generators[0].iter)
        self.consume(first, node.generators[0].iter)
        scope = Scope()
        self.scopes.append(scope)
        self.conditional += 1
        sure = set(self.sure)
        for position, generator in enumerate(node.generators):
            items = first if position == 0 else self.visit(generator.iter)
            self.operate(items, node.lineno)
            for name in sorted(_target_names(generator.target)):
                self.new_local(scope, name)
            self.bind(generator.target, self.element(items))
            for condition in generator.ifs:
                self.test(condition)
        if isinstance(node, ast.DictComp):
            parts = [self.visit(node.key), self.visit(node.value)]
        else:
            parts = [self.visit(node.elt)]
        self.sure = sure
        self.conditional -= 1
        self.scopes.pop()
        return self.temporary(shapes.make(kind, *[part.shape for part in parts]), *parts)


def argument_names(arguments: ast.arguments) -> list[str]:
    """All parameter names, in order."""
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    starred = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [a.arg for a in [*plain, *starred]]


def is_id(node: ast.AST) -> bool:
    """Whether it is a call ``id(...)``, as it is written."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id"


def _target_names(target: ast.expr) -> set[str]:
    return {n.id for n in walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
