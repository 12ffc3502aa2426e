"""Which cells give another value each time they run: by the clock, or by chance without a seed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import Effect
from naavre_ext.planning.parameter_source import nodes_run_at_once

#: Calls that no two runs answer alike.
_ALWAYS_TEXT = (
    "time_ns perf_counter perf_counter_ns monotonic monotonic_ns process_time process_time_ns thread_time utcnow "
    "localtime gmtime ctime asctime strftime getloadavg getpid getppid gettempdir mkdtemp mkstemp mktemp "
    "NamedTemporaryFile TemporaryFile TemporaryDirectory uuid1 uuid4 urandom getrandbits SystemRandom token_bytes "
    "token_hex token_urlsafe randbelow entropy default_timer timeit now today"
)
_ALWAYS = frozenset(_ALWAYS_TEXT.split())
#: Generators that are seeded by what they are given.
_SEEDABLE_TEXT = (
    "default_rng RandomState Random SeedSequence PCG64 PCG64DXSM MT19937 Philox SFC64 Generator PRNGKey seed "
    "manual_seed check_random_state"
)
_SEEDABLE = frozenset(_SEEDABLE_TEXT.split())
_SEEDED_BY = {"random": ("random.seed", "random.setstate"), "torch": ("torch.manual_seed",)}
_NUMPY_SEEDS = ("numpy.random.seed", "numpy.random.set_state")


def unsteady_cells(dataflow: NotebookDataflow) -> tuple[str, ...]:
    """For each cell why it may give another value each time; "" where it doesn't as far as one sees.

    A function that would is no reason before it is called.
    """
    statements = [node.source.tree.body for node in dataflow.cells]
    unsteady = _unsteady_functions([one for body in statements for one in body])
    seeds: set[str] = set()
    reasons: list[str] = []
    for node, body in zip(dataflow.cells, statements, strict=True):
        reason = _by_chance(node.facts.effects, seeds)
        for statement in body:
            reason = reason or next(_unsteady_now(statement, unsteady), "")
        reasons.append(reason)
    return tuple(reasons)


def _by_chance(effects: tuple[Effect, ...], seeds: set[str]) -> str:
    """The first draw from a global generator that nothing has seeded; the cell's seeds are added."""
    for effect in sorted(effects, key=lambda effect: effect.line):
        if effect.kind == "rng-seed":
            seeds.add(effect.what)
        if effect.kind == "rng-draw":
            wanted = _SEEDED_BY.get(effect.what.split(".")[0], _NUMPY_SEEDS)
            if not any(seed.startswith(wanted) for seed in seeds):
                return f"'{effect.what}' draws without a seed"
    return ""


def _unsteady_now(node: ast.AST, unsteady: frozenset[str]) -> Iterator[str]:
    for inner in nodes_run_at_once(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner.id in unsteady:
            yield f"'{inner.id}' isn't the same in two runs"
        yield from _own(inner)


def _own(node: ast.AST) -> Iterator[str]:
    """What is unsteady about this very node."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.attr in _ALWAYS or (node.attr, node.value.id) == ("time", "time"):
            yield f"'{node.value.id}.{node.attr}' isn't the same in two runs"
    elif isinstance(node, ast.Call):
        name = _called(node.func)
        if name in _ALWAYS or (name == "time" and isinstance(node.func, ast.Name)):
            yield f"'{name}()' isn't the same in two runs"
        if name in _SEEDABLE and is_unseeded(node):
            yield f"'{name}()' has no seed"
        if any(isinstance(a, ast.Constant) and a.value in ("now", "today") for a in node.args):
            yield f"'{name}()' of this very moment isn't the same in two runs"


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def is_unseeded(call: ast.Call) -> bool:
    """Whether the call, of what makes or seeds a generator, gives no seed."""
    given = [
        *call.args[:1],
        *(k.value for k in call.keywords if k.arg in (None, "seed", "entropy")),
    ]
    return all(isinstance(seed, ast.Constant) and seed.value is None for seed in given)


def _unsteady_functions(statements: Sequence[ast.stmt]) -> frozenset[str]:
    """Functions, classes and imported names that are unsteady when called, perhaps through one another."""
    unsteady: set[str] = set()
    waiting: list[tuple[set[str], set[str]]] = []
    for statement in statements:
        if isinstance(statement, ast.ImportFrom):
            unsteady.update(_imported(statement))
        names = _functions_in(statement)
        if not names:
            continue
        inside = list(walk(statement))
        if any(next(_own(node), "") for node in inside):
            unsteady |= names
        else:
            waiting.append((names, {node.id for node in inside if isinstance(node, ast.Name)}))
    grown = True
    while grown:
        found = [
            names for names, mentioned in waiting if mentioned & unsteady and not names <= unsteady
        ]
        grown = bool(found)
        unsteady.update(*found)
    return frozenset(unsteady)


def _imported(statement: ast.ImportFrom) -> Iterator[str]:
    for alias in statement.names:
        if alias.name in _ALWAYS or (statement.module, alias.name) == ("time", "time"):
            yield alias.asname or alias.name


def _functions_in(statement: ast.stmt) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = {node.name for node in walk(statement) if isinstance(node, kinds)}
    if isinstance(statement, ast.Assign) and any(
        isinstance(n, ast.Lambda) for n in walk(statement)
    ):
        names |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return names
