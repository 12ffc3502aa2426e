"""Plans that are spoiled on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from naavre_ext.model.workflow import Step, Workflow

Spoil = Callable[[Workflow], Workflow]


def without_edge(source: int, target: int) -> Spoil:
    """Drops what makes cell ``target`` wait for cell ``source``, and take its values."""

    def spoil(workflow: Workflow) -> Workflow:
        pair = (workflow.steps[source - 1].id, workflow.steps[target - 1].id)
        edges = tuple(e for e in workflow.edges if (e.source, e.target) != pair)
        assert edges != workflow.edges
        return replace(workflow, edges=edges)

    return spoil


def with_step(number: int, **changes: object) -> Spoil:
    """Plans cell ``number`` otherwise."""

    def spoil(workflow: Workflow) -> Workflow:
        def changed(step: Step) -> Step:
            return replace(step, **changes) if step.cell_number == number else step  # type: ignore[arg-type]

        return replace(workflow, steps=tuple(map(changed, workflow.steps)))

    return spoil


def unseen_write(number: int, name: str) -> Spoil:
    """As if analysis hadn't seen that cell ``number`` changes the variable: it runs on a copy elsewhere."""

    def spoil(workflow: Workflow) -> Workflow:
        step = workflow.steps[number - 1]
        edges = tuple(
            replace(e, names=tuple(n for n in e.names if n != name)) if e.source == step.id else e
            for e in workflow.edges
        )
        changes = {"placement": "any", "writes": (), "bundles": ()}
        return with_step(number, **changes)(replace(workflow, edges=edges))

    return spoil
