"""A cell's splittable loops, and the reduction statements in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from naavre_ext.dataflow.walking import KEPT_CELLS, children
from naavre_ext.model.workflow import SplitForm
from naavre_ext.planning.mapping_calls import (
    BARS,
    PARALLEL,
    POOLS,
    MappingCall,
    called,
    mapping_list,
    mapping_loop,
)
from naavre_ext.planning.named_pools import pools_after

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_FORMS: dict[type, SplitForm] = {
    ast.ListComp: "list",
    ast.SetComp: "set",
    ast.DictComp: "dict",
    ast.GeneratorExp: "list",
}
#: Functions that take all of their only argument at once, so that a list is as good as a generator.
_CONSUMERS = frozenset({"sum", "min", "max", "list", "tuple", "set", "frozenset", "sorted", "dict"})

#: Method → how its operands are taken: ``keep`` them as they are, or ``spread`` what they hold.
REDUCING_METHODS = {
    "append": "keep",
    "add": "keep",
    "appendleft": "keep",
    "extend": "spread",
    "update": "spread",
}


#: Methods of a progress bar that show something; the merge calls them.
BAR_METHODS = frozenset(
    {"set_postfix", "set_postfix_str", "set_description", "set_description_str", "refresh", "update", "write"}
)  # fmt: skip
#: What ``with`` makes of these never ends an error.
_LET_THROUGH = frozenset(
    {"open", "File", "Dataset", "open_dataset", "ZipFile", "TarFile", "fdopen", "urlopen", "connect", "closing",
     "memmap", "TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile", "nullcontext", "redirect_stdout",
     "redirect_stderr", "errstate", "catch_warnings", "localcontext", "option_context", "no_grad",
     "inference_mode", "ExcelFile", "ExcelWriter", "HDFStore", "Session", "Parallel", "trange",
     "tnrange", *POOLS, *BARS}
)  # fmt: skip
_MANAGERS = POOLS | BARS | {PARALLEL, "trange", "tnrange"}


@dataclass(frozen=True, slots=True)
class Loop:
    """A top-level loop: ``index`` numbers the cell's loops in source order.

    ``consumer`` is the function that takes a generator expression's elements, ``managers`` are the calls
    that make the progress bars or pools of the ``with`` around it. ``mapping`` is the call that ``node`` was
    made for.
    """

    index: int
    node: ast.For | Comprehension
    consumer: str = ""
    managers: tuple[ast.Call, ...] = ()
    mapping: MappingCall | None = None

    @property
    def original(self) -> ast.For | ast.expr:
        """What stands in the cell."""
        return self.node if self.mapping is None else self.mapping.original

    @property
    def form(self) -> SplitForm:
        """What kind of loop it is."""
        return "for" if isinstance(self.node, ast.For) else _FORMS[type(self.node)]

    @property
    def iterable(self) -> ast.expr:
        """The expression that gives the items."""
        return self.node.iter if isinstance(self.node, ast.For) else self.node.generators[0].iter

    @property
    def target(self) -> ast.expr:
        """What each item is bound to."""
        return (
            self.node.target if isinstance(self.node, ast.For) else self.node.generators[0].target
        )


@dataclass(frozen=True, slots=True)
class Reduction:
    """A statement that only adds to an accumulator.

    ``operands`` are evaluated where the iteration runs, in this order, and recorded; the statement is done
    again on the real accumulator with the recorded values. ``taking`` says how a value has to be
    recorded: ``keep`` the object, ``spread`` a container's present elements, ``copy`` its present state,
    ``store`` like keep for containers and like copy for arrays. A statement that also reads what it changes
    is done again as a whole (``replay``): ``replayed`` are the names that are the merge's own then, ``takings``
    says how each operand has to be recorded. ``repeats`` are expressions that stand for an operand again.
    ``protected`` changes stand in a ``try`` that would catch their errors.
    """

    statement: ast.stmt
    root: str
    operands: tuple[ast.expr, ...]
    taking: str
    protected: bool = False
    takings: tuple[str, ...] = ()
    replayed: frozenset[str] = frozenset()
    repeats: tuple[tuple[ast.expr, int], ...] = ()


#: A loop's node, its consumer and the call that the node was made for.
_Found = tuple[ast.For | Comprehension, str, MappingCall | None]


def find_loops(tree: ast.Module) -> tuple[Loop, ...]:
    """The loops of a cell that are candidates for splitting: top-level ``for``, comprehensions, mapping calls.

    A ``with`` that only makes progress bars and pools counts as top level.
    """
    found: list[Loop] = []
    pools: dict[str, ast.Call] = {}
    for statement, around in _top_level(tree.body, ()):
        managers = tuple(item.context_expr for item in around)
        made = pools | {
            item.optional_vars.id: item.context_expr
            for item in around
            if isinstance(item.optional_vars, ast.Name)
        }
        for node, taker, mapping in _of_statement(statement, made):  # type: ignore[arg-type]
            found.append(Loop(len(found), node, taker, managers, mapping))  # type: ignore[arg-type]
        pools = pools_after(statement, pools)
    return tuple(found)


@lru_cache(maxsize=KEPT_CELLS)
def loops_of(tree: ast.Module) -> tuple[Loop, ...]:
    """What :func:`find_loops` finds in the tree of a notebook's cell, kept with it."""
    return find_loops(tree)


def _of_statement(statement: ast.stmt, made: Mapping[str, ast.Call]) -> Iterator[_Found]:
    if isinstance(statement, ast.For):
        mapped = mapping_loop(statement, made) or mapping_list(statement.iter, made, consumed=False)
        yield (statement, "", None) if mapped is None else (mapped[0], "", mapped[1])
    elif (
        isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr))
        and statement.value
    ):
        yield from comprehensions(statement.value, made)


def _top_level(
    body: Sequence[ast.stmt], around: tuple[ast.withitem, ...]
) -> Iterator[tuple[ast.stmt, tuple[ast.withitem, ...]]]:
    """The statements that run exactly once, with the progress bars and pools that are made around them."""
    for statement in body:
        items = statement.items if isinstance(statement, ast.With) else []
        known = all(
            isinstance(i.context_expr, ast.Call) and called(i.context_expr) in _MANAGERS
            for i in items
        )
        if isinstance(statement, ast.With) and known:
            yield from _top_level(statement.body, (*around, *items))
        else:
            yield statement, around


def comprehensions(node: ast.AST, made: Mapping[str, ast.Call]) -> Iterator[_Found]:
    """Comprehensions that are evaluated exactly once, in order of evaluation, with their consumers."""
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp)):
        yield node, "", None
        return
    if isinstance(node, (ast.Lambda, ast.IfExp, ast.BoolOp, ast.GeneratorExp, ast.Compare)):
        return
    taker = consumer(node) if isinstance(node, ast.Call) else ""
    if isinstance(node, ast.Call) and taker:
        only = node.args[0]
        if isinstance(only, ast.GeneratorExp):
            yield only, taker, None
            return
        mapped = mapping_list(only, made, consumed=True)
        if mapped is not None:
            yield mapped[0], taker, mapped[1]
            return
    elif isinstance(node, ast.Call):
        mapped = mapping_list(node, made, consumed=False)
        if mapped is not None:
            yield mapped[0], "", mapped[1]
            return
    for child in children(node):
        yield from comprehensions(child, made)


def consumer(call: ast.Call) -> str:
    """The name of the function that takes all elements of its only argument; "" for other calls."""
    if len(call.args) != 1 or not isinstance(call.args[0], (ast.GeneratorExp, ast.Call)):
        return ""
    if isinstance(call.func, ast.Name):
        return call.func.id if call.func.id in _CONSUMERS else ""
    joins = isinstance(call.func, ast.Attribute) and call.func.attr == "join"
    return "join" if joins and isinstance(call.func.value, ast.Constant) else ""  # type: ignore[attr-defined]


def find_reductions(body: Sequence[ast.stmt]) -> tuple[Reduction, ...]:
    """Every statement of the body (nested blocks included) that has the form of a reduction."""
    return tuple(_reductions(body, protected=False))


def _reductions(body: Sequence[ast.stmt], protected: bool) -> Iterator[Reduction]:
    for statement in body:
        reduction = _as_reduction(statement, protected)
        if reduction is not None:
            yield reduction
        elif isinstance(statement, (ast.If, ast.For, ast.While, ast.With, ast.Match)):
            swallows = isinstance(statement, ast.With) and may_swallow(statement)
            for block in blocks(statement):
                yield from _reductions(block, protected or swallows)
        elif isinstance(statement, ast.Try):
            # An error raised by the replay could no longer be caught here.
            yield from _reductions(statement.body, protected=True)
            for block in blocks(statement):
                if block is not statement.body:
                    yield from _reductions(block, protected or bool(statement.finalbody))


def may_swallow(statement: ast.With) -> bool:
    """Whether errors in it may end there, as in ``with suppress(KeyError)``."""
    managers = [item.context_expr for item in statement.items]
    return not all(isinstance(m, ast.Call) and called(m) in _LET_THROUGH for m in managers)


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The statement's blocks that aren't empty."""
    yield from filter(None, _all_blocks(statement))


def _all_blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.Match):
        for case in statement.cases:
            yield case.body
        return
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for handler in getattr(statement, "handlers", []):
        yield handler.body


def changed_place(statement: ast.stmt) -> ast.expr:
    """The expression for the object that a reduction statement changes."""
    if isinstance(statement, ast.Expr):
        assert isinstance(statement.value, ast.Call)
        assert isinstance(statement.value.func, ast.Attribute)
        return statement.value.func.value
    assert isinstance(statement, (ast.Assign, ast.AugAssign))
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    return target.value if isinstance(target, (ast.Subscript, ast.Attribute)) else target


def attribute_of(reduction: Reduction) -> str:
    """The attribute of the accumulator that is changed, or what it holds: ``s.total += v``; "" elsewhere."""
    statement = reduction.statement
    node: ast.expr = changed_place(statement)
    if isinstance(statement, ast.AugAssign):
        node = statement.target
    while isinstance(node, ast.Subscript):
        node = node.value
    of_root = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    return node.attr if isinstance(node, ast.Attribute) and of_root else ""


def _as_reduction(statement: ast.stmt, protected: bool) -> Reduction | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return _method_reduction(statement, statement.value, protected)
    if isinstance(statement, ast.AugAssign):
        chain = _chain(statement.target)
        if chain is not None:
            root, indexes = chain
            return Reduction(statement, root, (*indexes, statement.value), "copy", protected)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        chain = _chain(target)
        if chain is not None and isinstance(target, ast.Subscript):
            root, indexes = chain
            return Reduction(statement, root, (statement.value, *indexes), "store", protected)
    return None


def _method_reduction(statement: ast.Expr, call: ast.Call, protected: bool) -> Reduction | None:
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr in BAR_METHODS:
        shown = _bar_reduction(statement, call, function, protected)
        if shown is not None:
            return shown
    plain = not call.keywords and not any(isinstance(a, ast.Starred) for a in call.args)
    if (
        not isinstance(function, ast.Attribute)
        or function.attr not in REDUCING_METHODS
        or not plain
    ):
        return None
    chain = _chain(function.value)
    if chain is None or len(call.args) != 1:
        return None
    root, indexes = chain
    return Reduction(
        statement, root, (*indexes, *call.args), REDUCING_METHODS[function.attr], protected
    )


def _bar_reduction(
    statement: ast.Expr, call: ast.Call, bar: ast.Attribute, protected: bool
) -> Reduction | None:
    """``bar.set_postfix(loss=loss)``; ``bar.update(1)`` looks like any ``update`` and counts as one."""
    plain = all(k.arg for k in call.keywords) and not any(
        isinstance(a, ast.Starred) for a in call.args
    )
    if not isinstance(bar.value, ast.Name) or not plain:
        return None
    if bar.attr == "update" and len(call.args) == 1:
        return None
    operands = (*call.args, *[keyword.value for keyword in call.keywords])
    takings = ("copy",) * len(operands)
    return Reduction(statement, bar.value.id, operands, "replay", protected, takings)


def _chain(node: ast.expr) -> tuple[str, tuple[ast.expr, ...]] | None:
    """``root[i].attr[j]`` → root and its index expressions in order of evaluation."""
    indexes: list[ast.expr] = []
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        if isinstance(node, ast.Subscript):
            indexes.append(node.slice)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return node.id, tuple(reversed(indexes))
