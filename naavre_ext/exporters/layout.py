"""Layered layout of a workflow, left to right: layers, order within a layer, coordinates.

A *vertex* is a step or a bend: a long arrow gets one bend in each layer that it crosses, so that it
is routed between the boxes. Vertices are numbered, the steps first. All lengths are pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from naavre_ext.exporters.graph import Arrow, longest_path_layers

ROW_GAP = 26.0
BEND_GAP = 16.0
_SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are.

    ``layers`` lists the vertices of each layer from top to bottom, ``centre`` gives each vertex
    its vertical centre, and ``routes`` the vertices that each arrow passes, ends included.
    """

    layers: tuple[tuple[int, ...], ...]
    centre: Mapping[int, float]
    routes: Mapping[Arrow, tuple[int, ...]]


def lay_out(heights: Sequence[float], arrows: tuple[Arrow, ...]) -> Layout:
    """A layout of as many steps as there are heights; equal input gives an equal layout."""
    level = _compact(longest_path_layers(len(heights), arrows), arrows)
    columns: list[list[int]] = [[] for _ in range(max(level, default=-1) + 1)]
    for step, layer in enumerate(level):
        columns[layer].append(step)
    routes: dict[Arrow, tuple[int, ...]] = {}
    size = dict(enumerate(heights))
    for arrow in arrows:
        bends = []
        for layer in range(level[arrow.source] + 1, level[arrow.target]):
            bends.append(len(size))
            columns[layer].append(len(size))
            size[len(size)] = 0.0
        routes[arrow] = (arrow.source, *bends, arrow.target)
    before, after = _neighbours(routes.values(), len(size))
    ordered = _order(columns, before, after)
    return Layout(
        tuple(map(tuple, ordered)), _centres(ordered, before, after, size, len(heights)), routes
    )


def spread(wanted: Sequence[float], distances: Sequence[float]) -> list[float]:
    """The positions nearest to ``wanted`` (least squares) that keep the order and the distances.

    ``distances[i]`` is the least distance of position ``i`` from the one before it; the first
    is ignored.

    >>> spread([0, 0, 10], [0, 4, 4])
    [-2.0, 2.0, 10.0]
    """
    blocks: list[tuple[float, int]] = []  # mean of the shifted wishes, number of positions
    offsets, offset = [], 0.0
    for index, (wish, distance) in enumerate(zip(wanted, distances, strict=True)):
        offset += distance if index else 0.0
        offsets.append(offset)
        blocks.append((wish - offset, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (mean, n), (last, m) = blocks[-2], blocks[-1]
            blocks[-2:] = [((mean * n + last * m) / (n + m), n + m)]
    shifted = [mean for mean, number in blocks for _ in range(number)]
    return [shift + offset for shift, offset in zip(shifted, offsets, strict=True)]


def _compact(level: tuple[int, ...], arrows: tuple[Arrow, ...]) -> list[int]:
    """``level`` with steps that wait for nothing moved next to the first step that uses them."""
    moved = list(level)
    waiting = {arrow.target for arrow in arrows}
    for step in range(len(level)):
        targets = [level[arrow.target] for arrow in arrows if arrow.source == step]
        if step not in waiting and targets:
            moved[step] = min(targets) - 1
    return moved


def _neighbours(
    routes: Iterable[tuple[int, ...]], count: int
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    before: dict[int, list[int]] = {vertex: [] for vertex in range(count)}
    after: dict[int, list[int]] = {vertex: [] for vertex in range(count)}
    for route in routes:
        for source, target in pairwise(route):
            after[source].append(target)
            before[target].append(source)
    return before, after


def _order(
    columns: list[list[int]], before: dict[int, list[int]], after: dict[int, list[int]]
) -> list[list[int]]:
    """The columns sorted by barycentre, in the sweep that had the fewest crossings."""
    best, fewest = columns, _crossings(columns, after)
    current = columns
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        forward = sweep % 2 == 0
        current = _sweep(current, before if forward else after, forward)
        crossings = _crossings(current, after)
        if crossings < fewest:
            best, fewest = current, crossings
    return best


def _sweep(
    columns: list[list[int]], neighbours: dict[int, list[int]], forward: bool
) -> list[list[int]]:
    place = {vertex: float(row) for column in columns for row, vertex in enumerate(column)}
    result = [list(column) for column in columns]
    for column in result if forward else reversed(result):
        wish = {v: _mean([place[n] for n in neighbours[v]], place[v]) for v in column}
        column.sort(key=lambda vertex: wish[vertex])
        place.update((vertex, float(row)) for row, vertex in enumerate(column))
    return result


def _crossings(columns: list[list[int]], after: dict[int, list[int]]) -> int:
    """How many pairs of arrow segments cross."""
    count = 0
    for left, right in pairwise(columns):
        row = {vertex: index for index, vertex in enumerate(right)}
        ends: list[int] = []
        for vertex in left:
            rows = [row[target] for target in after[vertex]]
            count += sum(1 for new in rows for old in ends if old > new)
            ends += rows
    return count


def _centres(
    columns: list[list[int]],
    before: dict[int, list[int]],
    after: dict[int, list[int]],
    size: dict[int, float],
    steps: int,
) -> dict[int, float]:
    """Vertical centres: near the neighbours', without overlaps; the topmost edge is at 0."""
    distances = {id(column): _distances(column, size, steps) for column in columns}
    centre: dict[int, float] = {}
    for column in columns:
        centre.update(zip(column, spread([0.0] * len(column), distances[id(column)]), strict=True))
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else after
        for column in columns if forward else reversed(columns):
            wishes = [_mean([centre[n] for n in neighbours[v]], centre[v]) for v in column]
            centre.update(zip(column, spread(wishes, distances[id(column)]), strict=True))
    top = min((centre[v] - size[v] / 2 for v in centre), default=0.0)
    return {vertex: y - top for vertex, y in centre.items()}


def _distances(column: list[int], size: dict[int, float], steps: int) -> list[float]:
    gaps = [0.0]
    for upper, lower in pairwise(column):
        gap = ROW_GAP if upper < steps and lower < steps else BEND_GAP
        gaps.append((size[upper] + size[lower]) / 2 + gap)
    return gaps[: len(column)]


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default
