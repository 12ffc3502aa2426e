"""Batches of a split loop flow on into the next one at once, and count only if all is well."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from naavre_ext.executors import chaining
from naavre_ext.model import event as events

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))
from both_ways import WorkflowRun, run_as_workflow
from notebook_row import split

MAKE = split("out = []\nfor x in range(9):\n    out.append(x)")
USE = split("res = []\nfor y in out:\n    res.append(-y)")


def flowed_on(run: WorkflowRun, first: str, then: str) -> bool:
    """Whether a batch of cell ``then`` began before the last batch of cell ``first`` did."""
    began = {
        cell: [batch.started_at for batch in run.of(events.BatchFinished) if batch.cell_id == cell]
        for cell in (first, then)
    }
    return min(began[then]) < max(began[first])


def test_batches_flow_on_over_three_cells() -> None:
    run = run_as_workflow((MAKE, USE, split("total = 0\nfor z in res:\n    total += z")))
    assert run.ending.variables["total"] == -36
    assert flowed_on(run, "cell-0", "cell-1")
    assert flowed_on(run, "cell-0", "cell-2")


def test_events_keep_the_cells_order() -> None:
    run = run_as_workflow((MAKE, USE))
    told = [
        (type(event).__name__, event.cell_id)
        for event in run.told
        if isinstance(event, (events.StepStarted, events.BatchFinished, events.StepFinished))
    ]
    batches = [("BatchFinished", cell) for cell in ("cell-0",) * 3 + ("cell-1",) * 3]
    assert told == [
        ("StepStarted", "cell-0"), *batches[:3], ("StepFinished", "cell-0"),
        ("StepStarted", "cell-1"), *batches[3:], ("StepFinished", "cell-1"),
    ]  # fmt: skip


def test_an_error_tells_the_item_of_the_later_loop() -> None:
    failing = split("res = []\nfor y in out:\n    res.append(1 / (y - 5))")
    run = run_as_workflow((MAKE, failing))
    (failed,) = run.of(events.StepFailed)
    assert (failed.cell_id, failed.batch, failed.item, failed.item_repr) == ("cell-1", 1, 5, "5")


def test_later_batches_are_thrown_away_when_the_first_cell_fails() -> None:
    run = run_as_workflow((MAKE + "\n1 / 0", split("for y in out:\n    print(y)")))
    assert run.ending.failed_cell == 0
    assert run.ending.outputs[1] == []
    assert [event.cell_id for event in run.of(events.StepNotRun)] == ["cell-1"]


@pytest.mark.parametrize(
    "between",
    [
        "held.elements[4] = 40",  # an element
        "held.elements = list(held.elements)",  # another list
        "held.print = b''",
    ],
)
def test_what_was_made_of_something_else_is_made_again(
    between: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = chaining.Holds.take

    def changed(holds: chaining.Holds, *key: object) -> chaining.Held | None:
        held = take(holds, *key)
        if held is not None:
            exec(between, {"held": held})
        return held

    monkeypatch.setattr(chaining.Holds, "take", changed)
    run = run_as_workflow((MAKE, USE))
    assert not flowed_on(run, "cell-0", "cell-1")
    made = run.ending.variables
    assert made["res"] == [-y for y in made["out"]]


def test_what_a_long_later_loop_has_not_begun_goes_out_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("naavre_ext.executors.batch_sizes.LIMIT_S", 0.02)
    run = run_as_workflow(
        (
            "import time",
            "# split: a\nout = []\nfor x in range(60):\n    time.sleep(0.005)\n    out.append(x)",
            "# split: b\nres = []\nfor y in out:\n    time.sleep(0.01)\n    res.append(y)\n    print(y)",
        )
    )
    assert run.ending.variables["res"] == list(range(60))
    assert "".join(o["text"] for o in run.ending.outputs[2]) == "".join(f"{y}\n" for y in range(60))
    done = [batch for batch in run.of(events.BatchFinished) if batch.cell_id == "cell-2"]
    assert sum(batch.items for batch in done) == 60


TQDM = "from tqdm import tqdm"


@pytest.mark.parametrize(
    "use",
    [
        "res = []\nfor y in tqdm(out):\n    res.append(-y)",
        "res = []\nfor y in tqdm(out, desc='again', total=len(out)):\n    res.append(-y)",
        "res = [-y for y in tqdm(out, disable=True)]",
    ],
)
def test_batches_flow_on_through_a_progress_bar(use: str) -> None:
    run = run_as_workflow((TQDM, MAKE, split(use)))
    assert run.ending.variables["res"] == [-x for x in range(9)]
    assert flowed_on(run, "cell-1", "cell-2")


def test_what_is_called_a_bar_and_is_none_gets_its_own_batches() -> None:
    run = run_as_workflow(
        ("def tqdm(xs):\n    return xs[1:]", MAKE, split("for y in tqdm(out):\n    print(y)"))
    )
    assert run.ending.error is None
    shown = "".join(o["text"] for o in run.ending.outputs[2])
    assert shown == "".join(f"{y}\n" for y in range(1, 9))
    assert not flowed_on(run, "cell-1", "cell-2")
