"""Calls that apply a function to each item: ``map``, executors' and pools' ``map``, joblib's ``Parallel``.

Each is judged, and run in batches, as the comprehension or loop that it stands for::

    Parallel(n_jobs=4)(delayed(f)(x) for x in xs)    →  [f(x) for x in xs]
    for y in executor.map(f, xs): BODY               →  for x in xs: y = f(x); BODY
    dict(zip(xs, executor.map(f, xs)))               →  dict((a, f(x)) for a, x in zip(xs, xs))

What the cell itself has to run of it, it runs by the call as it is written.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from naavre_ext.dataflow.walking import copied
from naavre_ext.planning.bindings import names_of

#: Stands for the item where the user has no name for it.
ARGUMENT = "__naavre_argument__"
PARALLEL, MAP = "Parallel", "map"
#: Functions that put results beside other things.
BESIDE = frozenset({"zip", "enumerate"})
#: Classes whose objects have the methods below, and what ``with`` makes of them.
POOLS = frozenset({"ThreadPoolExecutor", "ProcessPoolExecutor", "Pool", "ThreadPool"})
_OPTIONS = frozenset({"chunksize"})
BARS = frozenset({"tqdm", "tqdm_notebook"})


@dataclass(frozen=True, slots=True)
class MappingCall:
    """``call`` applies ``function`` to items; ``maker`` is the call that made the pool or Parallel, if any.

    ``original`` is what stands in the cell for the loop: an expression, or the ``for`` over it. ``beside`` says of
    each ``zip`` and ``enumerate`` around the call, the outermost first, which of how many columns it gives.
    """

    kind: str
    call: ast.Call
    function: ast.expr
    maker: ast.Call | None
    original: ast.expr | ast.For
    beside: tuple[tuple[int, int], ...] = ()

    @property
    def is_eager(self) -> bool:
        """Whether the user has said that all items go to workers."""
        return self.kind != MAP

    def over(self, items: ast.expr) -> ast.expr:
        """The call as it is written, over other items."""
        call = self.call
        if self.beside:
            return self._over_rows(items)
        if self.kind == PARALLEL:
            made = call.args[0]
            assert isinstance(made, (ast.GeneratorExp, ast.ListComp))
            first, *others = made.generators
            generators = [ast.comprehension(first.target, items, first.ifs, 0), *others]
            inner = ast.copy_location(type(made)(made.elt, generators), made)
            arguments: list[ast.expr] = [inner]
        elif len(call.args) > 2:  # the items are tuples of arguments
            columns = ast.Call(ast.Name("zip", ast.Load()), [ast.Starred(items, ast.Load())], [])
            arguments = [call.args[0], ast.Starred(columns, ast.Load())]
        else:
            arguments = [call.args[0], items]
        again = ast.copy_location(ast.Call(call.func, arguments, call.keywords), call)
        return ast.fix_missing_locations(again)

    def _over_rows(self, rows: ast.expr) -> ast.expr:
        """``(lambda rows: zip([r[0] for r in rows], pool.map(f, [r[1] for r in rows])))(list(rows))``"""
        (place, count), *rest = self.beside
        inner = replace(self, beside=tuple(rest))
        name, load = ast.Name(ARGUMENT, ast.Store()), ast.Name(ARGUMENT, ast.Load())
        columns: list[ast.expr] = [
            ast.ListComp(_part(load, column), [ast.comprehension(name, load, [], 0)])
            for column in range(count)
        ]
        columns[place] = inner.over(columns[place])
        parameters = ast.arguments([], [ast.arg(ARGUMENT)], None, [], [], None, [])
        zipped = ast.Lambda(parameters, ast.Call(ast.Name("zip", ast.Load()), columns, []))
        taken = ast.Call(ast.Name("list", ast.Load()), [rows], [])
        again = ast.copy_location(ast.Call(zipped, [taken], []), self.call)
        return ast.fix_missing_locations(again)


def mapping_loop(node: ast.For, made: Mapping[str, ast.Call]) -> tuple[ast.For, MappingCall] | None:
    """The loop that a ``for`` over results stands for: it computes each result before its body."""
    found = _mapped(node.iter, made)
    if found is None or _gives_list(found[0].call, found[0].kind):
        return None  # all results are there before the loop begins
    call, items, target, element = found
    result = ast.copy_location(ast.Assign([node.target], element), node)
    ast.copy_location(result, node.iter)
    loop = ast.copy_location(ast.For(target, items, [result, *node.body], node.orelse), node)
    return ast.fix_missing_locations(loop), replace(call, original=node)


def mapping_list(
    node: ast.expr, made: Mapping[str, ast.Call], *, consumed: bool
) -> tuple[ast.ListComp, MappingCall] | None:
    """The comprehension that a call stands for whose value is a list, or is ``consumed`` at once."""
    found = _mapped(node, made)
    if found is None or not (consumed or _gives_list(node, found[0].kind)):
        return None
    call, items, target, element = found
    generators = [ast.comprehension(target, items, [], 0)]
    if call.kind == PARALLEL:
        generators = call.call.args[0].generators  # type: ignore[attr-defined]
    made_list = ast.copy_location(ast.ListComp(element, generators), node)
    return ast.fix_missing_locations(made_list), call


def _gives_list(node: ast.expr, kind: str) -> bool:
    if kind == PARALLEL:
        return True
    if kind not in ("Pool", "ThreadPool") or not isinstance(node, ast.Call):
        return False
    return isinstance(node.func, ast.Attribute) and node.func.attr in ("map", "starmap")


_Mapped = tuple[MappingCall, ast.expr, ast.expr, ast.expr]


def _mapped(node: ast.expr, made: Mapping[str, ast.Call]) -> _Mapped | None:
    """A call with its items, what each is bound to, and the expression for its result."""
    if not isinstance(node, ast.Call):
        return None
    if called(node) in BARS and node.args:
        inner = _mapped(node.args[0], made)
        if inner is None or inner[0].kind == PARALLEL:
            return None
        call, items, target, element = inner
        bar = ast.copy_location(ast.Call(node.func, [items, *node.args[1:]], node.keywords), node)
        return replace(call, original=node), bar, target, element
    return _beside(node, made) or _parallel(node, made) or _map(node, made)


def _beside(node: ast.Call, made: Mapping[str, ast.Call]) -> _Mapped | None:
    """``zip(xs, pool.map(f, xs))``, ``enumerate(pool.map(f, xs))``: results and what they are put beside."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in BESIDE or any(isinstance(argument, ast.Starred) for argument in node.args):
        return None
    given = node.args if name == "zip" else node.args[:1]
    found = [(p, m) for p, argument in enumerate(given) if (m := _mapped(argument, made))]
    if len(found) != 1 or (name == "zip" and BARS & names_of(node)):  # nobody could move the bar on
        return None
    place, (call, items, target, element) = found[0]
    if not call.is_eager or _gives_list(call.call, call.kind):
        return None
    arguments = [*node.args[:place], items, *node.args[place + 1 :]]
    around = ast.Call(node.func, arguments, node.keywords)
    row = ast.copy_location(ast.Name(ARGUMENT, ast.Load()), node)
    parts = [_part(row, column) for column in range(len(node.args) if name == "zip" else 2)]
    place = place if name == "zip" else 1
    parts[place] = _in_place(element, parts[place])
    together = ast.copy_location(ast.Tuple(parts, ast.Load()), node)
    mapping = replace(call, original=node, beside=((place, len(parts)), *call.beside))
    return mapping, ast.copy_location(around, node), target, ast.fix_missing_locations(together)


def _part(row: ast.expr, column: int) -> ast.expr:
    part = ast.Subscript(row, ast.Constant(column), ast.Load())
    return ast.fix_missing_locations(ast.copy_location(part, row))


def _in_place(element: ast.expr, argument: ast.expr) -> ast.expr:
    """The element, computed from another argument."""

    class Replace(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return argument if node.id == ARGUMENT else node

    replaced: ast.expr = Replace().visit(copied(element))
    return replaced


def _parallel(node: ast.Call, made: Mapping[str, ast.Call]) -> _Mapped | None:
    maker = node.func if isinstance(node.func, ast.Call) else None
    if isinstance(node.func, ast.Name):
        maker = made.get(node.func.id)
    if maker is None or called(maker) != PARALLEL or len(node.args) != 1 or node.keywords:
        return None
    given = node.args[0]
    if not isinstance(given, (ast.GeneratorExp, ast.ListComp)):
        return None
    delayed = given.elt
    if not (
        isinstance(delayed, ast.Call)
        and isinstance(delayed.func, ast.Call)
        and called(delayed.func) == "delayed"
        and len(delayed.func.args) == 1
        and _is_plain(delayed.func.args[0])
    ):
        return None
    function = delayed.func.args[0]
    element = ast.copy_location(ast.Call(function, delayed.args, delayed.keywords), delayed)
    first = given.generators[0]
    return MappingCall(PARALLEL, node, function, maker, node), first.iter, first.target, element


def _map(node: ast.Call, made: Mapping[str, ast.Call]) -> _Mapped | None:
    function, maker, kind = node.func, None, MAP
    starred = any(isinstance(argument, ast.Starred) for argument in node.args)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        maker, kind = made.get(function.value.id), function.attr
        if maker is None or called(maker) not in POOLS or kind not in _methods(called(maker)):
            return None
        kind = called(maker)
    elif not (isinstance(function, ast.Name) and function.id == MAP):
        return None
    if len(node.args) < 2 or starred or not _is_plain(node.args[0]):
        return None
    applied, first, *others = node.args
    if others and (kind == MAP or kind in ("Pool", "ThreadPool")):
        return None
    name = ast.copy_location(ast.Name(ARGUMENT, ast.Store()), first)
    argument: ast.expr = ast.copy_location(ast.Name(ARGUMENT, ast.Load()), first)
    items = first
    if others:
        zipped = ast.Call(ast.Name("zip", ast.Load()), [first, *others], [])
        items = ast.fix_missing_locations(ast.copy_location(zipped, first))
    if others or (isinstance(function, ast.Attribute) and function.attr == "starmap"):
        argument = ast.copy_location(ast.Starred(argument, ast.Load()), first)
    element = ast.copy_location(ast.Call(applied, [argument], []), node)
    return MappingCall(kind, node, applied, maker, node), items, name, element


def _methods(pool: str) -> frozenset[str]:
    return frozenset({"map"} if pool.endswith("Executor") else {"map", "imap", "starmap"})


def _is_plain(function: ast.expr) -> bool:
    """Whether naming the function again for each item does nothing else."""
    while isinstance(function, ast.Attribute):
        function = function.value
    return isinstance(function, (ast.Name, ast.Lambda))


def called(call: ast.Call) -> str:
    """The last name of what is called."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def unknown_options(call: MappingCall) -> Sequence[str]:
    """The options of the call itself that mean more than how it is divided."""
    return [str(keyword.arg) for keyword in call.call.keywords if keyword.arg not in _OPTIONS]
