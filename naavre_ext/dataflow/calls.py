"""Walks calls: who is called, and what the notebook's own functions and classes do."""

from __future__ import annotations

import ast

from naavre_ext.dataflow import shapes, tables
from naavre_ext.dataflow.arguments import Arguments
from naavre_ext.dataflow.environment import Binding, FunctionNode, is_ipython_call
from naavre_ext.dataflow.instances import Instances
from naavre_ext.dataflow.patching import sets_attribute
from naavre_ext.dataflow.recorder import FRESH, Value, is_provided
from naavre_ext.dataflow.table_lookup import lookup
from naavre_ext.dataflow.targets import LocalFunction, root_name


class Calls(Instances):
    """Expressions with all calls. ``body_of`` is the function whose body this is, with its parameters' nodes."""

    body_of: tuple[FunctionNode, dict[str, str]] | None = None

    def visit_call(self, node: ast.Call) -> Value:
        """What the called function reads, changes, does and returns: what it has written to, where it is told."""
        result = self._call(node)
        targets = [k.value for k in node.keywords if k.arg == "out"]
        path = self.module_path(node.func)
        position = lookup(tables.OUT_POSITIONS, path) if path is not None else None
        targets += node.args[position:] if position else []
        written = [value for value in map(self.visit, targets) if value.node is not None]
        if not written:
            return result
        is_array = all(value.kind == "array" for value in written)
        inside = [self.element(value) for value in written if value.kind != "array"]
        return Value("array" * is_array, self.merged([result, *written, *inside]).node)

    def _call(self, node: ast.Call) -> Value:
        function = node.func
        self.costly = self.costly or not self._is_quick(function)
        if isinstance(function, ast.Attribute) and is_ipython_call(node):
            self.magic_call(function.attr, node)
            return FRESH
        path = self.module_path(function)
        if path is not None:
            if isinstance(function, ast.Attribute) and not isinstance(function.value, ast.Name):
                self.visit(function.value)
            self.read(root_name(function), node.lineno)
            return self.library_call(path, Arguments(node, self))
        if isinstance(function, ast.Name):
            return self._named_call(function, node)
        asked = self.class_asked_for(function)
        if asked is not None:
            return self._named_call(ast.copy_location(ast.Name(asked), function), node)
        if isinstance(function, ast.Attribute):
            if isinstance(function.value, ast.Call) and _is_super(function.value):
                return self._super_call(function, node)
            if sets_attribute(function) and self._is_builtin(function.value):
                return self.builtin_call("setattr", Arguments(node, self), node.lineno)
            return self.method_call(function, node)
        callee = self.visit(function)
        arguments = Arguments(node, self)
        if callee.node in self.local_functions:
            return self._local_call(self.local_functions[callee.node], arguments)
        return self.unknown_call(ast.unparse(function), arguments, node.lineno, callee)

    def _is_builtin(self, node: ast.expr) -> bool:
        """Whether the name is a built-in's, as nothing else is bound to it."""
        name = getattr(node, "id", "")
        return name not in self.environment.bindings and self.local_node(name) is None

    def _is_quick(self, function: ast.expr) -> bool:
        """Whether the call surely takes next to no time, so that it isn't worth another worker."""
        if isinstance(function, ast.Attribute):
            return function.attr in tables.QUICK_METHODS and self.module_path(function) is None
        name = getattr(function, "id", "")
        return name in tables.QUICK_BUILTINS and self._is_builtin(function)

    def _named_call(self, function: ast.Name, node: ast.Call) -> Value:
        name, line = function.id, node.lineno
        local = self.local_node(name)
        bound = () if local is not None else self.environment.lookup(name)
        if local is not None or (not bound and not is_provided(name)):
            callee = self.read(name, line)
            arguments = Arguments(node, self)
            found = self.function_behind(name)
            if found is not None:
                return self._local_call(found, arguments)
            definition = self._class_named(callee, "class ")
            if definition is not None:
                return self.construct(definition, arguments)
            return self.unknown_call(name, arguments, line, callee)
        if not bound:
            return self.builtin_call(name, Arguments(node, self), line)
        callee = self.read(name, line)
        arguments = Arguments(node, self)
        return self._join([self._bound_call(name, b, arguments, callee) for b in bound])

    def _bound_call(
        self, name: str, binding: Binding, arguments: Arguments, callee: Value
    ) -> Value:
        if binding.role == "import":
            return self.library_call(binding.path, arguments)
        if isinstance(binding.node, FunctionNode):
            self._note_arguments(binding.node, arguments)
        if binding.node is not None:
            return self.notebook_call(binding, arguments, name=name)
        if binding.cached:
            self.effect("ambient", f"{name}(), which keeps its results", arguments.node.lineno)
        if binding.shape in ("callable", "expr"):
            self.hand_over(arguments)
            if binding.shape == "expr":
                return Value("expr")
            self.run_kept(arguments.node.lineno)  # np.vectorize(f) runs f
            return self.temporary("")
        if binding.shape == "class":  # a namedtuple
            return self.temporary("", *arguments.all)
        if not callee.node:
            callee = Value("", name)
        found = self.notebook_methods(callee, "__call__", None)
        if found:
            return self._join([self.notebook_call(b, arguments, own) for b, own in found])
        return self.unknown_call(name, arguments, arguments.node.lineno, callee)

    # The notebook's own functions and classes

    def _note_arguments(self, function: FunctionNode, arguments: Arguments) -> None:
        """Remember the shapes of what a function is given."""
        calls, parameters = self.environment.calls, function.args
        if arguments.spread or parameters.vararg or parameters.kwarg or parameters.posonlyargs:
            calls.elsewhere.add(id(function))
            return
        given = calls.given.setdefault(id(function), {})
        names = [a.arg for a in parameters.args]
        shapes_given = {k: v.shape for k, v in arguments.keywords.items() if k is not None}
        shapes_given.update(zip(names, (v.shape for v in arguments.positional), strict=False))
        passed_on = self._passed_on(function, arguments.node)
        for name in [*names, *(a.arg for a in parameters.kwonlyargs)]:
            if name in passed_on:
                given.setdefault(name, set())
            elif name in shapes_given:
                given.setdefault(name, set()).add(shapes_given[name])
            else:
                given.setdefault(name, set()).add(self._default_shape(function, name))

    def _passed_on(self, function: FunctionNode, call: ast.Call) -> set[str]:
        """The parameters that a recursive call gives again: these are of no other kind by that."""
        if self.body_of is None or self.body_of[0] is not function:
            return set()
        pairs = [(a.arg, given) for a, given in zip(function.args.args, call.args, strict=False)]
        pairs += [(keyword.arg or "", keyword.value) for keyword in call.keywords]
        nodes = self.body_of[1]
        return {
            name
            for name, given in pairs
            if isinstance(given, ast.Name)
            and given.id == name
            and self.local_node(name) == nodes.get(name)
        }

    def _default_shape(self, function: FunctionNode, name: str) -> str:
        """The shape of a parameter's default, where it is a constant."""
        names = [a.arg for a in function.args.args]
        pairs = dict(zip(reversed(names), reversed(function.args.defaults), strict=False))
        only = [a.arg for a in function.args.kwonlyargs]
        pairs.update((a, d) for a, d in zip(only, function.args.kw_defaults, strict=True) if d)
        default = pairs.get(name)
        plain = default.operand if isinstance(default, ast.UnaryOp) else default  # -1
        return self.visit(default).shape if default and isinstance(plain, ast.Constant) else ""

    def notebook_call(
        self, binding: Binding, arguments: Arguments, self_value: Value = FRESH, name: str = ""
    ) -> Value:
        """Take over the summary of a function or class that a cell defines."""
        assert binding.node is not None
        if isinstance(binding.node, ast.ClassDef):
            return self.construct(binding.node, arguments)
        name = name or binding.path  # a method's defaults stay with its class
        summary = self.summaries.of(binding.node)
        result = self.temporary(summary.shape)
        assert result.node is not None
        names = self._matched(summary.parameters, summary.variadic, arguments, self_value)
        for parameter in summary.defaulted:
            if summary.parameters[parameter] not in names and name:
                names[summary.parameters[parameter]] = name  # the default's object stays
        names[summary.result_node] = result.node
        if binding.cached and name:
            self.hold(name, result.node)
            self.alias(name, result.node)
            self.change(Value("", name), arguments.node.lineno, "called, and keeps its result")
        own = [*summary.parameters][:1] if self_value.node is not None else []
        given: dict[str, set[str]] = {}
        if own == ["self"] or (not own and not {"self", "cls"} & set(summary.parameters)):
            others = [p for p in summary.parameters if p not in own]
            given = arguments.names_given(others, summary.variadic)
        self.absorb(summary.when_called, arguments.node.lineno, names, given)
        return Value(summary.shape, None if shapes.is_immutable(summary.shape) else result.node)

    def _matched(
        self,
        parameters: dict[str, str],
        variadic: frozenset[str],
        arguments: Arguments,
        self_value: Value = FRESH,
    ) -> dict[str, str]:
        """Parameter nodes → nodes of what the call gives for them, as far as it gives any."""
        names: dict[str, str] = {}
        values = arguments.positional
        own = [self_value] if self_value.node is not None else []
        for position, (parameter, node) in enumerate(parameters.items(), -len(own)):
            given = [*own] if position < 0 else []
            if (arguments.spread and position >= 0) or parameter in variadic:
                given = [*given, *values, *arguments.keywords.values()]
            elif 0 <= position < len(values):
                given = [values[position]]
            if parameter in arguments.keywords:
                given.append(arguments.keywords[parameter])
            if given:
                names[node] = self._argument_node(given, bundle=parameter in variadic)
        return names

    def _argument_node(self, given: list[Value], bundle: bool) -> str:
        held = [value.node for value in given if value.node is not None]
        if len(given) == 1 and held and not bundle:
            return held[0]
        whole = self.temporary("").node
        assert whole is not None
        for node in held:
            self.alias(whole, node)
            self.hold(whole, node)
        return whole

    def _local_call(self, function: LocalFunction, arguments: Arguments) -> Value:
        """A function defined in here: its body counts as run, with these arguments among others."""
        starred = [a.arg for a in (function.node.args.vararg, function.node.args.kwarg) if a]
        variadic = frozenset(starred)
        matched = self._matched(function.parameters, variadic, arguments)
        for parameter, node in sorted(matched.items()):
            self.alias(parameter, node)
        return Value("", function.result)

    def _super_call(self, function: ast.Attribute, node: ast.Call) -> Value:
        """``super().method(...)`` may be that of any class of the notebook, or unknown code."""
        arguments = Arguments(node, self)
        receiver = self.read("self" if self.local_node("self") else "cls", node.lineno)
        found = [class_method for d in self.environment.classes()
                 if (class_method := self.inherited_method(d, function.attr)) is not None]  # fmt: skip
        results = [self.notebook_call(method, arguments, receiver) for method in found]
        harmless = function.attr == "__init__" and not arguments.all
        if not found and not harmless:
            results.append(
                self.unknown_call(f"super().{function.attr}", arguments, node.lineno, receiver)
            )
        return self._join(results) if results else FRESH


def _is_super(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "super"
