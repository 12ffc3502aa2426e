"""Which workers of its groups a run asks for, gives back, and may have again."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from small_workflows import workflow

from naavre_ext.executors.ray import run_groups
from naavre_ext.executors.ray.group_workers import GroupWorkers
from naavre_ext.executors.ray.run_groups import RunGroups
from naavre_ext.executors.tasks import StepReport, StepTask
from naavre_ext.scheduling.claims import ClaimPlan


@pytest.fixture(autouse=True)
def workers_without_ray(monkeypatch):
    """Workers are texts that are never ended."""
    monkeypatch.setattr(run_groups, "take_main", lambda claim, turn: f"a worker with {dict(claim)}")
    monkeypatch.setattr(run_groups, "note_place", lambda worker: worker)


class Job:
    """One of two jobs of a batch; ``told`` is what it heard of its groups."""

    def __init__(self, pool: GroupWorkers, number: int, claims: Mapping[str, Mapping[str, float]]):
        self.groups, self.told = RunGroups(pool, number, lambda: None), []
        plan = ClaimPlan(groups=claims, replicas=dict.fromkeys(claims, 1))
        self.groups.admit(plan, ())
        self.groups.begin()

    def open(self, group: str) -> None:
        self.groups.open(
            group,
            lambda: self.told.append(f"has {group}"),
            lambda: self.told.append(f"lost {group}"),
            early=False,
        )


def two_jobs(**claims: Mapping[str, float]) -> tuple[Job, Job]:
    pool = GroupWorkers()
    return Job(pool, 1, claims), Job(pool, 2, claims)


def test_a_job_that_holds_another_group_never_waits_for_what_it_gave_back():
    """The second job has it by then, and waits for what the first one holds: both would wait for ever."""
    first, second = two_jobs(g={"num_gpus": 1}, h={"num_gpus": 1})
    first.open("h")
    first.open("g")
    first.groups.close("h")
    second.open("h")
    first.open("h")
    assert first.told == ["has h", "has g", "lost h"]
    assert second.told == ["has h"]


def test_it_waits_for_it_once_it_holds_nothing():
    first, second = two_jobs(g={"num_gpus": 1}, h={"num_gpus": 1})
    first.open("h")
    first.groups.close("h")
    second.open("h")
    first.open("h")
    assert first.told == ["has h"]
    second.groups.close("h")
    assert first.told == ["has h", "has h"]


def test_a_worker_that_claims_nothing_is_made_anew():
    first, second = two_jobs(g={}, h={})
    first.open("h")
    first.open("g")
    first.groups.close("h")
    second.open("h")
    first.open("h")
    assert first.told == ["has h", "has g", "has h"]
    assert first.groups.worker("h") == "a worker with {}"


class Call:
    """A group's last call, as far as its run looks at it; its worker notes what is asked of it."""

    def __init__(self, number: int) -> None:
        self.number, self.worker, self.asked = number, self, []
        self.collect_live = self

    def remote(self, names: object, most: object) -> str:
        self.asked.append((names, most))
        return f"values {len(self.asked)}"


def job_with_last_call(monkeypatch: pytest.MonkeyPatch) -> tuple[Job, Job, Call]:
    """Two jobs; the first one's last step of a group runs."""
    first, second = two_jobs(g={})
    first.open("g")
    call = Call(7)
    monkeypatch.setattr(first.groups.calls, "last", lambda group: call)
    first.groups._workers["g"] = call
    return first, second, call


@pytest.mark.parametrize("number", [7, None])
def test_live_values_are_asked_for_ahead_and_again_if_that_was_in_vain(monkeypatch, number):
    first, _, call = job_with_last_call(monkeypatch)
    first.groups.expect_end("g", ["x"], None)
    first.groups.expect_end("g", ["x"], None)
    assert call.asked == [(["x"], None)]
    monkeypatch.setattr(first.groups.calls, "ended", lambda group: number)
    found = first.groups.collect_live("g", ["x"], None)
    assert found == ("values 1" if number else "values 2")


def test_nothing_starts_in_a_worker_that_was_promised(monkeypatch):
    first, _, _ = job_with_last_call(monkeypatch)
    first.groups.expect_end("g", [], None)
    task = StepTask(workflow("G", []).steps[0], "any", group="g")
    assert first.groups.start(task, []) is None, "another job's step may have begun there"


def test_but_it_does_where_the_last_step_did_not_end_as_foreseen(monkeypatch):
    first, _, _ = job_with_last_call(monkeypatch)
    first.groups.expect_end("g", [], None)
    first.groups.note("g", StepReport("s0", "relocate", 0.0, 0.0, ""))
    monkeypatch.setattr(first.groups.calls, "start", lambda worker, task, inputs: "a call")
    task = StepTask(workflow("G", []).steps[0], "any", group="g")
    assert first.groups.start(task, []) == "a call"


def test_no_promise_where_cells_leave_something_in_the_process(monkeypatch):
    first, _, call = job_with_last_call(monkeypatch)
    first.groups.stain("g")
    first.groups.expect_end("g", ["x"], None)
    assert call.asked == []


@pytest.mark.parametrize("begins_anew", [False, True])
def test_workers_take_leave_unless_the_run_begins_anew(begins_anew, monkeypatch):
    killed = []
    monkeypatch.setattr(run_groups.ray, "kill", killed.append)
    groups = RunGroups(None, None, lambda: None)
    groups.admit(ClaimPlan(groups={"g": {}}, replicas={"g": 1}), ())
    groups.begin()
    worker = groups.worker("g")
    if begins_anew:
        groups.spoil()
    left = groups.leave()
    assert (left, killed) == (([], [worker]) if begins_anew else ([worker], []))
