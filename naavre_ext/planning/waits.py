"""Why a step waits for earlier ones: the variable, or what one of the two does."""

from __future__ import annotations

from collections.abc import Sequence

from naavre_ext.dataflow.graph import BARRIER_EFFECTS, CellNode, first_effect
from naavre_ext.model.check import Cause, CellRef, Wait, WaitKind
from naavre_ext.model.dataflow import Effect, EffectKind
from naavre_ext.model.workflow import Edge, Step
from naavre_ext.planning.placement import MAIN_EFFECTS
from naavre_ext.planning.plan_basis import PlanBasis

#: The effects that an edge of this kind comes from, the most telling first.
_EFFECTS_OF: dict[WaitKind, tuple[EffectKind, ...]] = {
    "ambient": ("settings", "import", "ambient", "figure", *BARRIER_EFFECTS),
    "outside": ("outside-write", "outside-read"),
    "held": ("outside-write", "opaque"),
    "opaque": ("opaque",),
    "unknown": ("unknown",),
    "star-import": ("star-import",),
    "monkeypatch": ("monkeypatch",),
    "history": ("history",),
}
_OTHER_EFFECTS = {"rng-draw": "it draws from a global random number generator"}


def effect_cause(effect: Effect) -> Cause:
    """The effect in words."""
    text = MAIN_EFFECTS.get(effect.kind) or _OTHER_EFFECTS.get(effect.kind, "it has an effect")
    return Cause(text, effect.kind, effect.what, effect.line or None)


def cell_ref(step: Step) -> CellRef:
    """The cell of a step."""
    return CellRef(step.cell_id, step.cell_number)


def waits_of(
    position: int,
    steps: Sequence[Step],
    edges: Sequence[tuple[int, Edge]],
    after_in_main: int | None,
    held_by: Sequence[int],
    basis: PlanBasis,
) -> tuple[Wait, ...]:
    """Every reason to wait, by cell; ``edges`` lead to this step, each with its source's position.

    ``after_in_main`` is the main worker's step before it, if nothing else keeps the two in order; ``held_by``
    are the steps that it waits for only because they may fail and it changes things outside.
    """
    cells = basis.dataflow.cells
    waits = [
        _wait(edge, cell_ref(steps[source]), cells[position], cells[source])
        for source, edge in sorted(edges, key=lambda pair: pair[0])
    ]
    if after_in_main is not None:
        waits.append(Wait(cell_ref(steps[after_in_main]), "main-order"))
    effect = first_effect(cells[position].facts, *_EFFECTS_OF["held"])
    cause = None if effect is None else effect_cause(effect)
    waits += [Wait(cell_ref(steps[p]), "held", cause=cause) for p in held_by]
    return tuple(waits)


def _wait(edge: Edge, other: CellRef, own_node: CellNode, other_node: CellNode) -> Wait:
    kinds = _EFFECTS_OF.get(edge.kind, ())
    own, others = first_effect(own_node.facts, *kinds), first_effect(other_node.facts, *kinds)
    by_other = others is not None and (
        own is None or not own_node.barrier or edge.kind == "ambient"
    )
    effect = others if by_other else own
    cause = None if effect is None else effect_cause(effect)
    return Wait(other, edge.kind, edge.names, cause, by_other)
