"""Collects the facts of one region of code while it is walked."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain, count
from typing import TYPE_CHECKING, NamedTuple

from naavre_ext.dataflow import shapes, tables
from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.history import is_history
from naavre_ext.dataflow.tables import Kind
from naavre_ext.dataflow.walking import children, walk
from naavre_ext.model.dataflow import CellDataflow, Change, Effect, EffectKind, Sharing

if TYPE_CHECKING:
    from naavre_ext.dataflow.functions import Summaries


class Value(NamedTuple):
    """An expression's abstract value: its shape, and the node it may share objects with (or None)."""

    shape: str = ""
    node: str | None = None

    @property
    def kind(self) -> Kind:
        """The shape without what is known of the elements."""
        return shapes.head(self.shape)


FRESH = Value()
#: Stands for what operators of the notebook's classes give.
GIVEN = "%given"
#: Effects of code that may bind names anew, in notebooks where code that can't be seen does.
_REBINDING = ("opaque", "unknown", "star-import", "history", "monkeypatch")
_fresh_numbers = count()


@dataclass(slots=True)
class Scope:
    """Local names of a function, comprehension or class body → their unique nodes."""

    names: dict[str, str] = field(default_factory=dict)
    is_class: bool = False
    global_names: frozenset[str] = frozenset()


class Recorder:
    """The growing facts of a region, and how names resolve in it."""

    def __init__(self, environment: Environment, summaries: Summaries) -> None:
        self.environment = environment
        self.summaries = summaries
        self.scopes: list[Scope] = []
        self.reads: dict[str, int] = {}
        self.required: set[str] = set()
        self.writes: set[str] = set()
        self.sure: set[str] = set()
        self.deletes: set[str] = set()
        self.changes: dict[Change, None] = {}
        self.sharing: dict[Sharing, None] = {}
        self.effects: dict[Effect, None] = {}
        self.conditional = 0
        #: So many of these conditions hold in all of the loop's body that is walked: code there runs in order.
        self.settled = 0
        self.costly = False
        self.local_kinds: dict[str, Kind] = {}
        #: Shapes of global names at this point of the notebook; None in code that may run at other times.
        self.shapes_now: dict[str, str] | None = None

    def dataflow(self) -> CellDataflow:
        """The facts so far, frozen."""
        return CellDataflow(
            reads=dict(self.reads),
            required=frozenset(self.required),
            writes=frozenset(self.writes),
            sure=frozenset(self.sure & self.writes),
            deletes=frozenset(self.deletes),
            changes=tuple(self.changes),
            sharing=tuple(self.sharing),
            effects=tuple(self.effects),
            costly=self.costly,
        )

    # Names

    def local_node(self, name: str) -> str | None:
        """The node of a local name, or None when the name is the notebook's global."""
        for depth, scope in enumerate(reversed(self.scopes)):
            if name in scope.global_names:
                return None
            if scope.is_class and depth:
                continue
            if name in scope.names:
                return scope.names[name]
        return None

    def new_local(self, scope: Scope, name: str) -> str:
        """A unique node for ``name`` in ``scope``."""
        node = f"{name}%{next(_fresh_numbers)}"
        scope.names[name] = node
        return node

    def temporary(self, shape: str, *parts: Value) -> Value:
        """A new object of this shape that holds the parts."""
        node = f"%{next(_fresh_numbers)}"
        for part in parts:
            if part.node is not None:
                self.hold(node, part.node)
        return Value(shape, node)

    def shape_of_name(self, name: str) -> str:
        """The shape of the value behind a name, as far as known."""
        node = self.local_node(name)
        if node is not None:
            return self.local_kinds.get(node, "")
        if name not in self.environment.bindings:
            return {"True": "bool"}.get(name, "")
        if self.shapes_now is not None and name in self.shapes_now:
            shape = self.shapes_now[name]
        else:
            shape = self.environment.shape(name)
        stateful = shape == "function" and self.environment.has_state(name)
        return "stateful function" if stateful else shape

    def _note_shape(self, name: str, shape: str) -> None:
        """The global name has a value of this shape from here on, or perhaps has."""
        if self.shapes_now is None:
            return
        if name in self.environment.rebound:
            self.shapes_now.pop(name, None)
            return
        shape = shape if name in self.environment.constants else shapes.stable(shape)
        if self.conditional > self.settled:
            if name not in self.shapes_now:
                return
            shape = shapes.join((self.shapes_now[name], shape))
        self.shapes_now[name] = shape

    def forget_shapes(self, names: Iterable[str]) -> None:
        """The global names may have a value of any shape that they have somewhere in the notebook."""
        if self.shapes_now is not None:
            for name in names:
                self.shapes_now.pop(name, None)

    def read(self, name: str, line: int) -> Value:
        """The value of a name, recorded as a read when it is a global not surely written before."""
        node = self.local_node(name)
        shape = self.shape_of_name(name)
        if node is None:
            self.read_global(name, line)
            if name not in self.environment.bindings and is_provided(name):
                return FRESH
            node = name
            if shape == "namespace":
                self.effect("opaque", f"'{name}', which gives access to all names", line)
            if shape == "file":  # whose place moves on
                self.change(Value("", name), line, "used as a file")
            if shape == "iterator":  # a map runs its function only now
                how = f"'{name}', which is used up as it is read"
                self.effect("unknown", how, line)
                self.change(Value("", name), line, f"changed by {how}", deep=True, suspected=True)
                self.run_generators(line)
        return Value(shape, None if shapes.is_immutable(shape) else node)

    def read_global(self, name: str, line: int) -> None:
        """Record that the global is read here."""
        bound = self.environment.bindings.get(name)
        if bound and any(binding.path == "__main__" for binding in bound):
            self.effect("opaque", "__main__", line)
        if bound is None:
            if is_history(name):
                self.effect("history", name, line)
                return
            if is_provided(name):
                return
        if name not in self.sure:
            self.reads.setdefault(name, line)
            if not self.conditional:
                self.required.add(name)

    def may_read(self, names: Iterable[str], line: int) -> None:
        """Code that may run here reads these globals."""
        self.conditional += 1
        for name in names:
            self.read_global(name, line)
        self.conditional -= 1

    def run_generators(self, line: int) -> None:
        """What was begun earlier may go on, and bind globals."""
        self.may_read(sorted(self.environment.rebound_later), line)
        self.writes |= self.environment.rebound_later
        self.forget_shapes(self.environment.rebound_later)

    def run_kept(self, line: int) -> None:
        """An object may call a function that it was given earlier: a transformer's, a metric, a tokenizer."""
        self.may_read(sorted(self.environment.callback_reads), line)
        if self.environment.callbacks is not None:
            self.absorb(self.environment.callbacks, line, {})

    def write(self, name: str, value: Value, line: int) -> None:
        """Bind a name to a value."""
        node = self.local_node(name)
        if node is not None:
            shape = shapes.stable(value.shape)
            self.local_kinds[node] = shapes.join((self.local_kinds.get(node, shape), shape))
        else:
            node = name
            if name in self.deletes and not self.conditional:
                self.deletes.discard(name)
            self.writes.add(name)
            self.sure.add(name)
            self._note_shape(name, value.shape)
        if value.node is not None:
            self.alias(node, value.node)

    # Objects

    def alias(self, first: str, second: str) -> None:
        """Both nodes may be the same object."""
        if first != second:
            self.sharing[Sharing("same", first, second)] = None

    def hold(self, holder: str, held: str, field: str = "") -> None:
        """The first node's object may hold the second's, in that attribute only; "": anywhere."""
        self.sharing[Sharing("holds", holder, held, field)] = None

    def change(
        self, value: Value, line: int, how: str, *, deep: bool = False, suspected: bool = False
    ) -> None:
        """Record an in-place change of a value that others may see."""
        if value.kind == "settings":
            self.effect("settings", how, line)
        if suspected and value.kind == "stateful function":
            return  # code that can't be seen gives functions no attributes
        if value.node is not None and not shapes.is_immutable(value.shape):
            self.changes[Change(value.node, deep, line, how, suspected)] = None

    def effect(
        self,
        kind: EffectKind,
        what: str,
        line: int,
        names: Iterable[str] = (),
        path: str | None = None,
    ) -> None:
        """Record an effect on the world."""
        if kind in _REBINDING and not self.environment.closed and self.shapes_now is not None:
            self.shapes_now.clear()
        self.effects[Effect(kind, what, line, frozenset(names), path)] = None

    def absorb(
        self,
        facts: CellDataflow,
        line: int,
        names: Mapping[str, str],
        given: Mapping[str, AbstractSet[str]] | None = None,
    ) -> None:
        """Take over a called function's facts at the call's line.

        Its interface nodes become those given by ``names``, its own nodes new ones. ``given`` are, by parameter,
        the variables in the expression that the call gives for it.
        """
        self.may_read(facts.reads, line)  # a function may not reach the line that reads
        self.writes |= facts.writes
        self.deletes |= facts.deletes
        self.forget_shapes(facts.writes)
        renamed = dict(names)
        for change in facts.changes:
            node = self._own_node(change.node, renamed)
            self.changes[Change(node, change.deep, line, change.how, change.suspected)] = None
        for pair in facts.sharing:
            first, second = (self._own_node(n, renamed) for n in (pair.first, pair.second))
            self.sharing[Sharing(pair.relation, first, second, pair.field)] = None
        for effect in facts.effects:
            places = [(given or {}).get(name, ()) for name in effect.names]
            self.effect(effect.kind, effect.what, line, {*chain(*places)}, effect.path)

    def _own_node(self, node: str, renamed: dict[str, str]) -> str:
        if "%" not in node:
            return node
        if node not in renamed:
            renamed[node] = f"%{next(_fresh_numbers)}"
        return renamed[node]

    def element(self, value: Value) -> Value:
        """What iterating over (or subscripting) the value may give."""
        shape = shapes.element(value.shape)
        if value.node is None or shapes.is_immutable(shape):
            return Value(shape)
        if value.kind == "figure":
            return value
        item = self.part(value, shape)
        if value.kind not in tables.CONTAINERS and item.node is not None:
            # It may be a view: a row of an array, a column of a frame.
            self.alias(item.node, value.node)
        return item

    def entry(self, value: Value) -> Value:
        """What a mapping has for one of its keys."""
        held = shapes.parts(value.shape) if value.kind == "dict" else ()
        shape = held[1] if len(held) == 2 else ""
        return Value(shape) if shapes.is_immutable(shape) else self.part(value, shape)

    def part(self, value: Value, shape: str = "") -> Value:
        """Something of this shape that the value holds."""
        item = self.temporary(shape)
        if value.node is not None and item.node is not None:
            self.hold(value.node, item.node)
        return item

    def contents(self, value: Value) -> Value:
        """What a copy of the value holds: of a dict its values as well, not only the keys that iterating gives."""
        is_dict = value.kind in ("dict", "defaultdict")
        return self.element(Value(value.kind, value.node) if is_dict else value)

    def operate(self, value: Value, line: int) -> None:
        """An operator, attribute or iteration may run a method of a notebook's class, or a generator."""
        if value.node is not None and value.kind in ("", "iterator"):
            self.run_generators(line)
        operators = self.environment.operators
        if operators is None or value.node is None or not _may_be_instance(value.kind):
            return
        self.absorb(operators, line, {GIVEN: value.node})
        if self.environment.operators_change:
            suspected = self.environment.operators_suspected
            self.change(value, line, "changed by its own methods", deep=True, suspected=suspected)


def _may_be_instance(kind: Kind) -> bool:
    return not kind or kind.startswith("instance ")


def is_provided(name: str) -> bool:
    """Whether Python or IPython define the name in every notebook."""
    return hasattr(builtins, name) or name in tables.IPYTHON_NAMES


def assigned_names(nodes: Iterable[ast.AST]) -> tuple[set[str], set[str], set[str]]:
    """Names bound, declared ``global`` and declared ``nonlocal`` in a function's own scope."""
    bound: set[str] = set()
    global_names: set[str] = set()
    nonlocal_names: set[str] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            bound.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound.update((a.asname or a.name).split(".")[0] for a in node.names)
        elif isinstance(node, ast.Global):
            global_names.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            nonlocal_names.update(node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            bound.add(node.rest)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
            pending.extend(node.decorator_list)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            bound.update(n.target.id for n in walk(node) if isinstance(n, ast.NamedExpr))
            continue
        pending.extend(children(node))
    return bound - global_names - nonlocal_names, global_names, nonlocal_names
