"""Walks what a callee does with the functions, methods and callable objects that it is handed."""

from __future__ import annotations

import ast
from functools import lru_cache

from naavre_ext.dataflow import methods, shapes, tables
from naavre_ext.dataflow.arguments import Arguments
from naavre_ext.dataflow.environment import Binding
from naavre_ext.dataflow.receivers import MethodCalls
from naavre_ext.dataflow.recorder import Value
from naavre_ext.dataflow.table_lookup import lookup

#: Built-ins, library functions and ``.methods`` that call arguments → their positions and keywords.
#: From Python 3.13, NumPy 2.4, SciPy 1.17, pandas 3.1.
CALLED: dict[str, tuple[int | str, ...]] = {
    "map": (0,), "filter": (0,), "sorted": ("key",), "min": ("key",), "max": ("key",), ".sort": ("key",),
    "functools.reduce": (0,), "itertools.accumulate": (1, "func"), "itertools.starmap": (0,),
    "itertools.takewhile": (0,), "itertools.dropwhile": (0,), "itertools.filterfalse": (0,),
    "itertools.groupby": (1, "key"), "heapq.nlargest": (2, "key"), "heapq.nsmallest": (2, "key"),
    "heapq.merge": ("key",), "bisect.*": ("key",), "collections.defaultdict": (0,), "re.sub": (1, "repl"),
    "re.subn": (1, "repl"), "json.dumps": ("default",), "json.loads": ("object_hook", "object_pairs_hook"),
    "numpy.fromfunction": (0,), "numpy.apply_along_axis": (0,), "numpy.apply_over_axes": (0,),
    "numpy.piecewise": (2,), "scipy.optimize.*": (0, "fun", "jac", "callback"),
    "scipy.integrate.*": (0, "fun", "func"),
    ".apply": (0, "func"), ".applymap": (0, "func"), ".map": (0, "func", "arg"), ".agg": (0, "func"),
    ".aggregate": (0, "func"), ".transform": (0, "func"), ".pipe": (0, "func"), ".combine": (1, "func"),
}  # fmt: skip
#: Kinds of what may be given in the place of a function, and of functions that are known as such.
_NOT_FOLLOWED = frozenset({"array", "frame", "accessor", "stateful function"})


@lru_cache(maxsize=4096)
def _places(what: str) -> tuple[int | str, ...]:
    return (lookup(CALLED, what) or ()) if what else ()


class CallBacks(MethodCalls):
    """Method and library calls that follow what their arguments are called for."""

    def call_back(self, what: str, arguments: Arguments) -> None:
        """The calls that ``what`` makes of its arguments: functions are followed where they escape."""
        for place in _places(what):
            if isinstance(place, int):
                given = list(zip(arguments.node.args, arguments.positional, strict=False))
                found = given[place : place + 1]
            else:
                found = [
                    (keyword.value, arguments.keywords[place])
                    for keyword in arguments.node.keywords
                    if keyword.arg == place
                ]
            for node, value in found:
                self._called(what, node, value, arguments)

    def _called(self, what: str, node: ast.expr, value: Value, arguments: Arguments) -> None:
        known = value.node is None or shapes.is_immutable(value.shape)
        if known or isinstance(node, ast.Lambda) or value.node in self.local_functions:
            return
        if value.kind in tables.CONTAINERS or value.kind in _NOT_FOLLOWED:
            return  # a mapping, a list of names, or a function that is followed where it escapes
        if isinstance(node, ast.Name) and self.function_behind(node.id) is not None:
            return
        others = [other for other in arguments.all if other is not value]
        if isinstance(node, ast.Attribute) and self._known_method(node, others):
            return
        if self._run_methods(self.notebook_methods(value, "__call__", None), others, node.lineno):
            return
        text = ast.unparse(node)
        self.may_read(sorted(self.environment.callback_reads), node.lineno)
        if not what.startswith("."):  # a frame's method may as well be given a name or a mapping
            self.effect("unknown", f"{text}()", node.lineno)
        for each in [value, *others]:
            how = f"maybe changed by {text}()"
            self.change(each, node.lineno, how, deep=True, suspected=True)

    def _known_method(self, node: ast.Attribute, others: list[Value]) -> bool:
        """Whether the method behind ``receiver.method`` is known; what it does is recorded."""
        receiver = self.visit(node.value)
        if self._is_pure_method(receiver.kind, node.attr):
            return True
        if node.attr in methods.CONTAINER_CHANGES and receiver.kind in tables.CONTAINERS:
            self.change(receiver, node.lineno, f"changed by .{node.attr}()")
            for other in others:
                for held in (self.element(other), self.element(self.element(other))):
                    if receiver.node is not None and held.node is not None:
                        self.hold(receiver.node, held.node)
            return True
        definition = self.definition_node(node.value)
        found = self.notebook_methods(receiver, node.attr, definition)
        return self._run_methods(found, others, node.lineno)

    def no_arguments(self, line: int) -> Arguments:
        """Those of a method that Python, or code elsewhere, calls at this line."""
        return Arguments(ast.Call(ast.Name("method"), [], [], lineno=line), self)

    def _run_methods(
        self, found: list[tuple[Binding, Value]], others: list[Value], line: int
    ) -> bool:
        bare = self.no_arguments(line)
        for binding, own in found:
            self.notebook_call(binding, bare, own)
            assert binding.node is not None
            if self.summaries.of(binding.node).changes_parameters:
                for other in others:
                    self.change(other, line, "changed by a method", deep=True, suspected=True)
        return bool(found)
