"""Walks definitions: imports, functions, classes, and the code after ``%time``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.calls import Calls
from naavre_ext.dataflow.class_state import bound_in
from naavre_ext.dataflow.environment import FunctionNode
from naavre_ext.dataflow.recorder import FRESH, Scope, Value, assigned_names
from naavre_ext.dataflow.source import timed_tree

#: What a cell can import from ``__future__`` so that later cells are compiled otherwise.
_FEATURES = frozenset({"annotations", "barry_as_FLUFL"})


class Definitions(Calls):
    """Calls with definitions. ``ended`` is True after a statement that leaves the region."""

    ended = False
    #: Whether annotations are evaluated when somebody asks for them, if ever.
    postponed = sys.version_info >= (3, 14)

    def annotation(self, node: ast.expr | None) -> None:
        """What an annotation of a global, a parameter or a result reads."""
        if node is None or (self.scopes and not self.scopes[-1].is_class):
            return
        self.conditional += self.postponed
        self.visit(node)
        self.conditional -= self.postponed

    def walk(self, statements: Sequence[ast.stmt]) -> None:
        """Overridden by :class:`Region`."""
        raise NotImplementedError

    def _walk_import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            self._imported(alias.name, name, node.lineno)
            self._patched(self.environment.files.patch_by(alias.name), node.lineno)

    def _walk_importfrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        names = [alias.name for alias in node.names]
        self._patched(self.environment.files.patch_by(module, names), node.lineno)
        if module == "__future__" and {alias.name for alias in node.names} & _FEATURES:
            self.effect("settings", "from __future__ import", node.lineno)
        for alias in node.names:
            if alias.name == "*":
                exported = self.environment.star_names(module)
                for name in exported or ():
                    self._imported(module, name, node.lineno)
                if exported is None:
                    self.effect("star-import", f"from {module} import *", node.lineno)
            else:
                self._imported(module, alias.asname or alias.name, node.lineno)

    def _imported(self, module: str, name: str, line: int) -> None:
        if module.split(".")[0] not in tables.QUIET_IMPORTS | {"pylab"}:
            self.effect("import", f"import {module}", line)
        self.write(name, FRESH, line)
        self.forget_shapes([name])

    def _patched(self, what: str, line: int) -> None:
        """Code in another file, which runs or may be called from now on, changes this of modules."""
        if what:
            self.effect("monkeypatch", what, line)

    def _walk_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        arguments = node.args
        outermost = not self.scopes or (len(self.scopes) == 1 and self.scopes[0].is_class)
        if outermost:
            for default in [*arguments.defaults, *[d for d in arguments.kw_defaults if d]]:
                value = self.visit(default)
                if value.node is not None and not self.scopes:
                    self.hold(node.name, value.node)
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            self.annotation(argument.annotation)
        self.annotation(node.returns)
        value = Value("function") if outermost else self.nested_function(node)
        if node.decorator_list and not self.environment.bindings.get(node.name, ()) and outermost:
            value = Value("")
        if self.local_node(node.name) is None and node.decorator_list:
            self._decorated(node)
        self.write(node.name, value, node.lineno)

    _walk_asyncfunctiondef = _walk_functiondef

    def _decorated(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A decorator that is no plain one gets the function and may call it."""
        if not any(b.node is node for b in self.environment.bindings.get(node.name, ())):
            self.absorb(self.summaries.of(node).when_escaped, node.lineno, {})
            self.effect("unknown", f"@{ast.unparse(node.decorator_list[0])}", node.lineno)

    def walk_function_body(self, node: FunctionNode, result: str) -> None:
        """A nested function's body, in the scope that the caller opened."""
        ended, outer = self.ended, self.__dict__.get("result_of_nested")
        self.result_of_nested: str | None = result
        if isinstance(node, ast.Lambda):
            self.nested_result(self.visit(node.body))
        else:
            self.walk(node.body)
        self.ended, self.result_of_nested = ended, outer

    def nested_result(self, value: Value) -> None:
        """A nested function returns or yields the value."""
        if value.node is not None and self.result_of_nested is not None:
            self.alias(self.result_of_nested, value.node)
            self.hold(self.result_of_nested, value.node)

    def _walk_classdef(self, node: ast.ClassDef) -> None:
        for expression in [*node.bases, *[k.value for k in node.keywords], *node.decorator_list]:
            self.visit(expression)
        bound, global_names, _ = assigned_names(node.body)
        scope = Scope(is_class=True, global_names=frozenset(global_names))
        for name in sorted(bound):
            self.new_local(scope, name)
        self.scopes.append(scope)
        self.conditional += 1
        self.walk(node.body)
        self.conditional -= 1
        self.scopes.pop()
        own = self.local_node(node.name) or node.name
        for name in sorted(bound_in(node) & scope.names.keys()):
            self.hold(own, scope.names[name], name)
        self.write(node.name, Value("class"), node.lineno)
        stateful = self.environment.stateful_classes
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in stateful and not self.scopes:
                self.alias(node.name, base.id)  # it looks up what the base is given later

    def timed(self, node: ast.Call) -> bool:
        """``%time statement`` runs the statement in the notebook's namespace, ``%timeit`` in a function."""
        tree = timed_tree(node)
        if tree is None:
            return False
        text = ast.unparse(node.args[0])
        self.effect("ambient", f"%{text.strip(chr(39))}", node.lineno)
        if "timeit" not in text:
            self.walk(tree.body)
            return True
        bound, global_names, _ = assigned_names(tree.body)
        scope = Scope(global_names=frozenset(global_names))
        for name in sorted(bound):
            self.new_local(scope, name)
        self.scopes.append(scope)
        self.walk(tree.body)
        self.scopes.pop()
        return True
