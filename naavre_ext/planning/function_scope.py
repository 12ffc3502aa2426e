"""A function's body as the code of a cell: its variables become names that no cell has.

So what is known of cells (what a loop reads, changes and carries) is known of loops in functions too::

    def sweep(items, scale):         items_in_1 = given_items_in_1
        out = []                     scale_in_1 = given_scale_in_1
        for item in items:     →     out_in_1 = []
            out.append(...)          for item_in_1 in items_in_1:
        return out                       out_in_1.append(...)
                                     return out_in_1
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.walking import children, walk
from naavre_ext.planning.inner_loops import Function, ScopeNode

_SUFFIX = re.compile(r"__naavre_in_\d+")
_GIVEN = "__naavre_given_"


@dataclass(frozen=True, slots=True)
class FlatFunction:
    """A function's statements with their own names for its variables, at their own lines.

    ``own`` are the variables that the function binds itself, ``given`` its parameters and the variables of
    the functions around it, all as they are called in ``tree``. ``copies`` finds a node's copy by the node's id.
    """

    tree: ast.Module
    own: frozenset[str]
    given: frozenset[str]
    copies: Mapping[int, ast.AST]

    @property
    def outside(self) -> frozenset[str]:
        """What stands for the objects that come from outside the function."""
        return frozenset(f"{_GIVEN}{name}" for name in self.given)


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below, without those of functions in it."""
    for child in children(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from own_nodes(child)


def is_local(name: str) -> bool:
    """Whether the name stands for a function's variable."""
    return _SUFFIX.search(name) is not None


def plain(text: str) -> str:
    """A name, or any text, with the variables called as in the function."""
    return _SUFFIX.sub("", text)


def in_function(name: str, function: str) -> str:
    """What a function's variable is called in a Split: ``x of f``, which no global name is."""
    return f"{name} of {function}" if function else name


def own_name(name: str) -> str:
    """The variable's name in its function; a global name as it is."""
    return name.partition(" of ")[0]


def is_of_function(name: str) -> bool:
    """Whether the name in a Split is one of a function's variables."""
    return " of " in name


def flatten(scopes: Sequence[ScopeNode], number: int) -> FlatFunction:
    """The body of the innermost of ``scopes``, a function, as a cell's code."""
    function = scopes[-1]
    assert not isinstance(function, ast.ClassDef)
    own = local_names(function)
    parameters = frozenset(argument_names(function.args))
    _, outer_globals, _ = assigned_names(function.body)
    around: set[str] = set()
    for scope in scopes[:-1]:
        if not isinstance(scope, ast.ClassDef):
            around |= local_names(scope)
    around -= own | set(outer_globals)
    suffix = f"__naavre_in_{number}"
    renamed = {name: name + suffix for name in own | around}
    rename = _Rename(renamed)
    body = [part for statement in function.body for part in _listed(rename.visit(statement))]
    given = frozenset(renamed[name] for name in parameters | around)
    first: list[ast.stmt] = [
        ast.Assign([ast.Name(name, ast.Store())], ast.Name(f"{_GIVEN}{name}", ast.Load()))
        for name in sorted(given)
    ]
    for statement in first:
        ast.copy_location(statement, function)
    tree = ast.fix_missing_locations(ast.Module([*first, *body], []))
    bound = frozenset(renamed[name] for name in own - parameters)
    return FlatFunction(tree, bound, given, rename.copies)


def local_names(function: Function) -> frozenset[str]:
    """The function's own variables, with its parameters."""
    bound, _, _ = assigned_names(function.body)
    return frozenset({*bound, *argument_names(function.args)})


def _listed(found: Any) -> list[ast.stmt]:
    return found if isinstance(found, list) else [found]


class _Rename(ast.NodeTransformer):
    """Copies a tree with other names for some variables, as Python's scopes see them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.copies: dict[int, ast.AST] = {}

    def visit(self, node: ast.AST) -> Any:
        copied = super().visit(node)
        if isinstance(copied, ast.AST):
            self.copies[id(node)] = copied
        return copied

    def generic_visit(self, node: ast.AST) -> ast.AST:
        return self._copy(node, self)

    def _copy(self, node: ast.AST, within: _Rename, **other: Any) -> ast.AST:
        fields = {}
        for name, value in ast.iter_fields(node):
            if name in other:
                fields[name] = other[name]
            elif isinstance(value, list):
                parts = [within.visit(p) if isinstance(p, ast.AST) else p for p in value]
                fields[name] = [
                    part
                    for found in parts
                    for part in (found if isinstance(found, list) else [found])
                ]
            else:
                fields[name] = within.visit(value) if isinstance(value, ast.AST) else value
        return ast.copy_location(type(node)(**fields), node)

    def _but(self, hidden: frozenset[str] | set[str]) -> _Rename:
        inner = _Rename({n: new for n, new in self.names.items() if n not in hidden})
        inner.copies = self.copies
        return inner

    def _new(self, name: str | None) -> str | None:
        return name if name is None else self.names.get(name, name)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._copy(node, self, id=self._new(node.id))

    def visit_Assign(self, node: ast.Assign) -> Any:
        """``a, b = [], 0`` as two assignments: the objects have nothing to do with one another."""
        pairs = list(_pairs(node))
        if not pairs:
            return self.generic_visit(node)
        return [
            ast.copy_location(ast.Assign([self.visit(target)], self.visit(value)), node)
            for target, value in pairs
        ]

    def visit_Return(self, node: ast.Return) -> Any:
        """``return a, b`` as what it evaluates: the tuple is its caller's."""
        parts = _elements(node.value)
        if not parts:
            return self.generic_visit(node)
        evaluated = [ast.copy_location(ast.Expr(self.visit(part)), part) for part in parts]
        return [*evaluated, ast.copy_location(ast.Return(None), node)]

    def visit_Global(self, node: ast.Global) -> Any:
        return ast.copy_location(ast.Pass(), node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> Any:
        names = [self.names.get(name, name) for name in node.names]
        return ast.copy_location(ast.Global(names), node)

    def visit_Yield(self, node: ast.Yield) -> Any:
        value = self.visit(node.value) if node.value else ast.Constant(None)
        return ast.copy_location(value, node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> Any:
        return self.visit(node.value)

    def visit_Await(self, node: ast.Await) -> Any:
        return self.visit(node.value)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        return self._copy(node, self, name=self._new(node.name))

    def visit_MatchAs(self, node: ast.MatchAs) -> ast.AST:
        return self._copy(node, self, name=self._new(node.name))

    def visit_MatchStar(self, node: ast.MatchStar) -> ast.AST:
        return self._copy(node, self, name=self._new(node.name))

    def visit_MatchMapping(self, node: ast.MatchMapping) -> ast.AST:
        return self._copy(node, self, rest=self._new(node.rest))

    def visit_Import(self, node: ast.Import) -> ast.AST:
        return self._copy(node, self, names=[self._alias(alias) for alias in node.names])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        return self._copy(node, self, names=[self._alias(alias) for alias in node.names])

    def _alias(self, alias: ast.alias) -> ast.alias:
        bound = alias.asname or alias.name.split(".")[0]
        if bound not in self.names:
            return alias
        name = alias.name if alias.asname else bound
        return ast.copy_location(ast.alias(name, self.names[bound]), alias)

    def visit_FunctionDef(self, node: Function) -> ast.AST:
        bound, global_names, nonlocal_names = assigned_names(node.body)
        hidden = {*bound, *argument_names(node.args), *global_names} - set(nonlocal_names)
        inner = self._but(hidden)
        body = [part for statement in node.body for part in _listed(inner.visit(statement))]
        return self._copy(node, self, name=self._new(node.name), body=body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        inner = self._but(set(argument_names(node.args)))
        return self._copy(node, self, body=inner.visit(node.body))

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        bound, _, _ = assigned_names(node.body)
        body = [
            self._but(bound).visit(part) if not _is_function(part) else self.visit(part)
            for part in node.body
        ]
        for part, own in zip(body, node.body, strict=True):
            if _is_function(own):  # a method is an attribute, no variable
                part.name = own.name  # type: ignore[attr-defined]
        return self._copy(node, self, name=self._new(node.name), body=body)

    def _comprehension(self, node: Any) -> ast.AST:
        own = {
            part.id
            for generator in node.generators
            for part in walk(generator.target)
            if isinstance(part, ast.Name)
        }
        first, *others = node.generators
        inner = self._but(own)
        generators = [
            self._copy(first, inner, iter=self.visit(first.iter)),
            *(inner.visit(generator) for generator in others),
        ]
        return self._copy(node, inner, generators=generators)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The parts of ``a, b = x, y`` where no value needs what the statement binds."""
    target, value = node.targets[0], node.value
    if len(node.targets) > 1 or not (
        isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
    ):
        return
    bound = {t.id for t in target.elts if isinstance(t, ast.Name)}
    used = {part.id for part in walk(value) if isinstance(part, ast.Name)}
    starred = any(isinstance(part, ast.Starred) for part in value.elts)
    if len(bound) == len(target.elts) == len(value.elts) and not bound & used and not starred:
        yield from zip(target.elts, value.elts, strict=True)


def _elements(node: ast.expr | None) -> list[ast.expr]:
    if isinstance(node, (ast.Tuple, ast.List)):
        return node.elts
    if isinstance(node, ast.Dict):
        return [part for pair in zip(node.keys, node.values, strict=True) for part in pair if part]
    return []


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
