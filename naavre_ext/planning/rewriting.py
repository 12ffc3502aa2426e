"""Generates a split's three parts from the cell's own tree: splitter call, batch body, merge.

All generated nodes carry the positions of the user's code, so that tracebacks show the notebook.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from naavre_ext.dataflow.source import parse_cell
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.iteration_facts import plain_index
from naavre_ext.planning.loops import (
    Comprehension,
    Loop,
    Reduction,
    attribute_of,
    consumer,
    find_loops,
)
from naavre_ext.planning.mapping_calls import ARGUMENT
from naavre_ext.planning.over_rewriting import OVER_HOOK, over_batch, over_cell
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.replaying import loop_records

#: Names that the runner defines in the cell's namespace while a split runs.
SPLIT_HOOK = "__naavre_split__"
MORE_HOOK = "__naavre_more__"
JOIN_HOOK = "__naavre_join__"
OWN_HOOK = "__naavre_own__"
RECORD_HOOK = "__naavre_record__"
COLLECT = "__naavre_collected__"
LOG = "__naavre_log__"
HOOK_NAMES = (
    SPLIT_HOOK,
    MORE_HOOK,
    JOIN_HOOK,
    OWN_HOOK,
    OVER_HOOK,
    RECORD_HOOK,
    COLLECT,
    LOG,
    ITEMS,
    "__naavre_number__",
    "__naavre_operands__",
    ARGUMENT,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """A recorded operation: the accumulator it belongs to and how its last operands are taken.

    ``depth`` counts the indexes between the accumulator and what is changed. A replayed statement has
    ``takings``, one for each operand; a ``lazy`` one comes as a function that gives it. A ``protected``
    operation must not raise.
    """

    root: str
    taking: str
    depth: int
    operands: int
    takings: tuple[str, ...] = ()
    protected: bool = False


def stores_deeper_only(known: Sequence[Operation], root: str) -> bool:
    """Whether the loop leaves the elements of ``root`` where they are, and only stores in them."""
    mine = [operation for operation in known if operation.root == root]
    return all(o.taking in ("store", "copy") and o.depth == 2 for o in mine)


#: Makes what a split loop becomes in its cell: statements for a ``for`` loop, else an expression.
Wrap = Callable[[Loop, Split], Any]


def split_cell(
    tree: ast.Module, splits: Sequence[Split], source: str, wrap: Wrap | None = None
) -> ast.Module:
    """The tree with the splitter, the cell's own share and the merge around each split loop.

    ``wrap`` makes something else of the loops. Trees that are not the cell's own (the inner code of a cell
    magic has other line numbers) are matched by their form.
    """
    if any(split.form == "over" for split in splits):
        return over_cell(tree, source)
    loops = {loop.index: loop for loop in find_loops(parse_cell(source).tree)}
    by_index = {split.index: split for split in splits}
    pending = [(ast.dump(loops[split.index].original), split.index) for split in splits]

    calls = any(loops[split.index].mapping for split in splits)
    kinds = (ast.For, ast.ListComp, ast.SetComp, ast.DictComp, *([ast.Call] if calls else []))

    def replacement(node: ast.AST) -> Any:
        form = ast.dump(node)
        for position, (wanted, index) in enumerate(pending):
            if form == wanted:
                del pending[position]
                loop = loops[index] if loops[index].mapping else Loop(index, node)  # type: ignore[arg-type]
                return (wrap or _with_hook)(loop, by_index[index])
        return None

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            if isinstance(node, kinds):
                replaced = replacement(node)
                if replaced is not None:
                    return replaced
            if isinstance(node, ast.Call) and consumer(node):
                node.args = [replacement(node.args[0]) or self.visit(node.args[0])]
            return self.generic_visit(node)

    replaced: ast.Module = Replace().visit(tree)
    return ast.fix_missing_locations(replaced)


def _with_hook(loop: Loop, split: Split) -> Any:
    """The loop with its hooks around it: the splitter, the cell's own share, the merge.

    ::

        __naavre_split__(k, ITERABLE)
        while __naavre_more__(k):  # first for the cell's own share, then for the merge and what is left
            for __naavre_number__, __naavre_operands__ in __naavre_log__:
                ...  # the recorded operations, replayed
            for TARGET in __naavre_items__:
                BODY

    So whatever the cell runs itself is the user's own code, at its own lines.
    """
    start = _hook(SPLIT_HOOK, loop, loop.iterable, loop.iterable)
    more = _hook(MORE_HOOK, loop, loop.node)
    items = ast.copy_location(ast.Name(ITEMS, ast.Load()), loop.iterable)
    if not isinstance(loop.node, ast.For):
        turns = [
            ast.copy_location(ast.BoolOp(ast.And(), [more, _again(loop, items)]), loop.node)
            for _ in range(2)
        ]
        own_share = _hook(OWN_HOOK, loop, loop.node, turns[0])
        return _hook(JOIN_HOOK, loop, loop.node, start, own_share, turns[1])
    statement = ast.copy_location(ast.Expr(start), loop.iterable)
    written = loop.original
    assert isinstance(written, ast.For)
    again = items if loop.mapping is None else loop.mapping.over(items)
    own = ast.copy_location(ast.For(written.target, again, written.body, []), loop.node)
    both = ast.copy_location(ast.While(more, [merge_loop(loop, split), own], []), loop.node)
    return [statement, both, *loop.node.orelse]


def _hook(name: str, loop: Loop, place: ast.AST, *arguments: ast.expr) -> ast.Call:
    call = ast.Call(ast.Name(name, ast.Load()), [ast.Constant(loop.index), *arguments], [])
    for part in (call, call.func, call.args[0]):
        ast.copy_location(part, place)
    return call


def _again(loop: Loop, items: ast.expr) -> ast.expr:
    """The comprehension as the user wrote it, over other items."""
    assert not isinstance(loop.node, ast.For)
    if loop.mapping is None:
        return over_items(loop.node, items)
    call = ast.Starred(loop.mapping.over(items), ast.Load())
    return ast.fix_missing_locations(ast.copy_location(ast.List([call], ast.Load()), loop.node))


def over_items(node: Comprehension, items: ast.expr) -> ast.expr:
    """The same comprehension over other items."""
    first, *others = node.generators
    generators = [ast.comprehension(first.target, items, first.ifs, 0), *others]
    fields = {name: getattr(node, name) for name in node._fields if name != "generators"}
    return _as_list(ast.copy_location(type(node)(**fields, generators=generators), node))


def _as_list(node: Comprehension) -> ast.expr:
    """A generator expression's elements as a list, which it makes in its own frame; others as they are."""
    if not isinstance(node, ast.GeneratorExp):
        return node
    starred = ast.copy_location(ast.Starred(node, ast.Load()), node)
    return ast.copy_location(ast.List([starred], ast.Load()), node)


@lru_cache(maxsize=64)
def batch_tree(source: str, split: Split) -> ast.Module:
    """The loop over ``__naavre_items__`` alone, its reductions replaced by recordings; of an ``# over`` cell all.

    A comprehension becomes an assignment of its batch's elements to ``__naavre_collected__``: a list, for a
    dict of ``(key, value)`` pairs.
    """
    return (
        over_batch(source) if split.form == "over" else loop_batch(parse_cell(source).tree, split)
    )


def loop_batch(tree: ast.Module, split: Split) -> ast.Module:
    """The batch of a loop of this tree, made of the tree's nodes."""
    loop = find_loops(tree)[split.index]
    items = ast.copy_location(ast.Name(ITEMS, ast.Load()), loop.iterable)
    if isinstance(loop.node, ast.For):
        body = recorded(*loop_records(loop.node, split.reductions, split.replayed))
        node: ast.stmt = ast.For(loop.target, items, body, [])
    else:
        node = ast.Assign([ast.Name(COLLECT, ast.Store())], collecting(loop.node, items))
    ast.copy_location(node, loop.node)
    return ast.fix_missing_locations(ast.Module([node], []))


def collecting(node: Comprehension, items: ast.expr) -> ast.expr:
    """The comprehension's elements over other items as a list, those of a dict as pairs."""
    first, *others = node.generators
    generators = [ast.comprehension(first.target, items, first.ifs, 0), *others]
    if isinstance(node, ast.DictComp):
        element: ast.expr = ast.Tuple([node.key, node.value], ast.Load())
        ast.copy_location(element, node.key)
    else:
        element = node.elt
    kind = ast.GeneratorExp if isinstance(node, ast.GeneratorExp) else ast.ListComp
    return _as_list(ast.copy_location(kind(element, generators), node))


@lru_cache(maxsize=64)
def operations(source: str, split: Split) -> tuple[Operation, ...]:
    """The split's recorded operations, numbered in source order."""
    if split.form == "over":
        return ()
    return tuple(
        Operation(r.root, r.taking, len(r.operands) - 1, len(r.operands), r.takings, r.protected)
        for r in _reductions(find_loop(source, split), split)
    )


def attributes_changed(step: Step, split: Split, root: str) -> tuple[str, ...]:
    """The attributes of ``root`` that the merge changes, or what they hold; none where it may do more."""
    if step.is_inner(split) or split.form != "for":
        return ()
    names = []
    for reduction in _reductions(find_loop(step.source, split), split):
        if reduction.replayed and any(n == root for n in reduction.replayed):
            return ()
        if reduction.root == root:
            names.append(attribute_of(reduction))
    return tuple(names) if all(names) else ()


def merge_loop(loop: Loop, split: Split) -> ast.For:
    """A loop over ``__naavre_log__`` that does every recorded operation again, in order.

    The log yields ``(operation number, operands)``; errors are raised at the user's own line.
    """
    number = ast.Name("__naavre_number__", ast.Load())
    branches: list[ast.stmt] = [ast.Pass()]
    for index, reduction in reversed(list(enumerate(_reductions(loop, split)))):
        test = ast.Compare(number, [ast.Eq()], [ast.Constant(index)])
        branches = [ast.If(test, [replay(reduction)], branches)]
    names = ("__naavre_number__", "__naavre_operands__")
    target = ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store())
    merge = ast.For(target, ast.Name(LOG, ast.Load()), branches, [])
    return ast.fix_missing_locations(ast.copy_location(merge, loop.node))


def replay(reduction: Reduction) -> ast.stmt:
    """The user's statement with its operands taken from the record."""
    positions = {id(operand): index for index, operand in enumerate(reduction.operands)}
    positions |= {id(operand): index for operand, index in reduction.repeats}

    def swap(node: ast.AST) -> ast.AST:
        if id(node) in positions:
            name = ast.Name("__naavre_operands__", ast.Load())
            index = ast.Constant(positions[id(node)])
            taken = ast.copy_location(ast.Subscript(name, index, ast.Load()), node)
            if isinstance(node, ast.FormattedValue):  # a part of a text stays one
                return ast.copy_location(ast.FormattedValue(taken, -1, None), node)
            return taken
        copied = type(node)(**{n: _swap_field(getattr(node, n, None), swap) for n in node._fields})
        return ast.copy_location(copied, node) if hasattr(node, "lineno") else copied

    replayed = swap(reduction.statement)
    assert isinstance(replayed, ast.stmt)
    for node in walk(replayed):  # generated names have no position of their own
        if "lineno" in node._attributes and not hasattr(node, "lineno"):
            ast.copy_location(node, reduction.statement)
    return replayed


def _swap_field(value: Any, swap: Callable[[ast.AST], ast.AST]) -> Any:
    if isinstance(value, ast.AST):
        return swap(value)
    if isinstance(value, list):
        return [swap(item) if isinstance(item, ast.AST) else item for item in value]
    return value


def recorded(body: Sequence[ast.stmt], reductions: Sequence[Reduction]) -> list[ast.stmt]:
    """The body with each reduction replaced by its recording."""
    numbers = {id(r.statement): (index, r) for index, r in enumerate(reductions)}

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            found = numbers.get(id(node))
            if found is None:
                return self.generic_visit(node)
            index, reduction = found
            operands = [plain_index(operand) for operand in reduction.operands]
            for place, taking in enumerate(reduction.takings):
                if taking.startswith("lazy "):
                    operands[place] = _lazy(operands[place])
            call = ast.Call(ast.Name(RECORD_HOOK, ast.Load()), [ast.Constant(index), *operands], [])
            ast.copy_location(call, node)
            for part in (call.func, call.args[0]):
                ast.copy_location(part, node)
            return ast.copy_location(ast.Expr(call), node)

    replace = Replace()
    return [replace.visit(statement) for statement in body]


def _lazy(node: ast.expr) -> ast.expr:
    none = ast.arguments([], [], None, [], [], None, [])
    return ast.copy_location(ast.Lambda(none, node), node)


def find_loop(source: str, split: Split) -> Loop:
    """The loop that is split, in the cell's tree."""
    return find_loops(parse_cell(source).tree)[split.index]


def _reductions(loop: Loop, split: Split) -> list[Reduction]:
    return loop_records(loop.node, split.reductions, split.replayed)[1]
