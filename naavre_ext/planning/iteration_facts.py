"""What one iteration of a loop does, as dataflow analysis sees it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.recorder import Value
from naavre_ext.dataflow.region import Region
from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.planning.loops import (
    Comprehension,
    Loop,
    Reduction,
)
from naavre_ext.planning.refusal import ITEMS


def statements_of(loop: Loop) -> list[ast.stmt]:
    """The body of a loop; of a comprehension, its conditions and elements as statements."""
    node = loop.node
    if isinstance(node, ast.For):
        return node.body
    elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    first, *others = node.generators
    if others:  # a loop in the loop
        elements = [
            ast.copy_location(ast.GeneratorExp(elements[0], others), elements[0]),
            *elements,
        ]
    return [ast.copy_location(ast.Expr(part), part) for part in [*first.ifs, *elements]]


def facts_of(loop: Loop, body: Sequence[ast.stmt], notebook: NotebookDataflow) -> CellDataflow:
    """The facts of one iteration with this body."""
    return facts_and_sure(loop, body, notebook)[0]


def facts_and_sure(
    loop: Loop, body: Sequence[ast.stmt], notebook: NotebookDataflow
) -> tuple[CellDataflow, frozenset[str]]:
    """The facts of one iteration, and the names that every iteration surely writes."""
    region = Region(notebook.environment, notebook.summaries)
    if not isinstance(loop.node, ast.For):
        region.visit(_over_items(loop.node))
        return region.dataflow(), frozenset()
    region.continue_sure = []
    region.shapes_now = {}
    region.bind(loop.target, item_of(loop.iterable, notebook))
    region.walk(body)
    ends = [*region.continue_sure, *([] if region.ended else [region.sure])]
    sure = frozenset(set.intersection(*ends)) if ends else frozenset()
    return region.dataflow(), sure


def _over_items(node: Comprehension) -> ast.expr:
    """The comprehension with its first iterable replaced by the items' stand-in."""
    first, *others = node.generators
    stand_in = ast.copy_location(ast.Name(ITEMS, ast.Load()), first.iter)
    generators = [ast.comprehension(first.target, stand_in, first.ifs, first.is_async), *others]
    fields = {name: getattr(node, name) for name in node._fields if name != "generators"}
    return ast.copy_location(type(node)(**fields, generators=generators), node)


def item_of(iterable: ast.expr, notebook: NotebookDataflow) -> Value:
    """What is known of an item: its node is None where it surely can't change."""
    probe = Region(notebook.environment, notebook.summaries)
    items = probe.visit(iterable)
    item = probe.element(items)
    return Value(item.shape, None if item.node is None else ITEMS)


def without_changes(body: Sequence[ast.stmt], reductions: Sequence[Reduction]) -> list[ast.stmt]:
    """The body with every reduction replaced by the mere evaluation of its operands."""
    by_statement = {id(r.statement): r for r in reductions}

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            reduction = by_statement.get(id(node))
            if reduction is None:
                return super().visit(node) if isinstance(node, ast.stmt) else node
            operands = ast.Tuple([plain_index(o) for o in reduction.operands], ast.Load())
            statement = ast.Expr(operands)
            return ast.fix_missing_locations(ast.copy_location(statement, node))

        def generic_visit(self, node: ast.AST) -> ast.AST:
            copied = type(node)(**{name: getattr(node, name, None) for name in node._fields})
            ast.copy_location(copied, node)
            for name in ("body", "orelse", "finalbody"):
                block = getattr(copied, name, None)
                if isinstance(block, list):
                    setattr(copied, name, [self.visit(child) for child in block])
            for name in ("handlers", "cases"):
                parts = getattr(copied, name, None)
                if isinstance(parts, list):
                    setattr(copied, name, [self.generic_visit(part) for part in parts])
            return copied

    replace = Replace()
    return [replace.visit(statement) for statement in body]  # type: ignore[misc]


def with_others(body: Sequence[ast.stmt], others: Mapping[int, ast.expr]) -> list[ast.stmt]:
    """The body with other expressions in the place of those with these ``id``s."""

    def copied(node: Any) -> Any:
        if isinstance(node, list):
            return [copied(part) for part in node]
        if not isinstance(node, ast.AST):
            return node
        if id(node) in others:
            return ast.copy_location(others[id(node)], node)
        fields = {name: copied(getattr(node, name, None)) for name in node._fields}
        return ast.copy_location(type(node)(**fields), node)

    return [copied(statement) for statement in body]


def plain_index(node: ast.expr) -> ast.expr:
    """A part of an expression as one that may stand by itself: slices become ``slice(...)``."""
    if isinstance(node, ast.FormattedValue):
        return ast.copy_location(ast.JoinedStr([node]), node)
    if isinstance(node, ast.Slice):
        none = ast.Constant(None)
        parts = [part or none for part in (node.lower, node.upper, node.step)]
        call = ast.Call(ast.Name("slice", ast.Load()), parts, [])
        return ast.fix_missing_locations(ast.copy_location(call, node))
    if isinstance(node, ast.Tuple):
        return ast.copy_location(ast.Tuple([plain_index(e) for e in node.elts], ast.Load()), node)
    return node
