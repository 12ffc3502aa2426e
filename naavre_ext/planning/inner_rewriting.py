"""Generates the code of split loops in functions and blocks, with the positions of the user's own.

::

    loop = begin(PLACE, ITERABLE)       # begin() is looked up by an import: functions travel
    try:
        while loop.more():
            for number, operands in loop.log:
                ...                     # recorded operations, replayed; then the names that leak
            for TARGET in loop.items:
                BODY
    finally:
        loop.close()

``PLACE`` names the cell and the loop, and carries the code that the function has in the notebook.
"""

from __future__ import annotations

import ast
import marshal
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from naavre_ext.dataflow.source import parse_cell
from naavre_ext.dataflow.walking import children, copied, walk
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.function_scope import in_function, is_of_function, own_name
from naavre_ext.planning.inner_loops import InnerLoop, all_loops
from naavre_ext.planning.loops import Comprehension, Reduction, find_loops
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.replaying import loop_records
from naavre_ext.planning.rewriting import (
    Operation,
    batch_tree,
    collecting,
    loop_batch,
    over_items,
    recorded,
    replay,
)

#: The module whose ``begin`` the generated code calls.
HOOK_MODULE = "naavre_ext.executors.inner_hook"
#: The first part of the constant in generated code.
PLACE_MARK = "__naavre_loop__"
#: Names that batches of such loops call.
CALL_HOOK = "__naavre_call__"
LOCALS_HOOK = "__naavre_locals__"
BODY = "__naavre_body__"
#: The prefix of all names that generated code binds.
OWN_PREFIX = "__naavre_"
#: The prefix of those that stand for a loop that is running.
OWN_LOOPS = f"{OWN_PREFIX}loop_"
_NUMBER, _OPERANDS = "__naavre_number__", "__naavre_operands__"


def split_inner(
    tree: ast.Module, splits: Sequence[Split], cell: str, source: str, flags: int | None
) -> Callable[[ast.Module], ast.Module]:
    """What puts the hooks around the split loops of ``tree``, in a tree made of its nodes.

    ``source`` is the cell's. Functions don't tell their plain code where there are no ``flags``. Loops of trees
    that are not the cell's own (the line of a magic) stay as they are.
    """
    chosen = chosen_loops(tree, splits, source)
    plain = plain_codes(tree, flags) if chosen and flags is not None else {}

    def place(inner: InnerLoop) -> ast.Constant:
        code = None
        if inner.function is not None:
            first = min([inner.function.lineno, *(d.lineno for d in inner.function.decorator_list)])
            code = plain.get((inner.function.name, first))
        dumped = b"" if code is None else marshal.dumps(code)
        mark: Any = (PLACE_MARK, cell, inner.loop.index, dumped)
        return ast.Constant(mark)

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            if id(node) not in chosen:
                return self.generic_visit(node)
            inner, split = chosen[id(node)]
            if isinstance(node, ast.For):
                merge = _merge(node, inner, split)  # before what it is made of changes
                return _for(self.generic_visit(node), inner, merge, place(inner))  # type: ignore[arg-type]
            return _comprehension(self.generic_visit(node), inner, place(inner))  # type: ignore[arg-type]

    def rewrite(made: ast.Module) -> ast.Module:
        rewritten: ast.Module = Replace().visit(made)
        return ast.fix_missing_locations(rewritten)

    return rewrite


def chosen_loops(
    tree: ast.Module, splits: Sequence[Split], source: str
) -> dict[int, tuple[InnerLoop, Split]]:
    """The loops of the tree that are split, by the ids of their nodes."""
    return dict(_chosen(tree, splits, source))


def _chosen(
    tree: ast.Module, splits: Sequence[Split], source: str
) -> Iterator[tuple[int, tuple[InnerLoop, Split]]]:
    here = {inner.loop.index: inner for inner in all_loops(tree)}
    own = {inner.loop.index: inner for inner in all_loops(parse_cell(source).tree)}
    for split in splits:
        inner = here.get(split.index)
        if inner is not None and ast.dump(inner.loop.node) == ast.dump(own[split.index].loop.node):
            yield id(inner.loop.node), (inner, split)


def plain_codes(tree: ast.Module, flags: int) -> dict[tuple[str, int], CodeType]:
    """The code objects of all functions by name and first line; of two on one line the last.

    Statements are compiled one by one, as IPython does: imports beside a function make other code.
    """
    found: dict[tuple[str, int], CodeType] = {}
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    for statement in copied(tree).body:
        module = ast.Module([statement], [])
        pending = [compile(module, "<cell>", "exec", flags, dont_inherit=True)]
        while pending:
            for part in pending.pop().co_consts:
                if isinstance(part, CodeType):
                    found[(part.co_name, part.co_firstlineno)] = part
                    pending.append(part)
    return found


def plain_code(code: CodeType) -> CodeType:
    """The code that a function with split loops has in the notebook; other code as it is."""
    for part in code.co_consts:
        if isinstance(part, tuple) and len(part) == 4 and part[0] == PLACE_MARK and part[3]:
            original: CodeType = marshal.loads(part[3])
            return original
    return code


def _handle(inner: InnerLoop) -> str:
    return f"{OWN_LOOPS}{inner.loop.index}__"


def _begin(place: ast.Constant, iterable: ast.expr, at: ast.AST) -> ast.expr:
    text = f'__import__({HOOK_MODULE!r}, None, None, ("begin",)).begin()'
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    call.args = [place, iterable]
    begin: ast.expr = located(call, at, keep=iterable)
    return begin


def located(node: Any, place: ast.AST, keep: ast.AST | None = None) -> Any:
    """The generated node with the position of the user's; what is inside ``keep`` has its own."""
    pending = [node]
    while pending:
        part = pending.pop()
        if part is keep:
            continue
        if "lineno" in part._attributes:
            ast.copy_location(part, place)
        pending.extend(children(part))
    return node


def _for(node: ast.For, inner: InnerLoop, merge: ast.For, place: ast.Constant) -> list[ast.stmt]:
    name = _handle(inner)
    begin = ast.Assign([ast.Name(name, ast.Store())], _begin(place, node.iter, node.iter))
    for part in (begin, begin.targets[0]):
        ast.copy_location(part, node.iter)
    items = _attribute(name, "items", node.iter)
    own = ast.copy_location(ast.For(node.target, items, node.body, []), node)
    more = located(ast.Call(_attribute(name, "more", node), [], []), node)
    turns = ast.copy_location(ast.While(more, [merge, own], []), node)
    close = located(ast.Expr(ast.Call(_attribute(name, "close", node), [], [])), node)
    guarded = ast.copy_location(ast.Try([turns], [], [], [close]), node)
    return [begin, guarded, *node.orelse]


def _attribute(name: str, attribute: str, place: ast.AST) -> ast.expr:
    made: ast.expr = located(
        ast.Attribute(ast.Name(name, ast.Load()), attribute, ast.Load()), place
    )
    return made


def _merge(node: ast.For, inner: InnerLoop, split: Split) -> ast.For:
    """A loop over the log that does every recorded operation again, and binds what leaks."""
    number = ast.Name(_NUMBER, ast.Load())
    branches: list[ast.stmt] = [ast.Pass()]
    does: list[ast.stmt] = [replay(r) for r in inner_reductions(node, split)]
    for name in split.private:
        target = ast.Name(own_name(name), ast.Store())
        first = ast.Subscript(ast.Name(_OPERANDS, ast.Load()), ast.Constant(0), ast.Load())
        does.append(located(ast.Assign([target], first), node))
    for index, done in reversed(list(enumerate(does))):
        test = ast.Compare(number, [ast.Eq()], [ast.Constant(index)])
        branches = [ast.If(test, [done], branches)]
    pair = ast.Tuple([ast.Name(n, ast.Store()) for n in (_NUMBER, _OPERANDS)], ast.Store())
    merge = ast.For(pair, _attribute(_handle(inner), "log", node), branches, [])
    return ast.fix_missing_locations(ast.copy_location(merge, node))


def _comprehension(node: Comprehension, inner: InnerLoop, place: ast.Constant) -> ast.expr:
    name = _handle(inner)
    first = node.generators[0].iter
    begin = ast.NamedExpr(ast.Name(name, ast.Store()), _begin(place, first, first))
    for part in (begin, begin.target):
        ast.copy_location(part, first)
    turns: list[ast.expr] = []
    for _ in range(2):
        more = located(ast.Call(_attribute(name, "more", node), [], []), node)
        own = over_items(node, _attribute(name, "items", first))
        turns.append(ast.copy_location(ast.BoolOp(ast.And(), [more, own]), node))
    join = ast.Attribute(begin, "join", ast.Load())
    call = ast.Call(join, turns, [])
    for outer in (join, call):
        ast.copy_location(outer, node)
    return call


def inner_reductions(node: ast.AST, split: Split) -> list[Reduction]:
    """The changes that a loop in a function or block records, in source order."""
    return _body_and_reductions(node, split)[1]


def _body_and_reductions(node: ast.AST, split: Split) -> tuple[list[ast.stmt], list[Reduction]]:
    return loop_records(node, map(own_name, split.reductions), map(own_name, split.replayed))


# Batches


def inner_operations(source: str, split: Split) -> tuple[Operation, ...]:
    """The split's recorded operations, numbered in source order."""
    inner = _inner(source, split)
    return tuple(
        Operation(
            in_function(r.root, split.function),
            r.taking,
            len(r.operands) - 1,
            len(r.operands),
            tuple(_of_function(taking, split.function) for taking in r.takings),
            r.protected,
        )
        for r in inner_reductions(inner.loop.node, split)
    )


def _of_function(taking: str, function: str) -> str:
    before, store, name = taking.partition("store ")
    return f"{before}{store}{in_function(name, function)}" if store else taking


@lru_cache(maxsize=64)
def _nested(
    source: str, split: Split, is_inner: bool, inner_splits: tuple[Split, ...]
) -> tuple[Split, ...]:
    tree = parse_cell(source).tree
    around = all_loops(tree)[split.index].loop if is_inner else find_loops(tree)[split.index]
    inside = {id(node) for node in walk(around.original) if node is not around.original}
    own = set(map(own_name, split.reductions))
    loops = {each.loop.index: each.loop.node for each in all_loops(tree)}
    return tuple(
        other
        for other in inner_splits
        if id(loops[other.index]) in inside
        and other.function == split.function
        and own.isdisjoint(map(own_name, other.reductions))
    )


def nested_splits(step: Step, split: Split) -> tuple[Split, ...]:
    """The splits of loops in the body of a loop of the step that a batch of it may split again.

    What the batch records for its own merge, an inner merge can't do.
    """
    if not step.inner_splits or split.form != "for" or split.is_call:
        return ()
    return _nested(step.source, split, step.is_inner(split), step.inner_splits)


def nested_batch_tree(step: Step, split: Split, collect: str) -> ast.Module:
    """The batch of a loop, with the loops in its body that are split again."""
    nested, cell = nested_splits(step, split), str(step.cell_id)
    if step.is_inner(split):
        return inner_batch_tree(step.source, split, collect, cell, nested)
    return (
        _batch_tree(step.source, split, cell, nested) if nested else batch_tree(step.source, split)
    )


@lru_cache(maxsize=64)
def _batch_tree(source: str, split: Split, cell: str, nested: tuple[Split, ...]) -> ast.Module:
    tree = parse_cell(source).tree
    rewrite = split_inner(tree, nested, cell, source, None)
    return rewrite(loop_batch(tree, split))


@lru_cache(maxsize=64)
def inner_batch_tree(
    source: str, split: Split, collect: str, cell: str = "", nested: tuple[Split, ...] = ()
) -> ast.Module:
    """The loop over the batch's items alone, its reductions replaced by recordings.

    In a function it is the body of a function with the same name for tracebacks, which takes the variables that
    are shared and hands all of its own to ``__naavre_call__``.
    """
    whole = parse_cell(source).tree
    rewrite = split_inner(whole, nested, cell, source, None)
    inner = all_loops(whole)[split.index]
    node = inner.loop.node
    items = ast.copy_location(ast.Name(ITEMS, ast.Load()), inner.loop.iterable)
    if isinstance(node, ast.For):
        body = recorded(*_body_and_reductions(node, split))
        made: ast.stmt = ast.For(node.target, items, body, [])
    else:
        made = ast.Assign([ast.Name(collect, ast.Store())], collecting(node, items))
    ast.copy_location(made, node)
    if not split.function:
        return rewrite(ast.fix_missing_locations(ast.Module([made], [])))
    given = [own_name(name) for name in split.shared if is_of_function(name)]
    text = f"def {BODY}({', '.join(given)}):\n    return {LOCALS_HOOK}()\n{CALL_HOOK}({BODY})"
    tree = ast.parse(text)
    for statement in tree.body:
        located(statement, node)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body.insert(0, _mangled(made, inner))
    return rewrite(ast.fix_missing_locations(tree))


def _inner(source: str, split: Split) -> InnerLoop:
    return all_loops(parse_cell(source).tree)[split.index]


def _mangled(node: ast.stmt, inner: InnerLoop) -> ast.stmt:
    """The statement with the private names of its class as Python calls them inside of it."""
    classes = [scope.name for scope in inner.scopes if isinstance(scope, ast.ClassDef)]
    prefix = "_" + classes[-1].lstrip("_") if classes and classes[-1].strip("_") else ""
    for part in walk(node) if prefix else ():
        for name in ("id", "attr"):
            value = getattr(part, name, "")
            if value.startswith("__") and not value.endswith("__"):
                setattr(part, name, prefix + value)
    return node
