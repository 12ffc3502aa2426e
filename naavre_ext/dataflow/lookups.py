"""Walks attributes and subscripts: what a part of a value shares with the whole, and what looking it up runs."""

from __future__ import annotations

import ast

from naavre_ext.dataflow import shapes, tables
from naavre_ext.dataflow.ambient_objects import is_settings_object
from naavre_ext.dataflow.environment import class_method
from naavre_ext.dataflow.known_methods import METHODS, SUBSCRIPTS
from naavre_ext.dataflow.rebinding import names_main_module
from naavre_ext.dataflow.recorder import FRESH, Value
from naavre_ext.dataflow.table_lookup import function_effects
from naavre_ext.dataflow.tables import Kind
from naavre_ext.dataflow.targets import Targets, root_name

#: Attributes of functions and frames that hold all names of the notebook.
_NAMESPACES = frozenset({"__globals__", "f_globals", "f_locals"})
_NAMES_OF_CLASSES = frozenset({"__name__", "__qualname__", "__module__"})
_PLAIN_TESTS = (ast.Is, ast.IsNot, ast.In, ast.NotIn)


class Lookups(Targets):
    """Recorder that can walk attributes and subscripts."""

    def _visit_attribute(self, node: ast.Attribute) -> Value:
        path = self.module_path(node)
        if path is not None:
            self.visit(node.value)
            if is_settings_object(path):
                return self.temporary("settings")
            if path in tables.NUMBERS:
                return Value("num")
            effects = function_effects(path)
            if effects is None or "unknown" in effects:
                # A module that nobody knows may keep what it is asked for, and go by it.
                return Value("", root_name(node))
            return FRESH
        definition = self.definition_node(node.value) or self.class_asked_for(node.value)
        if definition is not None:
            self.read(definition, node.lineno)
            value = Value("", definition)
        else:
            value = self.visit(node.value)
        if node.attr in _NAMESPACES:
            self.effect("opaque", f".{node.attr}", node.lineno)
        if node.attr == "__class__":
            return self.class_of(node, value)
        if value.kind == "class":
            if node.attr in _NAMES_OF_CLASSES:
                return Value("str")
            if node.attr.startswith("__") and node.attr != "__dict__":
                return Value("class")
            instance = instance_asked(node.value)
            if instance is None or not self.environment.definitions:
                self.effect("monkeypatch", f"an attribute of a class ({node.attr})", node.lineno)
                return Value("class")
            value = self.visit(instance)  # which is one with what its class has that can change
        of_memory = node.attr in tables.OF_MEMORY and value.kind in ("array", "")
        if of_memory and node.attr not in self.environment.set_attributes:
            self.effect("ambient", f".{node.attr}", node.lineno)
        if value.node is None:
            return _plain_attribute(value.kind, node.attr)
        if value.kind == "figure":
            return value
        if self.is_own_data(value, node.attr):
            shape = self.environment.attribute_kinds.get(node.attr, "")
            part = self.temporary(shape)
            assert part.node is not None
            self.hold(value.node, part.node, node.attr)
            holder = self.holder_of(value, node.attr)
            if holder is not None:
                self.read(holder, node.lineno)
                self.hold(holder, part.node, node.attr)
            return Value(shape) if shapes.is_immutable(shape) else part
        got = self.property_value(value, node)
        if got is not None:
            return got
        self.operate(value, node.lineno)
        known = METHODS.get(value.kind)
        shape = known.attributes.get(node.attr, known.attribute) if known is not None else ""
        if shapes.is_immutable(shape):
            return Value(shape)
        part = self.temporary(shape)
        assert part.node is not None
        self.alias(part.node, value.node)
        self.hold(value.node, part.node)
        for name in self._given_by_methods(node.attr):
            self.alias(part.node, name)
        return part

    def _given_by_methods(self, attribute: str) -> list[str]:
        """The names whose objects a method of this name may give, if it is one."""
        found = [class_method(definition, attribute) for definition in self.environment.classes()]
        nodes = [method.node for method in found if method is not None and method.node is not None]
        return sorted({name for node in nodes for name in self.summaries.of(node).gives})

    def class_of(self, node: ast.expr, instance: Value) -> Value:
        """What ``type(x)`` or ``x.__class__`` gives: more than a name if classes hold something."""
        stateful = self.environment.stateful_classes
        known = self.class_asked_for(node)
        if known is not None:
            return Value("", known) if known in stateful else Value("class")
        if not stateful or instance.node is None:
            return Value("class")
        return self.merged([instance])

    def class_asked_for(self, node: ast.expr) -> str | None:
        """Overridden by :class:`Instances`."""
        raise NotImplementedError

    def holder_of(self, value: Value, attribute: str) -> str | None:
        """Overridden by :class:`Instances`."""
        raise NotImplementedError

    def property_value(self, value: Value, node: ast.Attribute) -> Value | None:
        """Overridden by :class:`Calls`."""
        raise NotImplementedError

    def _visit_subscript(self, node: ast.Subscript) -> Value:
        value = self.visit(node.value)
        self.visit(node.slice)
        path = self.module_path(node.value)
        if path == "numpy.mgrid":
            return self.temporary("array<array>" if isinstance(node.slice, ast.Tuple) else "array")
        if path == "sys.modules" and names_main_module(node):
            self.effect("opaque", "sys.modules", node.lineno)
        if value.node is None and value.kind not in ("tuple", "dict", "list"):
            return Value(
                value.shape if isinstance(node.slice, ast.Slice) else shapes.element(value.shape)
            )
        self.operate(value, node.lineno)
        value = self._defaulted(value, node)
        if isinstance(node.slice, ast.Slice):
            if value.kind == "array" or value.node is None:
                return value
            if value.kind in ("list", "tuple"):
                return self.temporary(value.kind, self.contents(value))
        if value.kind in ("array", "frame") and _copies(node.slice):
            return self.temporary(value.kind)  # a mask or a list of places gives a copy
        if value.kind in SUBSCRIPTS:
            return Value(SUBSCRIPTS[value.kind], value.node)
        if value.kind == "array":
            shape = shapes.element(value.shape) if _is_number(node.slice) else ""
            if isinstance(node.slice, ast.Tuple) and any(
                isinstance(e, ast.Slice) for e in node.slice.elts
            ):
                shape = "array"
            return Value(shape, None if shape == "num" else value.node)
        return self._item_at(value, node.slice)

    def _defaulted(self, value: Value, node: ast.Subscript) -> Value:
        """A missing item of a ``defaultdict`` is made as it is looked up."""
        unknown = not value.kind and self.environment.makes_items
        if not unknown and value.kind != "defaultdict":
            return value
        if isinstance(node.ctx, ast.Load):
            how = f"given an item by {ast.unparse(node)}"
            self.change(value, node.lineno, how, suspected=unknown)
            self.run_kept(node.lineno)
        return value if unknown else Value("dict", value.node)

    def _item_at(self, value: Value, index: ast.expr) -> Value:
        """What subscripting a container gives."""
        item = self.element(value)
        held = shapes.parts(value.shape)
        shape = item.shape
        if (
            value.kind == "tuple"
            and isinstance(index, ast.Constant)
            and isinstance(index.value, int)
        ):
            shape = held[index.value] if -len(held) <= index.value < len(held) else item.shape
        elif value.kind == "dict":
            shape = held[1] if len(held) == 2 else ""
            if item.node is None and not shapes.is_immutable(shape) and value.node is not None:
                item = self.temporary("")
                assert item.node is not None
                self.hold(value.node, item.node)
        return Value(shape, None if shapes.is_immutable(shape) else item.node)

    def _visit_slice(self, node: ast.Slice) -> Value:
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.visit(part)
        return FRESH


def instance_asked(node: ast.expr) -> ast.expr | None:
    """The object whose class ``type(x)`` and ``x.__class__`` ask for; None where it isn't such an expression."""
    if isinstance(node, ast.Attribute) and node.attr == "__class__":
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "type":
        return node.args[0] if len(node.args) == 1 and not node.keywords else None
    return None


def _plain_attribute(kind: Kind, attribute: str) -> Value:
    """An attribute of a value that shares nothing."""
    if kind == "path":
        plain = {"parent": "path", "parents": "tuple<path>", "parts": "tuple<str>"}
        return Value(plain.get(attribute, "str"))
    return Value("num") if kind in shapes.NUMBERS else FRESH


def _copies(index: ast.expr) -> bool:
    """Whether an index surely picks by a mask or a list, which copies, rather than by place or name."""
    if isinstance(index, ast.List):
        return True
    return isinstance(index, ast.Compare) and not any(
        isinstance(op, _PLAIN_TESTS) for op in index.ops
    )


def _is_number(node: ast.expr) -> bool:
    """Whether an index is surely a single number."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, int)
