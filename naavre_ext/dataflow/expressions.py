"""Walks expressions: what they read, change, and what their value may share."""

from __future__ import annotations

import ast

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.environment import FunctionNode, join_kinds
from naavre_ext.dataflow.recorder import FRESH, Recorder, Scope, Value, assigned_names
from naavre_ext.dataflow.tables import Kind

_CONSTANT_KINDS: dict[type, Kind] = {
    bool: "bool", int: "int", float: "float", complex: "num", str: "str", bytes: "bytes",
    type(None): "none", type(...): "none",
}  # fmt: skip
_NUMBERS = frozenset({"int", "float", "num", "bool"})
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Expressions(Recorder):
    """Recorder that can walk expressions; calls are in :class:`Calls`."""

    def visit(self, node: ast.expr) -> Value:
        """The abstract value of an expression, its facts recorded."""
        method = getattr(self, f"_visit_{type(node).__name__.lower()}", None)
        if method is not None:
            value: Value = method(node)
            return value
        parts = [
            self.visit(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
        ]
        return self._join(parts)

    def _join(self, parts: list[Value]) -> Value:
        held = [part for part in parts if part.node is not None]
        if not held:
            return Value(join_kinds(part.kind for part in parts))
        joined = self.temporary(join_kinds(part.kind for part in parts))
        assert joined.node is not None
        for part in held:
            assert part.node is not None
            self.alias(joined.node, part.node)
        return joined

    def visit_call(self, node: ast.Call) -> Value:
        """Overridden by :class:`Calls`."""
        raise NotImplementedError

    def _visit_call(self, node: ast.Call) -> Value:
        return self.visit_call(node)

    def _visit_constant(self, node: ast.Constant) -> Value:
        return Value(_CONSTANT_KINDS.get(type(node.value), ""))

    def _visit_name(self, node: ast.Name) -> Value:
        value = self.read(node.id, node.lineno)
        if self.local_node(node.id) is None:
            self.escape(node.id, node.lineno)
        return value

    def escape(self, name: str, line: int) -> None:
        """A function or class used as a value may be called from now on: take its facts over."""
        for binding in self.environment.bindings.get(name, ()):
            if binding.node is not None:
                summary = self.summaries.of(binding.node)
                self.absorb(summary.when_escaped, line, {})

    def _visit_attribute(self, node: ast.Attribute) -> Value:
        value = self.visit(node.value)
        if value.node is None:
            return Value("num") if self.module_path(node) in tables.NUMBERS else FRESH
        if value.kind == "figure":
            return value
        if value.kind in ("str", "int", "float", "num"):
            return FRESH
        part = self.temporary({"frame": "accessor"}.get(value.kind, ""))
        assert part.node is not None
        self.alias(part.node, value.node)
        self.hold(value.node, part.node)
        kind = "array" if value.kind == "array" else part.kind
        if node.attr in (
            "shape",
            "size",
            "ndim",
            "dtype",
            "columns",
            "name",
            "empty",
        ) and value.kind in (
            "array",
            "frame",
        ):
            return Value("int" if node.attr in ("size", "ndim") else "")
        return Value(kind, part.node)

    def _visit_subscript(self, node: ast.Subscript) -> Value:
        value = self.visit(node.value)
        self.visit(node.slice)
        if isinstance(node.slice, ast.Slice) and value.kind in (
            "list",
            "tuple",
            "str",
            "range",
            "array",
        ):
            if value.node is None or value.kind in ("str", "range"):
                return Value(value.kind)
            if value.kind == "array":
                return value
            return self.temporary(value.kind, self.element(value))
        if value.kind in ("array", "frame", "accessor") and value.node is not None:
            return Value("" if value.kind == "array" else "frame", value.node)
        return self.element(value)

    def _visit_slice(self, node: ast.Slice) -> Value:
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.visit(part)
        return FRESH

    def _visit_starred(self, node: ast.Starred) -> Value:
        return self.element(self.visit(node.value))

    def _visit_list(self, node: ast.List) -> Value:
        return self.temporary("list", *[self.visit(e) for e in node.elts])

    def _visit_tuple(self, node: ast.Tuple) -> Value:
        parts = [self.visit(e) for e in node.elts]
        if all(part.node is None for part in parts):
            return Value("tuple")
        return self.temporary("tuple", *parts)

    def _visit_set(self, node: ast.Set) -> Value:
        return self.temporary("set", *[self.visit(e) for e in node.elts])

    def _visit_dict(self, node: ast.Dict) -> Value:
        parts = [self.visit(key) for key in node.keys if key is not None]
        for key, value in zip(node.keys, node.values, strict=True):
            part = self.visit(value)
            parts.append(self.element(part) if key is None else part)
        return self.temporary("dict", *parts)

    def _visit_binop(self, node: ast.BinOp) -> Value:
        left, right = self.visit(node.left), self.visit(node.right)
        kind = binary_kind(left.kind, node.op, right.kind)
        if kind in ("list", "tuple"):
            return self.temporary(kind, *[self.element(v) for v in (left, right) if v.node])
        if kind in _NUMBERS or kind in ("str", "bytes", "array", "frame"):
            return Value(kind, self.temporary(kind).node if kind in ("array", "frame") else None)
        if not _may_concatenate(left.kind, node.op, right.kind):
            return self.temporary("")
        # Unknown operands: lists share their elements with the result, numbers and arrays don't.
        return self.temporary("", *[self.element(v) for v in (left, right) if v.node])

    def _visit_unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return Value("bool")
        return Value(value.kind if value.kind != "bool" else "int")

    def _visit_compare(self, node: ast.Compare) -> Value:
        kinds = {self.visit(part).kind for part in [node.left, *node.comparators]}
        plain = kinds <= (_NUMBERS | {"str", "bytes", "none", "tuple", "list", "dict", "set"})
        identity = all(isinstance(op, (ast.Is, ast.IsNot, ast.In, ast.NotIn)) for op in node.ops)
        return Value("bool" if plain or identity else "")

    def _visit_joinedstr(self, node: ast.JoinedStr) -> Value:
        for part in node.values:
            self.visit(part)
        return Value("str")

    def _visit_formattedvalue(self, node: ast.FormattedValue) -> Value:
        self.visit(node.value)
        if node.format_spec is not None:
            self.visit(node.format_spec)
        return Value("str")

    def _visit_boolop(self, node: ast.BoolOp) -> Value:
        parts = [self.visit(node.values[0])]
        self.conditional += 1
        sure = set(self.sure)
        parts += [self.visit(part) for part in node.values[1:]]
        self.sure = sure
        self.conditional -= 1
        return self._join(parts)

    def _visit_ifexp(self, node: ast.IfExp) -> Value:
        self.visit(node.test)
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
        return self.visit(node.value)

    def _visit_yield(self, node: ast.Yield) -> Value:
        if node.value is not None:
            self.yielded(self.visit(node.value))
        return FRESH

    def _visit_yieldfrom(self, node: ast.YieldFrom) -> Value:
        self.yielded(self.element(self.visit(node.value)))
        return FRESH

    def yielded(self, value: Value) -> None:
        """Called with each yielded value; functions collect them."""

    def _visit_lambda(self, node: ast.Lambda) -> Value:
        self.nested_function(node)
        return Value("function")

    def nested_function(self, node: FunctionNode) -> None:
        """A function defined in here may be called any time: its body counts as run now."""
        arguments = node.args
        for default in [*arguments.defaults, *[d for d in arguments.kw_defaults if d]]:
            self.visit(default)
        if not self.scopes and isinstance(node, ast.Lambda):
            self.absorb(self.summaries.of(node).when_escaped, node.lineno, {})
            return
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        bound, global_names, _ = assigned_names(body)
        scope = Scope(global_names=frozenset(global_names))
        for name in sorted(bound | set(argument_names(arguments))):
            self.new_local(scope, name)
        self.scopes.append(scope)
        self.conditional += 1
        self.walk_function_body(node)
        self.conditional -= 1
        self.scopes.pop()

    def walk_function_body(self, node: FunctionNode) -> None:
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
            for name in sorted(_target_names(generator.target)):
                self.new_local(scope, name)
            self.bind(generator.target, self.element(items))
            for condition in generator.ifs:
                self.visit(condition)
        if isinstance(node, ast.DictComp):
            parts = [self.visit(node.key), self.visit(node.value)]
        else:
            parts = [self.visit(node.elt)]
        self.sure = sure
        self.conditional -= 1
        self.scopes.pop()
        return self.temporary(kind, *parts)

    def consume(self, value: Value, node: ast.expr) -> None:
        """Iterating over a one-shot iterator that has a name uses it up."""
        if value.kind in ("iterator", "file") and isinstance(node, ast.Name):
            self.change(value, node.lineno, "iterated over")

    def bind(self, target: ast.expr, value: Value) -> None:
        """Assign a value to a target: a name, a pattern, an attribute or an element."""
        if isinstance(target, ast.Name):
            self.write(target.id, value, target.lineno)
        elif isinstance(target, (ast.Tuple, ast.List)):
            part = Value("", value.node) if value.kind == "pair" else self.element(value)
            for element in target.elts:
                self.bind(element, part)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, self.temporary("list", value))
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            self.store_into(target, value)

    def store_into(self, target: ast.Attribute | ast.Subscript, value: Value) -> None:
        """``target[...] = value`` or ``target.attr = value``."""
        if isinstance(target, ast.Subscript):
            self.visit(target.slice)
        path = self.module_path(target)
        if path is not None:
            settings = path.startswith(("os.environ", "matplotlib.", "pandas.options", "sys.path"))
            self.effect("settings" if settings else "monkeypatch", path, target.lineno)
            return
        receiver = self.visit(target.value)
        self.change(receiver, target.lineno, f"assigned to as {ast.unparse(target)}")
        if receiver.kind in ("class", "function") and isinstance(target.value, ast.Name):
            name = self.local_node(target.value.id) or target.value.id
            receiver = Value("", name)
            self.change(receiver, target.lineno, f"assigned to as {ast.unparse(target)}", deep=True)
        if receiver.kind != "array" and receiver.node is not None and value.node is not None:
            self.hold(receiver.node, value.node)  # an array copies what is put into it

    def module_path(self, node: ast.expr) -> str | None:
        """The dotted path when the expression reaches into an imported module."""
        while isinstance(node, ast.Subscript):
            node = node.value
        chain: list[str] = []
        while isinstance(node, ast.Attribute):
            chain.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or self.local_node(node.id) is not None:
            return None
        bound = self.environment.bindings.get(node.id, ())
        imports = [b.path for b in bound if b.role == "import"]
        if not imports or len(imports) != len(bound):
            return None
        return ".".join([imports[0], *reversed(chain)])


def binary_kind(left: Kind, op: ast.operator, right: Kind) -> Kind:
    """The kind of ``left op right``; "" when unknown."""
    if "array" in (left, right) and {left, right} <= {"array", *_NUMBERS}:
        return "array"
    if "frame" in (left, right) and {left, right} <= {"frame", "array", "str", *_NUMBERS}:
        return "frame"
    if left in _NUMBERS and right in _NUMBERS:
        if isinstance(op, ast.Div):
            return "float"
        if "float" in (left, right):
            return "float" if "num" not in (left, right) else "num"
        return "int" if {left, right} <= {"int", "bool"} and not isinstance(op, ast.Pow) else "num"
    if isinstance(op, ast.Mod) and left in ("str", "bytes"):
        return left
    if isinstance(op, ast.Add) and left == right and left in ("str", "bytes", "list", "tuple"):
        return left
    if (
        isinstance(op, ast.Mult)
        and {left, right} & {"list", "tuple", "str"}
        and "int" in (left, right)
    ):
        return left if left != "int" else right
    if isinstance(op, ast.Div) and left in ("", "num") and right == "":
        return ""
    return ""


def _may_concatenate(left: Kind, op: ast.operator, right: Kind) -> bool:
    """Whether operands of these kinds may be containers whose elements the result takes over."""
    if isinstance(op, ast.Add):
        return not {left, right} & (_NUMBERS | {"str", "array", "frame"})
    if isinstance(op, ast.Mult):
        return not {left, right} & {"float", "array", "frame"}
    return isinstance(op, ast.BitOr)


def argument_names(arguments: ast.arguments) -> list[str]:
    """All parameter names, in order."""
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    starred = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [a.arg for a in [*plain, *starred]]


def _target_names(target: ast.expr) -> set[str]:
    return {
        n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
