"""Generates the code of windows: the user's own statements, whose calls take what began ahead of its turn.

::

    if __naavre_tasks__:                    # one name looked up: all that a call costs where no worker is idle
        window = __naavre_tasks__.open(PLACE)
        with window:
            try:
                window.add(0, ordered, (xs[middle:],), {})
            except Exception:
                pass                        # it is raised where the notebook raises it
            left = ordered(xs[:middle])
            right = window.value if window.take(0) else ordered(xs[middle:])
    else:
        left = ordered(xs[:middle])
        right = ordered(xs[middle:])

Every call that isn't taken stands where it stood, so order, errors and tracebacks are the notebook's. A ``with``
leaves the frame at the line that raised, which IPython may show; a ``finally`` would leave it at its own.
"""

from __future__ import annotations

import ast
import marshal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from naavre_ext.dataflow.source import parse_cell
from naavre_ext.dataflow.walking import copied, walk
from naavre_ext.model.workflow import TaskCall, TaskWindow
from naavre_ext.planning.inner_rewriting import OWN_PREFIX, PLACE_MARK, located, plain_codes

#: The built-in name of what opens windows: False where no call is worth to begin ahead.
TASKS = "__naavre_tasks__"
#: Opens windows among the top-level statements of a cell, whether it is worth it or not.
OPEN = "__naavre_open__"
_GO = f"{OWN_PREFIX}go__"


def weave_tasks(
    tree: ast.Module, windows: Sequence[TaskWindow], cell: str, source: str, flags: int
) -> Callable[[ast.Module], ast.Module]:
    """What puts the windows of ``tree`` into a tree made of its nodes; ``source`` is the cell's."""
    if not windows or ast.dump(tree) != ast.dump(parse_cell(source).tree):
        return lambda made: made  # the inner code of a magic, say
    plain = plain_codes(tree, flags)
    statements = [node for node in walk(tree) if isinstance(node, ast.stmt)]
    calls = {
        id(statements[window.first]): (window, _calls(tree, statements[window.first], window))
        for window in windows
    }

    def weave(made: ast.Module) -> ast.Module:
        _Weaver(calls, plain, cell).visit(made)
        return ast.fix_missing_locations(made)

    return weave


_Chosen = Mapping[int, TaskCall]


def _calls(tree: ast.Module, first: ast.stmt, window: TaskWindow) -> _Chosen:
    """The window's calls by the ids of their nodes."""
    block = next(b for b in _all_blocks(tree) if first in b)
    start = block.index(first)
    found: dict[int, TaskCall] = {}
    for call in window.calls:
        walked = walk(block[start + call.statement])
        nodes = [node for node in walked if isinstance(node, ast.Call)]
        found[id(nodes[call.call])] = call
    return found


def _all_blocks(tree: ast.AST) -> list[list[ast.stmt]]:
    blocks: list[list[ast.stmt]] = []
    for node in walk(tree):
        for name in ("body", "orelse", "finalbody"):
            part = getattr(node, name, None)
            if isinstance(part, list) and part and isinstance(part[0], ast.stmt):
                blocks.append(part)
    return blocks


class _Weaver(ast.NodeVisitor):
    """Replaces windows in the blocks of a tree, in place."""

    def __init__(
        self,
        windows: Mapping[int, tuple[TaskWindow, _Chosen]],
        plain: Mapping[tuple[str, int], Any],
        cell: str,
    ) -> None:
        self._windows, self._plain, self._cell = windows, plain, cell
        self._function: ast.FunctionDef | None = None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer, self._function = self._function, node
        self.generic_visit(node)
        self._function = outer

    def generic_visit(self, node: ast.AST) -> None:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                setattr(node, name, self._block(block, is_cell=isinstance(node, ast.Module)))

    def _block(self, block: list[ast.stmt], *, is_cell: bool) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        at = 0
        while at < len(block):
            found = self._windows.get(id(block[at]))
            if found is None or at + found[0].count > len(block):
                made.append(block[at])
                at += 1
                continue
            window, calls = found
            inside = block[at : at + window.count]
            at += window.count
            is_last = at == len(block)
            made += self._in_cell(window, calls, inside, is_last) if is_cell else self._in_block(
                window, calls, inside
            )  # fmt: skip
        return made

    def _in_cell(
        self, window: TaskWindow, calls: _Chosen, inside: list[ast.stmt], is_last: bool
    ) -> list[ast.stmt]:
        """At top level each statement stays one, as the last one may show its value."""
        first, name = inside[0], _name(window)
        opened = _parsed(f"{name} = {OPEN}(None)", first)
        made = [*opened, self._adds(name, calls, inside), *_taking(name, calls, inside)]
        if not is_last:
            made += _parsed(f"{name}.close()", first)
        return made

    def _in_block(
        self, window: TaskWindow, calls: _Chosen, inside: list[ast.stmt]
    ) -> list[ast.stmt]:
        first, name = inside[0], _name(window)
        look = _parsed(
            f"try:\n    {_GO} = {TASKS}\nexcept NameError:\n    {_GO} = False\n"
            f"if {_GO}:\n    {name} = {_GO}.open(None)\n    with {name}:\n        pass\nelse:\n    pass",
            first,
        )
        choice = look[1]
        assert isinstance(choice, ast.If)
        choice.orelse = [copied(statement) for statement in inside]
        opened, guarded = choice.body
        assert isinstance(opened, ast.Assign)
        assert isinstance(opened.value, ast.Call)
        assert isinstance(guarded, ast.With)
        opened.value.args = [ast.copy_location(self._place(window), first)]
        guarded.body = [self._adds(name, calls, inside), *_taking(name, calls, inside)]
        return look

    def _place(self, window: TaskWindow) -> ast.Constant:
        code = None
        if self._function is not None:
            code = self._plain.get((self._function.name, self._function.lineno))
        mark: Any = (PLACE_MARK, self._cell, window.first, (code and marshal.dumps(code)) or b"")
        return ast.Constant(mark)

    def _adds(self, name: str, calls: _Chosen, inside: Sequence[ast.stmt]) -> ast.stmt:
        """Offers the calls with their arguments, as they are before the first statement."""
        body: list[ast.stmt] = []
        for node in _in_order(calls, inside):
            keywords = node.keywords
            keys: list[ast.expr | None] = [
                None if k.arg is None else ast.Constant(k.arg) for k in keywords
            ]
            given = [
                ast.Constant(len(body)),
                node.func,
                ast.Tuple(list(node.args), ast.Load()),
                ast.Dict(keys, [k.value for k in keywords]),
            ]
            (statement,) = _parsed(f"{name}.add()", node)
            assert isinstance(statement, ast.Expr)
            assert isinstance(statement.value, ast.Call)
            statement.value.args = [copied(part) for part in given]
            body.append(statement)
        (made,) = _parsed("try:\n    pass\nexcept Exception:\n    pass", inside[0])
        assert isinstance(made, ast.Try)
        made.body = body
        return made


def _in_order(calls: _Chosen, inside: Sequence[ast.stmt]) -> list[ast.Call]:
    nodes = (n for s in inside for n in walk(s) if isinstance(n, ast.Call) and id(n) in calls)
    return sorted(nodes, key=lambda n: (calls[id(n)].statement, n.lineno, n.col_offset))


def _taking(name: str, calls: _Chosen, inside: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, in which the calls take what there is."""
    numbers = {id(node): number for number, node in enumerate(_in_order(calls, inside))}

    class Replace(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            if id(node) not in numbers:
                return self.generic_visit(node)
            text = f"{name}.value if {name}.take({numbers[id(node)]}) else 0"
            choice = located(ast.parse(text, mode="eval").body, node)
            choice.orelse = node
            if calls[id(node)].reuses:
                again = located(ast.parse(f"0 if {name}.args else 0", mode="eval").body, node)
                text = f"f(*{name}.args, **{name}.keywords)"
                again.body = located(ast.parse(text, mode="eval").body, node)
                again.body.func = copied(node.func)
                again.orelse, choice.orelse = node, again
            return choice  # type: ignore[no-any-return]

    return [Replace().visit(statement) for statement in inside]


def _name(window: TaskWindow) -> str:
    return f"{OWN_PREFIX}window_{window.first}__"


def _parsed(text: str, at: ast.AST) -> list[ast.stmt]:
    return [located(statement, at) for statement in ast.parse(text).body]
