"""A cell's splittable loops, and the reduction statements in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from naavre_ext.model.workflow import SplitForm

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
_BARS = frozenset({"tqdm", "trange", "tqdm_notebook", "tnrange"})


@dataclass(frozen=True, slots=True)
class Loop:
    """A top-level loop: ``index`` numbers the cell's loops in source order.

    ``consumer`` is the function that takes a generator expression's elements, ``bars`` are the calls that make the
    progress bars of the ``with`` around it.
    """

    index: int
    node: ast.For | Comprehension
    consumer: str = ""
    bars: tuple[ast.Call, ...] = ()

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
    says how each operand has to be recorded.
    """

    statement: ast.stmt
    root: str
    operands: tuple[ast.expr, ...]
    taking: str
    protected: bool = False
    takings: tuple[str, ...] = ()
    replayed: frozenset[str] = frozenset()


def find_loops(tree: ast.Module) -> tuple[Loop, ...]:
    """The loops of a cell that are candidates for splitting: top-level ``for`` and comprehensions.

    A ``with`` that only makes progress bars counts as top level.
    """
    found: list[tuple[ast.For | Comprehension, str, tuple[ast.Call, ...]]] = []
    for statement, bars in _top_level(tree.body, ()):
        if isinstance(statement, ast.For):
            found.append((statement, "", bars))
        elif (
            isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr))
            and statement.value
        ):
            found.extend((*pair, bars) for pair in _comprehensions(statement.value))
    return tuple(Loop(index, *parts) for index, parts in enumerate(found))


def _top_level(
    body: Sequence[ast.stmt], bars: tuple[ast.Call, ...]
) -> Iterator[tuple[ast.stmt, tuple[ast.Call, ...]]]:
    """The statements that run exactly once, with the progress bars that are made around them."""
    for statement in body:
        managers = (
            [i.context_expr for i in statement.items] if isinstance(statement, ast.With) else []
        )
        calls = [m for m in managers if isinstance(m, ast.Call) and _called(m) in _BARS]
        if isinstance(statement, ast.With) and len(calls) == len(managers):
            yield from _top_level(statement.body, (*bars, *calls))
        else:
            yield statement, bars


def _called(call: ast.Call) -> str:
    """The last name of what is called."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _comprehensions(node: ast.AST) -> Iterator[tuple[Comprehension, str]]:
    """Comprehensions that are evaluated exactly once, in order of evaluation, with their consumers."""
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp)):
        yield node, ""
    elif isinstance(node, (ast.Lambda, ast.IfExp, ast.BoolOp, ast.GeneratorExp, ast.Compare)):
        return
    elif isinstance(node, ast.Call) and consumer(node):
        assert isinstance(node.args[0], ast.GeneratorExp)
        yield node.args[0], consumer(node)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _comprehensions(child)


def consumer(call: ast.Call) -> str:
    """The name of the function that takes all elements of its generator expression; "" for other calls."""
    if len(call.args) != 1 or not isinstance(call.args[0], ast.GeneratorExp):
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
            for block in blocks(statement):
                yield from _reductions(block, protected)
        elif isinstance(statement, ast.Try):
            # An error raised by the replay could no longer be caught here.
            yield from _reductions(statement.body, protected=True)
            for block in blocks(statement):
                if block is not statement.body:
                    yield from _reductions(block, protected=True)


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
