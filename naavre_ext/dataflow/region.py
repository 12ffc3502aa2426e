"""Walks statements: the facts of a cell, a loop body or a function body."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.calls import Calls
from naavre_ext.dataflow.environment import FunctionNode
from naavre_ext.dataflow.expressions import argument_names, binary_kind
from naavre_ext.dataflow.recorder import FRESH, Scope, Value, assigned_names


class Region(Calls):
    """Calls with statements. ``ended`` is True after a statement that leaves the region."""

    ended = False
    #: Names surely written at each ``continue`` of the loop that is this region.
    continue_sure: list[set[str]]

    def walk(self, statements: Sequence[ast.stmt]) -> None:
        """Record the facts of the statements, in order."""
        for statement in statements:
            getattr(self, f"_walk_{type(statement).__name__.lower()}", self._walk_other)(statement)

    def _walk_other(self, node: ast.stmt) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.visit(child)

    def _walk_expr(self, node: ast.Expr) -> None:
        self.visit(node.value)

    def _walk_assign(self, node: ast.Assign) -> None:
        value = self.visit(node.value)
        for target in node.targets:
            self._bind_pairwise(target, node.value, value)

    def _bind_pairwise(self, target: ast.expr, source: ast.expr, value: Value) -> None:
        same_shape = (
            isinstance(target, (ast.Tuple, ast.List))
            and isinstance(source, (ast.Tuple, ast.List))
            and len(target.elts) == len(source.elts)
            and not any(isinstance(e, ast.Starred) for e in [*target.elts, *source.elts])
        )
        if same_shape and all(isinstance(e, (ast.Constant, ast.Name)) for e in source.elts):  # type: ignore[attr-defined]
            for part, expression in zip(target.elts, source.elts, strict=True):  # type: ignore[attr-defined]
                self.bind(part, self.visit(expression))
        else:
            self.bind(target, value)

    def _walk_annassign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.bind(node.target, self.visit(node.value))

    def _walk_augassign(self, node: ast.AugAssign) -> None:
        value = self.visit(node.value)
        target = node.target
        if isinstance(target, ast.Name):
            current = self.read(target.id, node.lineno)
            kind = binary_kind(current.kind, node.op, value.kind)
            if current.kind not in tables.IMMUTABLE:
                # A number is bound anew, a list or an array changes: which it is may show at run time only.
                unsure = not current.kind
                how = f"changed by {ast.unparse(node)}"
                self.change(current, node.lineno, how, suspected=unsure)
                if current.node is not None:
                    self.hold(current.node, self._held(value, current))
            self.write(target.id, Value(current.kind or kind, current.node), node.lineno)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            self.visit(ast.copy_location(_as_load(target), target))
            self.store_into(target, value)

    def _held(self, value: Value, fallback: Value) -> str:
        node = self.element(value).node if value.node is not None else fallback.node
        assert node is not None
        return node

    def _walk_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                if self.local_node(target.id) is None:
                    self.read_global(target.id, node.lineno)
                    self.deletes.add(target.id)
                    self.writes.add(target.id)
                    self.sure.discard(target.id)
            elif isinstance(target, (ast.Attribute, ast.Subscript)):
                self.store_into(target, FRESH)

    def _walk_if(self, node: ast.If) -> None:
        self.visit(node.test)
        self._branches([node.body, node.orelse])

    def _branches(self, bodies: Sequence[Sequence[ast.stmt]]) -> None:
        """Alternative bodies: sure afterwards is what every branch that goes on surely writes."""
        before, ended_before = set(self.sure), self.ended
        outcomes: list[set[str]] = []
        self.conditional += 1
        for body in bodies:
            self.sure, self.ended = set(before), False
            self.walk(body)
            if not self.ended:
                outcomes.append(self.sure)
        self.conditional -= 1
        self.sure = set.intersection(*outcomes) if outcomes else before
        self.ended = ended_before or not outcomes

    def _walk_for(self, node: ast.For | ast.AsyncFor) -> None:
        self.costly = True
        items = self.visit(node.iter)
        self.consume(items, node.iter)
        before = set(self.sure)
        self.conditional += 1
        self.bind(node.target, self.element(items))
        self._loop_body(node.body)
        self.conditional -= 1
        self.sure = before
        self._branches([node.orelse, []])

    _walk_asyncfor = _walk_for

    def _loop_body(self, body: Sequence[ast.stmt]) -> None:
        outer = self.__dict__.get("continue_sure")
        self.continue_sure = []
        ended = self.ended
        self.walk(body)
        self.ended = ended
        if outer is not None:
            self.continue_sure = outer

    def _walk_while(self, node: ast.While) -> None:
        self.costly = True
        self.visit(node.test)
        before = set(self.sure)
        self.conditional += 1
        self._loop_body(node.body)
        self.conditional -= 1
        self.sure = before
        self._branches([node.orelse, []])

    def _walk_continue(self, node: ast.Continue) -> None:
        if "continue_sure" in self.__dict__:
            self.continue_sure.append(set(self.sure))
        self.ended = True

    def _walk_break(self, node: ast.Break) -> None:
        self.ended = True

    def _walk_return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.returned(self.visit(node.value))
        self.ended = True

    def returned(self, value: Value) -> None:
        """Called with each returned value; functions collect them."""

    def _walk_raise(self, node: ast.Raise) -> None:
        self._walk_other(node)
        self.ended = True

    def _walk_try(self, node: ast.Try) -> None:
        before = set(self.sure)
        self.conditional += 1
        ended_before = self.ended
        self.ended = False
        self.walk(node.body)
        self.walk(node.orelse)
        outcomes = [] if self.ended else [set(self.sure)]
        for handler in node.handlers:
            self.sure, self.ended = set(before), False
            if handler.type is not None:
                self.visit(handler.type)
            if handler.name:
                self.write(handler.name, FRESH, handler.lineno)
            self.walk(handler.body)
            if handler.name and self.local_node(handler.name) is None:
                self.sure.discard(handler.name)  # Python deletes it at the end of the handler
                self.deletes.add(handler.name)
            if not self.ended:
                outcomes.append(self.sure)
        self.sure = set.intersection(*outcomes) if outcomes else before
        self.ended = ended_before or not outcomes
        self.conditional -= 1
        self.walk(node.finalbody)

    _walk_trystar = _walk_try

    def _walk_with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.visit(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value)
        self.walk(node.body)

    _walk_asyncwith = _walk_with

    def _walk_match(self, node: ast.Match) -> None:
        subject = self.visit(node.subject)
        bodies: list[list[ast.stmt]] = []
        self.conditional += 1
        before = set(self.sure)
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                if isinstance(pattern, (ast.MatchAs, ast.MatchStar)) and pattern.name:
                    self.write(pattern.name, self.element(subject), pattern.lineno)
                elif isinstance(pattern, ast.MatchMapping) and pattern.rest:
                    self.write(pattern.rest, subject, pattern.lineno)
                elif isinstance(pattern, (ast.MatchValue, ast.MatchClass)):
                    self.visit(
                        pattern.value if isinstance(pattern, ast.MatchValue) else pattern.cls
                    )
            if case.guard is not None:
                self.visit(case.guard)
            bodies.append(case.body)
        self.conditional -= 1
        self.sure = before
        self._branches([*bodies, []])

    def _walk_import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            self._imported(alias.name, name, node.lineno)

    def _walk_importfrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                self.effect("star-import", f"from {module} import *", node.lineno)
            else:
                self._imported(module, alias.asname or alias.name, node.lineno)

    def _imported(self, module: str, name: str, line: int) -> None:
        if module.split(".")[0] not in tables.QUIET_IMPORTS:
            self.effect("import", f"import {module}", line)
        self.write(name, FRESH, line)

    def _walk_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        arguments = node.args
        for default in [*arguments.defaults, *[d for d in arguments.kw_defaults if d]]:
            value = self.visit(default)
            if value.node is not None and not self.scopes:
                self.alias(node.name, value.node)
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            if argument.annotation is not None:
                self.visit(argument.annotation)
        if node.returns is not None:
            self.visit(node.returns)
        if self.scopes and not (len(self.scopes) == 1 and self.scopes[0].is_class):
            self.nested_function(node)
        self.write(node.name, Value("function"), node.lineno)

    _walk_asyncfunctiondef = _walk_functiondef

    def walk_function_body(self, node: FunctionNode) -> None:
        """A nested function's body, in the scope that the caller opened."""
        ended = self.ended
        if isinstance(node, ast.Lambda):
            self.visit(node.body)
        else:
            returned, self.returned = self.returned, lambda value: None  # type: ignore[method-assign]
            self.walk(node.body)
            self.returned = returned  # type: ignore[method-assign]
        self.ended = ended

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
        self.write(node.name, Value("class"), node.lineno)

    def timed(self, code: str, node: ast.Call) -> None:
        """``%time statement`` runs the statement in the notebook's namespace."""
        try:
            tree = ast.parse(code)
        except SyntaxError:
            self.effect("opaque", "%time", node.lineno)
            return
        for part in ast.walk(tree):
            if hasattr(part, "lineno"):
                part.lineno = node.lineno
        self.effect("ambient", "%time", node.lineno)
        self.walk(tree.body)

    def _walk_global(self, node: ast.Global) -> None:
        pass

    _walk_nonlocal = _walk_global


def _as_load(target: ast.Attribute | ast.Subscript) -> ast.expr:
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    return ast.Subscript(target.value, target.slice, ast.Load())


def parameters_of(node: FunctionNode) -> list[str]:
    """A function's parameter names, in order."""
    return argument_names(node.args)
