"""Finds where calls of tasks stand together, so that all but the first may begin ahead of their turn.

::

    left = ordered(xs[:middle])         # runs where it stands
    right = ordered(xs[middle:])        # may begin at the same time, in another worker
    return merged(left, right)

Nothing is moved: a call that began ahead gave the value that it would give in its turn, because nothing that runs
in between changes what it was given or what it reads.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.region import Region
from naavre_ext.dataflow.walking import children, walk
from naavre_ext.model.workflow import TaskCall, TaskFunction, TaskWindow

#: Expressions whose parts are all evaluated, from left to right.
_IN_ORDER = (
    ast.Call, ast.BinOp, ast.UnaryOp, ast.Tuple, ast.List, ast.Set, ast.Starred, ast.keyword,
    ast.Subscript, ast.Slice, ast.Attribute, ast.JoinedStr, ast.FormattedValue,
)  # fmt: skip
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)
_JUMPS = (ast.Return, ast.Break, ast.Continue, ast.Raise, ast.Yield, ast.YieldFrom, ast.Await)
#: What costs next to nothing to evaluate a second time.
_CHEAP = (
    ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Slice, ast.BinOp, ast.UnaryOp, ast.Tuple,
    ast.List, ast.Starred, ast.operator, ast.unaryop, ast.expr_context,
)  # fmt: skip
_CHEAP_CALLS = frozenset({"len", "int", "float", "min", "max", "abs", "range"})
#: Effects that no task can notice, wherever it runs.
_HARMLESS = frozenset({"outside-read", "rng-draw"})
#: Calls that look at the variables or the frames of the function that makes them.
_LOOKING = frozenset({"locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe"})

#: Gives None for what has no copy of its own.
Copy = Callable[[ast.AST], ast.AST | None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known where a block stands: ``copy`` gives a node as ``position`` of ``notebook`` has it."""

    notebook: NotebookDataflow
    position: int
    tasks: Mapping[str, TaskFunction]
    copy: Copy


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of a task, and the parts of its statement that are evaluated before it."""

    statement: int
    node: ast.Call
    function: str
    before: tuple[ast.AST, ...]


def find_windows(
    tree: ast.Module, body: Sequence[ast.stmt], around: Surroundings
) -> Iterator[TaskWindow]:
    """The windows in ``body`` and in the blocks in it; ``tree`` is the cell's."""
    if any(_looks(node) for statement in body for node in walk(statement)):
        return
    numbers = {id(node): number for number, node in enumerate(_statements(tree))}
    yield from _in_block(body, around, numbers)


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    return (node for node in walk(tree) if isinstance(node, ast.stmt))


def _looks(node: ast.AST) -> bool:
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return name in _LOOKING


def _in_block(
    block: Sequence[ast.stmt], around: Surroundings, numbers: Mapping[int, int]
) -> Iterator[TaskWindow]:
    start = 0
    while start < len(block):
        calls = _calls_from(block[start:], around)
        if not calls or calls[0].statement:
            start += 1
            continue
        chosen = tuple(_chosen(block[start:], calls, around))
        if not chosen:
            start += 1
            continue
        count = chosen[-1].statement + 1
        first = block[start]
        yield TaskWindow(numbers[id(first)], count, first.lineno, chosen)
        start += count
    for statement in block:
        for inner in _blocks(statement):
            yield from _in_block(inner, around, numbers)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if block:
            yield block
    for name in ("handlers", "cases"):
        for part in getattr(statement, name, None) or ():
            yield part.body


def _calls_from(block: Sequence[ast.stmt], around: Surroundings) -> list[_Call]:
    """The calls of tasks in the statements that surely follow each other, in the order in which they happen."""
    found: list[_Call] = []
    for number, statement in enumerate(block):
        if isinstance(statement, _SIMPLE):
            before: list[ast.AST] = []
            if isinstance(statement, ast.AugAssign):
                before.append(statement.target)
            if statement.value is not None:
                found += _scan(number, statement.value, before, around)
            if isinstance(statement, ast.Return):
                break
        elif _has_task(statement, around) or any(
            isinstance(node, _JUMPS) for node in walk(statement)
        ):
            break
    return found


def _has_task(node: ast.AST, around: Surroundings) -> bool:
    return any(_task_of(part, around) for part in walk(node))


def _task_of(node: ast.AST, around: Surroundings) -> str:
    """The task that is called there; "" where none is."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return ""
    copied = around.copy(node.func)  # a variable of the function has another name there
    name = copied.id if isinstance(copied, ast.Name) else ""
    return name if name in around.tasks else ""


def _scan(
    statement: int, node: ast.AST, before: list[ast.AST], around: Surroundings
) -> Iterator[_Call]:
    """The calls of tasks that evaluating ``node`` surely makes; ``before`` grows by what was evaluated."""
    if _has_task(node, around) and isinstance(node, _IN_ORDER):
        for child in children(node):
            if isinstance(node, ast.Call) and child is node.func:
                # Looking a function up does nothing; a method's object has to be there.
                if isinstance(child, ast.Name):
                    continue
                child = child.value if isinstance(child, ast.Attribute) else child
            if isinstance(child, (ast.expr, ast.keyword)):
                yield from _scan(statement, child, before, around)
        name = _task_of(node, around)
        if name and isinstance(node, ast.Call):
            yield _Call(statement, node, name, tuple(before))
    before.append(node)


def _chosen(
    block: Sequence[ast.stmt], calls: Sequence[_Call], around: Surroundings
) -> Iterator[TaskCall]:
    for place, call in enumerate(calls):
        task = around.tasks[call.function]
        if not place and not task.resources:
            continue  # while it runs the others may begin
        if not _arguments_only_look(call, around):
            continue
        before = [*block[: call.statement], *call.before]
        is_cheap = _is_cheap(call)
        if not _leaves_alone(before, call, around, strictly=not is_cheap):
            continue
        if not is_cheap and any(
            around.tasks[earlier.function].guard_arguments for earlier in calls[:place]
        ):
            continue
        walked = [n for n in walk(block[call.statement]) if isinstance(n, ast.Call)]
        number = next(i for i, node in enumerate(walked) if node is call.node)
        yield TaskCall(call.statement, number, call.function, not is_cheap)


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_cheap(call: _Call) -> bool:
    for argument in _arguments(call.node):
        for node in walk(argument):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if called and node.func.id in _CHEAP_CALLS:  # type: ignore[attr-defined]
                continue
            if not isinstance(node, _CHEAP):
                return False
    return True


def _arguments_only_look(call: _Call, around: Surroundings) -> bool:
    """Whether the arguments may be evaluated ahead: nobody can tell, and no task is waited for."""
    for argument in _arguments(call.node):
        nodes = list(walk(argument))
        if any(isinstance(n, (ast.NamedExpr, *_JUMPS)) or _task_of(n, around) for n in nodes):
            return False
    region = Region(around.notebook.environment, around.notebook.summaries)
    for argument in _arguments(call.node):
        copied = around.copy(argument)
        if not isinstance(copied, ast.expr):
            return False
        region.visit(copied)
    facts = region.dataflow()
    return not facts.effects and not facts.changes and not facts.writes


def _leaves_alone(
    before: Sequence[ast.AST], call: _Call, around: Surroundings, *, strictly: bool
) -> bool:
    """Whether what runs before the call changes nothing that it is given or reads; ``strictly``: nothing."""
    notebook, position = around.notebook, around.position
    region = Region(notebook.environment, notebook.summaries)
    statements = [s for part in before if (s := _without_tasks(part, around)) is not None]
    if len(statements) < len(before):
        return False
    region.walk(statements)
    facts = region.dataflow()
    if any(effect.kind not in _HARMLESS for effect in facts.effects):
        return False
    needs = set(around.tasks[call.function].shared)
    for argument in _arguments(call.node):
        copied = around.copy(argument)
        if copied is None:
            return False
        needs |= {node.id for node in walk(copied) if isinstance(node, ast.Name)}
    bound, _, _ = assigned_names(statements)
    if (facts.writes | facts.deletes | bound) & needs:
        return False
    if strictly and facts.changes:
        return False
    graph = notebook.aliases_until(position)
    reached = graph.reach(notebook.node(position, name) for name in sorted(needs))
    near = AliasGraph()
    share(near, facts.sharing)
    names = sorted(set(facts.reads) | facts.writes | bound)
    for change in facts.changes:
        classes = near.changed_by(change.node, change.deep)
        for name in names:
            if classes & near.reach([name]) and reached & graph.reach(
                [notebook.node(position, name)]
            ):
                return False
    return True


def _without_tasks(part: ast.AST, around: Surroundings) -> ast.stmt | None:
    """The part as a statement in which calls of tasks only evaluate their arguments.

    What a task does itself has been judged: it changes nothing that others see.
    """

    class Replace(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            visited = self.generic_visit(node)
            if name not in around.tasks or not isinstance(visited, ast.Call):
                return visited
            made = ast.Tuple([_plain(a) for a in _arguments(visited)], ast.Load())
            return ast.copy_location(made, node)

    known = around.copy(part)
    if known is None:
        return None
    copied = _deep(known)
    if isinstance(copied, ast.keyword):
        copied = copied.value
    if isinstance(copied, ast.Starred):
        copied = copied.value
    if isinstance(copied, ast.Slice):
        parts = [p for p in (copied.lower, copied.upper, copied.step) if p is not None]
        copied = ast.copy_location(ast.Tuple(parts, ast.Load()), copied)
    if isinstance(copied, ast.FormattedValue):
        copied = ast.copy_location(ast.JoinedStr([copied]), copied)
    if isinstance(copied, ast.Name):
        copied = ast.copy_location(ast.Name(copied.id, ast.Load()), copied)
    if isinstance(copied, ast.expr):
        copied = ast.copy_location(ast.Expr(copied), copied)
    made = Replace().visit(copied)
    assert isinstance(made, ast.stmt)
    return ast.fix_missing_locations(made)


def _plain(argument: ast.expr) -> ast.expr:
    return argument.value if isinstance(argument, ast.Starred) else argument


def _deep(node: ast.AST) -> ast.AST:
    fields: dict[str, Any] = {}
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            fields[name] = [_deep(v) if isinstance(v, ast.AST) else v for v in value]
        else:
            fields[name] = _deep(value) if isinstance(value, ast.AST) else value
    return ast.copy_location(type(node)(**fields), node)
