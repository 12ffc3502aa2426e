"""What happened in a run, told in the past tense: the only channel outward.

The CLI's progress, papermill's metadata, the websocket and the run record read this one
stream. Events are JSON-safe; ``seq`` counts from 0 within a run, ``at`` is Unix time in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

EVENT_VERSION = 1

RunStatus = Literal["ok", "failed", "cancelled"]

#: A notebook output in nbformat's shape (``output_type`` stream, display_data, execute_result, error),
#: or one of three instructions: ``clear_output`` (with ``wait``), ``update_display_data``, and ``WIDGET_STATE``.
#: ``transient.display_id`` is kept where Jupyter sends it.
OutputMessage = Mapping[str, Any]

#: What the widget ``model_id`` is like from here on: ``state`` has what changed, ``buffers`` its binary parts, by
#: ``path``, ``encoding`` and ``data`` as in a notebook's metadata, or ``closed`` says that it is gone.
WIDGET_STATE = "widget_state"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """The common part of all events."""

    seq: int = 0
    at: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """A JSON object with ``v``, ``type`` and every field, whose values are the event's own."""
        own = {part.name: getattr(self, part.name) for part in fields(self)}
        return {"v": EVENT_VERSION, "type": type(self).__name__, **own}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(RunEvent):
    """The run began. ``steps`` lists ``{id, cell_id, cell_number, title, placement}``."""

    run_id: str
    notebook: str | None
    executor: str
    slots: int
    steps: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(RunEvent):
    """A step was handed to a worker."""

    step: str
    cell_id: str
    placement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRelocated(RunEvent):
    """A step's result from another worker was thrown away; it runs again in the main worker."""

    step: str
    cell_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOutputReceived(RunEvent):
    """A cell wrote an output; ``number`` counts the cell's output messages from 0."""

    step: str
    cell_id: str
    number: int
    output: OutputMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOutputsDiscarded(RunEvent):
    """What the cell had written so far in this run doesn't count; it starts anew."""

    step: str
    cell_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitStarted(RunEvent):
    """A loop was cut into batches. ``batches`` is 0 when it runs whole, with the reason.

    ``description`` is that of the loop's own progress bar. ``split`` numbers the loops that a step comes to,
    wherever they run. ``within`` names the batches that the loop ran in, as ``SPLIT.BATCH``, the outermost first,
    with ``/`` between them; it is empty where the cell itself came to the loop.
    """

    step: str
    cell_id: str
    split: int
    title: str | None
    items: int
    batches: int
    reason: str = ""
    description: str = ""
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFinished(RunEvent):
    """A batch of a split was computed. ``started_at`` and ``duration_s`` are the worker's.

    A loop that begins several times goes on counting its batches. ``within`` is that of :class:`SplitStarted`.
    """

    step: str
    cell_id: str
    split: int
    batch: int
    items: int
    started_at: float
    duration_s: float
    worker: str
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRetried(RunEvent):
    """An attempt at a batch came to nothing, for this reason, as did ``tries`` so far; the next one begins."""

    step: str
    cell_id: str
    split: int
    batch: int
    tries: int
    reason: str
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRetried(RunEvent):
    """An attempt at a step failed, for this reason, as did ``tries`` so far; the next one begins."""

    step: str
    cell_id: str
    tries: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReused(RunEvent):
    """A batch of a split wasn't computed, as an earlier run has stored its result. ``start`` is its first item."""

    step: str
    cell_id: str
    split: int
    batch: int
    start: int
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRefused(RunEvent):
    """A loop that was being split had to run whole after all."""

    step: str
    cell_id: str
    split: int
    reason: str
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFinished(RunEvent):
    """A call of a ``# task`` function ran in a worker of its own, and its result was taken.

    ``task`` numbers the calls that one worker sent while the step ran in it, ``level`` counts the tasks around the
    call and itself: a call of the cell is at level 1. ``started_at`` and ``duration_s`` are the worker's.
    """

    step: str
    cell_id: str
    function: str
    task: int
    started_at: float
    duration_s: float
    worker: str
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDiscarded(RunEvent):
    """The result of a call that ran in a worker of its own doesn't count: it ran again where it stands."""

    step: str
    cell_id: str
    function: str
    task: int
    reason: str
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookCellFinished(RunEvent):
    """A cell of a notebook that the step called (``notebook_task``) ran; ``cell`` is its number there, from 1."""

    step: str
    cell_id: str
    notebook: str
    cell: int
    started_at: float
    duration_s: float
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded(RunEvent):
    """What the events have in common that a step which ran, now or in an earlier run, ends with."""

    step: str
    cell_id: str
    execution_count: int
    started_at: float
    duration_s: float
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(StepEnded):
    """A step ended well. ``unkept`` says why a run that is resumed couldn't start behind it."""

    batches: int = 0
    unkept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReused(StepEnded):
    """A step didn't run, as its result was taken over from the earlier run ``source``.

    Its outputs of that run have been told before this; the times and the worker are that run's, too.
    """

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed(StepEnded):
    """A step raised. ``traceback`` has the notebook's lines, without any of ours.

    ``batch`` and ``item`` (from 0) say where in a split it happened, ``item_repr`` is the item.
    """

    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()
    batch: int | None = None
    item: int | None = None
    item_repr: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNotRun(RunEvent):
    """A step didn't run, or its results don't count: an earlier one failed, or the run was stopped."""

    step: str
    cell_id: str
    reason: str


#: The code of the message of a run that waits for what others hold.
WAITS = "NX525"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLogged(RunEvent):
    """Something the user should know that is no output of a cell."""

    level: Literal["info", "warning"]
    text: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(RunEvent):
    """The run ended."""

    status: RunStatus
    duration_s: float
    counts: Mapping[str, int] = field(default_factory=dict)


_TYPES: dict[str, type[RunEvent]] = {
    cls.__name__: cls
    for cls in (
        RunStarted,
        StepStarted,
        StepRelocated,
        CellOutputReceived,
        CellOutputsDiscarded,
        SplitStarted,
        BatchFinished,
        BatchRetried,
        StepRetried,
        BatchReused,
        SplitRefused,
        TaskFinished,
        TaskDiscarded,
        NotebookCellFinished,
        StepFinished,
        StepReused,
        StepFailed,
        StepNotRun,
        MessageLogged,
        RunFinished,
    )
}


def counted_steps(numbers: Mapping[str, int]) -> frozenset[str]:
    """The ids of the steps that are counted, of all with their cells' numbers: those of the user's cells.

    An injected cell has the number of the cell before it.
    """
    first: dict[int, str] = {}
    for step, number in numbers.items():
        first.setdefault(number, step)
    return frozenset(first.values())


def event_from_json(data: Mapping[str, Any]) -> RunEvent:
    """The event that :meth:`RunEvent.to_json` wrote.

    Raises:
        ValueError: the version or the type is unknown.
    """
    if data.get("v") != EVENT_VERSION or data.get("type") not in _TYPES:
        raise ValueError(f"unknown event {data.get('type')!r} of version {data.get('v')!r}")
    fields = {k: v for k, v in data.items() if k not in ("v", "type")}
    for name in ("steps", "traceback"):
        if isinstance(fields.get(name), list):
            fields[name] = tuple(fields[name])
    return _TYPES[data["type"]](**fields)
