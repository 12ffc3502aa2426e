"""What the workers of groups will run next, told from a plan and what runs already."""

from __future__ import annotations

import pytest
from small_workflows import workflow

from naavre_ext.model.workflow import StepId
from naavre_ext.scheduling import facts, machine
from naavre_ext.scheduling.ahead import leaving, next_in_groups

#: Placements and edges, what happens one after the other; then what is next (after what), and whose worker leaves.
#: A number is a step that succeeds, a letter a group whose worker is there, ``-`` and a number a step that fails.
TABLE = {
    "nothing in a worker that isn't asked for": ("mG", [(0, 1)], "", "", ""),
    "a first step once it could run": ("mG", [(0, 1)], "0", "1", ""),
    "not while it still waits for another": ("aG", [(0, 1)], "", "", ""),
    "the next step of a group, while the first runs": ("GG", [(0, 1)], "G", "1 after 0", ""),
    "also where it needs nothing of it": ("GG", [], "G", "1 after 0", ""),
    "not where it needs another one that runs": ("aGG", [(0, 2), (1, 2)], "G", "", ""),
    "but once that one is done": ("aGG", [(0, 2), (1, 2)], "G0", "2 after 1", ""),
    "the last step leaves": ("GG", [(0, 1)], "G0", "", "G"),
    "not where a later one still waits for others": ("GmG", [(1, 2)], "G", "", ""),
    "nothing once an earlier cell failed": ("mGG", [(1, 2)], "G-0", "", ""),
    "two groups at once": ("GGHH", [(0, 1), (2, 3)], "GH", "1 after 0, 3 after 2", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_what_is_next(name: str):
    placements, edges, happened, expected, left = TABLE[name]
    graph = machine.graph_of(workflow(placements, edges))
    state, _ = machine.advance(graph, machine.initial(workflow(placements, edges)), facts.Began())
    signs = iter(happened)
    for sign in signs:
        fact = (
            facts.GroupOpened(sign)
            if sign.isalpha()
            else facts.Failed(StepId(f"s{next(signs)}"))
            if sign == "-"
            else facts.Succeeded(StepId(f"s{sign}"))
        )
        state, _ = machine.advance(graph, state, fact)
    found = (
        f"{step[1:]} after {after[1:]}" if after else step[1:]
        for step, after in next_in_groups(graph, state)
    )
    assert ", ".join(found) == expected
    assert "".join(leaving(graph, state)) == left


def test_nothing_where_few_workers_may_work_at_once():
    flow = workflow("GG", [(0, 1)])
    graph = machine.graph_of(flow, 1)
    state, _ = machine.advance(graph, machine.initial(flow), facts.Began())
    state, _ = machine.advance(graph, state, facts.GroupOpened("G"))
    assert list(next_in_groups(graph, state)) == [], "another step may come first"
