from __future__ import annotations

import io
import json

import pytest
from rich.console import Console
from rich.spinner import Spinner
from run_samples import (
    FAILED_RUN,
    GOOD_RUN,
    STEPS,
    batch_finished,
    finished,
    output,
    split_started,
    started,
    step_failed,
    step_started,
)

from naavre_ext.cli.live import LiveReporter, render
from naavre_ext.cli.output_log import OutputLog
from naavre_ext.cli.progress import view_run
from naavre_ext.cli.reporters import JsonReporter, PlainReporter, Reporter
from naavre_ext.cli.summary import failure_lines, strip_ansi, summary_lines
from naavre_ext.exporters.wording import duration_phrase
from naavre_ext.model.event import (
    WAITS,
    CellOutputReceived,
    MessageLogged,
    RunEvent,
    event_from_json,
)


@pytest.mark.parametrize(
    ("seconds", "phrase"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (59.9, "59.9 s"),
        (59.99, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.9, "1 h 00 min"),
        (7300, "2 h 01 min"),
    ],
)
def test_durations_read_well(seconds: float, phrase: str) -> None:
    assert duration_phrase(seconds) == phrase


def test_summary_of_a_good_run() -> None:
    assert summary_lines(view_run(GOOD_RUN), "ok", 3.0, "a.out.ipynb") == [
        "ok: 3 steps in 3.0 s",
        '  cell 5 "process batches": 28 items in 5 batches',
        "  cell 6 ran again in the main worker: 'f' can't be pickled",
        "  warning: a worker was lost; its batch ran again",
        "notebook: a.out.ipynb",
        "run:      r1",
    ]


def test_summary_of_a_failed_run_counts_what_is_done() -> None:
    assert summary_lines(view_run(FAILED_RUN), "failed", 1.5, None)[0] == (
        "failed: 1 of 3 steps in 1.5 s"
    )


def test_an_injected_cell_is_not_counted() -> None:
    injected = {**STEPS[0], "id": "injected", "title": None}
    view = view_run([started(steps=(STEPS[0], injected, *STEPS[1:])), *GOOD_RUN[1:]])
    assert (len(view.steps), len(view.counted), view.ended_count) == (4, 3, 3)
    assert summary_lines(view, "ok", 3.0, None)[0] == "ok: 3 steps in 3.0 s"


def test_failure_names_cell_batch_and_item() -> None:
    view = view_run(FAILED_RUN)
    assert view.failure is not None
    lines = failure_lines(*view.failure, colour=False)
    assert lines[0] == "cell 5 \"process batches\", batch 2, item 8 ('x.csv') failed:"
    assert lines[1:] == ["ValueError  Traceback", "line 3", "ValueError: bad"]
    assert "\x1b[0;31m" in failure_lines(*view.failure, colour=True)[1]


def test_failure_without_a_traceback_shows_the_error() -> None:
    view = view_run([started(), step_failed(0, traceback=()), finished("failed")])
    assert view.failure is not None
    assert failure_lines(*view.failure, colour=False)[1:] == ["ValueError: bad", "value"]


@pytest.mark.parametrize(
    "text", ["\x1b[1;31mx\x1b[0m", "\x1b[Kx", "\x1b]8;;http://a\x1b\\x\x07"[:-1]]
)
def test_control_sequences_are_stripped(text: str) -> None:
    assert strip_ansi(text) == "x"


def feed(reporter: Reporter, events: tuple[RunEvent, ...]) -> None:
    with reporter:
        for event in events:
            reporter.on_event(event)


def test_plain_reporter_prints_a_line_for_each_step_that_is_over() -> None:
    stream = io.StringIO()
    feed(PlainReporter(None, stream), GOOD_RUN)
    assert stream.getvalue().splitlines() == [
        '[1/3] cell 2 "load items": done in 1.0 s',
        '[2/3] cell 5 "process batches": done in 2.0 s, 28 items in 5 batches',
        "[3/3] cell 6: done in 0.0 s",
    ]


def test_what_a_run_waits_for_is_said_while_it_waits_and_not_in_the_end() -> None:
    stream = io.StringIO()
    waits = MessageLogged(level="info", text="NX525 cell 5 waits", code=WAITS)
    reporter = PlainReporter(None, stream)
    feed(reporter, (*GOOD_RUN[:-1], waits))
    assert stream.getvalue().splitlines()[-1] == "NX525 cell 5 waits"
    reporter.on_event(GOOD_RUN[-1])
    assert not any("waits" in line for line in summary_lines(reporter.view, "ok", 1.0, None))


def test_json_reporter_prints_events_that_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    feed(JsonReporter(), FAILED_RUN)
    lines = capsys.readouterr().out.splitlines()
    assert tuple(event_from_json(json.loads(line)) for line in lines) == FAILED_RUN


def test_a_progress_bar_in_the_output_log_is_its_last_state() -> None:
    written: list[str] = []
    log = OutputLog(lambda name, text: written.append(text))
    for text in ("\r 0/2", "\r 1/2", "\r 2/2\n", "done\r", "over\n"):
        log._add("s", "stderr", text)
    assert "".join(written) == " 2/2\nover\n"


def test_output_log_joins_pieces_of_lines_and_keeps_cells_apart() -> None:
    written: list[tuple[str, str]] = []
    log = OutputLog(lambda name, text: written.append((name, text)))
    for event in (output(0, "a"), output(1, "x\ny"), output(0, "b\n"), output(0, "e", "stderr")):
        log.write(event)
    log.flush()
    expected = [("stdout", "x\n"), ("stdout", "ab\n"), ("stdout", "y\n"), ("stderr", "e\n")]
    assert written == expected


def test_output_log_shows_rich_output_as_text() -> None:
    written: list[str] = []
    log = OutputLog(lambda name, text: written.append(text))
    message = {"output_type": "execute_result", "data": {"text/plain": "42", "text/html": "<b>"}}
    log.write(CellOutputReceived(step="s0", cell_id="c0", number=0, output=message))
    assert written == ["42\n"]


def shown(events: tuple[RunEvent, ...], height: int = 20) -> str:
    console = Console(file=io.StringIO(), width=100, height=height)
    with console.capture() as capture:
        console.print(render(view_run(events), Spinner("dots"), height, 105.0))
    return capture.get()


def test_live_view_shows_running_steps_with_batches_and_time() -> None:
    events = (started(), step_started(1, 101.0), split_started(1, 28, 5), batch_finished(1, 0, 6))
    text = shown(events)
    assert 'cell 5 "process batches"' in text
    assert "1/5" in text
    assert "4.0 s" in text
    assert "0/3 steps" in text


def test_live_view_never_grows_beyond_the_terminal() -> None:
    steps = tuple({"id": f"s{n}", "cell_number": n, "title": "t"} for n in range(50))
    text = shown((started(steps=steps), *(step_started(n) for n in range(50))), height=10)
    assert len(text.splitlines()) <= 10
    assert "and 44 more" in text


def test_live_reporter_leaves_a_line_for_each_step() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, _environ={"TERM": "xterm"})
    feed(LiveReporter(console, log_output=True, stdout_is_free=False), GOOD_RUN)
    text = strip_ansi(stream.getvalue())
    assert '[2/3] cell 5 "process batches": done in 2.0 s, 28 items in 5 batches' in text
    assert "28 items\n" in text
