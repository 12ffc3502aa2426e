"""Batches of a split loop flow on into the next one at once, and count only if all is well."""

from __future__ import annotations

import ast
import itertools
import sys
from pathlib import Path

import pytest

from naavre_ext.executors import chaining
from naavre_ext.model import event as events
from naavre_ext.planning.elementwise import elementwise, items_of

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))
from both_ways import WorkflowRun, run_as_workflow, run_both
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
        "held.items[4] = 40",  # an element
        "held.items = held.items[1:]",  # another list
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


XS = "xs = [[x] for x in range(9)]"
OVER_XS = split("out, other = [], []\nfor x in xs:\n    out.append(x[0])\n    other.append(x)")


@pytest.mark.parametrize(
    "use",
    [
        "res = []\nfor i, y in enumerate(out):\n    res.append((i, -y))\n    print(i)",
        "res = [(i, y) for i, y in enumerate(out, start=5)]",
        "res = []\nfor x, y in zip(xs, out):\n    res.append((x, y))",
        "res = []\nfor i, (y, (x, z)) in enumerate(zip(out, zip(xs, other))):\n    res.append((x, z, x == z))",
        "res = {i: x for i, (x, y) in enumerate(zip(other, out))}",
        "res = sum(x[0] * y for x, y in zip(xs, out))",
    ],
)
def test_batches_flow_on_one_by_one(use: str) -> None:
    (run,) = run_both((XS, OVER_XS, split(use), "print(res)"), orders=1)
    assert flowed_on(run, "cell-1", "cell-2")


@pytest.mark.parametrize(
    "iterable",
    [
        "a",
        "enumerate(a)",
        "zip(b, a)",
        "a[1:]",
        "a[:4]",
        "enumerate(a[2:7], 3)",
        "a[3:3]",
        "a[50:]",
    ],
)
def test_parts_of_lists_give_parts_of_the_items(iterable: str) -> None:
    flow = elementwise(ast.parse(iterable, mode="eval").body)
    assert flow is not None
    lists = {"a": list(range(9)), "b": list("abcdefghi")}
    for cuts in ([0, 9], [0, 1, 4, 9], [0, 3, 3, 5, 9], list(range(10))):
        found: list[object] = []
        for start, stop in itertools.pairwise(cuts):
            parts = {name: items[start:stop] for name, items in lists.items()}
            items, first = items_of(flow, parts, start)
            assert not items or first == len(found)
            found += items
        assert found == list(eval(iterable, dict(lists)))


def test_a_part_of_a_list_flows_on() -> None:
    make = "# split: a\nout = []\nfor x in range(30):\n    time.sleep(0.01)\n    out.append(x)"
    use = "# split: b\nres = []\nfor i, y in enumerate(out[2:], 1):\n    time.sleep(0.01)\n    res.append((i, y))"
    (run,) = run_both(("import time", make, use), orders=1)
    assert run.workflow.steps[2].splits[0].continues == ("cell-1", 0)


def test_two_loops_go_on_with_the_same_list() -> None:
    again = split("more = []\nfor y in out:\n    more.append(y + 1)\n    print(y)")
    last = split("both = [a * b for a, b in zip(out, more)]")
    (run,) = run_both((MAKE, USE, again, last, "print(out, res, more, both)"), orders=1)
    for cell in ("cell-1", "cell-2", "cell-3"):
        assert flowed_on(run, "cell-0", cell)


def test_of_two_loops_one_may_fail_or_find_something_else() -> None:
    spoilt = split("bad = [1 / (y - 4) if y != 4 else len(spoil(out)) for y in out]")
    again = split("more = []\nfor y in out:\n    more.append(y + 1)")
    setup = "def spoil(xs):\n    getattr(xs, 'app' + 'end')(7)\n    return xs"
    run_both((setup, MAKE, spoilt, again, "print(bad, more)"), orders=1)
    run_both((MAKE, split("bad = [1 / (y - 4) for y in out]"), again), orders=1)


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
