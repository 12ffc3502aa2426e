from __future__ import annotations

import pytest
from workflow_samples import edge, step, wf

from naavre_ext.exporters.graph import draw_arrows, longest_path_layers
from naavre_ext.exporters.layout import lay_out, spread


@pytest.mark.parametrize(
    ("wanted", "distances", "expected"),
    [
        ([], [], []),
        ([5], [0], [5]),
        ([0, 10], [0, 4], [0, 10]),
        ([0, 0], [0, 4], [-2, 2]),
        ([10, 0], [0, 4], [3, 7]),
        ([0, 0, 10], [0, 4, 4], [-2, 2, 10]),
    ],
)
def test_spread_keeps_order_and_distance(
    wanted: list[float], distances: list[float], expected: list[float]
) -> None:
    assert spread(wanted, distances) == expected


def test_layers_are_the_longest_paths() -> None:
    workflow = wf(
        "w", [step(n) for n in (1, 2, 3, 4)], [edge(1, 2), edge(2, 3), edge(1, 3), edge(1, 4)]
    )
    assert longest_path_layers(4, draw_arrows(workflow)) == (0, 1, 2, 1)


def test_crossed_pairs_are_uncrossed() -> None:
    steps = [step(n) for n in (1, 2, 3, 4)]
    workflow = wf("w", steps, [edge(1, 4, "a"), edge(2, 3, "b")])
    layout = lay_out([40.0] * 4, draw_arrows(workflow))
    (first, second), (third, fourth) = layout.layers
    assert {(first, third), (second, fourth)} == {(0, 3), (1, 2)}


def test_long_arrow_bends_around_the_boxes_between() -> None:
    steps = [step(n) for n in (1, 2, 3)]
    workflow = wf("w", steps, [edge(1, 2, "a"), edge(2, 3, "b"), edge(1, 3, "c")])
    layout = lay_out([40.0] * 3, draw_arrows(workflow))
    (long,) = (route for route in layout.routes.values() if len(route) == 3)
    assert abs(layout.centre[long[1]] - layout.centre[1]) > 20
