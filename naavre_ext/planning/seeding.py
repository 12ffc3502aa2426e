"""Loops that seed a global random number generator at the start of every iteration.

::

    for k in range(100):
        np.random.seed(k)         # all that is drawn from here on depends on the item only
        out.append(np.random.normal())
    scores = [simulate(seed) for seed in seeds]    # where simulate() begins with random.seed(seed)

Such an iteration draws the same in any worker. After the loop the generator is
as the last iteration leaves it.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.functions import Summaries
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.region import Region
from naavre_ext.dataflow.targets import root_name
from naavre_ext.dataflow.walking import children, walk
from naavre_ext.model.dataflow import CellDataflow, Effect, EffectKind
from naavre_ext.planning.iteration_facts import item_of, statements_of, with_others
from naavre_ext.planning.loops import Loop
from naavre_ext.planning.mapping_calls import MAP
from naavre_ext.planning.mapping_checks import imported_path

#: What sets all of a generator's state, and the generator's name among the settings of a process.
SEEDS = {
    "numpy.random.seed": "numpy.random",
    "numpy.random.set_state": "numpy.random",
    "random.seed": "random",
    "random.setstate": "random",
}
#: A library that draws from a generator of its own, which isn't watched.
_DRAWS_APART = "sympy."
#: What code does that may draw, or seed.
_DRAWS: tuple[EffectKind, ...] = (
    "rng-seed", "rng-draw", "unknown", "opaque", "star-import", "history", "monkeypatch", "ambient",
)  # fmt: skip
#: What may end an iteration, or a function, before it comes to the seed.
_ENDS = (ast.Return, ast.Continue, ast.Break, ast.Yield, ast.YieldFrom, ast.Await)
#: Expressions whose parts are all evaluated, once.
_EVALUATED = (
    ast.Call, ast.keyword, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.BinOp, ast.UnaryOp, ast.Subscript,
    ast.Attribute, ast.Starred, ast.JoinedStr, ast.FormattedValue,
)  # fmt: skip


def seeded_generators(
    loop: Loop, notebook: NotebookDataflow, facts: CellDataflow
) -> frozenset[str]:
    """The global generators that each iteration, which has these facts, surely seeds before it draws."""
    if not facts.has("rng-seed"):
        return frozenset()
    if loop.mapping is not None and loop.mapping.kind != MAP:
        return frozenset()  # where other processes draw, the notebook's generator stays as it is
    if not isinstance(loop.node, ast.For):
        first = loop.node.generators[0]
        hides = any(
            bound.role != "value"
            for part in walk(first.target)
            if isinstance(part, ast.Name)
            for bound in notebook.environment.lookup(part.id)
        )
        if len(loop.node.generators) > 1 or first.ifs or hides:
            return frozenset()

    def effects(statements: Sequence[ast.stmt]) -> Sequence[Effect]:
        region = Region(notebook.environment, notebook.summaries)
        region.continue_sure = []
        region.bind(loop.target, item_of(loop.iterable, notebook))
        region.walk(statements)
        return region.dataflow().effects

    return _Seeding(notebook.environment, effects).of(statements_of(loop))


def is_as_seeded(effect: Effect, seeds: frozenset[str]) -> bool:
    """Whether it seeds one of these generators, or draws from one of them for all that is known.

    That it is none of the others is watched while the loop runs.
    """
    if effect.kind == "rng-draw":
        return bool(seeds) and not effect.what.startswith(_DRAWS_APART)
    return SEEDS.get(effect.what) in seeds


@dataclass(frozen=True)
class _Seeding:
    """Looks which generators code seeds first: ``effects`` tells what it does, ``local`` are names of its own."""

    environment: Environment
    effects: Callable[[Sequence[ast.stmt]], Sequence[Effect]]
    local: frozenset[str] = frozenset()
    inside: tuple[ast.FunctionDef, ...] = ()

    def of(self, body: Sequence[ast.stmt]) -> frozenset[str]:
        """The generators that the statements surely seed, before any of them draws."""
        seeded: frozenset[str] = frozenset()
        known: set[Effect] = set()
        for count, statement in enumerate(body, 1):
            new = self._draws(body[:count]) - known
            known |= new
            if new:
                seeded |= self._seeded_by(statement, new, body[: count - 1])
            if any(effect.kind != "rng-seed" for effect in new) or _may_end(statement):
                break
        return seeded

    def _draws(self, statements: Sequence[ast.stmt]) -> set[Effect]:
        return {effect for effect in self.effects(statements) if effect.kind in _DRAWS}

    def _seeded_by(
        self, statement: ast.stmt, new: set[Effect], before: Sequence[ast.stmt]
    ) -> frozenset[str]:
        """What a statement seeds by itself, or by a function of the notebook's that it surely calls."""
        value = getattr(statement, "value", None)
        if isinstance(statement, ast.Expr) and isinstance(value, ast.Call) and len(new) == 1:
            path = imported_path(value.func, self.environment)
            if path in SEEDS and root_name(value.func) not in self.local:
                return frozenset({SEEDS[path]})
        if not isinstance(
            statement, (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return)
        ):
            return frozenset()
        for call in _sure_calls(value):
            function = self._function(call)
            if function is None or function in self.inside:
                continue
            given = ast.Tuple([*call.args, *[k.value for k in call.keywords]], ast.Load())
            rest = with_others([statement], {id(call): given})
            if self._draws([*before, *rest]) <= self._draws(before):
                return self._within(function).of(function.body)
        return frozenset()

    def _function(self, call: ast.Call) -> ast.FunctionDef | None:
        """The notebook's plain function that surely is called."""
        if not isinstance(call.func, ast.Name) or call.func.id in self.local:
            return None
        bound = self.environment.lookup(call.func.id)
        node = bound[0].node if len(bound) == 1 else None
        if not isinstance(node, ast.FunctionDef) or node.decorator_list or bound[0].cached:
            return None
        pauses = any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in walk(node))
        return None if pauses else node

    def _within(self, function: ast.FunctionDef) -> _Seeding:
        copies: list[ast.FunctionDef] = []  # kept, as summaries are known by their function's id
        summaries = Summaries(self.environment)

        def effects(statements: Sequence[ast.stmt]) -> Sequence[Effect]:
            copies.append(copy.copy(function))
            copies[-1].body = [*statements, ast.copy_location(ast.Pass(), function)]
            return summaries.of(copies[-1]).when_called.effects

        local = assigned_names(function.body)[0] | set(argument_names(function.args))
        return _Seeding(self.environment, effects, frozenset(local), (*self.inside, function))


def _sure_calls(node: ast.AST | None) -> Iterator[ast.Call]:
    """The calls in an expression that are made whenever it is evaluated, once each."""
    if isinstance(node, ast.Call):
        yield node
    if isinstance(node, _EVALUATED):
        for child in children(node):
            yield from _sure_calls(child)


def _may_end(statement: ast.stmt) -> bool:
    return any(isinstance(part, _ENDS) for part in walk(statement))
