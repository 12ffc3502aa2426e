"""The scheduler over graph shapes and behaviours, and over random graphs with random outcomes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_workflows import workflow

from naavre_ext.model.workflow import Placement, StepId, Workflow
from naavre_ext.scheduling import facts, machine
from naavre_ext.scheduling.ahead import leaving, next_in_groups
from naavre_ext.scheduling.facts import DropStep, Finish, StartStep

SHAPES = {
    "one step": workflow("m", []),
    "one step anywhere": workflow("a", []),
    "chain": workflow("mmmm", [(0, 1), (1, 2), (2, 3)]),
    "chain anywhere": workflow("maam", [(0, 1), (1, 2), (2, 3)]),
    "diamond": workflow("maam", [(0, 1), (0, 2), (1, 3), (2, 3)]),
    "independent": workflow("aaaa", []),
    "independent in main": workflow("mmm", []),
    "mixed": workflow("mamama", [(0, 1), (2, 3), (0, 5)]),
    "barrier in the middle": workflow("amaam", [(0, 1), (1, 2), (1, 3), (1, 4)]),
    "late main waits": workflow("amm", [(0, 1)]),
    "writers in a chain": workflow("wmwaw", [(0, 1), (1, 2), (2, 3), (3, 4)]),
    "writer at the end of a diamond": workflow("maawm", [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)]),
    "independent long cell and writer": workflow("amwam", [(1, 2)]),
    "groups that feed each other": workflow("GGHmGH", [(0, 1), (0, 2), (2, 3), (1, 4), (3, 5)]),
    "no steps": workflow("", []),
}


@dataclass
class Play:
    """Plays a run: feeds outcomes until it finishes, and checks what must hold at every moment."""

    flow: Workflow
    limit: int | None = None
    outcomes: dict[str, list[str]] = field(default_factory=dict)
    choose: Callable[[int], int] = lambda count: 0
    stop_after: int | None = None
    eager: bool = False
    in_order: bool = False

    def __post_init__(self) -> None:
        self.graph = machine.graph_of(
            self.flow, self.limit, eager=self.eager, in_order=self.in_order
        )
        self.state = machine.initial(self.flow)
        self.running: dict[str, Placement] = {}
        self.started: list[tuple[str, Placement]] = []
        self.dropped: list[str] = []
        self.opening: list[str] = []
        self.held: set[str] = set()
        self.status: str | None = None
        self.log: list[object] = []

    def run(self) -> Play:
        self.feed(facts.Began())
        for turn in itertools.count():
            if self.status is not None:
                return self
            assert turn < 1000, "the run never ends"
            if turn == self.stop_after:
                self.feed(facts.Stopped())
                continue
            assert self.running or self.opening, "nothing runs, but the run hasn't finished"
            names = [*sorted(self.running), *self.opening]
            step = names[self.choose(len(names))]
            if step in self.opening:
                self.opening.remove(step)
                self.held.add(step)
                self.feed(facts.GroupOpened(step))
                continue
            waiting = self.outcomes.get(step, [])
            outcome = waiting.pop(0) if waiting else "ok"
            if outcome == "relocate" and self.running[step] == "main":
                outcome = "ok"
            del self.running[step]
            fact = {
                "ok": facts.Succeeded,
                "fail": facts.Failed,
                "retry": facts.Retried,
                "relocate": facts.Relocated,
            }
            self.feed(fact[outcome](StepId(step)))
        return self

    def feed(self, fact: facts.Fact) -> None:
        before = self.state
        foretold = {} if self.in_order else dict(next_in_groups(self.graph, before))
        self.state, commands = machine.advance(self.graph, self.state, fact)
        again, same = machine.advance(self.graph, before, fact)
        assert (again, same) == (self.state, commands), "not deterministic"
        self.check_foretold(foretold, fact, commands)
        self.log += [fact, *commands]
        for command in commands:
            self.carry_out(command)
        self.check()

    def check_foretold(
        self,
        foretold: dict[StepId, StepId | None],
        fact: facts.Fact,
        commands: tuple[facts.Command, ...],
    ) -> None:
        """What was to come next in groups' workers starts once these have done what kept it waiting."""
        for step, after in foretold.items():
            comes = (
                fact == facts.Succeeded(after)
                if after
                else fact == facts.GroupOpened(self.graph.groups[step])
            )
            assert not comes or StartStep(step, "any") in commands
        for group in leaving(self.graph, self.state):
            assert not [
                s
                for s, _ in next_in_groups(self.graph, self.state)
                if self.graph.groups[s] == group
            ]

    def carry_out(self, command: facts.Command) -> None:
        assert self.status is None, "a command after the end"
        if isinstance(command, StartStep):
            step = str(command.step)
            assert step not in self.running
            for source in self.graph.before[command.step]:
                assert self.state.states[source] == "done"
            if command.step in self.graph.held:
                before = self.graph.order[: self.graph.order.index(command.step)]
                assert all(self.state.states[earlier] == "done" for earlier in before)
            group = self.graph.groups.get(command.step)
            if command.placement == "any" and group is not None:
                others = [s for s in self.running if self.running[s] == "any"]
                assert group in self.held, "a step starts in a worker that isn't there"
                assert group not in [self.graph.groups.get(StepId(s)) for s in others]
            if self.in_order:
                earlier = self.graph.order[: self.graph.order.index(command.step)]
                assert not {"waiting", "running"} & {self.state.states[s] for s in earlier}
                assert not self.running
            self.running[step] = command.placement
            self.started.append((step, command.placement))
        elif isinstance(command, facts.OpenGroup):
            assert command.group not in (*self.opening, *self.held)
            self.opening.append(command.group)
        elif isinstance(command, facts.CloseGroup):
            self.held.remove(command.group)
        elif isinstance(command, DropStep):
            self.running.pop(str(command.step), None)
            self.dropped.append(str(command.step))
        elif isinstance(command, Finish):
            assert not self.running
            self.status = command.status

    def check(self) -> None:
        in_main = [step for step, placement in self.running.items() if placement == "main"]
        assert len(in_main) <= 1
        assert {s for s, v in self.state.states.items() if v == "running"} == set(self.running)
        if self.limit is not None:
            assert len(self.running) <= self.limit
            assert len(self.running) < 2 or not self.graph.wide & set(self.running)

    def check_end(self) -> None:
        states = [self.state.states[step.id] for step in self.flow.steps]
        assert set(states) <= {"done", "failed", "not run"}
        assert not self.held, "a group's worker isn't given back"
        main_order = [int(step[1:]) for step, placement in self.started if placement == "main"]
        relocated = any(isinstance(fact, facts.Relocated) for fact in self.log)
        if not relocated:
            assert main_order == sorted(main_order)
        if self.status == "ok":
            assert set(states) <= {"done"}
        if self.status == "failed":
            assert states.count("failed") == 1
            place = states.index("failed")
            assert set(states[:place]) <= {"done"}
            assert set(states[place + 1 :]) <= {"not run"}
        if self.status == "cancelled":
            assert self.stop_after is not None


def behaviours(flow: Workflow) -> list[dict]:
    count = len(flow.steps)
    found: list[dict] = [{}, {"limit": 1}, {"limit": 2}]
    found += [{"outcomes": {f"s{n}": ["fail"]}} for n in range(count)]
    found += [{"outcomes": {f"s{n}": ["relocate"]}} for n in range(count)]
    found += [{"outcomes": {f"s{n}": ["relocate", "fail"]}} for n in range(count)]
    found += [{"outcomes": {f"s{n}": ["retry", "retry"]}} for n in range(count)]
    found += [{"outcomes": {f"s{n}": ["retry", "relocate", "retry", "fail"]}} for n in range(count)]
    found += [{"eager": True, "outcomes": {f"s{n}": ["fail"]}} for n in range(count)]
    found += [{"stop_after": turn} for turn in range(count + 1)]
    found += [
        {"outcomes": {f"s{a}": ["fail"], f"s{b}": ["fail"]}, "choose": lambda n: n - 1}
        for a, b in itertools.combinations(range(count), 2)
    ]
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_every_behaviour_over_every_shape(shape):
    flow = SHAPES[shape]
    for behaviour in behaviours(flow):
        copied = {
            **behaviour,
            "outcomes": {k: [*v] for k, v in behaviour.get("outcomes", {}).items()},
        }
        Play(flow, **copied).run().check_end()


@pytest.mark.parametrize("shape", SHAPES)
def test_run_without_trouble_ends_well(shape):
    play = Play(SHAPES[shape]).run()
    assert play.status == "ok"
    assert sorted(step for step, _ in play.started) == [str(s.id) for s in SHAPES[shape].steps]


def test_independent_steps_start_together():
    play = Play(SHAPES["independent"])
    play.feed(facts.Began())
    assert len(play.running) == 4


@pytest.mark.parametrize(
    ("kinds", "limit", "started"),
    [
        ("aaaa", 2, ["s0", "s1"]),
        ("amaa", 1, ["s0"]),  # the main worker counts
        ("amaa", 2, ["s0", "s1"]),
        ("asaa", 3, ["s0", "s2", "s3"]),  # a split may use all three
        ("saaa", 3, ["s0"]),
        ("saaa", None, ["s0", "s1", "s2", "s3"]),
    ],
)
def test_limit_bounds_what_runs_together(kinds, limit, started):
    play = Play(workflow(kinds, []), limit=limit)
    play.feed(facts.Began())
    assert [step for step, _ in play.started] == started


@pytest.mark.parametrize(
    ("eager", "started"), [(False, ["s0", "s1", "s3"]), (True, ["s0", "s1", "s3", "s2"])]
)
def test_writer_waits_for_all_that_could_fail_before_it(eager, started):
    play = Play(SHAPES["independent long cell and writer"], eager=eager)
    play.feed(facts.Began())
    del play.running["s1"]
    play.feed(facts.Succeeded(StepId("s1")))
    assert [step for step, _ in play.started] == started
    del play.running["s0"]
    play.feed(facts.Failed(StepId("s0")))
    assert play.state.states["s2"] == "not run"


def test_what_comes_after_a_writer_doesn_t_wait_for_it():
    play = Play(workflow("awa", []))
    play.feed(facts.Began())
    assert [step for step, _ in play.started] == ["s0", "s2"]


def test_allowed_error_doesn_t_stop_the_run():
    flow = workflow("mmm", [(0, 1)], may_raise=frozenset({0}))
    play = Play(flow, outcomes={"s0": ["fail"]}).run()
    assert play.status == "ok"
    assert set(play.state.states.values()) == {"done"}


def test_earlier_failure_wins_over_a_later_one():
    flow = workflow("aaa", [])
    play = Play(
        flow, outcomes={"s2": ["fail"], "s1": ["fail"]}, choose=lambda count: count - 1
    ).run()
    assert [play.state.states[s.id] for s in flow.steps] == ["done", "failed", "not run"]


def test_relocated_step_runs_in_main_before_later_main_steps():
    play = Play(workflow("amm", []))
    play.feed(facts.Began())
    assert play.started == [("s0", "any"), ("s1", "main")]
    del play.running["s0"]
    play.feed(facts.Relocated(StepId("s0")))
    assert "s0" not in play.running  # main is busy with s1
    del play.running["s1"]
    play.feed(facts.Succeeded(StepId("s1")))
    assert play.started[2:] == [("s0", "main")]


def test_retried_step_starts_again_where_it_was():
    play = Play(workflow("ma", []), outcomes={"s0": ["retry"], "s1": ["retry", "fail"]}).run()
    assert sorted(play.started) == [("s0", "main")] * 2 + [("s1", "any")] * 2
    assert [play.state.states[s.id] for s in play.flow.steps] == ["done", "failed"]


def test_stop_keeps_what_is_done():
    play = Play(SHAPES["chain"], stop_after=2).run()
    assert play.status == "cancelled"
    assert [play.state.states[s.id] for s in play.flow.steps] == [
        "done",
        "done",
        "not run",
        "not run",
    ]


def test_stale_facts_change_nothing():
    play = Play(workflow("mm", []), outcomes={"s0": ["fail"]}).run()
    state = play.state
    for fact in (facts.Succeeded, facts.Failed, facts.Retried, facts.Relocated):
        assert machine.advance(play.graph, state, fact(StepId("s1"))) == (state, ())


@st.composite
def random_runs(draw):
    count = draw(st.integers(0, 9))
    pairs = list(itertools.combinations(range(count), 2))
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    kinds = "".join(draw(st.lists(st.sampled_from("mawsGH"), min_size=count, max_size=count)))
    may_raise = frozenset(draw(st.lists(st.integers(0, 8), max_size=2)))
    flow = workflow(kinds, edges, may_raise)
    endings = st.lists(st.sampled_from(["ok", "ok", "ok", "fail", "retry", "relocate"]), max_size=2)
    outcomes = {f"s{n}": draw(endings) for n in range(count)}
    dice = random.Random(draw(st.integers(0, 99)))
    return Play(
        flow,
        limit=draw(st.sampled_from([None, 1, 2])),
        outcomes=outcomes,
        choose=dice.randrange,
        stop_after=draw(st.sampled_from([None, None, 0, 1, 3])),
        eager=draw(st.booleans()),
        in_order=draw(st.booleans()),
    )


@settings(max_examples=500, deadline=None)
@given(random_runs())
def test_random_runs_always_end(play):
    play.run().check_end()


def test_relocated_steps_run_in_notebook_order():
    graph = machine.graph_of(workflow("aa", []))
    state, _ = machine.advance(graph, machine.initial(workflow("aa", [])), facts.Began())
    state, commands = machine.advance(graph, state, facts.Relocated(StepId("s1")))
    assert commands == (), "s0 may have to run in the main worker, too"
    state, commands = machine.advance(graph, state, facts.Relocated(StepId("s0")))
    assert commands == (StartStep(StepId("s0"), "main"),)
    state, commands = machine.advance(graph, state, facts.Succeeded(StepId("s0")))
    assert commands == (StartStep(StepId("s1"), "main"),)


def test_in_order_each_step_waits_for_the_one_before():
    play = Play(workflow("aGma", []), in_order=True, outcomes={"s0": ["relocate"]}).run()
    assert play.started == [
        ("s0", "any"),
        ("s0", "main"),
        ("s1", "any"),
        ("s2", "main"),
        ("s3", "any"),
    ]


def test_group_is_given_back_and_hands_on_before_it_is_done():
    flow = workflow("GGHH", [(0, 1), (0, 2), (1, 3), (2, 3)])
    play = Play(flow, choose=lambda n: n - 1).run()
    closed = play.log.index(facts.CloseGroup("G"))
    assert closed < play.log.index(facts.Succeeded(StepId("s3")))
    assert play.log.index(StartStep(StepId("s2"), "any")) < play.log.index(
        facts.Succeeded(StepId("s1"))
    ), "s2 needs s0 only"


def test_group_is_given_back_before_the_steps_that_it_hands_on_to_start():
    flow = workflow("GH", [(0, 1)])
    play = Play(flow).run()
    closed, started = facts.CloseGroup("G"), StartStep(StepId("s1"), "any")
    assert play.log.index(closed) < play.log.index(started), "another job may wait for the worker"


def test_group_is_asked_for_while_what_its_first_step_needs_still_runs():
    play = Play(workflow("GH", [(0, 1)])).run()
    asked, done = facts.OpenGroup("H", early=True), facts.Succeeded(StepId("s0"))
    assert play.log.index(asked) < play.log.index(done), "another job may hold its worker as yet"
