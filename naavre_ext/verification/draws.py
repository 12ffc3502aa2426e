"""Which cells draw something that nobody seeded: such a value may be the same in a few runs by chance."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from naavre_ext.dataflow.environment import Environment
from naavre_ext.model.workflow import Workflow
from naavre_ext.planning.plan_basis import PlanBasis
from naavre_ext.planning.unsteady import is_unseeded
from naavre_ext.verification.report import Cause

#: Makers of generators, and seeders of the global ones, which without a seed take one from the system.
_MAKERS = frozenset(
    {"numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.SeedSequence", "numpy.random.PCG64",
     "numpy.random.PCG64DXSM", "numpy.random.MT19937", "numpy.random.Philox", "numpy.random.SFC64",
     "numpy.random.seed", "random.Random", "random.seed"}
)  # fmt: skip
#: What draws from the system itself.
_SYSTEM = frozenset({"random.SystemRandom", "os.urandom", "uuid.uuid1", "uuid.uuid4"})


def unseeded_draws(basis: PlanBasis | None) -> dict[int, str]:
    """By position, the cells that draw what nobody seeded, and what draws: from a global generator, or from one of
    their own that they make."""
    if basis is None:
        return {}
    found = {}
    for position, cell in enumerate(basis.dataflow.cells):
        what = [effect.what for effect in cell.facts.effects if effect.kind == "rng-draw"]
        if what and basis.placements.rng_seeded[position] is None:
            found[position] = what[0]
        elif made := next(_made(cell.source.tree, basis.dataflow.environment), None):
            found[position] = made
    return found


def _made(tree: ast.Module, environment: Environment) -> Iterator[str]:
    """The unseeded generators that the code makes, and what it draws from the system."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for path in _paths(node.func, environment):
            if (
                path in _SYSTEM
                or path.startswith("secrets.")
                or (path in _MAKERS and is_unseeded(node))
            ):
                yield path


def _paths(node: ast.expr, environment: Environment) -> set[str]:
    """What of which modules the expression may be, by dotted names."""
    if isinstance(node, ast.Attribute):
        return {f"{path}.{node.attr}" for path in _paths(node.value, environment)}
    bound = environment.lookup(node.id) if isinstance(node, ast.Name) else ()
    return {binding.path for binding in bound if binding.path}


def by_chance(workflow: Workflow, draws: Mapping[int, str]) -> Iterator[Cause]:
    """What is said of these cells where a difference is left: it isn't hidden, but may be no fault of the plan."""
    for position, name in draws.items():
        number = workflow.steps[position].cell_number
        text = (
            f"cell {number} draws without a seed ({name}), so what follows from it may have been the same in the "
            "sequential runs by chance: give it a seed and verify again"
        )
        yield Cause("chance", number, "", text)
