"""What assigning, combining and joining values does; how names lead to modules and definitions."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from naavre_ext.dataflow import shapes
from naavre_ext.dataflow.ambient_objects import is_setting
from naavre_ext.dataflow.environment import Environment, FunctionNode, unpacked
from naavre_ext.dataflow.recorder import FRESH, Recorder, Value
from naavre_ext.dataflow.tables import Kind

if TYPE_CHECKING:
    from naavre_ext.dataflow.functions import Summaries

_NUMBERS = shapes.NUMBERS


@dataclass(frozen=True, slots=True)
class LocalFunction:
    """A function defined inside a function: the nodes of its parameters and of its results."""

    node: FunctionNode
    parameters: dict[str, str]
    result: str


class Targets(Recorder):
    """Recorder that knows local functions and can assign to targets."""

    def __init__(self, environment: Environment, summaries: Summaries) -> None:
        super().__init__(environment, summaries)
        self.local_functions: dict[str | None, LocalFunction] = {}
        self.named_functions: dict[str, LocalFunction | None] = {}

    def write(self, name: str, value: Value, line: int) -> None:
        """Bind a name to a value; a local name that only ever is one local function is known as it."""
        super().write(name, value, line)
        node = self.local_node(name)
        if node is not None:
            found = self.local_functions.get(value.node)
            known = self.named_functions.get(node, found)
            same = found is not None and known is not None and found.node is known.node
            self.named_functions[node] = found if same else None

    def visit(self, node: ast.expr) -> Value:
        """Overridden by :class:`Expressions`."""
        raise NotImplementedError

    def is_own_data(self, value: Value, attribute: str) -> bool:
        """Overridden by :class:`Calls`."""
        raise NotImplementedError

    def _join(self, parts: list[Value]) -> Value:
        """A value that is one of the parts."""
        shape = shapes.join(part.shape for part in parts) if parts else ""
        held = [part.node for part in parts if part.node is not None]
        if not held or shapes.is_immutable(shape):
            return Value(shape)
        if len(held) == len(parts) == 1:
            return Value(shape, held[0])
        joined = self.temporary(shape)
        assert joined.node is not None
        for node in held:
            self.alias(joined.node, node)
        return joined

    def definition_node(self, node: ast.expr) -> str | None:
        """The global name of a function or class that the expression names, for what it holds itself."""
        if not isinstance(node, ast.Name) or self.local_node(node.id) is not None:
            return None
        bound = self.environment.bindings.get(node.id, ())
        self.environment.calls.elsewhere.update(id(b.node) for b in bound)
        return node.id if any(b.node is not None for b in bound) else None

    def combine(self, left: Value, op: ast.operator, right: Value, line: int) -> Value:
        """``left op right``: new, but for lists and for values that remember what they come from."""
        shape = shapes.binary(left.shape, op, right.shape)
        if shapes.is_immutable(shape):
            return Value(shape)
        kind = shapes.head(shape)
        operands = [v for v in (left, right) if v.node is not None]
        for operand in operands:
            self.operate(operand, line)
        if kind in ("list", "tuple"):
            return self.temporary(shape, *[self.element(v) for v in operands])
        if kind in ("array", "frame"):
            return self.temporary(shape)
        unknown = [v for v in operands if not v.kind or v.kind.startswith("instance ")]
        if unknown and self.environment.shares_in_arithmetic:
            return self.merged(operands)
        if not _may_concatenate(left.kind, op, right.kind):
            return self.temporary("")
        # Lists share their elements with the result, numbers and arrays share nothing, not even windows.
        return self.temporary("", *map(self.part, operands))

    def merged(self, values: list[Value]) -> Value:
        """A result that may be, hold, or be part of any of the values."""
        held = [value.node for value in values if value.node is not None]
        if not held:
            return FRESH
        result = self.temporary("")
        assert result.node is not None
        for node in held:
            self.alias(result.node, node)
        self.hold(result.node, result.node)
        return result

    def consume(self, value: Value, node: ast.expr) -> None:
        """Iterating over a one-shot iterator that has a name uses it up."""
        if value.kind in ("iterator", "file") and isinstance(node, ast.Name):
            self.change(value, node.lineno, "iterated over")

    def bind(self, target: ast.expr, value: Value) -> None:
        """Assign a value to a target: a name, a pattern, an attribute or an element."""
        if isinstance(target, ast.Name):
            self.write(target.id, value, target.lineno)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self.operate(value, target.lineno)
            part = self.element(value)
            for element, shape in zip(target.elts, unpacked(value.shape, target.elts), strict=True):
                self.bind(element, Value(shape, None if shapes.is_immutable(shape) else part.node))
        elif isinstance(target, ast.Starred):
            self.bind(target.value, self.temporary("list", value))
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            self.store_into(target, value)

    def store_into(self, target: ast.Attribute | ast.Subscript, value: Value) -> None:
        """``target[...] = value`` or ``target.attr = value``."""
        key = self.visit(target.slice) if isinstance(target, ast.Subscript) else FRESH
        path = self.changed_module(target)
        if path is not None:
            self.visit(target.value)
            self.assign_in_module(path, target.lineno)
            return
        how = f"assigned to as {ast.unparse(target)}"
        definition = self.definition_node(target.value)
        if definition is not None:
            self.read(definition, target.lineno)
            self.change(Value("", definition), target.lineno, how, deep=True)
            receiver = Value("", definition)
        else:
            receiver = self.visit(target.value)
            if isinstance(target, ast.Attribute):
                self.note_owner(receiver)
            if receiver.kind in ("class", "function", "module"):
                self.effect("monkeypatch", ast.unparse(target), target.lineno)
            self.change(receiver, target.lineno, how)
            self.operate(receiver, target.lineno)
        if receiver.kind == "array" or receiver.node is None:
            return  # an array copies what is put into it
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
            value = self.contents(value)  # xs[:] = ys
        if value.node is not None:
            attribute = target.attr if isinstance(target, ast.Attribute) else ""
            is_field = bool(attribute) and self.is_own_data(receiver, attribute)
            self.hold(receiver.node, value.node, attribute if is_field else "")
            if attribute == "__dict__":
                self.alias(receiver.node, value.node)  # whose attributes are its entries then
        if key.node is not None and self.environment.definitions:
            self.hold(receiver.node, key.node)  # other keys are rarely told from copies

    def note_owner(self, value: Value) -> None:
        """An attribute of the value is set: one of unknown kind may be a function."""
        if not value.kind:
            self.environment.unknown_owners = True

    def changed_module(self, target: ast.expr) -> str | None:
        """The dotted path of what an assignment to the target changes, if that belongs to an imported module."""
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            path = self.module_path(target)
            if path is not None:
                return path
            target = target.value
        return None

    def assign_in_module(self, path: str, line: int) -> None:
        """Something that belongs to an imported module is changed."""
        if path.startswith(("sys.modules", "__main__")):
            self.effect("opaque", path, line)
        self.effect("settings" if is_setting(path) else "monkeypatch", path, line)

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


def _may_concatenate(left: Kind, op: ast.operator, right: Kind) -> bool:
    """Whether operands of these kinds may be containers whose elements the result takes over."""
    if isinstance(op, ast.Add):
        return not {left, right} & (_NUMBERS | {"str", "array", "frame"})
    if isinstance(op, ast.Mult):
        return not {left, right} & {"float", "array", "frame"}
    return isinstance(op, ast.BitOr)


def root_name(node: ast.expr) -> str:
    """The name that attributes and items are taken of; "" where that is no name."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
