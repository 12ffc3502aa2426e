"""Walks calls: of the notebook's own functions, of known libraries, and of what nobody knows."""

from __future__ import annotations

import ast
from functools import lru_cache

from naavre_ext.dataflow import methods, tables
from naavre_ext.dataflow.environment import Binding
from naavre_ext.dataflow.expressions import Expressions
from naavre_ext.dataflow.recorder import FRESH, Value, is_provided
from naavre_ext.dataflow.tables import Kind
from naavre_ext.model.dataflow import EffectKind


class Arguments:
    """A call's evaluated arguments."""

    def __init__(self, node: ast.Call, walker: Expressions) -> None:
        self.node = node
        self.positional = [walker.visit(argument) for argument in node.args]
        self.keywords = {keyword.arg: walker.visit(keyword.value) for keyword in node.keywords}

    @property
    def all(self) -> list[Value]:
        """Every argument's value."""
        return [*self.positional, *self.keywords.values()]

    def is_true(self, keyword: str) -> bool:
        """Whether the keyword is given and not literally False or None."""
        for given in self.node.keywords:
            if given.arg == keyword:
                return not (isinstance(given.value, ast.Constant) and not given.value.value)
        return False


class Calls(Expressions):
    """Expressions with calls."""

    def visit_call(self, node: ast.Call) -> Value:
        """What the called function reads, changes, does and returns."""
        function = node.func
        self.costly = self.costly or not self._is_quick(function)
        if isinstance(function, ast.Attribute) and _is_shell(function.value):
            self.magic_call(function.attr, node)
            return FRESH
        path = self.module_path(function)
        if path is not None:
            if isinstance(function, ast.Attribute) and not isinstance(function.value, ast.Name):
                self.visit(function.value)
            self.read(_root(function), node.lineno)
            return self.library_call(path, Arguments(node, self))
        if isinstance(function, ast.Name):
            return self._named_call(function, node)
        if isinstance(function, ast.Attribute):
            if isinstance(function.value, ast.Call) and _is_super(function.value):
                self.change(self.read("self", node.lineno), node.lineno, "super() call", deep=True)
                return self._merge(Arguments(node, self).all)
            return self._method_call(function, node)
        self.visit(function)
        return self.unknown_call(ast.unparse(function), Arguments(node, self), node.lineno)

    def _is_quick(self, function: ast.expr) -> bool:
        """Whether the call surely takes next to no time, so that it isn't worth another worker."""
        if isinstance(function, ast.Attribute):
            return function.attr in tables.QUICK_METHODS and self.module_path(function) is None
        name = getattr(function, "id", "")
        rebound = name in self.environment.bindings or self.local_node(name) is not None
        return name in tables.QUICK_BUILTINS and not rebound

    def _named_call(self, function: ast.Name, node: ast.Call) -> Value:
        name, line = function.id, node.lineno
        local = self.local_node(name)
        bound = () if local is not None else tuple(self.environment.bindings.get(name, ()))
        if local is not None or (not bound and not is_provided(name)):
            value = self.read(name, line)
            arguments = Arguments(node, self)
            if value.kind == "function":  # a nested def or lambda: its body counts as run already
                return self._merge(arguments.all)
            return self.unknown_call(name, arguments, line)
        if not bound:
            return self.builtin_call(name, Arguments(node, self), line)
        self.read(name, line)
        arguments = Arguments(node, self)
        results = [self._bound_call(name, binding, arguments) for binding in bound]
        return results[0] if len(results) == 1 else self._join(results)

    def _bound_call(self, name: str, binding: Binding, arguments: Arguments) -> Value:
        line = arguments.node.lineno
        if binding.role == "import":
            return self.library_call(binding.path, arguments)
        if binding.node is not None:
            return self.notebook_call(binding, arguments)
        if binding.kind == "class":
            return self.temporary("", *arguments.all)
        return self.unknown_call(name, arguments, line)

    # The notebook's own functions and classes

    def notebook_call(
        self, binding: Binding, arguments: Arguments, self_value: Value = FRESH
    ) -> Value:
        """Take over the summary of a function that a cell defines."""
        assert binding.node is not None
        line = arguments.node.lineno
        summary = self.summaries.of(binding.node)
        result = self.temporary(summary.kind)
        assert result.node is not None
        values = arguments.positional
        if isinstance(binding.node, ast.ClassDef):
            values = [result, *values]
        elif self_value.node is not None:
            values = [self_value, *values]
        names = {summary.result_node: result.node}
        spread = any(isinstance(a, ast.Starred) for a in arguments.node.args)
        spread = spread or None in arguments.keywords
        for position, (parameter, node) in enumerate(summary.parameters.items()):
            given: list[Value] = []
            if spread or parameter in summary.variadic:
                given = arguments.all
            elif position < len(values):
                given = [values[position]]
            if parameter in arguments.keywords:
                given.append(arguments.keywords[parameter])
            names[node] = self._argument_node(given)
        self.absorb(summary.when_called, line, names)
        if isinstance(binding.node, ast.ClassDef):
            return Value(f"instance {binding.node.name}", result.node)
        return Value(summary.kind, None if summary.kind in tables.IMMUTABLE else result.node)

    def _argument_node(self, given: list[Value]) -> str:
        held = [value for value in given if value.node is not None]
        if len(given) == 1 and held:
            assert held[0].node is not None
            return held[0].node
        bundle = self.temporary("", *held)
        assert bundle.node is not None
        for value in held:
            assert value.node is not None
            self.alias(bundle.node, value.node)
        return bundle.node

    # Libraries

    def library_call(self, path: str, arguments: Arguments) -> Value:
        """A function of an imported module, by the tables."""
        line = arguments.node.lineno
        effects = function_effects(path)
        if effects is None:
            return self.unknown_call(path, arguments, line)
        for effect in effects.split():
            if effect == "change0":
                for value in arguments.positional[:1]:
                    self.change(value, line, f"changed by {path}()")
                    for other in arguments.positional[1:]:
                        if value.node is not None and other.node is not None:
                            self.hold(value.node, other.node)
            else:
                self._world_effect(effect, path, arguments)
        if "out" in arguments.keywords:
            self.change(arguments.keywords["out"], line, f"written by {path}(out=...)")
        self._one_shot(arguments)
        kind = lookup(tables.FUNCTION_KINDS, path) or ""
        if path.split(".")[0] in tables.NUMBER_MODULES and not kind:
            kind = "num"
        if kind in tables.IMMUTABLE:
            return Value(kind)
        if kind == "figure":
            return self.temporary(kind)
        if "dtype" in arguments.keywords and "object" in ast.unparse(arguments.node):
            return self.temporary("", *arguments.all)
        if self._is_fresh(path):
            return self.temporary(kind)
        if kind in ("iterator", "list", "dict"):
            return self.temporary(kind, *[self.element(v) for v in arguments.all])
        merged = self._merge(arguments.all)
        return Value(kind or merged.kind, merged.node)

    def _world_effect(self, effect: str, path: str, arguments: Arguments) -> None:
        if (
            effect == "rng-draw"
            and path.startswith("scipy")
            and "random_state" in arguments.keywords
        ):
            return
        kind: EffectKind = effect  # type: ignore[assignment]
        self.effect(kind, path, arguments.node.lineno, _names(arguments.node.args[:1]))

    def _is_fresh(self, path: str) -> bool:
        if _matches(path, tables.SHARING_FUNCTIONS):
            return False
        return path.split(".")[0] in tables.FRESH_MODULES or _matches(path, tables.FRESH_FUNCTIONS)

    def _one_shot(self, arguments: Arguments) -> None:
        """Iterators given by name are used up; functions given may change the other arguments."""
        for node, value in zip(arguments.node.args, arguments.positional, strict=True):
            self.consume(value, node)
        given = [*arguments.node.args, *[keyword.value for keyword in arguments.node.keywords]]
        if any(self._changes_parameters(node) for node in given):
            for value in arguments.all:
                self.change(value, arguments.node.lineno, "changed by a function", deep=True)

    def _changes_parameters(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Lambda):
            return bool(self.scopes) or self.summaries.of(node).changes_parameters
        if not isinstance(node, ast.Name) or self.local_node(node.id) is not None:
            return False
        bound = self.environment.bindings.get(node.id, ())
        return any(
            b.node is not None and self.summaries.of(b.node).changes_parameters for b in bound
        )

    def magic_call(self, method: str, node: ast.Call) -> None:
        """``%magic`` and ``!command``, as IPython's transformer writes them."""
        texts = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
        name = str(texts[0]) if texts else ""
        if method in ("system", "getoutput"):
            self.effect("outside-write", f"!{name}", node.lineno)
        elif method == "run_line_magic" and name == "time" and isinstance(texts[-1], str):
            self.timed(texts[-1], node)
        elif method == "run_line_magic" and name in tables.SETTING_MAGICS:
            self.effect("settings", f"%{name}", node.lineno)
        else:
            self.effect("opaque", f"%{name}", node.lineno)

    def timed(self, code: str, node: ast.Call) -> None:
        """Overridden by :class:`Region`: the statement after ``%time``."""
        raise NotImplementedError

    # Built-in functions

    def builtin_call(self, name: str, arguments: Arguments, line: int) -> Value:
        """A built-in function, by the tables."""
        if not self.environment.trusted_builtins:
            return self.unknown_call(name, arguments, line)
        if name in tables.EXCEPTIONS:
            return self.temporary("", *arguments.all)
        if name == "open":
            return self._open(arguments, line)
        if name == "next":
            for value in arguments.positional[:1]:
                self.change(value, line, "advanced by next()")
            return self.element(arguments.positional[0]) if arguments.positional else FRESH
        if name == "setattr":
            for value in arguments.positional[:1]:
                self.change(value, line, "changed by setattr()", deep=True)
            return self._merge(arguments.all)
        if name in tables.OPAQUE_BUILTINS:
            self.effect("opaque", f"{name}()", line)
            return self._merge(arguments.all)
        if name not in tables.PURE_BUILTINS:
            return self.unknown_call(name, arguments, line)
        if name == "print" and "file" in arguments.keywords:
            self.effect("outside-write", "print(file=...)", line)
        self._one_shot(arguments)
        kind = tables.PURE_BUILTINS[name]
        if name in tables.FRESH_BUILTINS:
            return Value(kind) if kind in tables.IMMUTABLE or not kind else self.temporary(kind)
        if name in tables.ELEMENT_BUILTINS:
            return self.temporary(kind, *[self.element(v) for v in arguments.all])
        if name in ("sum", "min", "max") and len(arguments.positional) == 1:
            return self.element(arguments.positional[0])
        return self._merge(arguments.all)

    def _open(self, arguments: Arguments, line: int) -> Value:
        mode = arguments.node.args[1] if len(arguments.node.args) > 1 else None
        for keyword in arguments.node.keywords:
            if keyword.arg == "mode":
                mode = keyword.value
        text = mode.value if isinstance(mode, ast.Constant) else ("r" if mode is None else "w")
        reading = isinstance(text, str) and not set(text) & set("wax+")
        self.effect("outside-read" if reading else "outside-write", "open()", line,
                    () if "a" in str(text) or "+" in str(text) else _names(arguments.node.args[:1]))  # fmt: skip
        return self.temporary("file")

    # Methods

    def _method_call(self, function: ast.Attribute, node: ast.Call) -> Value:
        receiver = self.visit(function.value)
        arguments = Arguments(node, self)
        name, line = function.attr, node.lineno
        if receiver.kind.startswith("instance "):
            found = self._instance_method(receiver, name)
            if found is not None:
                return self.notebook_call(found, arguments, receiver)
        if receiver.kind == "none":
            return FRESH
        if name in methods.CONTAINER_CHANGES and not (
            receiver.kind in methods.PURE and name in methods.PURE[receiver.kind]
        ):
            return self._container_change(receiver, name, arguments, line)
        effect = methods.METHOD_EFFECTS.get(name)
        if effect is not None and receiver.kind in ("frame", "", "array", "accessor"):
            if not (name == "sample" and "random_state" in arguments.keywords):
                self._world_effect(effect, f".{name}", arguments)
            if receiver.kind == "frame" or effect != "rng-draw":
                return self._merge([receiver])
        if receiver.kind == "file":
            self.change(receiver, line, f"used by .{name}()")
            return self.temporary("str" if name == "read" else "")
        if receiver.kind == "rng":
            self.change(receiver, line, f"advanced by .{name}()")
            if name == "shuffle" and arguments.positional:
                self.change(arguments.positional[0], line, "shuffled")
            return self.temporary("", *[self.element(v) for v in arguments.positional])
        if receiver.kind == "figure":
            self.effect("figure", f".{name}()", line)
            self.change(receiver, line, f"drawn on by .{name}()", deep=True)
            return self._merge([receiver, *arguments.all])
        if self._is_pure_method(receiver.kind, name):
            return self._pure_method(receiver, name, arguments, line)
        self.effect("unknown", f".{name}()", line)
        self.change(receiver, line, f"maybe changed by .{name}()", deep=True, suspected=True)
        for value in arguments.all:
            self.change(value, line, f"maybe changed by .{name}()", deep=True, suspected=True)
        return self._merge([receiver, *arguments.all])

    def _instance_method(self, receiver: Value, name: str) -> Binding | None:
        for definition in self.environment.classes():
            if f"instance {definition.name}" == receiver.kind:
                return class_method(definition, name)
        return None

    def _is_pure_method(self, kind: Kind, name: str) -> bool:
        if kind in methods.PURE:
            return name in methods.PURE[kind]
        if kind in methods.PURE_EXCEPT:
            return name not in methods.PURE_EXCEPT[kind]
        if kind == "accessor":
            return name in methods.PURE["frame"] or name in methods.PURE["str"]
        if kind.startswith("instance ") or name not in methods.PURE_ANYWHERE:
            return False
        return not any(class_method(definition, name) for definition in self.environment.classes())

    def _pure_method(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        if arguments.is_true("inplace"):
            self.change(receiver, line, f"changed by .{name}(inplace=True)")
        if "out" in arguments.keywords:
            self.change(arguments.keywords["out"], line, f"written by .{name}(out=...)")
        if name == "pipe":
            self.effect("unknown", ".pipe()", line)
        kind = methods.RESULT_KINDS.get((receiver.kind, name)) or methods.ANY_RESULT_KINDS.get(
            name, ""
        )
        if kind in tables.IMMUTABLE or (
            receiver.node is None and receiver.kind in ("str", "int", "float")
        ):
            return Value(kind)
        if name in methods.FRESH or (
            name in methods.COPYING and receiver.kind in ("array", "frame")
        ):
            return self.temporary(kind)
        if receiver.kind in tables.CONTAINERS:
            return self.temporary(kind, self.element(receiver), *arguments.all)
        merged = self._merge([receiver, *arguments.all])
        return Value(kind, merged.node)

    def _container_change(
        self, receiver: Value, name: str, arguments: Arguments, line: int
    ) -> Value:
        self.change(receiver, line, f"changed by .{name}()")
        spreads = name in ("extend", "update", "extendleft", "subtract", "intersection_update")
        for value in arguments.all:
            held = self.element(value) if spreads else value
            if receiver.node is not None and held.node is not None:
                self.hold(receiver.node, held.node)
        self._one_shot(arguments)
        if not receiver.kind.startswith("instance ") and receiver.kind not in tables.CONTAINERS:
            if receiver.kind not in ("", "array"):
                self.effect("unknown", f".{name}()", line)
            if any(class_method(d, name) for d in self.environment.classes()):
                self.effect("unknown", f".{name}()", line)
        if name in ("pop", "popitem", "popleft", "setdefault"):
            return self.element(receiver)
        return FRESH

    # What nobody knows

    def unknown_call(self, what: str, arguments: Arguments, line: int) -> Value:
        """Code that can't be seen: it may change its arguments and the world."""
        self.effect("unknown", f"{what}()", line)
        for value in arguments.all:
            self.change(value, line, f"maybe changed by {what}()", deep=True, suspected=True)
        return self._merge(arguments.all)

    def _merge(self, values: list[Value]) -> Value:
        """A result that may be, hold, or be part of any of the values."""
        held = [value for value in values if value.node is not None]
        if not held:
            return FRESH
        result = self.temporary("")
        assert result.node is not None
        for value in held:
            assert value.node is not None
            self.alias(result.node, value.node)
        self.hold(result.node, result.node)
        return result


def class_method(definition: ast.ClassDef, name: str) -> Binding | None:
    """The method that the class itself defines under this name."""
    for statement in definition.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return Binding("function", node=statement)
    return None


@lru_cache(maxsize=4096)
def function_effects(path: str) -> str | None:
    """The effects of a library function: "" when it has none, None when nobody knows."""
    effects = lookup(tables.FUNCTION_EFFECTS, path)
    if effects is not None:
        return effects
    parts = path.split(".")
    prefixes = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    if prefixes & tables.PURE_MODULES:
        return ""
    if parts[0] in tables.FIGURE_MODULES:
        return "figure"
    return None


def lookup(table: dict[str, str], path: str) -> str | None:
    """The table's entry for a dotted path: exact, else the longest ``prefix*`` that fits."""
    if path in table:
        return table[path]
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[: length - 1])
        stem = f"{prefix}." if prefix else ""
        last = parts[length - 1]
        for cut in range(len(last), -1, -1):
            entry = table.get(f"{stem}{last[:cut]}*")
            if entry is not None:
                return entry
    return None


def _matches(path: str, names: frozenset[str]) -> bool:
    return lookup(dict.fromkeys(names, "x"), path) is not None


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_super(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "super"


def _is_shell(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "get_ipython"
    )


def _names(nodes: list[ast.expr]) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}
