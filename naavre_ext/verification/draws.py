"""Which cells draw something that nobody seeded: such a value may be the same in a few runs by chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from naavre_ext.model.workflow import Workflow
from naavre_ext.planning.planner import PlanBasis
from naavre_ext.verification.report import Cause


def unseeded_draws(basis: PlanBasis | None) -> dict[int, str]:
    """By position, the cells that draw from a global generator that hasn't been seeded, and what draws."""
    if basis is None:
        return {}
    found = {}
    for position, cell in enumerate(basis.dataflow.cells):
        what = [effect.what for effect in cell.facts.effects if effect.kind == "rng-draw"]
        if what and basis.placements.rng_seeded[position] is None:
            found[position] = what[0]
    return found


def by_chance(workflow: Workflow, draws: Mapping[int, str]) -> Iterator[Cause]:
    """What is said of these cells where a difference is left: it isn't hidden, but may be no fault of the plan."""
    for position, name in draws.items():
        number = workflow.steps[position].cell_number
        text = (
            f"cell {number} draws without a seed ({name}), so what follows from it may have been the same in the "
            "sequential runs by chance: give it a seed and verify again"
        )
        yield Cause("chance", number, "", text)
