"""Finds every binding of every global name in a notebook."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from naavre_ext.dataflow import shapes, tables
from naavre_ext.dataflow.ambient_objects import is_like_import
from naavre_ext.dataflow.environment import (
    Binding,
    Environment,
    pylab_arguments,
    unpacked,
)
from naavre_ext.dataflow.rebinding import telling_parts
from naavre_ext.dataflow.source import CellSource, captured_name, pylab_names, timed_tree


def bind_names(
    sources: Iterable[CellSource], known: Environment, shape_of: Callable[[ast.expr], str]
) -> Environment:
    """The environment of a notebook's cells; ``shape_of`` infers an expression's shape from ``known``."""
    environment = Environment(
        constants=known.constants,
        parameters=known.parameters,
        files=known.files,
        owners=known.owners,
        unknown_owners=known.unknown_owners,
        texts=known.texts,
    )
    collector = _Collector(environment, known, shape_of)
    for source in sources:
        collector.visit(source.tree)
        name = captured_name(source)
        if name:
            environment.add(name, Binding("value"))
        if source.magic is not None and source.magic in tables.REBINDING_MAGICS:
            environment.closed = False
    environment.shares_in_arithmetic = environment.imports(*tables.RECORDING_MODULES) or any(
        isinstance(statement, ast.FunctionDef) and statement.name in tables.OPERATORS
        for definition in environment.classes()
        for statement in definition.body
    )
    return environment


#: Methods of ``joblib.Memory``, and of others that keep results in files, which make a function that does so.
_STORING = frozenset({"cache", "memoize"})


class _Collector(ast.NodeVisitor):
    """Walks module-level code; in functions it only looks for ``global`` and set attributes."""

    def __init__(
        self, into: Environment, known: Environment, shape_of: Callable[[ast.expr], str]
    ) -> None:
        self.into, self.known, self.shape_of = into, known, shape_of
        self.in_function = False

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            path = alias.name if alias.asname else alias.name.split(".")[0]
            self._bind(alias.asname or path, Binding("import", path))
            if path == "__main__":
                self.into.closed = False

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name != "*":
                self._bind(alias.asname or alias.name, Binding("import", f"{module}.{alias.name}"))
                continue
            names = self.into.star_names(module)
            for name, path in (names or {}).items():
                self._bind(name, Binding("import", path))
            if names is None:
                self.into.closed = False
                if module.split(".")[0] not in tables.PURE_MODULES | {"pylab"}:
                    self.into.trusted_builtins = False

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        paths = [self._decorator(d) for d in node.decorator_list]
        if all(path in tables.TRANSPARENT_DECORATORS for path in paths):
            cached = any(path in tables.CACHING_DECORATORS for path in paths)
            self._bind(node.name, Binding("function", node=node, cached=cached))
        else:  # a decorator may replace the function by anything
            self._bind(
                node.name, Binding("value", cached=any(map(self._stores, node.decorator_list)))
            )
        self._inside(node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def _decorator(self, node: ast.expr) -> str:
        if isinstance(node, ast.Call):
            node = node.func
        name = ast.unparse(node)
        root, _, rest = name.partition(".")
        bound = self.known.bindings.get(root, ())
        if not bound:
            return name
        paths = {b.path for b in bound}
        if len(paths) > 1 or bound[0].role != "import":
            return f"<{name}>"
        path = f"{bound[0].path}.{rest}" if rest else bound[0].path
        return "numba" if path.startswith("numba.") else path

    def _stores(self, node: ast.expr) -> bool:
        """Whether the decorator is ``memory.cache``, perhaps with options, of an object that is no module."""
        method = node.func if isinstance(node, ast.Call) else node
        if not isinstance(method, ast.Attribute) or method.attr not in _STORING:
            return False
        owner = (
            self.known.bindings.get(method.value.id, ())
            if isinstance(method.value, ast.Name)
            else ()
        )
        return all(b.role != "import" for b in owner)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        plain = all(
            self._decorator(d) in tables.TRANSPARENT_DECORATORS for d in node.decorator_list
        )
        self._bind(node.name, Binding("class", node=node) if plain else Binding("value"))
        self._inside(node.body)

    def _inside(self, body: list[ast.stmt]) -> None:
        before, self.in_function = self.in_function, True
        for statement in body:
            self.visit(statement)
        self.in_function = before

    def visit_Global(self, node: ast.Global) -> None:
        for name in node.names:
            self.into.add(name, Binding("value"))
            self.into.rebound.add(name)

    def visit(self, node: ast.AST) -> None:
        """Visit a statement; of expressions only what binds names."""
        if isinstance(node, ast.expr):
            for part in telling_parts(node):
                self._expression(part)
        else:
            super().visit(node)

    def _expression(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name):
            own = self.in_function and node.id in ("locals", "vars")
            if node.id not in self.known.bindings and not own:
                self.into.closed = False
        elif isinstance(node, ast.Subscript):
            self.into.closed = False
        elif isinstance(node, ast.Attribute):
            self.into.set_attributes.add(node.attr)
        elif isinstance(node, ast.NamedExpr):
            self._target(node.target, node.value)
        elif isinstance(node, ast.Call):
            tree = timed_tree(node)
            if tree is not None:
                self.visit(tree)
            elif (arguments := pylab_arguments(node)) is not None:
                self._pylab(arguments)
            elif not _is_harmless_magic(node):
                self.into.closed = False

    def _pylab(self, arguments: str) -> None:
        exports = self.into.star_names("pylab")
        for name, path in pylab_names(arguments, exports or {}).items():
            self._bind(name, Binding("import", path))
        if exports is None:
            self.into.closed = False

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._target(target, node.value)
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._target(node.target, node.value)
            self.visit(node.value)

    def visit_TypeAlias(self, node: ast.AST) -> None:
        self._target(node.name, None)  # type: ignore[attr-defined]

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._augment(node.target.id, node.op, node.value)
        self.visit(node.target)
        self.visit(node.value)

    def _augment(self, name: str, operator: ast.operator, operand: ast.expr) -> None:
        if not self.in_function:
            self.into.bindings.setdefault(name, [])
            self.into.augmented.setdefault(name, []).append((operator, self.shape_of(operand)))

    def _target(self, target: ast.expr, value: ast.expr | None) -> None:
        if self.in_function:
            self._assigned(target, "")
        elif isinstance(target, ast.Name) and isinstance(value, ast.Lambda):
            self._bind(target.id, Binding("function", node=value))
        elif isinstance(target, ast.Name) and isinstance(value, ast.Name):
            roles = {b.role for b in self.known.bindings.get(value.id, ())}
            if roles & {"function", "class", "import"} and value.id != target.id:
                for binding in self.known.bindings[value.id]:
                    self._bind(target.id, binding)
            else:
                self._assigned(target, self.shape_of(value))
        elif isinstance(target, ast.Name) and (called := self.known.called_notebook(value)):
            self._bind(target.id, Binding("function", node=called.node))
        elif (
            isinstance(target, ast.Name)
            and isinstance(value, ast.Call)
            and len(value.args) == 1
            and self._stores(value)
        ):
            self._bind(target.id, Binding("value", cached=True))
        elif isinstance(target, ast.Name) and (path := self._plain_path(value)):
            self._bind(target.id, Binding("import", path))
        elif isinstance(target, ast.Name) and _adds_to(target.id, value):
            assert isinstance(value, ast.BinOp)
            self._augment(target.id, value.op, value.right)
        elif (
            isinstance(target, (ast.Tuple, ast.List))
            and isinstance(value, (ast.Tuple, ast.List))
            and len(value.elts) == len(target.elts)
            and not any(isinstance(e, ast.Starred) for e in [*target.elts, *value.elts])
        ):
            for part, given in zip(target.elts, value.elts, strict=True):
                self._target(part, given)
        else:
            self._assigned(target, self.shape_of(value) if value is not None else "")

    def _plain_path(self, value: ast.expr | None) -> str:
        """The dotted name of a library's function or class that an expression gives; "" otherwise."""
        chain: list[str] = []
        while isinstance(value, ast.Attribute):
            chain.insert(0, value.attr)
            value = value.value
        if not chain or not isinstance(value, ast.Name):
            return ""
        bound = self.known.bindings.get(value.id, ())
        if len(bound) != 1 or bound[0].role != "import":
            return ""
        path = ".".join([bound[0].path, *chain])
        return path if is_like_import(path) and path not in tables.NUMBERS else ""

    def _assigned(self, target: ast.expr, shape: str) -> None:
        """Bind the names of a target to the parts of a value of this shape."""
        if isinstance(target, ast.Name):
            self._bind(target.id, Binding("value", shape=shape))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element, part in zip(target.elts, unpacked(shape, target.elts), strict=True):
                self._assigned(element, part)
        elif isinstance(target, ast.Starred):
            self._assigned(target.value, "list")
        else:
            self.visit(target)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        shape = "" if self.in_function else self.shape_of(node.iter)
        self._assigned(node.target, shape if shape == "figure" else shapes.element(shape))
        self.visit(node.iter)
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                shape = "" if self.in_function else self.shape_of(item.context_expr)
                known = shapes.head(shape) in ("file", "figure", "progress")
                self._assigned(item.optional_vars, shape if known else "")
        for statement in node.body:
            self.visit(statement)

    visit_AsyncWith = visit_With  # noqa: N815

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._named(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self._named(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self._named(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._named(node.rest)
        self.generic_visit(node)

    def _named(self, name: str | None) -> None:
        if name:
            self._bind(name, Binding("value"))

    def _bind(self, name: str, binding: Binding) -> None:
        if not self.in_function:
            self.into.add(name, binding)


def _adds_to(name: str, value: ast.expr | None) -> bool:
    """Whether the value is ``name op something``."""
    return (
        isinstance(value, ast.BinOp) and isinstance(value.left, ast.Name) and value.left.id == name
    )


def _is_harmless_magic(call: ast.Call) -> bool:
    """Whether a magic or shell command surely binds no name."""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method in ("system", "getoutput", "getoutputs"):
        return True
    name = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
    return method == "run_line_magic" and name in tables.HARMLESS_MAGICS
