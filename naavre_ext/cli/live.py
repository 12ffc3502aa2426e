"""Progress on a terminal: finished steps scroll by, running ones and the total stay below."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from naavre_ext.cli.output_log import OutputLog
from naavre_ext.cli.progress import RunView, StepView
from naavre_ext.cli.reporters import Reporter
from naavre_ext.exporters.wording import duration_phrase, one_line
from naavre_ext.model.event import RunEvent, StepFailed

_BAR_WIDTH = 24


class LiveReporter(Reporter):
    """Draws the run on a terminal, on standard error."""

    def __init__(self, console: Console, *, log_output: bool, stdout_is_free: bool) -> None:
        self._console = console
        self._stdout_is_log = stdout_is_free and not sys.stdout.isatty()
        super().__init__(OutputLog(self._write) if log_output else None)
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(
            console=console,
            get_renderable=lambda: render(self.view, self._spinner, console.height, time.time()),
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> LiveReporter:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._live.stop()

    def show(self, event: RunEvent) -> None:
        """Leaves a line for a step that is over, or for what the run waits for."""
        if line := self.line(event):
            style = "red" if isinstance(event, StepFailed) else "dim"
            self._console.print(Text(line, style=style))

    def _write(self, name: str, text: str) -> None:
        if name == "stdout" and self._stdout_is_log:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            self._console.print(Text.from_ansi(text.rstrip("\n")))


def render(view: RunView, spinner: Spinner, height: int, now: float) -> RenderableType:
    """A line for each running step, as many as fit, and one for the whole run."""
    running = [step for step in view.steps if step.state == "running"]
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=48)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    fitting = max(height - 4, 1)
    for step in running[:fitting]:
        elapsed = duration_phrase(max(now - step.started_at, 0.0))
        table.add_row(spinner, Text(step.place), *_batches(step), Text(elapsed, style="dim"))
    lines: list[RenderableType] = [table] if running else []
    if len(running) > fitting:
        lines.append(Text(f"  and {len(running) - fitting} more", style="dim"))
    return Group(*lines, _overall(view, spinner, now))


def _batches(step: StepView) -> tuple[RenderableType, RenderableType]:
    """The bar and the count ``3/5`` of the step's latest loop in batches."""
    split = next((s for s in reversed(step.splits) if s.batches and not s.whole), None)
    if split is None:
        return Text(), Text()
    done, total = (split.done_items, split.items) if split.items else (split.done, split.batches)
    bar = ProgressBar(total=max(total, 1), completed=done, width=_BAR_WIDTH)
    text = f"{split.done}/{split.batches}"
    if split.description:
        of = f"/{split.items}" if split.items else ""
        text = f"{one_line(split.description)} {split.done_items}{of}"
    return bar, Text(text)


def _overall(view: RunView, spinner: Spinner, now: float) -> RenderableType:
    row = Table.grid(padding=(0, 1))
    if not view.steps:
        row.add_row(spinner, Text("getting ready"))
        return row
    bar = ProgressBar(total=len(view.counted), completed=view.ended_count, width=_BAR_WIDTH)
    elapsed = duration_phrase(max(now - view.started_at, 0.0))
    row.add_row(Text(f"{view.ended_count}/{len(view.counted)} steps"), bar, Text(elapsed))
    return row
