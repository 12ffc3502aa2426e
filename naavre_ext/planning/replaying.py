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
from collections.abc import Iterable, Iterator, Sequence

from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.tables import OUT_POSITIONS
from naavre_ext.dataflow.walking import children, walk
from naavre_ext.planning.accessors import ACCESSORS
from naavre_ext.planning.guard_clauses import without_guards
from naavre_ext.planning.loops import Reduction, blocks, find_reductions
from naavre_ext.planning.replay_operands import NotReplayable, Operands, mentions

#: Built-in functions, methods and library functions that a merge may call; the first change nothing, nor do
#: those that make something new.
PURE_FUNCTIONS = frozenset(
    {"min", "max", "abs", "len", "int", "float", "complex", "bool", "str", "repr", "round", "print", "sum",
     "sorted", "list", "tuple", "set", "dict", "divmod", "pow", "isinstance"}
)  # fmt: skip
_METHODS = frozenset(
    {"append", "appendleft", "add", "extend", "update", "insert", "pop", "popleft", "popitem", "remove", "discard",
     "get", "setdefault", "keys", "values", "items", "count", "index", "copy", "most_common", "join", "format",
     "extendleft", "rotate", "clear", "reverse", "subtract", "move_to_end", "union", "intersection", "difference",
     "symmetric_difference", "intersection_update", "difference_update", "symmetric_difference_update",
     "isdisjoint", "issubset", "issuperset", "startswith", "endswith", "strip", "upper", "lower", "replace",
     "split"}
)  # fmt: skip
_MAKING = frozenset(
    {f"numpy.{name}" for name in (
        "maximum", "minimum", "fmax", "fmin", "add", "subtract", "multiply", "divide", "logical_or", "logical_and",
        "bitwise_or", "bitwise_and", "hypot", "logaddexp", "abs", "sqrt", "isnan", "append", "concatenate",
        "vstack", "hstack", "stack", "where")}
    | {f"math.{name}" for name in ("sqrt", "exp", "log", "hypot", "isnan", "isclose", "fsum")}
    | {"pandas.concat"}
)  # fmt: skip
_LIBRARY = frozenset(
    _MAKING
    | {"numpy.add.at", "numpy.maximum.at", "numpy.minimum.at", "numpy.subtract.at"}
    | {f"heapq.{name}" for name in ("heappush", "heappop", "heappushpop", "heapreplace", "heapify")}
    | {f"bisect.{name}" for name in ("insort", "insort_left", "insort_right", "bisect_left", "bisect_right")}
)  # fmt: skip


def carried_names(body: Sequence[ast.stmt], carried: frozenset[str]) -> frozenset[str]:
    """The names whose every use has to be left to the merge when that of the ``carried`` ones is."""
    while True:
        touching = [unit for unit in _units(body, carried) if mentions(unit, carried)]
        grown = carried | {name for unit in touching for name in _assigned(unit)}
        if grown == carried:
            return carried
        carried = grown


def loop_records(
    node: ast.AST, roots: Iterable[str], replayed: Iterable[str]
) -> tuple[list[ast.stmt], list[Reduction]]:
    """The body of a loop, without its guard clauses, and what batches record of it; nothing of a comprehension.

    Raises:
        NotReplayable: as :func:`find_records` says.
    """
    body = without_guards(node.body) if isinstance(node, ast.For) else []
    return body, find_records(body, frozenset(roots), frozenset(replayed))


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
        if mentions(unit, replayed):
            records.append(_replay(unit, replayed))
        elif id(unit) in found:
            records.append(found[id(unit)])
    return records


def only_compared(body: Sequence[ast.stmt], replayed: frozenset[str]) -> bool:
    """Whether what replayed names stand for is only computed with, compared and set, and nobody looks into it.

    So it doesn't matter to the merge when an object that they stand for is changed.
    """
    return all(
        _is_looked_at_only(node, replayed) for unit in _units(body, replayed) for node in walk(unit)
    )


#: What Python does with values as a whole.
_WHOLE = (
    ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.IfExp, ast.If, ast.Assign, ast.AugAssign, ast.AnnAssign,
    ast.Tuple, ast.NamedExpr,
)  # fmt: skip


def _is_looked_at_only(node: ast.AST, names: frozenset[str]) -> bool:
    parts = [p for p in children(node) if isinstance(p, ast.Name) and p.id in names]
    called = node.func if isinstance(node, ast.Call) else None
    quick = isinstance(called, ast.Name) and called.id in ("min", "max", "abs", "round")
    return not parts or quick or isinstance(node, _WHOLE)


def check_calls(
    records: Sequence[Reduction],
    environment: Environment,
    private: frozenset[str],
    instances: frozenset[str] = frozenset(),
) -> None:
    """Raises NotReplayable where a statement left to the merge calls something that is no quick known function.

    ``private`` are the names of the iteration's own values, which the merge doesn't have, ``instances`` those of
    objects whose methods it may call.
    """
    for record in records:
        for node in evaluated(record):
            if not record.replayed or not isinstance(node, ast.Call) or _is_of(node, instances):
                continue
            if not _is_cheap(node, environment):
                if not mentions(node, record.replayed):
                    raise _in_a_branch(node)
                raise NotReplayable(f"{ast.unparse(node.func)}() takes what is carried")
            if _is_of_iteration(node, record, private):
                raise _in_a_branch(node)


def _in_a_branch(node: ast.expr) -> NotReplayable:
    what = ast.unparse(node)
    return NotReplayable(
        f"{what} is computed in one branch only", f"Compute {what} before, in every iteration."
    )


def _is_of_iteration(call: ast.Call, record: Reduction, private: frozenset[str]) -> bool:
    """Whether a method is called of an object that the merge doesn't have."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    known = {id(operand) for operand in record.operands} | {id(node) for node, _ in record.repeats}
    return isinstance(owner, ast.Name) and owner.id in private and id(owner) not in known


def _is_of(call: ast.Call, instances: frozenset[str]) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id in instances


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
    if function.attr == "at" and isinstance(function.value, ast.Attribute):  # np.add.at(...)
        module = function.value.value
        bound = environment.lookup(module.id) if isinstance(module, ast.Name) else ()
        paths = {f"{b.path}.{function.value.attr}.at" for b in bound}
        return bool(paths) and paths <= _LIBRARY
    return function.attr in _METHODS


def makes_new(call: ast.Call, environment: Environment) -> bool:
    """Whether the call gives something new and changes none of its arguments: ``np.hstack((h, row))``."""
    function = call.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return False
    paths = {f"{b.path}.{function.attr}" for b in environment.lookup(function.value.id)}
    known = bool(paths) and paths <= _MAKING
    into = min((OUT_POSITIONS.get(path, len(call.args)) for path in paths), default=0)
    given = {keyword.arg for keyword in call.keywords} <= {"axis", "ignore_index", "dtype"}
    return known and given and len(call.args) <= into


def evaluated(record: Reduction) -> Iterator[ast.AST]:
    """The nodes of a statement that the merge evaluates."""
    operands = {id(operand) for operand in record.operands}
    operands |= {id(node) for node, _ in record.repeats}
    return _but(record.statement, operands)


def _but(node: ast.AST, operands: set[int]) -> Iterator[ast.AST]:
    if id(node) not in operands:
        yield node
        for child in children(node):
            yield from _but(child, operands)


def _units(body: Sequence[ast.stmt], names: frozenset[str]) -> Iterator[ast.stmt]:
    """Statements without blocks, and whole those with blocks that can't be looked into when names are left out."""
    for statement in body:
        inner = [] if isinstance(statement, _DEFINITIONS) else list(blocks(statement))
        # What the merge raises can't be caught where the iteration would have caught it.
        whole = isinstance(statement, (ast.Try, ast.With)) and mentions(statement, names)
        header = [part for part in children(statement) if not isinstance(part, _BLOCKS)]
        if not inner or whole or any(mentions(part, names) for part in header):
            yield statement
        else:
            for block in inner:
                yield from _units(block, names)


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = (ast.stmt, ast.excepthandler, ast.match_case)


def _assigned(node: ast.AST) -> Iterator[str]:
    for part in walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, (ast.Store, ast.Del)):
            yield part.id
        elif isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store):
            yield from _filled(part)


def _filled(place: ast.expr) -> Iterator[str]:
    """The name of the container that gets an entry: ``filled[k] = v``, ``filled[a][k] = v``"""
    while isinstance(place, ast.Subscript):
        place = place.value
    if isinstance(place, ast.Attribute) and place.attr in ACCESSORS:
        place = place.value
    if isinstance(place, ast.Name):
        yield place.id


def _replay(statement: ast.stmt, names: frozenset[str]) -> Reduction:
    """The record of a statement that the merge runs: its operands are all parts that don't use the names."""
    operands = Operands(names)
    operands.statement(statement)
    used = {part.id for part in walk(statement) if isinstance(part, ast.Name)} & names
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    filled = [name for target in targets for name in _filled(target) if name in used]
    return Reduction(
        statement,
        min(filled or used),
        tuple(operands.found),
        "replay",
        takings=tuple(operands.takings),
        replayed=names,
        repeats=tuple(operands.repeats),
    )
