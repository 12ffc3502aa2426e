"""Which calls in groups' workers count: those that were sent ahead, or others."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest
from small_workflows import workflow

from naavre_ext.executors.packing import PACK_VERSION, Packed
from naavre_ext.executors.ray.group_calls import Ended, GroupCalls, Own
from naavre_ext.executors.tasks import StepReport, StepTask

STEPS = workflow("GG", [(0, 1)]).steps
FIRST, SECOND = (
    StepTask(step, "any", exports=((f"x{n}",),), group="G") for n, step in enumerate(STEPS)
)


class Worker:
    """Notes what it is asked to do."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int | None, tuple[Any, ...]]] = []
        self.entered: list[int | None] = []
        self.run_in_group, self.enter_ahead = self, _Enter(self)

    def options(self, num_returns: int) -> Worker:
        assert num_returns == 2
        return self

    def remote(
        self, _context: Any, task: StepTask, number: int, after: int | None, *inputs: Any
    ) -> list[str]:
        self.calls.append((str(task.step.id), number, after, inputs))
        return [f"report {number}", f"export {number}"]


class _Enter:
    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def remote(self, _context: Any, after: int | None) -> None:
        self.worker.entered.append(after)


def ended(task: StepTask, *, is_plain: bool = True) -> StepReport:
    return StepReport(str(task.step.id), "ok", 0.0, 0.0, "", is_plain=is_plain)


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def calls(worker: Worker) -> GroupCalls:
    """Of a run whose first step runs."""
    calls = GroupCalls()
    calls.begin(b"context")
    assert calls.start(worker, FIRST, ["x"]) is not None
    return calls


def exported(worker: Worker) -> str:
    return f"export {worker.calls[0][1]}"


def test_step_sent_ahead_counts_once_the_one_before_ended_as_foreseen(calls, worker):
    calls.send_after(SECOND, [exported(worker), "y"])
    (_, first, after, _), (_, second, waits_for, inputs) = worker.calls
    assert (after, waits_for) == (None, first)
    assert inputs == (Own(0), "y"), "the worker has what it has just exported"

    calls.note("G", ended(FIRST))
    started = calls.start(worker, SECOND, [exported(worker), "y"])
    assert started is not None
    assert started.refs == [f"report {second}", f"export {second}"]
    assert len(worker.calls) == 2


def test_it_is_sent_again_where_that_one_did_not(calls, worker):
    calls.send_after(SECOND, [])
    calls.note("G", ended(FIRST, is_plain=False))
    assert calls.start(worker, SECOND, []) is not None
    assert [(step, after) for step, _, after, _ in worker.calls][1:] == [
        ("s1", worker.calls[0][1]),
        ("s1", None),
    ]


@pytest.mark.parametrize(
    ("task", "inputs"), [(replace(SECOND, attempt=1), ["x"]), (SECOND, ["another"])]
)
def test_nothing_runs_in_a_worker_that_has_begun_something_else(calls, worker, task, inputs):
    """What it has begun may have changed live objects."""
    calls.send_after(SECOND, ["x"])
    calls.note("G", ended(FIRST))
    assert calls.start(worker, task, inputs) is None
    assert len(worker.calls) == 2


def test_another_worker_is_none_that_has_begun(calls, worker):
    calls.send_after(SECOND, ["x"])
    calls.note("G", ended(FIRST))
    other = Worker()
    assert calls.start(other, SECOND, ["x"]) is not None
    assert [after for _, _, after, _ in other.calls] == [None]


def test_first_step_goes_ahead_to_a_worker_that_another_run_has(worker):
    calls = GroupCalls()
    calls.begin(b"context")
    calls.send_when_foreseen(FIRST, ["x"])
    assert worker.calls == []
    calls.foresee("G", worker, 7)
    assert [(step, after) for step, _, after, _ in worker.calls] == [("s0", 7)]
    calls.give("G", worker, 7, early=False)
    assert calls.start(worker, FIRST, ["x"]) is not None
    assert len(worker.calls) == 1


@pytest.mark.parametrize("last", [None, 8])
def test_it_is_sent_again_where_that_run_went_on(worker, last):
    calls = GroupCalls()
    calls.begin(b"context")
    calls.send_when_foreseen(FIRST, ["x"])
    calls.foresee("G", worker, 7)
    calls.give("G", worker, last, early=False)
    assert calls.start(worker, FIRST, ["x"]) is not None
    assert [after for _, _, after, _ in worker.calls] == [7, None]


def test_worker_gets_ready_where_the_first_step_has_to_wait(worker):
    calls = GroupCalls()
    calls.begin(b"context")
    calls.foresee("G", worker, 7)
    assert (worker.entered, worker.calls) == ([7], [])


@pytest.mark.parametrize("early", [True, False])
def test_worker_gets_ready_that_is_there_early(worker, early):
    calls = GroupCalls()
    calls.begin(b"context")
    calls.give("G", worker, 7, early=early)
    assert worker.entered == ([7] if early else [])


def test_it_has_no_need_to_where_the_first_step_is_there(worker):
    calls = GroupCalls()
    calls.begin(b"context")
    calls.send_when_foreseen(FIRST, ["x"])
    calls.foresee("G", worker, 7)
    calls.give("G", worker, 7, early=True)
    assert worker.entered == []


def test_messages_of_a_step_that_does_not_count_yet_are_kept(calls, worker):
    calls.send_after(SECOND, ["x"])
    message = {"kind": "output", "step": "s1", "attempt": 0, "number": 0}
    assert calls.hear(message)
    assert not calls.hear({**message, "step": "s0"})
    assert not calls.hear({**message, "attempt": 1})
    assert not calls.hear({"kind": "group-opened", "group": "G"})
    calls.note("G", ended(FIRST))
    started = calls.start(worker, SECOND, ["x"])
    assert started is not None
    assert started.told == [message]
    assert not calls.hear(message)


def test_forgotten_calls_are_named_where_they_may_run(calls, worker):
    calls.send_after(SECOND, ["x"])
    assert [call.number for call in calls.forget("s1")] == [worker.calls[1][1]]
    assert calls.forget() == []
    calls.send_after(SECOND, ["x"])
    calls.note("G", ended(FIRST, is_plain=False))
    assert calls.forget() == [], "it was handed back"


def test_inputs_of_the_next_call_are_packs_of_the_last_one():
    mine, given = (Packed(PACK_VERSION, (name,), b"") for name in "ab")
    last = Ended(3, [mine])
    assert last.inputs([Own(0), given]) == [mine, given]
    assert pickle.loads(pickle.dumps(Own(0))) == Own(0)
