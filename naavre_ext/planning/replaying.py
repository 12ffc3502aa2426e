"""Statements that a split loop leaves to its merge: state carried from one iteration to the next.

::

    for x in xs:
        y = simulate(x)           # runs apart
        if y < best:              # left to the merge, which has y and x recorded
            best, where = y, x
        trace.append(best)        # left to the merge as well

The merge runs them in the loop's own order on the real objects, so it doesn't matter what they compute, only that
they are cheap and that all else in the iteration gets along without the names that they set.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from naavre_ext.dataflow.environment import Environment
from naavre_ext.planning.loops import Reduction, blocks, find_reductions

#: Built-in functions, methods and library functions that a merge may call; the first change nothing.
PURE_FUNCTIONS = frozenset(
    {"min", "max", "abs", "len", "int", "float", "complex", "bool", "str", "repr", "round", "print", "sum",
     "sorted", "list", "tuple", "set", "dict", "divmod", "pow", "isinstance"}
)  # fmt: skip
_METHODS = frozenset(
    {"append", "appendleft", "add", "extend", "update", "insert", "pop", "popleft", "popitem", "remove", "discard",
     "get", "setdefault", "keys", "values", "items", "count", "index", "copy", "most_common", "join", "format"}
)  # fmt: skip
_LIBRARY = frozenset(
    {f"numpy.{name}" for name in (
        "maximum", "minimum", "fmax", "fmin", "add", "subtract", "multiply", "divide", "logical_or", "logical_and",
        "bitwise_or", "bitwise_and", "hypot", "logaddexp", "abs", "sqrt", "isnan", "append", "concatenate",
        "vstack", "hstack", "stack", "where")}
    | {f"math.{name}" for name in ("sqrt", "exp", "log", "hypot", "isnan", "isclose", "fsum")}
    | {"pandas.concat", "heapq.heappush"}
)  # fmt: skip


class NotReplayable(Exception):
    """A statement can't be left to the merge."""


def carried_names(body: Sequence[ast.stmt], carried: frozenset[str]) -> frozenset[str]:
    """The names whose every use has to be left to the merge when that of the ``carried`` ones is."""
    while True:
        touching = [unit for unit in _units(body, carried) if _mentions(unit, carried)]
        grown = carried | {name for unit in touching for name in _assigned(unit)}
        if grown == carried:
            return carried
        carried = grown


def find_records(
    body: Sequence[ast.stmt], roots: frozenset[str], replayed: frozenset[str]
) -> list[Reduction]:
    """What the batches record of the body, in source order: reductions, and statements left to the merge.

    Raises:
        NotReplayable: a statement that uses a ``replayed`` name has another form.
    """
    found = {id(r.statement): r for r in find_reductions(body) if r.root in roots - replayed}
    records: list[Reduction] = []
    for unit in _units(body, replayed):
        if _mentions(unit, replayed):
            records.append(_replay(unit, replayed))
        elif id(unit) in found:
            records.append(found[id(unit)])
    return records


def check_calls(records: Sequence[Reduction], environment: Environment) -> None:
    """Raises NotReplayable where a statement left to the merge calls something that is no quick known function."""
    for record in records:
        operands = {id(operand) for operand in record.operands}
        for node in _own_nodes(record.statement, operands):
            if record.replayed and isinstance(node, ast.Call) and not _is_cheap(node, environment):
                raise NotReplayable(f"{ast.unparse(node.func)}() takes what is carried")


def _is_cheap(call: ast.Call, environment: Environment) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        bound = environment.lookup(function.id)
        if not bound:
            return function.id in PURE_FUNCTIONS
        return all(b.role == "import" and b.path in _LIBRARY for b in bound)
    if not isinstance(function, ast.Attribute):
        return False
    if isinstance(function.value, ast.Name):
        bound = environment.lookup(function.value.id)
        if any(b.role == "import" for b in bound):
            return all(f"{b.path}.{function.attr}" in _LIBRARY for b in bound)
    return function.attr in _METHODS


def _own_nodes(node: ast.AST, operands: set[int]) -> Iterator[ast.AST]:
    """The nodes of a statement that the merge evaluates."""
    if id(node) not in operands:
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _own_nodes(child, operands)


def _units(body: Sequence[ast.stmt], names: frozenset[str]) -> Iterator[ast.stmt]:
    """Statements without blocks, and whole those with blocks that can't be looked into when names are left out."""
    for statement in body:
        inner = [] if isinstance(statement, _DEFINITIONS) else list(blocks(statement))
        # What the merge raises can't be caught where the iteration would have caught it.
        whole = isinstance(statement, (ast.Try, ast.With)) and _mentions(statement, names)
        header = [part for part in ast.iter_child_nodes(statement) if not isinstance(part, _BLOCKS)]
        if not inner or whole or any(_mentions(part, names) for part in header):
            yield statement
        else:
            for block in inner:
                yield from _units(block, names)


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = (ast.stmt, ast.excepthandler, ast.match_case)


def _mentions(node: ast.AST, names: frozenset[str]) -> bool:
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))


def _assigned(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, (ast.Store, ast.Del)):
            yield part.id


def _replay(statement: ast.stmt, names: frozenset[str]) -> Reduction:
    """The record of a statement that the merge runs: its operands are all parts that don't use the names."""
    operands = _Operands(names)
    operands.statement(statement)
    root = min(
        part.id for part in ast.walk(statement) if isinstance(part, ast.Name) and part.id in names
    )
    return Reduction(
        statement,
        root,
        tuple(operands.found),
        "replay",
        takings=tuple(operands.takings),
        replayed=names,
    )


class _Operands:
    """Collects what an iteration has to evaluate for a statement that the merge runs.

    What only a branch needs must be a plain name, as it is evaluated in any case.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._conditional = False
        self.found: list[ast.expr] = []
        self.takings: list[str] = []

    def statement(self, node: ast.stmt) -> None:
        """The operands of a statement; raises NotReplayable."""
        if isinstance(node, ast.If):
            self.value(node.test, "copy")
            self._conditional = True
            for inner in [*node.body, *node.orelse]:
                self.statement(inner)
        elif isinstance(node, ast.Assign):
            self.value(node.value, "keep")
            for target in node.targets:
                self._target(target)
        elif isinstance(node, ast.AugAssign):
            self.value(node.value, "copy")
            self._target(node.target)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            self.value(node.value, "keep")
        elif not isinstance(node, ast.Pass):
            raise NotReplayable(f"{type(node).__name__.lower()!r} uses what is carried")

    def _target(self, node: ast.expr) -> None:
        if isinstance(node, (ast.Tuple, ast.List)):
            for element in node.elts:
                self._target(element)
        elif isinstance(node, ast.Subscript):
            self._target(node.value)
            self.value(node.slice, "keep")
        elif not (isinstance(node, ast.Name) and node.id in self._names):
            raise NotReplayable(f"{ast.unparse(node)} is set")

    def value(self, node: ast.expr, taking: str) -> None:
        """The operands of an expression, recorded by reference (``keep``) or by present state (``copy``)."""
        if not _mentions(node, self._names):
            self._operand(node, taking)
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, (ast.BoolOp, ast.IfExp)):
            first, *others = _in_order(node)
            self.value(first, taking)
            before, self._conditional = self._conditional, True
            for later in others:
                self.value(later, taking)
            self._conditional = before
        elif isinstance(node, _TRANSPARENT):
            state = isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare))
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.expr):
                    self.value(part, "copy" if state else taking)
        elif not isinstance(node, ast.Name):
            raise NotReplayable(f"{ast.unparse(node)} uses what is carried")

    def _call(self, node: ast.Call) -> None:
        function = node.func
        stored = isinstance(function, ast.Attribute) and _mentions(function.value, self._names)
        called = (
            function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        )
        if isinstance(function, ast.Attribute) and stored:
            self.value(function.value, "keep")
        elif not isinstance(function, ast.Name) and not (
            isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
        ):
            raise NotReplayable(f"{ast.unparse(function)}() takes what is carried")
        for part in [*node.args, *[keyword.value for keyword in node.keywords]]:
            self.value(part, "keep" if stored or called == "heappush" else "copy")

    def _operand(self, node: ast.expr, taking: str) -> None:
        if not any(isinstance(part, (ast.Name, ast.Call)) for part in ast.walk(node)):
            return  # a literal is as good in the merge
        if self._conditional and not isinstance(node, ast.Name):
            if isinstance(
                node, (ast.Tuple, ast.List, ast.Call, ast.Compare, ast.BinOp, ast.UnaryOp)
            ):
                self._parts(node, taking)
                return
            raise NotReplayable(f"{ast.unparse(node)} is needed in one branch only")
        self.found.append(node)
        self.takings.append(taking)

    def _parts(
        self,
        node: ast.Tuple | ast.List | ast.Call | ast.Compare | ast.BinOp | ast.UnaryOp,
        taking: str,
    ) -> None:
        """What a branch puts together, calls or computes: the merge does it with the parts."""
        if isinstance(node, ast.Call):
            self._call(node)
            return
        if not isinstance(node, (ast.Tuple, ast.List)):
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.expr):
                    self.value(part, "copy")
            return
        for part in node.elts:
            self.value(part, taking)


_TRANSPARENT = (
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Subscript, ast.Slice,
    ast.JoinedStr, ast.FormattedValue, ast.Starred,
)  # fmt: skip


def _in_order(node: ast.BoolOp | ast.IfExp) -> list[ast.expr]:
    return node.values if isinstance(node, ast.BoolOp) else [node.test, node.body, node.orelse]
