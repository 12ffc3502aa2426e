"""Walks method calls, by the kind of the receiver."""

from __future__ import annotations

import ast
from dataclasses import replace

from naavre_ext.dataflow import methods, shapes, tables
from naavre_ext.dataflow.arguments import Arguments, literal_path, told_how
from naavre_ext.dataflow.environment import Binding, class_method
from naavre_ext.dataflow.known_calls import KnownMethods
from naavre_ext.dataflow.recorder import FRESH, Value
from naavre_ext.dataflow.tables import Kind
from naavre_ext.dataflow.walking import walk


class MethodCalls(KnownMethods):
    """Expressions with method calls."""

    def method_call(self, function: ast.Attribute, node: ast.Call) -> Value:
        """What ``receiver.method(...)`` reads, changes and returns."""
        definition = self.definition_node(function.value) or self.class_asked_for(function.value)
        receiver = self.visit(function.value)
        arguments = Arguments(node, self)
        name, line = function.attr, node.lineno
        if receiver.kind == "defaultdict":  # only subscripts make items
            receiver = Value("dict", receiver.node)
        if definition is not None:  # a class method or a function's own attribute
            receiver = Value("", definition)
        else:
            self.operate(receiver, line)
        found = self.notebook_methods(receiver, name, definition)
        if found:
            return self._join([self.notebook_call(b, arguments, s) for b, s in found])
        if receiver.kind == "none":
            return FRESH
        if self.knows_method(receiver.kind, name):
            return self.known_method(receiver, name, arguments, line)
        if name in methods.CONTAINER_CHANGES and not self._is_pure_method(receiver.kind, name):
            return self._container_change(receiver, name, arguments, line)
        special = getattr(self, f"_{receiver.kind.split(' ')[0]}_method", None)
        if special is not None and receiver.kind in _SPECIAL_KINDS:
            value: Value = special(receiver, name, arguments, line)
            return value
        effect = methods.METHOD_EFFECTS.get(name)
        if effect is not None and receiver.kind in ("frame", "", "array", "accessor"):
            if not self.is_seeded(arguments) or effect != "rng-draw":
                self.world_effect(effect, f".{name}", arguments)
            self.in_place(f".{name}", arguments)
            if effect != "rng-draw":
                result = self.merged([receiver])
                return Value("figure" if effect == "figure" else "", result.node)
        if self._is_pure_method(receiver.kind, name):
            return self._pure_method(receiver, name, arguments, line)
        if name in ("query", "eval"):
            self.read_some_formula(line, marked=True)
        return self.unknown_call(f".{name}", arguments, line, receiver)

    def notebook_call(
        self, binding: Binding, arguments: Arguments, self_value: Value = FRESH, name: str = ""
    ) -> Value:
        """Overridden by :class:`Calls`."""
        raise NotImplementedError

    def notebook_methods(
        self, receiver: Value, name: str, definition: str | None
    ) -> list[tuple[Binding, Value]]:
        """Methods of the notebook's classes that the call may mean, each with its ``self``."""
        if name in self.environment.set_attributes:
            return []
        owner = definition or ""
        if receiver.kind.startswith("instance "):
            owner = receiver.kind.removeprefix("instance ")
        found: list[tuple[Binding, Value]] = []
        for binding in self.environment.lookup(owner) if owner else ():
            if not isinstance(binding.node, ast.ClassDef):
                return []
            method = self.inherited_method(binding.node, name)
            if method is None:
                return []
            found.append((method, self._self_of(method, receiver, definition)))
        return found

    def _self_of(self, method: Binding, receiver: Value, definition: str | None) -> Value:
        decorators = getattr(method.node, "decorator_list", [])
        names = {d.id for d in decorators if isinstance(d, ast.Name)}
        if "staticmethod" in names or (definition is not None and "classmethod" not in names):
            return FRESH
        return receiver

    def inherited_method(self, definition: ast.ClassDef, name: str) -> Binding | None:
        """The method of this name of a class or of its bases in the notebook; None when unsure."""
        pending, seen = [definition], set()
        while pending:
            current = pending.pop(0)
            if id(current) in seen:
                continue
            seen.add(id(current))
            found = class_method(current, name)
            if found is not None:
                cached = not tables.CACHING_DECORATORS.isdisjoint(self._decorators(found))
                return None if self.is_replaced(found) else replace(found, cached=cached)
            for base in current.bases:
                bound = self.environment.lookup(base.id) if isinstance(base, ast.Name) else ()
                nodes = [b.node for b in bound if isinstance(b.node, ast.ClassDef)]
                if len(nodes) != len(bound) or len(nodes) > 1:
                    return None
                pending.extend(nodes)
        return None

    def is_replaced(self, method: Binding) -> bool:
        """Whether a decorator of the method may have put anything in its place."""
        return not all(
            path in tables.TRANSPARENT_DECORATORS
            or path.startswith("numba.")
            or path.endswith((".setter", ".getter", ".deleter"))
            for path in self._decorators(method)
        )

    def _decorators(self, method: Binding) -> list[str]:
        """What a method is decorated with: where that was imported from, else as it is written; or "its own"."""
        listed = getattr(method.node, "decorator_list", ())
        called = [node.func if isinstance(node, ast.Call) else node for node in listed]
        return [self.module_path(node) or self._decorator_here(node) for node in called]

    def _decorator_here(self, node: ast.expr) -> str:
        """A built-in decorator or one of a property's; the notebook may have one by the same name."""
        is_own = isinstance(node, ast.Name) and node.id in self.environment.bindings
        return "its own" if is_own else ast.unparse(node)

    # By the receiver's kind

    def _file_method(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        self.change(receiver, line, f"used by .{name}()")
        kind = {"read": "str", "readline": "str", "readlines": "list", "write": "int"}.get(name, "")
        return self.temporary(kind) if kind in ("", "list") else Value(kind)

    def _rng_method(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        self.change(receiver, line, f"advanced by .{name}()")
        if name == "shuffle" and arguments.positional:
            self.change(arguments.positional[0], line, "shuffled")
        self.in_place(f".{name}", arguments)
        if name == "choice":  # an object that it may be one of
            return self.merged([self.element(value) for value in arguments.all])
        if name in ("random", "normal", "uniform", "standard_normal", "randn", "rand", "integers"):
            scalar = not arguments.positional and not arguments.keywords
            return (
                Value("num")
                if scalar
                else self.temporary("array" if "size" in arguments.keywords else "")
            )
        return self.temporary("", *[self.element(v) for v in arguments.positional])

    def _figure_method(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        self.effect("figure", f".{name}()", line)  # what is drawn stays in the main worker anyway
        self.hand_over(arguments, receiver)
        return Value("figure", receiver.node)

    def _plotter_method(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        self.effect("figure", f".plot.{name}()", line)
        self.hand_over(arguments, receiver)
        return self.temporary("figure", *arguments.all)

    def _path_method(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        known = methods.PATH_METHODS.get(name)
        if known is None:
            return self.unknown_call(f".{name}", arguments, line)
        effect, shape = known
        if effect:
            names = _names_of(arguments.node.func)
            self.effect(
                "outside-read" if effect == "r" else "outside-write",
                told_how(f".{name}", arguments.node),
                line,
                names,
                _own_path(arguments.node) if name in methods.OWN_PATH else None,
            )
        if name == "open":
            return self._path_open(arguments, line)
        return Value(shape) if shapes.is_immutable(shape) else self.temporary(shape)

    def _path_open(self, arguments: Arguments, line: int) -> Value:
        given = [
            *arguments.node.args[:1],
            *[k.value for k in arguments.node.keywords if k.arg == "mode"],
        ]
        mode = (
            given[0].value
            if given and isinstance(given[0], ast.Constant)
            else ("a" if given else "r")
        )
        if isinstance(mode, str) and set(mode) & set("wax+"):
            fixed = set(mode) & set("a+")
            names = () if fixed else _names_of(arguments.node.func)
            self.effect("outside-write", ".open", line, names, _own_path(arguments.node))
        else:
            self.effect("outside-read", ".open", line, path=_own_path(arguments.node))
        return self.temporary("file")

    def _is_pure_method(self, kind: Kind, name: str) -> bool:
        if kind in ("frame", "accessor"):  # or a text in it
            return name in methods.PURE["str"]
        if kind in methods.PURE:
            return name in methods.PURE[kind]
        if kind in methods.PURE_EXCEPT:
            return name not in methods.PURE_EXCEPT[kind]
        if kind.startswith("instance ") or name not in methods.PURE_ANYWHERE:
            return False
        return not any(class_method(definition, name) for definition in self.environment.classes())

    def _pure_method(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        if arguments.has("inplace", True):
            self.change(receiver, line, f"changed by .{name}(inplace=True)")
        self.in_place(f".{name}", arguments)
        self.hand_over(arguments, receiver, f".{name}")
        if name == "pipe":
            self.effect("unknown", ".pipe()", line)
        if receiver.kind == "dict" and name in ("items", "keys", "values"):
            return self._dict_view(receiver, name)
        shape = methods.RESULT_KINDS.get((receiver.kind, name)) or methods.ANY_RESULT_KINDS.get(
            name, ""
        )
        plain = receiver.node is None and receiver.kind in tables.IMMUTABLE
        if shapes.is_immutable(shape) or plain:
            return Value(shape) if shapes.is_immutable(shape) else self.temporary(shape)
        shares = any(arguments.has(k, truth) for k, truth in tables.SHARING_KEYWORDS.items())
        if not shares and _is_fresh_method(receiver.kind, name):
            return self.temporary(shape)
        if receiver.kind == "list" and name == "copy":
            return self.temporary(receiver.shape, self.contents(receiver))
        if receiver.kind in tables.CONTAINERS and name != "get":
            return self.temporary(shape, self.contents(receiver), *arguments.all)
        if receiver.kind == "dict":
            held = shapes.parts(receiver.shape)
            default = arguments.positional[1:] or [Value("none")]
            return self._join([Value(held[1]) if len(held) == 2 and shapes.is_immutable(held[1])
                               else self._item_at(receiver, arguments.node), *default])  # fmt: skip
        if receiver.kind in ("array", "frame", "accessor") and receiver.node is not None:
            view = self.temporary(shape, *arguments.all)
            assert view.node is not None
            self.alias(view.node, receiver.node)
            return view
        merged = self.merged([receiver, *arguments.all])
        return Value(shape, merged.node)

    def _dict_view(self, receiver: Value, name: str) -> Value:
        held = shapes.parts(receiver.shape) or ("", "")
        keys, values = (
            Value(shape, None if shapes.is_immutable(shape) else self.element(Value("dict", receiver.node)).node)
            for shape in (held if len(held) == 2 else ("", ""))
        )  # fmt: skip
        if name == "items":
            shape = shapes.make("tuple", keys.shape, values.shape)
            return self.temporary(shapes.make("items", shape), self.temporary(shape, keys, values))
        chosen = keys if name == "keys" else values
        return self.temporary(shapes.make("view", chosen.shape), chosen)

    def _container_change(
        self, receiver: Value, name: str, arguments: Arguments, line: int
    ) -> Value:
        self.change(receiver, line, f"changed by .{name}()")
        spreads = name in ("extend", "extendleft", "subtract", "intersection_update")
        given = self.entries(arguments) if name == "update" else arguments.all
        for value in given:
            held = self.contents(value) if spreads else value
            if receiver.node is not None and held.node is not None:
                self.hold(receiver.node, held.node)
        self.hand_over(arguments, receiver if name == "sort" else FRESH, f".{name}")
        own = any(class_method(d, name) for d in self.environment.classes())
        known = receiver.kind in (*tables.CONTAINERS, "array", "frame")
        if not known and (own or receiver.kind or name in methods.AMBIGUOUS):
            return self.unknown_call(f".{name}", arguments, line, receiver)
        if name in ("pop", "popitem", "popleft", "setdefault"):
            return self._join([self.contents(receiver), *arguments.positional[1:]])
        return FRESH


_SPECIAL_KINDS = frozenset({"file", "rng", "figure", "plotter", "path"})


def _is_fresh_method(kind: Kind, name: str) -> bool:
    return name in methods.FRESH or (name in methods.COPYING and kind in ("array", "frame"))


def _own_path(node: ast.Call) -> str | None:
    return literal_path([node.func.value]) if isinstance(node.func, ast.Attribute) else None


def _names_of(node: ast.expr) -> set[str]:
    return {n.id for n in walk(node) if isinstance(n, ast.Name)}
