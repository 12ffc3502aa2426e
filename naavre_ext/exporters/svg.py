"""Workflow → a self-contained SVG picture that suits light and dark pages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from xml.sax.saxutils import escape

from naavre_ext.exporters.graph import Arrow, draw_arrows, is_split
from naavre_ext.exporters.layout import Layout, lay_out, spread
from naavre_ext.exporters.wording import (
    batches_factor,
    count_phrase,
    one_line,
    placement_phrase,
    split_phrase,
    step_place,
    step_title,
)
from naavre_ext.model.workflow import Step, Workflow

_CHAR = 8.6  # mean width of a bold character at 13 px, of the wider fonts
_SMALL = 6.6  # and at 11 px
_LINE = 18.0
_PAD = 14.0
_MARGIN = 24.0
_WRAP_CHARS = 24
_TITLE_LINES = 3
_LABEL_CHARS = 28
_LABEL_ROW = 15.0

_FONTS = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
_STYLE = """
.page{fill:#fff}
.box{fill:#f6f7f9;stroke:#9aa2ae;stroke-width:1.2}
.any .box{fill:#ecfdf3;stroke:#2f9e68}
.split .box{fill:#eff5ff;stroke:#3b74d8}
.title{font-size:13px;font-weight:600;fill:#1b2330}
.small{font-size:11px;fill:#596273}
.any .badge{fill:#1d7a4d}
.split .badge{fill:#2158b5}
.line{fill:none;stroke:#7d8695;stroke-width:1.4}
.order{stroke-dasharray:2 4}
.head{fill:#7d8695}
.label{font-size:11px;fill:#3d4656;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
@media (prefers-color-scheme:dark){
.page{fill:#14171c}
.box{fill:#22272f;stroke:#697386}
.any .box{fill:#12291f;stroke:#3fae78}
.split .box{fill:#152440;stroke:#5b8fe8}
.title{fill:#eef1f6}
.small{fill:#a7b0bf}
.any .badge{fill:#74d6a5}
.split .badge{fill:#9cc0ff}
.line{stroke:#8a94a5}
.head{fill:#8a94a5}
.label{fill:#cdd4df;stroke:#14171c}
}
"""


@dataclass(frozen=True, slots=True)
class _Box:
    """A step's box before it has a place."""

    title: tuple[str, ...]
    above: str
    badge: str
    kind: str
    hint: str
    width: float
    height: float


def render_svg(workflow: Workflow) -> str:
    """The picture: steps as boxes in layers from left to right, variables on the arrows.

    Split steps are stacks of boxes. Boxes and arrows have their full text as a ``<title>``.
    """
    boxes = tuple(map(_box, workflow.steps))
    arrows = draw_arrows(workflow)
    layout = lay_out([box.height for box in boxes], arrows)
    lefts, right = _columns(boxes, layout)
    places = {
        step: (lefts[column], layout.centre[step])
        for column, vertices in enumerate(layout.layers)
        for step in vertices
    }
    bottom = max(
        (layout.centre[step] + box.height / 2 for step, box in enumerate(boxes)), default=0.0
    )
    bottom = max([bottom, *layout.centre.values()])
    legend, legend_width = _legend(boxes, bottom + 36)
    width = max(right, legend_width, 240.0) + 2 * _MARGIN
    height = bottom + (56 if legend else 20) + 2 * _MARGIN
    body = [*_arrows(boxes, arrows, layout, places), *_boxes(boxes, places), *legend]
    return _document(workflow, width, height, body)


def _document(workflow: Workflow, width: float, height: float, body: list[str]) -> str:
    steps = count_phrase(len(workflow.steps), "step")
    name = f"{one_line(workflow.name)}: {steps}"
    titles = "; ".join(f"{step.cell_number}: {step_title(step)}" for step in workflow.steps)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
            f'viewBox="0 0 {_n(width)} {_n(height)}" role="img" '
            'aria-labelledby="naavre-title naavre-desc" '
            f'font-family="{_FONTS}">',
            f'<title id="naavre-title">{_x(name)}</title>',
            f'<desc id="naavre-desc">{_x(titles)}</desc>',
            f"<style>{_STYLE}</style>",
            '<defs><marker id="naavre-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
            '<rect class="page" width="100%" height="100%"/>',
            f'<g transform="translate({_n(_MARGIN)} {_n(_MARGIN)})">',
            *body,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _box(step: Step) -> _Box:
    title = _wrapped(step_title(step))
    above = f"cell {step.cell_number}"
    if step.group:
        above += f" · group {_cut(one_line(step.group), 14)}"
    if is_split(step):
        kind, badge = "split", ", ".join(f"split {batches_factor(s)}" for s in step.splits)
    elif step.placement == "any":
        kind, badge = "any", "any worker"
    else:
        kind, badge = "main", ""
    badge = _cut(badge, _WRAP_CHARS + 4)
    width = max(
        [_text_width(line, _CHAR) for line in title]
        + [_text_width(above, _SMALL), _text_width(badge, _SMALL), 70.0]
    )
    rows = len(title) + 1 + bool(badge)
    hint = [f"{step_place(step)} runs {placement_phrase(step)}"]
    hint += ["splits " + split_phrase(split) for split in (*step.splits, *step.inner_splits)]
    hint += step.reasons
    return _Box(
        title, above, badge, kind, "\n".join(hint), width + 2 * _PAD, rows * _LINE + 1.2 * _PAD
    )


def _boxes(boxes: tuple[_Box, ...], places: dict[int, tuple[float, float]]) -> list[str]:
    lines = []
    for step, box in enumerate(boxes):
        left, centre = places[step]
        top = centre - box.height / 2
        lines.append(f'<g class="{box.kind}"><title>{_x(box.hint)}</title>')
        for depth in (10, 5, 0) if box.kind == "split" else (0,):
            lines.append(
                f'<rect class="box" x="{_n(left + depth)}" y="{_n(top - depth)}" '
                f'width="{_n(box.width)}" height="{_n(box.height)}" rx="8"/>'
            )
        rows = [("small", box.above), *(("title", line) for line in box.title)]
        rows += [("small badge", box.badge)] if box.badge else []
        for row, (style, text) in enumerate(rows):
            baseline = top + 0.6 * _PAD + _LINE * row + 13
            lines.append(
                f'<text class="{style}" x="{_n(left + _PAD)}" y="{_n(baseline)}">{_x(text)}</text>'
            )
        lines.append("</g>")
    return lines


def _columns(boxes: tuple[_Box, ...], layout: Layout) -> tuple[list[float], float]:
    """The left edge of each layer, and the right edge of the last."""
    label_width = [0.0] * len(layout.layers)
    column_of = {v: c for c, vertices in enumerate(layout.layers) for v in vertices}
    for arrow, route in layout.routes.items():
        column = column_of[route[0]]
        width = _text_width(_cut(arrow.label, _LABEL_CHARS), _SMALL)
        label_width[column] = max(label_width[column], width)
    lefts, x = [], 0.0
    for column, vertices in enumerate(layout.layers):
        lefts.append(x)
        x += _column_width(boxes, vertices) + label_width[column] + 64
    return lefts, (lefts[-1] + _column_width(boxes, layout.layers[-1]) + 10) if lefts else 0.0


def _column_width(boxes: tuple[_Box, ...], vertices: tuple[int, ...]) -> float:
    return max((boxes[v].width for v in vertices if v < len(boxes)), default=0.0)


def _arrows(
    boxes: tuple[_Box, ...],
    arrows: tuple[Arrow, ...],
    layout: Layout,
    places: dict[int, tuple[float, float]],
) -> list[str]:
    widths = {v: _column_width(boxes, vertices) for vertices in layout.layers for v in vertices}
    leave = _ports(boxes, arrows, layout, -1)
    arrive = _ports(boxes, arrows, layout, +1)
    lines, labels = [], []
    for arrow in arrows:
        route = layout.routes[arrow]
        box = boxes[arrow.source]
        start = places[arrow.source][0] + box.width + (10 if box.kind == "split" else 0)
        corner = places[arrow.source][0] + widths[arrow.source] + 10
        path, x, y = [f"M{_n(start)} {_n(leave[arrow])}H{_n(corner)}"], corner, leave[arrow]
        for vertex in route[1:]:
            left, centre = places[vertex]
            end = arrive[arrow] if vertex == arrow.target else centre
            middle = (x + left) / 2
            path.append(f"C{_n(middle)} {_n(y)} {_n(middle)} {_n(end)} {_n(left)} {_n(end)}")
            if vertex == route[1]:
                labels.append((middle, (y + end) / 2, arrow))
            x, y = left + widths[vertex], end
            if vertex != arrow.target:
                path.append(f"H{_n(x)}")
        style = "line" if arrow.carries_data else "line order"
        lines.append(
            f'<path class="{style}" marker-end="url(#naavre-head)" d="{"".join(path)}">'
            f"<title>{_x(arrow.label)}</title></path>"
        )
    return lines + _labels(labels)


def _labels(labels: list[tuple[float, float, Arrow]]) -> list[str]:
    """The arrows' labels, moved apart where they would cover one another."""
    lines = []
    for column in sorted({x for x, _, _ in labels}):
        rows = sorted(
            ((y, a.source, a.target, a.label) for x, y, a in labels if x == column and a.label)
        )
        heights = spread([row[0] for row in rows], [_LABEL_ROW] * len(rows))
        for y, (_, _, _, text) in zip(heights, rows, strict=True):
            lines.append(
                f'<text class="label" text-anchor="middle" x="{_n(column)}" y="{_n(y + 4)}">'
                f"<title>{_x(text)}</title>{_x(_cut(text, _LABEL_CHARS))}</text>"
            )
    return lines


def _ports(
    boxes: tuple[_Box, ...], arrows: tuple[Arrow, ...], layout: Layout, side: int
) -> dict[Arrow, float]:
    """The height at which each arrow leaves (``side`` -1) or reaches (+1) its box."""
    ports = {}
    for step, box in enumerate(boxes):
        mine = [arrow for arrow in arrows if step == (arrow.source if side < 0 else arrow.target)]
        mine.sort(key=lambda arrow: layout.centre[layout.routes[arrow][1 if side < 0 else -2]])
        distance = min(14.0, (box.height - 20) / max(len(mine), 1))
        for rank, arrow in enumerate(mine):
            ports[arrow] = layout.centre[step] + (rank - (len(mine) - 1) / 2) * distance
    return ports


def _legend(boxes: tuple[_Box, ...], y: float) -> tuple[list[str], float]:
    """Keys for the kinds of box that occur, in one row, and the row's width."""
    words = {"main": "in the main worker", "any": "in any worker", "split": "split into batches"}
    lines, x = [], 0.0
    for kind, text in words.items():
        if any(box.kind == kind for box in boxes):
            lines.append(
                f'<g class="{kind}"><rect class="box" x="{_n(x)}" y="{_n(y)}" width="16" '
                f'height="12" rx="3"/>'
                f'<text class="small" x="{_n(x + 24)}" y="{_n(y + 10)}">{text}</text></g>'
            )
            x += 24 + _text_width(text, _SMALL) + 24
    if not boxes:
        lines.append(f'<text class="small" x="0" y="{_n(y)}">This notebook has no steps.</text>')
    return lines, x


def _wrapped(text: str) -> tuple[str, ...]:
    """``text`` on at most three lines, cut with an ellipsis."""
    lines, line = [], ""
    for word in text.split():
        for piece in re.findall(f".{{1,{_WRAP_CHARS}}}", word):
            if line and len(line) + 1 + len(piece) > _WRAP_CHARS:
                lines.append(line)
                line = piece
            else:
                line = f"{line} {piece}".strip()
    lines.append(line)
    if len(lines) > _TITLE_LINES:
        lines = [*lines[: _TITLE_LINES - 1], _cut(" ".join(lines[_TITLE_LINES - 1 :]), _WRAP_CHARS)]
    return tuple(lines)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _text_width(text: str, char: float) -> float:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    broad = sum(c in "mwMW@%" for c in text)
    return len(text) * char + wide * char * 0.75 + broad * char * 0.4


def _x(text: str) -> str:
    """``text`` for XML: escaped, without the control characters that XML can't hold."""
    return escape(
        "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    )


def _n(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{round(value, 1):g}"
