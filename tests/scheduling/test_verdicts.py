"""What becomes of a run in which a step changed something unforeseen: rows of graph, moment and verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from test_machine import Play, workflow

from naavre_ext.model.workflow import StepId, Workflow
from naavre_ext.scheduling import facts, machine
from naavre_ext.scheduling.guards import explain, judge, suspects

#: s0 makes x; s1 and s3 are in the main worker, s2 and s4 read x elsewhere, s5 what s4 made.
FLOW = workflow("mmamaam", [(0, 2), (0, 4), (4, 5), (5, 6)])


@dataclass(frozen=True)
class Row:
    """``states`` by step: w(aiting), r(unning), d(one), f(ailed), n(ot run)."""

    states: str
    culprit: int
    action: str
    readers: tuple[int, ...]
    again: tuple[int, ...]
    names: tuple[str, ...] = ("x",)
    settings: bool = False
    in_main: tuple[int, ...] = ()
    outside: tuple[int, ...] = ()


ROWS = {
    "nobody has begun": Row("drwwwww", 1, "rerun", (2, 4), ()),
    "one is done, one runs": Row("drdwrww", 1, "rerun", (2, 4), (2, 4)),
    "readers before the change are right": Row("dddrwww", 3, "rerun", (4,), ()),
    "what follows counts as well": Row("dddrddw", 3, "rerun", (4,), (4, 5)),
    "a reader failed": Row("dddrfnn", 3, "rerun", (4,), (4,)),
    "another name": Row("dddrddw", 3, "rerun", (), (), names=("y",)),
    "settings concern everybody later": Row("dddrddw", 3, "rerun", (4, 5), (4, 5), (), True),
    "a late cell, and the main worker has gone on": Row(
        "ddrdddd", 2, "start over", (4,), (4, 5, 6), in_main=(2,)
    ),
    "which nothing outside may see twice": Row(
        "ddrdddd", 2, "fail", (4,), (4, 5, 6), in_main=(2,), outside=(1,)
    ),
    "what has begun outside elsewhere doesn't matter": Row(
        "ddrrddw", 2, "rerun", (4,), (4, 5), in_main=(2,), outside=(1,)
    ),
}
_STATES = {"w": "waiting", "r": "running", "d": "done", "f": "failed", "n": "not run"}


def at(row: Row) -> tuple[Workflow, machine.RunState]:
    steps = tuple(
        replace(step, touches_outside=number in row.outside)
        for number, step in enumerate(FLOW.steps)
    )
    flow = replace(FLOW, steps=steps)
    state = machine.initial(flow)
    states = {step.id: _STATES[row.states[n]] for n, step in enumerate(flow.steps)}
    moved = {StepId(f"s{number}"): "main" for number in row.in_main}
    return flow, replace(state, states=states, placement={**state.placement, **moved})


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_verdict(row):
    flow, state = at(row)
    verdict = judge(flow, state, StepId(f"s{row.culprit}"), row.names, settings=row.settings)
    assert verdict.action == row.action
    assert verdict.readers == tuple(f"s{number}" for number in row.readers)
    assert verdict.again == tuple(f"s{number}" for number in row.again)


def test_report_names_cells_variable_and_remedy():
    flow, state = at(ROWS["which nothing outside may see twice"])
    verdict = judge(flow, state, StepId("s2"), ["x"])
    text = explain(flow, ["s2"], ["x"], verdict)
    for part in (
        "cell 3 changes 'x' in place",
        "cell 2 changed things outside",
        "x = copy.deepcopy(x)",
    ):
        assert part in text


def test_suspects_are_the_main_cells_since_the_value_was_made():
    flow = workflow("mmmmam", [(0, 4)])
    state = machine.initial(flow)
    assert suspects(flow, state, StepId("s3"), ["x"]) == ("s1", "s2", "s3")
    reading = replace(flow.steps[2], reads=("x",))
    flow = replace(flow, steps=(*flow.steps[:2], reading, *flow.steps[3:]))
    assert suspects(flow, state, StepId("s3"), ["x"]) == ("s2",)


@dataclass
class Repaired(Play):
    """Plays a run in which s1 turns out, when it ends, to have changed x."""

    def run_with_change(self, fact: facts.Fact) -> Repaired:
        self.feed(facts.Began())
        while set(self.running) != {"s1"}:
            step = next(s for s in sorted(self.running) if s != "s1")
            del self.running[step]
            outcome = self.outcomes.get(step, ["ok"]).pop(0)
            self.feed((facts.Failed if outcome == "fail" else facts.Succeeded)(StepId(step)))
        if isinstance(fact, facts.StartedOver):
            self.running.clear()
        self.feed(fact)
        if isinstance(fact, facts.Invalidated):
            del self.running["s1"]
            self.feed(facts.Succeeded(StepId("s1")))
        while self.status is None:
            step = min(self.running)
            del self.running[step]
            self.feed(facts.Succeeded(StepId(step)))
        return self


CHAIN = workflow("mmaam", [(0, 1), (0, 2), (2, 3), (3, 4)])
STALE = facts.Invalidated((StepId("s2"),), (StepId("s2"), StepId("s3")))


@pytest.mark.parametrize("outcomes", [{}, {"s2": ["fail"]}, {"s3": ["fail"]}])
def test_stale_steps_run_again_and_their_failures_are_forgotten(outcomes):
    stale = STALE if "s2" not in outcomes else facts.Invalidated(STALE.readers, STALE.readers)
    play = Repaired(CHAIN, outcomes={k: [*v] for k, v in outcomes.items()}).run_with_change(stale)
    assert play.status == "ok"
    assert play.started[-3:] == [("s2", "main"), ("s3", "any"), ("s4", "main")]


def test_start_over_runs_every_step_in_order_in_the_main_worker():
    play = Repaired(CHAIN, outcomes={"s3": ["fail"]}).run_with_change(facts.StartedOver())
    assert play.status == "ok"
    assert play.started[-5:] == [(f"s{number}", "main") for number in range(5)]


def test_a_stopped_run_doesn_t_repair():
    play = Play(CHAIN)
    play.feed(facts.Began())
    del play.running["s0"]
    play.feed(facts.Succeeded(StepId("s0")))
    play.running.pop("s2")
    play.feed(facts.Succeeded(StepId("s2")))
    play.feed(facts.Stopped())
    assert play.status == "cancelled"
    assert machine.advance(play.graph, play.state, STALE) == (play.state, ())
    assert machine.advance(play.graph, play.state, facts.StartedOver()) == (play.state, ())


def test_fatal_failure_ends_a_run_although_the_cell_may_raise():
    play = Play(workflow("mm", [], may_raise=frozenset({0})))
    play.feed(facts.Began())
    del play.running["s0"]
    play.feed(facts.Failed(StepId("s0"), is_fatal=True))
    assert play.status == "failed"
    assert list(play.state.states.values()) == ["failed", "not run"]
