"""Walks statements: the facts of a cell, a loop body or a function body."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from naavre_ext.dataflow import restored_settings, shapes
from naavre_ext.dataflow.definitions import Definitions
from naavre_ext.dataflow.recorder import FRESH, Value, assigned_names
from naavre_ext.dataflow.walking import children, walk
from naavre_ext.model.dataflow import Effect


class Region(Definitions):
    """Definitions and calls with all statements."""

    #: Names surely written at each ``continue`` of the loop that is this region.
    continue_sure: list[set[str]]

    def walk(self, statements: Sequence[ast.stmt]) -> None:
        """Record the facts of the statements, in order."""
        for statement in statements:
            getattr(self, f"_walk_{type(statement).__name__.lower()}", self._walk_other)(statement)

    def _walk_other(self, node: ast.stmt) -> None:
        for child in children(node):
            if isinstance(child, ast.expr):
                self.visit(child)

    def _walk_expr(self, node: ast.Expr) -> None:
        self.visit(node.value)

    def _walk_assign(self, node: ast.Assign) -> None:
        pairs = _pairs(node)
        if pairs:  # nobody has the tuple
            values = [self.visit(source) for _, source in pairs]
            for (target, _), value in zip(pairs, values, strict=True):
                self.bind(target, value)
            return
        value = self.visit(node.value)
        for target in node.targets:
            self.bind(target, value)

    def _walk_annassign(self, node: ast.AnnAssign) -> None:
        self.annotation(node.annotation)
        if node.value is not None:
            self.bind(node.target, self.visit(node.value))
        elif isinstance(node.target, (ast.Attribute, ast.Subscript)):
            self.visit(node.target.value)  # Python looks up whose attribute it would be

    def _walk_augassign(self, node: ast.AugAssign) -> None:
        value = self.visit(node.value)
        target = node.target
        if isinstance(target, ast.Name):
            current = self.read(target.id, node.lineno)
            if shapes.is_immutable(current.shape):
                self.write(
                    target.id, self.combine(current, node.op, value, node.lineno), node.lineno
                )
                return
            # A number is bound anew, a list changes: where the kind is unknown it shows at run time only.
            how = f"changed by {ast.unparse(node)}"
            self.change(current, node.lineno, how, suspected=not current.kind)
            self.operate(current, node.lineno)
            if current.node is not None and current.kind not in ("array", "frame"):
                held = self.contents(value).node
                if held is not None:
                    self.hold(current.node, held)
            kept = (
                current.shape
                if current.kind in ("list", "dict", "defaultdict", "set", "array", "frame")
                else ""
            )
            self.write(target.id, Value(kept, current.node), node.lineno)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            current = self.visit(ast.copy_location(_as_load(target), target))
            how = f"changed by {ast.unparse(node)}"
            self.change(current, node.lineno, how, suspected=not current.kind)
            self.store_into(target, value)

    def _walk_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                if self.local_node(target.id) is None:
                    self.read_global(target.id, node.lineno)
                    self.deletes.add(target.id)
                    self.writes.add(target.id)
                    self.sure.discard(target.id)
                    self.forget_shapes([target.id])
            elif isinstance(target, (ast.Attribute, ast.Subscript)):
                self.store_into(target, FRESH)

    def _walk_if(self, node: ast.If) -> None:
        self.test(node.test)
        self._branches([node.body, node.orelse])

    def _branches(self, bodies: Sequence[Sequence[ast.stmt]]) -> None:
        """Alternative bodies: sure afterwards is what every branch that goes on surely writes."""
        before, ended_before = set(self.sure), self.ended
        outcomes: list[set[str]] = []
        self.conditional += 1
        for body in bodies:
            self.sure, self.ended = set(before), False
            self.walk(body)
            if not self.ended:
                outcomes.append(self.sure)
        self.conditional -= 1
        self.sure = set.intersection(*outcomes) if outcomes else before
        self.ended = ended_before or not outcomes

    def _walk_for(self, node: ast.For | ast.AsyncFor) -> None:
        self.costly = True
        items = self.visit(node.iter)
        self.consume(items, node.iter)
        self.operate(items, node.lineno)
        before = set(self.sure)
        with self._iterating([node.target, *node.body]):
            self.bind(node.target, self.element(items))
            self._loop_body(node.body)
        self.sure = before | (self._bound_once(node) if self._never_empty(node.iter) else set())
        self._walk_else(node)

    def _never_empty(self, items: ast.expr) -> bool:
        """``range(20)``, ``(1, 2)``"""
        if isinstance(items, (ast.List, ast.Tuple)):
            return any(not isinstance(item, ast.Starred) for item in items.elts)
        if not isinstance(items, ast.Call) or getattr(items.func, "id", "") != "range":
            return False
        if items.keywords or not self._is_builtin(items.func):
            return False
        limits = [a.value if isinstance(a, ast.Constant) else None for a in items.args]
        known = 1 <= len(limits) <= 2 and all(type(limit) is int for limit in limits)
        return known and bool(range(*limits))  # type: ignore[arg-type]

    def _bound_once(self, node: ast.For | ast.AsyncFor) -> set[str]:
        """The loop's variables, which have a value once it has begun, but for those that the body unbinds."""
        deleted = {
            getattr(part, "name", None)
            for part in walk(node)
            if isinstance(part, ast.ExceptHandler)
        }
        names = [part for part in walk(node) if isinstance(part, ast.Name)]
        deleted |= {name.id for name in names if isinstance(name.ctx, ast.Del)}
        bound = {part.id for part in walk(node.target) if isinstance(part, ast.Name)}
        return {name for name in bound - deleted if self.local_node(name) is None}

    _walk_asyncfor = _walk_for

    @contextmanager
    def _iterating(self, nodes: Sequence[ast.AST]) -> Iterator[None]:
        """In an iteration what has been bound has its shape; before it and afterwards any that it may have."""
        self._forget_assigned(nodes)
        self.conditional += 1
        outer, self.settled = self.settled, self.conditional
        yield
        self.settled = outer
        self.conditional -= 1
        self._forget_assigned(nodes)

    def _forget_assigned(self, nodes: Sequence[ast.AST]) -> None:
        """What a loop's body binds is seen by its next iteration."""
        if self.shapes_now is not None:
            known = self.shapes_now if not self.environment.closed else ()
            self.forget_shapes([*assigned_names(nodes)[0], *known])

    def _walk_else(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        if any(isinstance(n, ast.Break) for statement in node.body for n in walk(statement)):
            self._branches([node.orelse, []])
        else:
            self.walk(node.orelse)

    def _loop_body(self, body: Sequence[ast.stmt]) -> None:
        outer = self.__dict__.get("continue_sure")
        self.continue_sure = []
        ended = self.ended
        self.walk(body)
        self.ended = ended
        if outer is not None:
            self.continue_sure = outer

    def _walk_while(self, node: ast.While) -> None:
        self.costly = True
        self._forget_assigned([node.test, *node.body])
        self.test(node.test)
        before = set(self.sure)
        with self._iterating([node.test, *node.body]):
            self._loop_body(node.body)
        self.sure = before
        self._walk_else(node)

    def _walk_continue(self, node: ast.Continue) -> None:
        if "continue_sure" in self.__dict__:
            self.continue_sure.append(set(self.sure))
        self.ended = True

    def _walk_break(self, node: ast.Break) -> None:
        self.ended = True

    def _walk_return(self, node: ast.Return) -> None:
        if node.value is not None:
            value = self.visit(node.value)
            if self.__dict__.get("result_of_nested") is not None:
                self.nested_result(value)
            else:
                self.returned(value)
        self.ended = True

    def returned(self, value: Value) -> None:
        """Called with each returned value; functions collect them."""

    def _walk_assert(self, node: ast.Assert) -> None:
        self.test(node.test)
        if node.msg is not None:
            self.conditional += 1
            self.visit(node.msg)
            self.conditional -= 1

    def _walk_raise(self, node: ast.Raise) -> None:
        self._walk_other(node)
        self.ended = True

    def _walk_try(self, node: ast.Try) -> None:
        before = set(self.sure)
        self.conditional += 1
        ended_before = self.ended
        self.ended = False
        self.walk(node.body)
        self.walk(node.orelse)
        outcomes = [] if self.ended else [set(self.sure)]
        for handler in node.handlers:
            self.sure, self.ended = set(before), False
            if handler.type is not None:
                self.visit(handler.type)
            if handler.name:
                self.write(handler.name, FRESH, handler.lineno)
            self.walk(handler.body)
            if handler.name and self.local_node(handler.name) is None:
                self.sure.discard(handler.name)  # Python deletes it at the end of the handler
                self.deletes.add(handler.name)
            if not self.ended:
                outcomes.append(self.sure)
        self.sure = set.intersection(*outcomes) if outcomes else before
        self.ended = ended_before or not outcomes
        self.conditional -= 1
        self.walk(node.finalbody)

    _walk_trystar = _walk_try

    def _walk_with(self, node: ast.With | ast.AsyncWith) -> None:
        before, effects_before = set(self.sure), set(self.effects)
        may_swallow = False
        for item in node.items:
            value = self.visit(item.context_expr)
            if self._is_own_manager(item.context_expr, value):
                may_swallow = True
                self.effect("unknown", f"with {ast.unparse(item.context_expr)}", node.lineno)
                self.change(value, node.lineno, "changed by 'with'", deep=True, suspected=True)
                self.operate(value, node.lineno)
            may_swallow = may_swallow or self._swallows(item.context_expr)
            if item.optional_vars is not None:
                shape = value.shape if value.kind in ("file", "figure", "progress") else ""
                self.bind(item.optional_vars, Value(shape, self.merged([value]).node))
        self.conditional += may_swallow
        ended = self.ended
        self.walk(node.body)
        self.conditional -= may_swallow
        if may_swallow:  # the body may have been cut short
            self.sure, self.ended = before, ended
        self._put_back(node, effects_before)

    _walk_asyncwith = _walk_with

    def _put_back(self, node: ast.With | ast.AsyncWith, before: set[Effect]) -> None:
        """Let one effect stand for the settings that the block changes and puts back."""
        for call in [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call)]:
            path = self.module_path(call.func) or ""
            undone = restored_settings.restored(path, call, node.body)
            for effect in [e for e in self.effects if e not in before]:
                if restored_settings.is_put_back(effect, undone):
                    del self.effects[effect]
                    self.effect("settings", restored_settings.of_block(path), node.lineno)

    def _is_own_manager(self, node: ast.expr, value: Value) -> bool:
        """Whether entering and leaving may run code that no table knows."""
        called = node.func if isinstance(node, ast.Call) else node
        if value.kind in ("file", "figure", "progress") or self.module_path(called) is not None:
            return False
        name = called.id if isinstance(called, ast.Name) else ""
        return (
            not name
            or bool(self.environment.bindings.get(name))
            or self.local_node(name) is not None
        )

    def _swallows(self, node: ast.expr) -> bool:
        """Whether the context manager may swallow an exception."""
        called = node.func if isinstance(node, ast.Call) else node
        path = self.module_path(called) or ""
        return path.rpartition(".")[2] in ("suppress", "raises", "ExitStack", "AsyncExitStack")

    def _walk_match(self, node: ast.Match) -> None:
        subject = self.merged([self.visit(node.subject)])
        before, ended_before = set(self.sure), self.ended
        outcomes: list[set[str]] = []
        self.conditional += 1
        for case in node.cases:
            self.sure, self.ended = set(before), False
            self._bind_pattern(case.pattern, subject)
            if case.guard is not None:
                self.visit(case.guard)
            self.walk(case.body)
            if not self.ended:
                outcomes.append(self.sure)
        self.conditional -= 1
        if not _always_matches(node.cases[-1]):
            outcomes.append(before)
        self.sure = set.intersection(*outcomes) if outcomes else before
        self.ended = ended_before or not outcomes

    def _bind_pattern(self, pattern: ast.pattern, subject: Value) -> None:
        for part in walk(pattern):
            if isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
                self.write(part.name, subject, part.lineno)
            elif isinstance(part, ast.MatchMapping) and part.rest:
                self.write(part.rest, subject, part.lineno)
            elif isinstance(part, ast.MatchValue):
                self.visit(part.value)
            elif isinstance(part, ast.MatchClass):
                self.visit(part.cls)

    def _walk_typealias(self, node: ast.AST) -> None:
        self.bind(node.name, FRESH)  # type: ignore[attr-defined]

    def _walk_global(self, node: ast.Global) -> None:
        pass

    _walk_nonlocal = _walk_global


def _always_matches(case: ast.match_case) -> bool:
    pattern = case.pattern
    return case.guard is None and isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _as_load(target: ast.Attribute | ast.Subscript) -> ast.expr:
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    return ast.Subscript(target.value, target.slice, ast.Load())


def _pairs(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    """The targets of ``a, b = x, y`` with what each is bound to; empty for other assignments."""
    target, source, kinds = node.targets[0], node.value, (ast.Tuple, ast.List)
    if len(node.targets) > 1 or not isinstance(target, kinds) or not isinstance(source, kinds):
        return []
    parts = [*target.elts, *source.elts]
    if len(target.elts) != len(source.elts) or any(isinstance(e, ast.Starred) for e in parts):
        return []
    return list(zip(target.elts, source.elts, strict=True))
