from __future__ import annotations

import pytest
from run_samples import (
    FAILED_RUN,
    GOOD_RUN,
    batch_finished,
    finished,
    not_run,
    relocated,
    split_refused,
    split_started,
    started,
    step_failed,
    step_finished,
    step_started,
)

from naavre_ext.cli.progress import RunView, fold, view_run
from naavre_ext.model.event import CellOutputsDiscarded, RunEvent


def states(*events: RunEvent) -> list[str]:
    return [step.state for step in view_run([started(), *events]).steps]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), ["waiting", "waiting", "waiting"]),
        ((step_started(0),), ["running", "waiting", "waiting"]),
        ((step_started(0), step_started(2)), ["running", "waiting", "running"]),
        ((step_started(0), step_finished(0)), ["ok", "waiting", "waiting"]),
        ((step_started(2), step_finished(2), not_run(2)), ["waiting", "waiting", "not run"]),
        ((step_started(9), step_finished(9)), ["waiting", "waiting", "waiting"]),
    ],
)
def test_step_states_follow_the_events(events: tuple[RunEvent, ...], expected: list[str]) -> None:
    assert states(*events) == expected


def test_a_good_run_ends_with_all_steps_ok() -> None:
    view = view_run(GOOD_RUN)
    assert view.status == "ok"
    assert view.duration_s == 3.0
    assert view.ended_count == 3
    assert view.steps[1].fan_out() == "28 items in 5 batches"
    assert view.messages == (("warning", "a worker was lost; its batch ran again"),)


def test_a_failed_run_names_the_failed_step() -> None:
    view = view_run(FAILED_RUN)
    assert view.failure is not None
    step, failure = view.failure
    assert step.place == 'cell 5 "process batches"'
    assert failure.item == 7
    assert [step.state for step in view.steps] == ["ok", "failed", "not run"]


def test_a_failure_that_the_cell_is_tagged_for_is_not_the_runs() -> None:
    assert view_run([started(), step_failed(0), step_finished(1), finished()]).failure is None
    events = [started(), step_failed(0), step_failed(1), step_failed(2), not_run(2)]
    failure = view_run([*events, finished("failed")]).failure
    assert failure is not None
    assert failure[0].id == "s1"


def test_batches_are_counted_while_they_finish() -> None:
    view = view_run([started(), split_started(1, 28, 5), batch_finished(1, 3, 6)])
    (split,) = view.steps[1].splits
    assert (split.done, split.done_items, split.batches) == (1, 6, 5)


def test_more_batches_than_announced_raise_the_total() -> None:
    events = [batch_finished(1, batch, 1) for batch in range(3)]
    (split,) = view_run([started(), split_started(1, 9, 2), *events]).steps[1].splits
    assert (split.done, split.batches) == (3, 3)


def test_a_loop_in_a_function_called_twice_adds_up() -> None:
    view = view_run([started(), split_started(1, 10, 2), split_started(1, 6, 3)])
    assert view.steps[1].fan_out() == "16 items in 5 batches"


def test_items_of_an_iterator_are_counted_as_they_are_done() -> None:
    batches = [batch_finished(1, 0, 5), batch_finished(1, 1, 3)]
    view = view_run([started(), step_started(1), split_started(1, -1, 2), *batches])
    assert view.steps[1].splits[0].items == 0
    assert view.steps[1].fan_out() == "8 items in 2 batches"


def test_a_refused_split_is_no_fan_out() -> None:
    view = view_run([started(), split_started(1, 28, 5), split_refused(1)])
    assert view.steps[1].fan_out() == ""
    assert view.steps[1].notes == ("a loop ran whole: 'model' was changed",)


def test_a_loop_that_was_never_cut_is_no_fan_out() -> None:
    view = view_run([started(), split_started(1, 2, 0, "it is over in 1 ms")])
    assert view.steps[1].fan_out() == ""
    assert view.steps[1].splits[0].whole == "it is over in 1 ms"


@pytest.mark.parametrize("again", [relocated(1), CellOutputsDiscarded(step="s1", cell_id="c1")])
def test_a_step_that_runs_again_counts_its_batches_anew(again: RunEvent) -> None:
    events = [split_started(1, 28, 5), batch_finished(1, 0, 6), again, split_started(1, 28, 4)]
    assert view_run([started(), *events]).steps[1].fan_out() == "28 items in 4 batches"


def test_folding_leaves_the_view_before_as_it_was() -> None:
    before = view_run([started(), step_started(0)])
    fold(before, step_finished(0))
    assert before.steps[0].state == "running"


def test_a_run_that_is_over_before_it_starts_has_no_steps() -> None:
    assert fold(RunView(), finished("cancelled")).steps == ()
