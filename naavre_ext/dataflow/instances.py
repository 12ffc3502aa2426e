"""Instances of the notebook's classes: what making one does, and what their attributes are."""

from __future__ import annotations

import ast

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.arguments import Arguments
from naavre_ext.dataflow.class_state import bound_in, dataclass_fields, has_own_stores, is_own_data
from naavre_ext.dataflow.environment import class_method
from naavre_ext.dataflow.known_calls import MAKING_METHODS
from naavre_ext.dataflow.lookups import instance_asked
from naavre_ext.dataflow.magics import Magics
from naavre_ext.dataflow.recorder import Value


class Instances(Magics):
    """Expressions with the calls of classes."""

    def construct(self, definition: ast.ClassDef, arguments: Arguments) -> Value:
        """A new instance: the constructor runs on it, or its fields hold the arguments."""
        may_change = "__class__" in self.environment.set_attributes
        shape = "" if may_change else f"instance {definition.name}"
        if self._makes_new(definition):
            made = self.temporary(shape)
            self._fill(made, definition, arguments)
        else:
            made = self.merged([self.temporary(shape), *arguments.all])
        if definition.name in self.environment.stateful_classes and made.node is not None:
            if definition.name in self.environment.holding_classes:
                self.hold(made.node, definition.name, "__class__")
            else:
                self.alias(made.node, definition.name)
        own = [self.inherited_method(definition, name) for name in MAKING_METHODS]
        for method in own:
            if method is not None:
                given = arguments.none() if method is own[2] else arguments
                self.notebook_call(method, given, Value(shape, made.node))
        self.absorb(self.summaries.of_fields(definition), arguments.node.lineno, {})
        plain = all(self._is_plain_base(base) for base in definition.bases)
        written = [class_method(definition, name) for name in MAKING_METHODS]
        replaced = any(method is not None and self.is_replaced(method) for method in written)
        if definition.keywords or replaced or not plain:
            self.unknown_call(definition.name, arguments, arguments.node.lineno, made)
        return Value(shape, made.node)

    def _fill(self, made: Value, definition: ast.ClassDef, arguments: Arguments) -> None:
        """The new instance holds the arguments: each in the field that it is for, where that is known.

        What a plain class's own constructor does with them says its summary.
        """
        assert made.node is not None
        if not definition.bases and class_method(definition, "__init__"):
            return
        fields = [] if arguments.spread else dataclass_fields(definition)
        others = [""] * len(arguments.positional)
        given = [*zip([*fields, *others], arguments.positional, strict=False)]
        given += [(name or "", value) for name, value in arguments.keywords.items()]
        for name, value in given:
            if value.node is not None:
                self.hold(made.node, value.node, name if name in fields else "")

    def is_own_data(self, value: Value, attribute: str) -> bool:
        """Whether looking the attribute up runs nothing, and gives what the object holds, not itself."""
        definition = self._class_alone(value)
        if definition is None:
            return False
        return self._makes_new(definition) and is_own_data(definition, attribute)

    def holder_of(self, value: Value, attribute: str) -> str | None:
        """The class in which the instance's attribute may be looked up, where it holds containers of its own."""
        definition = self._class_alone(value)
        if definition is None or definition.name not in self.environment.holding_classes:
            return None
        return definition.name if attribute in bound_in(definition) else None

    def property_value(self, value: Value, node: ast.Attribute) -> Value | None:
        """What a property of one of the notebook's classes gives; None where it isn't surely one."""
        definition = self._class_alone(value)
        if definition is None or self._is_one_with_class(definition):
            return None
        if node.attr in self.environment.set_attributes:
            return None
        method = class_method(definition, node.attr)
        decorators = [] if method is None else self._decorators(method)
        replaced = class_method(definition, "__getattribute__") is not None
        if method is None or decorators != ["property"] or replaced:
            return None
        return self.notebook_call(method, self.no_arguments(node.lineno), value)

    def class_asked_for(self, node: ast.expr) -> str | None:
        """The notebook's class that ``type(x)`` or ``x.__class__`` surely is."""
        instance = instance_asked(node)
        if not isinstance(instance, ast.Name) or "type" in self.environment.bindings:
            return None
        definition = self._class_named(self.read(instance.id, node.lineno), "instance ")
        if definition is None or self.local_node(definition.name) is not None:
            return None
        return definition.name

    def _class_alone(self, value: Value) -> ast.ClassDef | None:
        """The class that the value is surely an instance of, if it rests on no other."""
        definition = self._class_named(value, "instance ")
        return None if definition is None or definition.bases else definition

    def _class_named(self, value: Value, prefix: str) -> ast.ClassDef | None:
        """The one class of the notebook that the value's kind names after the prefix."""
        if not value.kind.startswith(prefix):
            return None
        bound = self.environment.lookup(value.kind.removeprefix(prefix))
        definition = bound[0].node if len(bound) == 1 else None
        return definition if isinstance(definition, ast.ClassDef) else None

    def _is_one_with_class(self, definition: ast.ClassDef) -> bool:
        """Whether a change of an instance may be one of its class."""
        environment = self.environment
        return definition.name in environment.stateful_classes - environment.holding_classes

    def _makes_new(self, definition: ast.ClassDef, *below: ast.ClassDef) -> bool:
        """Whether an instance surely is another object than what it is made of, which it holds at most.

        A list's elements, say, are those of what it is made of; and code that runs when something in the
        instance is set may set it elsewhere.
        """
        if definition.keywords or self._is_one_with_class(definition):
            return False
        if has_own_stores(definition) or definition in below:  # class Stats(Stats)
            return False
        return all(self._is_new_base(base, definition, *below) for base in definition.bases)

    def _is_new_base(self, base: ast.expr, *below: ast.ClassDef) -> bool:
        path = self.module_path(base)
        if path is not None:
            return path in ("abc.ABC", "typing.Generic", "typing.Protocol")
        if not isinstance(base, ast.Name):
            return False
        bound = self.environment.lookup(base.id)
        if not bound:
            return base.id == "object"
        return all(
            isinstance(b.node, ast.ClassDef) and self._makes_new(b.node, *below) for b in bound
        )

    def _is_plain_base(self, base: ast.expr) -> bool:
        """Whether a base class does nothing by itself when an instance is made."""
        path = self.module_path(base)
        if path is not None:
            return path.split(".")[0] in ("abc", "typing", "enum", "collections")
        if not isinstance(base, ast.Name):
            return False
        bound = self.environment.lookup(base.id)
        if not bound:
            return (
                base.id == "object"
                or base.id in tables.EXCEPTIONS
                or base.id in ("dict", "list", "str")
            )
        return all(isinstance(b.node, ast.ClassDef) for b in bound)
