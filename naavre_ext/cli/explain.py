"""``naavre-ext explain``: where a run's time went, and what would make it faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from naavre_ext.cli.reporters import write_json_line
from naavre_ext.cli.runs import open_run, place_of_runs
from naavre_ext.exporters.wording import count_phrase, duration_phrase
from naavre_ext.scheduling.explaining import CAUSES, BatchTimes, Explanation, explain

if TYPE_CHECKING:
    from naavre_ext.storage.run_record import RunRecord


@click.command("explain", short_help="Tell where a run's time went.")
@click.argument("run_id", metavar="RUN")
@place_of_runs
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain_run(run_id: str, notebook: str | None, store: str | None, as_json: bool) -> None:
    """Tell where the time of RUN (an id, how one starts, or 'latest') went, and what would help most."""
    found = explanation_of(open_run(run_id, notebook, store))
    if as_json:
        write_json_line(found.to_json())
        return
    for line in explanation_lines(found):
        click.echo(line)


def explanation_of(record: RunRecord) -> Explanation:
    """What the record of a run says of its speed."""
    return explain(record.events(), record.info.get("workflow"))


def explanation_lines(found: Explanation) -> list[str]:
    """The explanation in words."""
    lines = [
        f"run {found.run_id}: {found.status} after {duration_phrase(found.seconds)} with "
        f"{count_phrase(found.slots, 'worker')}",
        f"work: {duration_phrase(found.work_s)}, so {found.speed_up:g} times as fast as one worker "
        f"at best; the workers were busy {found.efficiency:.0%} of the time",
    ]
    lost = [(name, found.lost[name]) for name in CAUSES if found.lost[name] >= 0.01 * found.seconds]
    if lost:
        lines.append("time lost to idle workers:")
        lines += [f"  {duration_phrase(s):>8}  {CAUSES[name]}" for name, s in lost]
    if found.critical_path:
        lines.append("critical path:")
        for part in found.critical_path:
            batches = f", {count_phrase(part.batches, 'batch', 'batches')}" if part.batches else ""
            tasks = f", {count_phrase(part.tasks, 'task')}" if part.tasks else ""
            lines.append(f"  {duration_phrase(part.seconds):>8}  {part.place}{batches}{tasks}")
    if found.batch_times:
        lines.append("batches (least, median, most):")
        lines += [f"  {_batches(times)}" for times in found.batch_times]
    advice = found.advice
    gain = f" That gains about {duration_phrase(advice.gain_s)} at best." if advice.gain_s else ""
    lines.append(f"what would help most: {advice.text}{gain}")
    return lines


def _batches(times: BatchTimes) -> str:
    spread = ", ".join(duration_phrase(s) for s in (times.least, times.median, times.most))
    count = count_phrase(times.batches, "batch", "batches")
    return f"{times.place}: {count} on {count_phrase(times.workers, 'worker')}: {spread}"
