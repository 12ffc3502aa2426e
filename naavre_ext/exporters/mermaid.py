"""Workflow → a Mermaid flowchart, as GitHub and JupyterLab draw it."""

from __future__ import annotations

from naavre_ext.exporters.graph import Arrow, draw_arrows, is_split
from naavre_ext.exporters.wording import batches_factor, one_line, step_title
from naavre_ext.model.workflow import NestedPlan, Split, Step, Workflow

#: Characters that end a label or that Mermaid reads as Markdown, HTML or an entity.
_ENTITIES = {ord(char): f"#{ord(char)};" for char in '"#&<>`*_\\|{}[]()~$'}
_ENTITIES[ord('"')] = "#quot;"

_CLASSES = (
    "classDef main fill:#f3f4f6,stroke:#6b7280,color:#111827",
    "classDef any fill:#ecfdf5,stroke:#059669,color:#064e3b",
    "classDef split fill:#eff6ff,stroke:#2563eb,color:#1e3a8a",
)


def render_mermaid(workflow: Workflow) -> str:
    """A valid Mermaid flowchart.

    A split step is drawn as splitter → batches ×N → merger inside the step's own box. Arrows carry
    the names of variables; dotted ones only order the steps.
    """
    lines = ["flowchart LR"]
    for index, step in enumerate(workflow.steps):
        lines += _split_box(index, step) if is_split(step) else [_node(index, step)]
    for index, step in enumerate(workflow.steps):
        for number, nested in enumerate(step.notebooks):
            lines += _nested_box(index, number, nested)
    lines += [_arrow(workflow, arrow) for arrow in draw_arrows(workflow)]
    lines += _CLASSES
    return "\n".join([lines[0], *(f"    {line}" for line in lines[1:])]) + "\n"


def escape_label(text: str) -> str:
    """``text`` as the inside of a quoted Mermaid label: shown as written, on one line."""
    return one_line(text).translate(_ENTITIES) or " "


def _name(step: Step) -> str:
    return f"{step.cell_number}: {step_title(step)}"


def _node(index: int, step: Step) -> str:
    style = "any" if step.placement == "any" else "main"
    return f's{index}["{escape_label(_name(step))}"]:::{style}'


def _nested_box(index: int, number: int, nested: NestedPlan) -> list[str]:
    """The cells of a notebook that the step calls, beside the step."""
    box = f"s{index}_call{number}"
    lines = [f'subgraph {box}["{escape_label(nested.path)}"]', "    direction LR"]
    for cell in nested.cells:
        label = f"{cell.number}: {cell.title}" if cell.title else f"cell {cell.number}"
        lines.append(f'    {box}_{cell.number}["{escape_label(label)}"]:::any')
        lines += [f"    {box}_{before} --> {box}_{cell.number}" for before in cell.after]
    return [*lines, "end", f"s{index} -.-> {box}"]


def _split_box(index: int, step: Step) -> list[str]:
    lines = [f'subgraph s{index}["{escape_label(_name(step))}"]', "    direction LR"]
    previous = None
    for number, split in enumerate(step.splits):
        first, loop, last = (f"s{index}_{number}{part}" for part in ("in", "x", "out"))
        lines += [
            f'    {first}[/"{escape_label("split " + split.iterable)}"\\]:::split',
            f'    {loop}["{escape_label(_loop_label(step, split))}"]:::split',
            f'    {last}[\\"{escape_label(_merge_label(split))}"/]:::split',
            f"    {first} --> {loop} --> {last}",
        ]
        if previous:
            lines.append(f"    {previous} --> {first}")
        previous = last
    return [*lines, "end"]


def _loop_label(step: Step, split: Split) -> str:
    return f"{split.title or step_title(step)} {batches_factor(split)}"


def _merge_label(split: Split) -> str:
    names = split.reductions or tuple(map(str, split.merges))
    return "merge " + ", ".join(names) if names else "merge"


def _arrow(workflow: Workflow, arrow: Arrow) -> str:
    source, target = workflow.steps[arrow.source], workflow.steps[arrow.target]
    tail = (
        f"s{arrow.source}_{len(source.splits) - 1}out" if is_split(source) else f"s{arrow.source}"
    )
    head = f"s{arrow.target}_0in" if is_split(target) else f"s{arrow.target}"
    line = "-->" if arrow.carries_data else "-.->"
    label = f'|"{escape_label(arrow.label)}"|' if arrow.label else ""
    return f"{tail} {line}{label} {head}"
