"""Workflow → a plan to read in a terminal."""

from __future__ import annotations

from naavre_ext.exporters.wording import (
    count_phrase,
    edge_label,
    parameter_phrase,
    placement_phrase,
    split_phrase,
    step_place,
    step_title,
    summary_lines,
)
from naavre_ext.model.workflow import Edge, Step, StepId, Workflow
from naavre_ext.planning.summary import summarise_plan

_WAYS = ("resources", "replicas", "concurrency", "retries", "timeout_s", "image")


def render_text(workflow: Workflow) -> str:
    """The steps in order: what each waits for, writes and splits, where it runs and why; a summary."""
    lines = [f"{workflow.name}: {count_phrase(len(workflow.steps), 'step')}"]
    lines += [f"  parameter {parameter_phrase(p)}" for p in workflow.parameters]
    steps = {step.id: step for step in workflow.steps}
    order = {step.id: number for number, step in enumerate(workflow.steps)}
    edges = sorted(workflow.edges, key=lambda edge: order[edge.source])
    for number, step in enumerate(workflow.steps, start=1):
        waits = tuple(edge for edge in edges if edge.target == step.id)
        lines += ["", *_step_lines(number, step, waits, steps)]
    lines += ["", *summary_lines(summarise_plan(workflow))]
    return "\n".join(lines) + "\n"


def _step_lines(
    number: int, step: Step, waits: tuple[Edge, ...], steps: dict[StepId, Step]
) -> list[str]:
    code = "" if step.title else f"  {step_title(step)}"
    lines = [f"{number:>3}. {step_place(step)}{code}"]
    for edge in waits:
        label = edge_label(edge)
        source = step_place(steps[edge.source])
        lines.append(f"     after   {source}: {label}" if label else f"     after   {source}")
    if step.writes:
        lines.append("     writes  " + ", ".join(step.writes))
    if step.deletes:
        lines.append("     deletes " + ", ".join(step.deletes))
    lines.append("     runs    " + placement_phrase(step))
    lines += [f"             {reason}" for reason in step.reasons]
    lines += [f"     splits  {split_phrase(split)}" for split in step.splits]
    lines += [
        f"     splits  {split_phrase(split)}, wherever it runs" for split in step.inner_splits
    ]
    for nested in step.notebooks:
        lines.append(
            f"     calls   {nested.function}(): {nested.path}, for {', '.join(nested.outputs)}"
        )
        for cell in nested.cells:
            title = f' "{cell.title}"' if cell.title else ""
            after = f" after {', '.join(f'cell {n}' for n in cell.after)}" if cell.after else ""
            lines.append(f"             cell {cell.number}{title}{after}")
    ways = _ways(step)
    if ways:
        lines.append("     with    " + ways)
    return lines


def _ways(step: Step) -> str:
    """The step's own resources, retries and limits, as the user wrote them."""
    parts = []
    for name in _WAYS:
        value = getattr(step, name)
        if name == "resources":
            parts += [f"{key}={number:g}" for key, number in sorted(value.items())]
        elif name == "timeout_s" and value is not None:
            parts.append(f"timeout={value:g}s")
        elif value is not None:
            parts.append(f"{name}={value}")
    if not step.cache:
        parts.append("cache=off")
    return ", ".join(parts)
