"""Walks calls of built-in functions, by the tables."""

from __future__ import annotations

import ast

from naavre_ext.dataflow import shapes, tables
from naavre_ext.dataflow.arguments import Arguments
from naavre_ext.dataflow.libraries import LibraryCalls
from naavre_ext.dataflow.patching import executed_script, may_patch
from naavre_ext.dataflow.recorder import Value

_SAME_ELEMENTS = frozenset({"list", "set", "frozenset", "sorted", "reversed", "iter", "filter"})


class BuiltinCalls(LibraryCalls):
    """Library calls with those of built-in functions."""

    def builtin_call(self, name: str, arguments: Arguments, line: int) -> Value:
        """A built-in function, by the tables."""
        if not self.environment.trusted_builtins:
            return self.unknown_call(name, arguments, line)
        if name in tables.EXCEPTIONS:
            return self.temporary("", *arguments.all)
        special = getattr(self, f"_builtin_{name}", None)
        if special is not None:
            value: Value = special(arguments, line)
            return value
        if name in tables.OPAQUE_BUILTINS:
            self.effect("opaque", f"{name}()", line)
            if name == "exec":
                self._executed(arguments, line)
            return self.merged(arguments.all)
        if name not in tables.PURE_BUILTINS:
            return self.unknown_call(name, arguments, line)
        self.hand_over(arguments, what=name)
        return self._builtin_result(name, arguments)

    def _executed(self, arguments: Arguments, line: int) -> None:
        for code in arguments.node.args[:1]:
            script = executed_script(code)
            if script is not None:
                patch = self.environment.files.patches.get(script, "exec()")
            else:
                patch = "exec()" if may_patch(code) else ""
            if patch:
                self.effect("monkeypatch", patch, line)

    def _builtin_result(self, name: str, arguments: Arguments) -> Value:
        kind = tables.PURE_BUILTINS[name]
        if name in tables.FRESH_BUILTINS:
            known = kind in tables.IMMUTABLE or not kind
            return Value(kind) if known else self.temporary(kind)
        if name == "dict":
            return self.temporary(kind, *self.entries(arguments))
        parts = [self.element(v) for v in arguments.positional]
        if name in _SAME_ELEMENTS and len(parts) >= 1:
            plain = len(parts) == 1 or name == "filter"
            given = parts[-1:] if plain else parts
            return self.temporary(shapes.make(kind, given[0].shape), *given)
        if name in ("zip", "enumerate"):
            held = [Value("int"), *parts[:1]] if name == "enumerate" else parts
            shape = "tuple" if arguments.spread else shapes.make("tuple", *[p.shape for p in held])
            item = self.temporary(shape, *held)
            return self.temporary(shapes.make("iterator", shape), item)
        if name in tables.ELEMENT_BUILTINS:
            called = arguments.positional[:1] if name == "map" else []
            return self.temporary(kind, *parts, *called, *arguments.keywords.values())
        if name == "sum":
            return self._sum(arguments)
        if name in ("min", "max"):
            given = parts if len(parts) == 1 else arguments.positional
            default = [v for keyword, v in arguments.keywords.items() if keyword == "default"]
            return self._join([*given, *default])
        return self.merged(arguments.all)

    def _sum(self, arguments: Arguments) -> Value:
        """What ``sum`` begins with, if nothing is added to it, else something new of what the elements hold."""
        item = self._join([self.element(value) for value in arguments.positional[:1]])
        start = [*arguments.positional[1:], *arguments.keywords.values()]
        if start:
            kind = start[0].kind if start[0].kind in tables.CONTAINERS else ""
            total = self.temporary(kind, self.part(start[0]), self.part(item))
            return self._join([*start, total])
        return item if item.shape != "bool" else Value("int")

    def _builtin_open(self, arguments: Arguments, line: int) -> Value:
        self.opened("open()", arguments, "r")
        return self.temporary("file")

    def _builtin_next(self, arguments: Arguments, line: int) -> Value:
        for value in arguments.positional[:1]:
            self.change(value, line, "advanced by next()")
            self.operate(value, line)
        items = [self.element(value) for value in arguments.positional[:1]]
        return self._join([*items, *arguments.positional[1:]])

    def _builtin_setattr(self, arguments: Arguments, line: int) -> Value:
        for node, value in arguments.expressions()[:1]:
            definition = self.definition_node(node)
            path = self.module_path(node)
            if definition is not None:
                value = Value("", definition)
            elif path is not None:
                self.assign_in_module(path, line)
                continue
            elif value.kind in ("class", "function", "module"):
                self.effect("monkeypatch", ast.unparse(arguments.node), line)
            self.note_owner(value)
            self.change(value, line, "changed by setattr()", deep=True)
        return self.merged(arguments.all)

    _builtin_delattr = _builtin_setattr

    def _builtin_globals(self, arguments: Arguments, line: int) -> Value:
        self.effect("opaque", "globals()", line)
        return self.temporary("namespace")

    _builtin_get_ipython = _builtin_globals

    def _builtin_locals(self, arguments: Arguments, line: int) -> Value:
        if arguments.all:
            return self.merged(arguments.all)
        if self._in_function():
            return self.temporary("dict")
        self.effect("opaque", "the notebook's own namespace", line)
        return self.temporary("namespace")

    def _builtin_vars(self, arguments: Arguments, line: int) -> Value:
        for node, _ in arguments.expressions()[:1]:
            path = self.module_path(node)
            if path is not None:  # what else would one want them for
                self.assign_in_module(path, line)
            definition = self.definition_node(node) or self.class_asked_for(node)
            if definition is not None:
                return self.merged([Value("", definition)])
        return self._builtin_locals(arguments, line)

    def _builtin_id(self, arguments: Arguments, line: int) -> Value:
        if not self.compares_ids:
            self.effect("ambient", "id(), another number for a copy", line)
        return Value("int")

    def _builtin_type(self, arguments: Arguments, line: int) -> Value:
        self.hand_over(arguments, what="type")
        if len(arguments.all) == 1:
            return self.class_of(arguments.node, arguments.all[0])
        return self._builtin_result("type", arguments)

    def _builtin_dir(self, arguments: Arguments, line: int) -> Value:
        if not arguments.all and not self._in_function():
            self.effect("opaque", "dir()", line)
        return self.temporary("list<str>")

    def _in_function(self) -> bool:
        return any(not scope.is_class for scope in self.scopes)

    def _builtin_input(self, arguments: Arguments, line: int) -> Value:
        self.effect("ambient", "input()", line)
        return Value("str")

    def _is_own_stream(self, arguments: Arguments) -> bool:
        """Whether ``file=`` is the cell's own standard output or error, which keep their order anyway."""
        files = [keyword.value for keyword in arguments.node.keywords if keyword.arg == "file"]
        return all(self.module_path(file) in ("sys.stdout", "sys.stderr") for file in files)

    def _builtin_print(self, arguments: Arguments, line: int) -> Value:
        if "file" in arguments.keywords and not self._is_own_stream(arguments):
            self.effect("ambient", "print(file=...)", line)
            self.change(arguments.keywords["file"], line, "printed to")
        self.hand_over(arguments)
        return Value("none")

    def _builtin_display(self, arguments: Arguments, line: int) -> Value:
        self.hand_over(arguments)
        return self.temporary("") if "display_id" in arguments.keywords else Value("none")
