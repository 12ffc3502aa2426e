"""What a run's events say of its speed: text and trace from hand-made event logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from naavre_ext.cli.explain import explanation_lines
from naavre_ext.model import event as events
from naavre_ext.scheduling.explaining import explain
from naavre_ext.scheduling.tracing import chrome_trace

MAIN, OTHER = "host:1", "host:2"


class Log:
    """Writes an event log by the second; ``plan`` is the workflow that belongs to it."""

    def __init__(self, slots: int, *sources: str) -> None:
        steps = [
            {
                "id": f"s{n}",
                "cell_id": f"s{n}",
                "cell_number": n,
                "title": None,
                "placement": "main",
            }
            for n in range(1, len(sources) + 1)
        ]
        self.plan: dict[str, Any] = {
            "steps": [
                {"id": f"s{n}", "source": s, "reasons": []} for n, s in enumerate(sources, 1)
            ],
            "edges": [],
        }
        self.events: list[Any] = [
            events.RunStarted(
                at=0.0, run_id="r", notebook=None, executor="ray", slots=slots, steps=tuple(steps)
            )
        ]

    def step(
        self,
        number: int,
        start: float,
        end: float,
        *batches: Any,
        worker: str = MAIN,
        fixed: int = 0,
    ) -> Log:
        name = {"step": f"s{number}", "cell_id": f"s{number}"}
        self.events.append(events.StepStarted(at=start, placement="main", **name))
        if batches:
            told = events.SplitStarted(
                at=start, split=0, title=None, items=10, batches=len(batches), **name
            )
            self.events.append(told)
        for index, (began, ended, where) in enumerate(batches):
            self.events.append(
                events.BatchFinished(
                    at=ended, split=0, batch=index, items=5, started_at=began, duration_s=ended - began,
                    worker=where, **name,
                )
            )  # fmt: skip
        self.events.append(
            events.StepFinished(
                at=end, execution_count=number, started_at=start, duration_s=end - start, worker=worker, **name
            )
        )  # fmt: skip
        return self

    def whole(self, number: int, at: float, reason: str) -> Log:
        name = {"step": f"s{number}", "cell_id": f"s{number}"}
        self.events.append(events.SplitRefused(at=at, split=0, reason=reason, **name))
        return self

    def over(self, at: float) -> Log:
        self.events.append(events.RunFinished(at=at, status="ok", duration_s=at))
        return self


def serial() -> Log:
    log = Log(2, "x = load()", "for i in x:\n    work(i)", "print(x)")
    return log.step(1, 0, 1).step(2, 1, 9).step(3, 9, 10).over(10)


def even_split() -> Log:
    log = Log(2, "x = load()", "# split: work\nfor i in x:\n    work(i)")
    return log.step(1, 0, 0.2).step(2, 0.2, 8.3, (0.2, 8.2, MAIN), (0.3, 8.2, OTHER)).over(8.4)


def long_batch() -> Log:
    log = Log(4, "# split: work\nfor i in x:\n    work(i)")
    short = [(0.1, 1.1, f"host:{n}") for n in range(2, 5)]
    return log.step(1, 0, 10.1, (0.1, 10, MAIN), *short).over(10.2)


def long_item_last() -> Log:
    """An item of 4 s that begins after others: begun first, it would be over after 4 s."""
    log = Log(2, "# split: work\nfor i in x:\n    work(i)")
    short = [(0, 1, MAIN), (0, 1, OTHER), (1, 2, OTHER)]
    return log.step(1, 0, 5.8, *short, (1, 5.8, MAIN)).over(5.9)


def retried() -> Log:
    """The first batch of 2 s came to nothing when it was nearly done."""
    log = Log(2, "# split: work\n# batches: 2\nfor i in x:\n    work(i)")
    log.step(1, 0, 4, (2, 4, MAIN), (0, 2, OTHER))
    told = events.BatchRetried(
        at=1.9,
        step="s1",
        cell_id="s1",
        split=0,
        batch=0,
        tries=1,
        reason="its worker died (by a signal)",
    )
    log.events.insert(3, told)
    return log.over(4)


def late_workers() -> Log:
    """The workers came after 8 s; then one of them had nothing to do for a second."""
    log = Log(2, "# split: work\n# batches: 3\nfor i in x:\n    work(i)")
    return log.step(1, 8, 10, (8, 9, MAIN), (8, 9, OTHER), (9, 10, MAIN)).over(10)


def loading() -> Log:
    """The first batch of a worker takes 2 s, perhaps as it loads libraries."""
    log = Log(2, "# split: work\nfor i in x:\n    work(i)")
    return log.step(1, 0, 2.1, (0, 0.1, MAIN), (0, 2, OTHER), (0.1, 0.2, MAIN)).over(2.2)


def uneven_batches() -> Log:
    """Three batches for two workers, and an item of 2.4 s in one of them that nobody can make shorter."""
    log = Log(2, "# split: work\n# batches: 3\nfor i in x:\n    work(i)")
    return log.step(1, 0, 4.1, (0, 1, MAIN), (0, 1, OTHER), (1, 4.2, MAIN)).over(4.3)


def fixed_batches() -> Log:
    log = Log(2, "# split: work\n# batches: 3\nfor i in x:\n    work(i)")
    return log.step(1, 0, 4.1, (0, 2, MAIN), (0, 2, OTHER), (2, 4, MAIN)).over(4.1)


def beside_batches() -> Log:
    """The second cell sleeps in one worker while the batches of the third one have the other."""
    log = Log(2, "import time", "time.sleep(3)", "# split: work\nfor i in x:\n    work(i)")
    log.step(1, 0, 0.1).step(2, 1, 4, worker=OTHER)
    return log.step(3, 0.9, 4.1, (1, 2.5, MAIN), (2.5, 4, MAIN)).over(4.1)


def one_at_a_time() -> Log:
    log = Log(2, "# split: work\n# concurrency: 1\nfor i in x:\n    work(i)")
    log.plan["steps"][0]["concurrency"] = 1
    return log.step(1, 0, 4.1, (0, 2, MAIN), (2, 4, OTHER)).over(4.1)


def two_processors_each() -> Log:
    log = Log(2, "# split: work\n# resources: num_cpus=2\nfor i in x:\n    work(i)")
    log.plan["steps"][0]["resources"] = {"num_cpus": 2.0}
    return log.step(1, 0, 4.1, (0, 2, MAIN), (2, 4, OTHER)).over(4.1)


def refused_for_one_at_a_time() -> Log:
    log = refused()
    log.plan["steps"][0]["concurrency"] = 1
    return log


def refused() -> Log:
    log = Log(2, "# split: work\nfor i in x:\n    work(i)")
    name = {"step": "s1", "cell_id": "s1"}
    log.events.append(events.StepStarted(at=0.0, placement="main", **name))
    log.whole(1, 0.1, "an item can't be copied")
    end = events.StepFinished(
        at=6.0, execution_count=1, started_at=0.0, duration_s=6.0, worker=MAIN, **name
    )
    log.events.append(end)
    return log.over(6)


def side_by_side() -> Log:
    log = Log(2, "import time", "a = work(1)", "b = work(2)", "print(a, b)")
    log.plan["edges"] = [
        {"source": "s1", "target": "s2"}, {"source": "s1", "target": "s3"},
        {"source": "s2", "target": "s4"}, {"source": "s3", "target": "s4"},
    ]  # fmt: skip
    log.step(1, 0, 0.1).step(2, 0.2, 3, worker="host:5").step(3, 0.2, 2, worker="host:6")
    return log.step(4, 3.1, 3.2).over(3.3)


def few_tasks() -> Log:
    """A cell that computes for 6 s, of which a task has taken one off it."""
    log = Log(2, "total = tree(8)").step(1, 0, 6)
    told = events.TaskFinished(
        at=3, step="s1", cell_id="s1", function="tree", level=1, task=0, started_at=2, duration_s=1, worker=OTHER,
    )  # fmt: skip
    log.events.insert(-1, told)
    return log.over(6)


def nested() -> Log:
    """The only batch waits for those of a loop that it comes to twice: one in its own worker, one in another."""
    log = Log(2, "# split: outer\n# batches: 1\nfor i in x:\n    out.append(inner(i))")
    name = {"step": "s1", "cell_id": "s1"}
    spans = [(1, 3, MAIN), (1.1, 3.1, OTHER), (4, 6, MAIN), (4.1, 6.1, OTHER)]
    inner = [
        events.BatchFinished(
            at=8, split=1, batch=n, items=2, started_at=began, duration_s=ended - began, worker=worker,
            within="0.0", **name,
        )
        for n, (began, ended, worker) in enumerate(spans)
    ]  # fmt: skip
    log.step(1, 0, 8, (0, 8, MAIN))
    log.events[-1:-1] = inner
    return log.over(8.2)


LOGS = (serial, even_split, long_batch, fixed_batches, refused, side_by_side, nested)


@pytest.mark.parametrize("make", LOGS, ids=lambda make: make.__name__)
def test_explanation(make: Callable[[], Log], golden: Callable[[str, str], None]) -> None:
    log = make()
    text = "\n".join(explanation_lines(explain(log.events, log.plan)))
    golden(f"explain/{make.__name__}.txt", text + "\n")


@pytest.mark.parametrize("make", LOGS, ids=lambda make: make.__name__)
def test_work_and_lost_time_add_up_to_all_slots(make: Callable[[], Log]) -> None:
    log = make()
    found = explain(log.events, log.plan)
    assert found.work_s / found.slots + sum(found.lost.values()) == pytest.approx(
        found.seconds, abs=0.01
    )
    json.dumps(found.to_json())


@pytest.mark.parametrize(
    ("make", "cell", "words"),
    [
        (serial, 2, "Write '# split: TITLE'"),
        (even_split, None, "No single change"),
        (long_batch, 1, "divide that work further"),
        (long_item_last, 1, "begin with what takes longest"),
        (fixed_batches, 1, "leave out '# batches: 3'"),
        (refused, 1, "an item can't be copied"),
        (retried, 1, "ran more than once (its worker died)"),
        (late_workers, None, "cluster start"),
        (loading, 1, "if its worker didn't just load libraries"),
        (few_tasks, 1, "mark more functions with '# task'"),
        (beside_batches, None, "No single change"),
        (refused_for_one_at_a_time, 1, "raise or leave out '# concurrency: 1'"),
        (one_at_a_time, 1, "raise or leave out '# concurrency: 1'"),
        (two_processors_each, 1, "raise or leave out '# resources: num_cpus=2'"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_advice_names_the_cell_and_the_change(make: Any, cell: int | None, words: str) -> None:
    log = make()
    advice = explain(log.events, log.plan).advice
    assert advice.cell_number == cell
    assert words in advice.text


@pytest.mark.parametrize(
    ("make", "gain_s"),
    [
        (serial, 4.0),  # 8 s of one cell, in two workers
        (few_tasks, 2.5),  # half of the 5 s in which no task ran
        (long_batch, 6.7),  # 12.9 s in four
        (long_item_last, 1.8),  # 4 of the 5.8 s are one item
        (uneven_batches, 1.6),  # 2.6 s are half of all
        (fixed_batches, 1.0),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_advice_promises_no_more_than_can_be_had(make: Any, gain_s: float) -> None:
    log = make()
    assert explain(log.events, log.plan).advice.gain_s == pytest.approx(gain_s, abs=0.05)


def test_critical_path_follows_what_was_waited_for() -> None:
    log = side_by_side()
    places = [part.place for part in explain(log.events, log.plan).critical_path]
    assert places == ["cell 1", "cell 2", "cell 4"]


def test_batch_that_waits_for_others_within_it_does_not_work() -> None:
    log = nested()
    found = explain(log.events, log.plan)
    assert found.work_s == pytest.approx(4 * 2 + (1 + 0.9 + 1.9))
    places = [(times.place, times.batches) for times in found.batch_times]
    assert places == [("cell 1", 1), ("cell 1, loops in its batches", 4)]
    names = [e["name"] for e in chrome_trace(log.events)["traceEvents"] if e.get("cat") == "batch"]
    assert [name for name in names if "inner" in name] == [
        f"cell 1 batch 1, inner batch {number}" for number in (1, 2, 3, 4)
    ]


def test_run_that_broke_off_is_explained_as_far_as_it_got() -> None:
    log = Log(2, "x = 1", "y = 2").step(1, 0, 1)
    found = explain(log.events)
    assert (found.status, found.seconds) == ("interrupted", 1.0)
    assert explain([]).critical_path == ()


@pytest.mark.parametrize("make", LOGS, ids=lambda make: make.__name__)
def test_trace_is_what_perfetto_reads(make: Callable[[], Log]) -> None:
    trace = json.loads(json.dumps(chrome_trace(make().events)))
    rows = {(e["pid"], e["tid"]) for e in trace["traceEvents"] if e["name"] == "thread_name"}
    open_arrows: dict[int, float] = {}
    for event in trace["traceEvents"]:
        assert event["ph"] in "MXsfi"
        if event["ph"] == "M":
            assert isinstance(event["args"]["name"], str)
            continue
        assert (event["pid"], event["tid"]) in rows
        assert event["ts"] >= 0
        if event["ph"] == "X":
            assert event["dur"] >= 0
            assert event["cat"] in ("step", "batch")
        elif event["ph"] == "s":
            open_arrows[event["id"]] = event["ts"]
        elif event["ph"] == "f":
            assert event["ts"] >= open_arrows.pop(event["id"])
    assert not open_arrows


def test_trace_has_every_batch_in_the_row_of_its_worker() -> None:
    trace = chrome_trace(long_batch().events)["traceEvents"]
    names = {e["tid"]: e["args"]["name"] for e in trace if e["name"] == "thread_name"}
    batches = [
        (names[e["tid"]], e["ts"], e["dur"])
        for e in trace
        if e.get("cat") == "batch" and e["ph"] == "X"
    ]
    assert batches[0] == ("host:1 (steps)", 100000.0, 9900000.0)
    assert [row for row, *_ in batches[1:]] == [f"host:{n} (batches)" for n in (2, 3, 4)]
