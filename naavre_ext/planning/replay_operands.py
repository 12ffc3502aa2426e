"""What the iterations of a split loop evaluate, and record, of a statement that is left to its merge."""

from __future__ import annotations

import ast

from naavre_ext.dataflow.walking import children, walk
from naavre_ext.planning.accessors import ACCESSORS

#: Methods of a value of the iteration's own that a branch may call: ``best_x = x.copy()``.
_OF_VALUES = frozenset(
    {"copy", "keys", "values", "items", "get", "upper", "lower", "strip", "format"}
)
#: Methods that, as statements, put an argument itself into their object; and those that take what it holds now.
_STORING = frozenset({"append", "appendleft", "add", "insert", "setdefault", "put"})
_TAKING = frozenset(
    {"extend", "extendleft", "update", "difference_update", "intersection_update",
     "symmetric_difference_update", "subtract"}
)  # fmt: skip
#: Functions that put an argument, the object itself, into another one, and compare it.
_KEEPING = frozenset(
    {"heappush", "heappushpop", "heapreplace", "insort", "insort_left", "insort_right"}
)


class NotReplayable(Exception):
    """A statement can't be left to the merge; with a ``remedy``, the message says what the user wouldn't guess."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


def mentions(node: ast.AST, names: frozenset[str]) -> bool:
    """Whether one of the names stands in the node."""
    return any(isinstance(part, ast.Name) and part.id in names for part in walk(node))


class Operands:
    """Collects what an iteration has to evaluate for a statement that the merge runs.

    What only a branch needs is evaluated in any case. So it must be a name or a part of what a name stands for,
    which is ``lazy`` where that may raise an error; or the very expression that was evaluated before the branch.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._conditional = False
        self._catches = False
        self.found: list[ast.expr] = []
        self.takings: list[str] = []
        self.repeats: list[tuple[ast.expr, int]] = []

    def statement(self, node: ast.stmt) -> None:
        """The operands of a statement; raises NotReplayable."""
        if isinstance(node, ast.If):
            self.value(node.test, "copy")
            self._conditional = True
            for inner in [*node.body, *node.orelse]:
                self.statement(inner)
        elif isinstance(node, ast.Assign):
            self.value(node.value, _kept_as(node))
            for target in node.targets:
                self._target(target)
        elif isinstance(node, ast.AugAssign):
            self.value(node.value, "copy")
            self._target(node.target)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if mentions(node.value, self._names):
                self._call(node.value, is_statement=True)
            else:
                self._operand(node.value, "keep")
        elif isinstance(node, ast.Try):
            self._try(node)
        elif not isinstance(node, ast.Pass):
            word = type(node).__name__.lower()
            remedy = f"Write the rest of the iteration in an 'if' instead of '{word}'."
            raise NotReplayable(f"'{word}' depends on it", remedy if word == "continue" else "")

    def _try(self, node: ast.Try) -> None:
        """``try: groups[k].append(v)`` and ``except KeyError: groups[k] = [v]``."""
        for handler in node.handlers:
            kinds = [] if handler.type is None else list(walk(handler.type))
            if handler.name or any(isinstance(part, ast.Call) for part in kinds):
                raise NotReplayable("an error is looked at")
        before = self._conditional, self._catches
        self._conditional = self._catches = True
        blocks_of = [node.body, node.orelse, node.finalbody, *(h.body for h in node.handlers)]
        for statement in (statement for block in blocks_of for statement in block):
            self.statement(statement)
        self._conditional, self._catches = before

    def _target(self, node: ast.expr) -> None:
        if isinstance(node, (ast.Tuple, ast.List)):
            for element in node.elts:
                self._target(element)
        elif isinstance(node, ast.Subscript):
            self._target(node.value)
            self.value(node.slice, "index")
        elif isinstance(node, ast.Attribute) and node.attr in ACCESSORS:
            self._target(node.value)
        elif isinstance(node, ast.Call) and mentions(node, self._names):
            self._call(node)  # groups.setdefault(k, {})[x] = v
        elif not (isinstance(node, ast.Name) and node.id in self._names):
            raise NotReplayable(f"{ast.unparse(node)} is set")

    def value(self, node: ast.expr, taking: str) -> None:
        """The operands of an expression, recorded by reference (``keep``) or by present state (``copy``).

        What a call may look at, or give back, is recorded by reference and mustn't change any more (``steady``).
        Of an ``index`` that can change its state counts.
        """
        if isinstance(node, ast.Starred):
            self.value(node.value, "copy")
        elif not mentions(node, self._names):
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
        elif isinstance(node, ast.Subscript):
            self.value(node.value, taking)
            self.value(node.slice, "index")
        elif isinstance(node, _TRANSPARENT):
            state = isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare))
            spread = _unpacked(node)
            for part in children(node):
                if isinstance(part, ast.expr):
                    copies = state or any(part is value for value in spread)
                    self.value(part, "copy" if copies else taking)
        elif not isinstance(node, ast.Name):
            raise NotReplayable(f"{ast.unparse(node)} uses what is carried")

    def _call(self, node: ast.Call, *, is_statement: bool = False) -> None:
        function = node.func
        stored = isinstance(function, ast.Attribute) and mentions(function.value, self._names)
        called = (
            function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        )
        if isinstance(function, ast.Attribute) and stored:
            self.value(function.value, "keep")
        elif isinstance(function, ast.Attribute) and called in _OF_VALUES:
            self.value(function.value, "copy")
        elif not isinstance(function, ast.Name) and not _is_named(function):
            raise NotReplayable(f"{ast.unparse(function)}() takes what is carried")
        makes_new = isinstance(function, ast.Attribute) and called not in _KEEPING
        of_library = makes_new and not stored
        taking = "copy" if of_library else "steady"
        if is_statement and stored and called in _STORING:
            taking = "keep"
        elif is_statement and stored and called in _TAKING:
            taking = "copy"
        for part in [*node.args, *[keyword.value for keyword in node.keywords]]:
            self.value(part, taking)

    def _operand(self, node: ast.expr, taking: str) -> None:
        if not any(isinstance(part, (ast.Name, ast.Call)) for part in walk(node)):
            return  # a literal is as good in the merge
        if self._conditional and self._repeats(node, taking):
            return
        if self._conditional and isinstance(node, _PUT_TOGETHER):
            self._parts(node, taking)
            return
        if self._conditional and not _is_part(node):
            what = ast.unparse(node)
            raise NotReplayable(
                f"{what} is computed in one branch only",
                f"Compute {what} before, in every iteration.",
            )
        lazy = self._conditional and (self._catches or not isinstance(node, ast.Name))
        self.found.append(node)
        self.takings.append(f"lazy {taking}" if lazy else taking)

    def _repeats(self, node: ast.expr, taking: str) -> bool:
        """Whether the expression is recorded already: ``f(x)`` in ``if f(x) < best: best = f(x)``."""
        form = ast.dump(node)
        for place, known in enumerate(self.found):
            if not isinstance(node, ast.Name) and ast.dump(known) == form:
                self.repeats.append((node, place))
                kept = self.takings[place].removeprefix("lazy ")
                if taking != kept:
                    self.takings[place] = self.takings[place].replace(kept, "steady")
                return True
        return False

    def _parts(
        self,
        node: ast.expr,
        taking: str,
    ) -> None:
        """What a branch puts together, calls or computes: the merge does it with the parts."""
        if isinstance(node, ast.Call):
            self._call(node)
            return
        keeps = isinstance(node, (ast.Tuple, ast.List, ast.Set, ast.Dict))
        spread = _unpacked(node)
        for part in children(node):
            if isinstance(part, ast.expr):
                copies = not keeps or any(part is value for value in spread)
                self.value(part, "copy" if copies else taking)


def _unpacked(node: ast.expr) -> list[ast.expr]:
    """What ``{**a, **b}`` takes the entries of."""
    entries = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
    return [value for key, value in entries if key is None]


def _kept_as(node: ast.Assign) -> str:
    """How the value is recorded: tables copy it; whether ``NAME`` does, only shows when the loop runs."""
    places = [target.value for target in node.targets if isinstance(target, ast.Subscript)]
    if any(isinstance(place, ast.Attribute) and place.attr in ACCESSORS for place in places):
        return "copy"
    if any(isinstance(t, ast.Subscript) and isinstance(t.slice, ast.Slice) for t in node.targets):
        return "copy"
    if not places:
        return "keep"
    place = places[0]
    # Arrays copy what containers of other kinds keep, and only a name says which of them it is.
    if len(node.targets) > 1 or not isinstance(place, ast.Name):
        return "steady"
    return f"store {place.id}"


def _is_named(function: ast.expr) -> bool:
    """``name.method``, and ``np.add.at``."""
    if isinstance(function, ast.Attribute) and function.attr == "at":
        function = function.value
    return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)


def _is_part(node: ast.expr) -> bool:
    """``x``, ``x.y``, ``x[0].y``: what is quickly looked up."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Subscript) and any(
            isinstance(part, (ast.Call, ast.NamedExpr)) for part in walk(node.slice)
        ):
            return False
        node = node.value
    return isinstance(node, ast.Name)


_TRANSPARENT = (
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Subscript, ast.Slice,
    ast.JoinedStr, ast.FormattedValue, ast.Attribute,
)  # fmt: skip


_PUT_TOGETHER = (
    ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Call, ast.Compare, ast.BinOp, ast.UnaryOp, ast.JoinedStr,
    ast.FormattedValue,
)  # fmt: skip


def _in_order(node: ast.BoolOp | ast.IfExp) -> list[ast.expr]:
    return node.values if isinstance(node, ast.BoolOp) else [node.test, node.body, node.orelse]
