"""What each global name of a notebook may be bound to: modules, functions, classes, values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.tables import Kind

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Binding:
    """One way a name gets its value. ``path`` is the dotted name of an import."""

    role: Literal["import", "function", "class", "value"]
    path: str = ""
    node: FunctionNode | ast.ClassDef | None = None
    kind: Kind = ""


@dataclass(slots=True)
class Environment:
    """All bindings of all cells, regardless of order: a sound over-approximation.

    ``trusted_builtins`` is False after a star import of an unknown module or other code that may
    rebind any name.
    """

    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    trusted_builtins: bool = True

    def add(self, name: str, binding: Binding) -> None:
        """Record one more way the name may be bound."""
        known = self.bindings.setdefault(name, [])
        if binding not in known:
            known.append(binding)

    def kind(self, name: str) -> Kind:
        """The kind of value that the name has in the whole notebook; "" when unknown or mixed."""
        bound = self.bindings.get(name)
        if not bound:
            return ""
        roles = {"import": "module", "function": "function", "class": "class"}
        kinds = {roles.get(b.role, b.kind) for b in bound}
        if any(b.role == "import" and "." in b.path for b in bound):
            kinds = {k if k != "module" else "" for k in kinds} if len(kinds) > 1 else kinds
        return join_kinds(kinds)

    def classes(self) -> Iterator[ast.ClassDef]:
        """Every class that the notebook defines at top level."""
        for bound in self.bindings.values():
            for binding in bound:
                if isinstance(binding.node, ast.ClassDef):
                    yield binding.node


def join_kinds(kinds: Iterable[Kind]) -> Kind:
    """The one kind that covers all: itself, ``num`` for numbers, else unknown."""
    distinct = set(kinds)
    if len(distinct) == 1:
        return distinct.pop()
    if distinct and distinct <= {"int", "float", "num", "bool"}:
        return "num"
    return ""


def build_environment(
    trees: Iterable[ast.Module], kind_of: Callable[[ast.expr, Environment], Kind]
) -> Environment:
    """The environment of a notebook's cells.

    ``kind_of`` infers an expression's kind; two rounds let kinds flow through names.
    """
    trees = list(trees)
    environment = Environment()
    for _ in range(2):
        fresh = Environment()
        for tree in trees:
            _Collector(fresh, environment, kind_of).visit(tree)
        environment = fresh
    return environment


class _Collector(ast.NodeVisitor):
    """Walks module-level code; in functions it only looks for ``global``."""

    def __init__(
        self,
        into: Environment,
        known: Environment,
        kind_of: Callable[[ast.expr, Environment], Kind],
    ) -> None:
        self.into, self.known, self.kind_of = into, known, kind_of
        self.in_function = False

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            path = alias.name if alias.asname else alias.name.split(".")[0]
            self._bind(alias.asname or path, Binding("import", path))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                if module.split(".")[0] not in tables.PURE_MODULES and not module.startswith(
                    "pylab"
                ):
                    self.into.trusted_builtins = False
            else:
                path = f"{module}.{alias.name}"
                self._bind(alias.asname or alias.name, Binding("import", path))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        # A decorator may replace the function by anything: only the harmless ones are seen through.
        harmless = all(_decorator_name(d) in _TRANSPARENT_DECORATORS for d in node.decorator_list)
        if harmless:
            self._bind(node.name, Binding("function", node=node))
        else:
            self._bind(node.name, Binding("value"))
        self._inside(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._bind(node.name, Binding("class", node=node))
        self._inside(node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Binds nothing outside itself."""

    def _inside(self, body: list[ast.stmt]) -> None:
        before, self.in_function = self.in_function, True
        for statement in body:
            self.visit(statement)
        self.in_function = before

    def visit_Global(self, node: ast.Global) -> None:
        for name in node.names:
            self.into.add(name, Binding("value"))

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._target(target, node.value)
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._target(node.target, node.value)
            self.visit(node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._target(node.target, node.value)
        self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            name = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
            whole = ast.copy_location(ast.BinOp(name, node.op, node.value), node)
            self._bind(node.target.id, Binding("value", kind=self.kind_of(whole, self.known)))
        self.visit(node.value)

    def _target(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            if isinstance(value, ast.Lambda):
                self._bind(target.id, Binding("function", node=value))
            elif (
                isinstance(value, ast.Name)
                and value.id in self.known.bindings
                and value.id != target.id
            ):
                for binding in self.known.bindings[value.id]:
                    self._bind(target.id, binding)
            else:
                kind = self.kind_of(value, self.known) if value is not None else ""
                self._bind(target.id, Binding("value", kind=kind))
        elif isinstance(target, (ast.Tuple, ast.List)):
            values: list[ast.expr] | None = None
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
                values = value.elts
            kind = self.kind_of(value, self.known) if value is not None else ""
            for position, element in enumerate(target.elts):
                if kind == "figure" and isinstance(element, ast.Name):
                    self._bind(element.id, Binding("value", kind=kind))
                else:
                    self._target(element, values[position] if values else None)
        elif isinstance(target, ast.Starred):
            self._target(target.value, None)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        if isinstance(node.target, ast.Name) and self.kind_of(node.iter, self.known) == "range":
            self._bind(node.target.id, Binding("value", kind="int"))
        else:
            self._target(node.target, None)
        self.visit(node.iter)
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self._target(item.optional_vars, item.context_expr)
        for statement in node.body:
            self.visit(statement)

    visit_AsyncWith = visit_With  # noqa: N815

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name, Binding("value"))
        for statement in node.body:
            self.visit(statement)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self._bind(node.name, Binding("value"))
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name, Binding("value"))

    def _bind(self, name: str, binding: Binding) -> None:
        if not self.in_function:
            self.into.add(name, binding)


_TRANSPARENT_DECORATORS = frozenset({"staticmethod", "wraps", "no_type_check", "override"})


def _decorator_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
