"""The earlier run that a new one is to resume, from its record."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from naavre_ext.environment import HASH_SEED_FILE
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.event import (
    CellOutputReceived,
    CellOutputsDiscarded,
    RunEvent,
    StepEnded,
    StepNotRun,
    StepRelocated,
)
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import StepId
from naavre_ext.storage.run_log import RESULTS_FOLDER
from naavre_ext.storage.run_record import RunRecord
from naavre_ext.storage.run_store import RunStore


@dataclass(frozen=True, slots=True)
class Resumable:
    """A run that broke off. ``results`` is the folder of what it stored, ``parameters`` are those it was given.

    ``told`` are, for each step that ended, its outputs and then its end. ``variables`` are to be in the
    environment when the workers start.
    """

    run_id: str
    results: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[StepId, Sequence[RunEvent]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def find_resumable(options: RunOptions, source: Any) -> Resumable | None:
    """The run that the options name, if they do.

    Raises:
        RefusedError: there is no such run, it goes on, or it ended well.
    """
    if options.resume is None:
        return None
    if not options.store_results:
        _refuse(
            "a run that stores no results can't resume another.",
            "Leave out one of the two options.",
        )
    read = getattr(getattr(source, "notebook", None), "path", None)  # one that was read already
    notebook = source if isinstance(source, (str, os.PathLike)) else read
    store = RunStore(options.store) if options.store else RunStore.beside(notebook)
    record = store.open(options.resume, notebook)
    status = record.summary.status
    if status == "running":
        _refuse(f"run {record.run_id} still goes on.", "Stop it first, or wait for its end.")
    if status == "ok":
        _refuse(f"run {record.run_id} ended well.", "Run the notebook without --resume.")
    results = record.path / RESULTS_FOLDER
    return Resumable(
        record.run_id,
        results,
        dict(record.info.get("parameters") or {}),
        outcomes(record),
        hash_seed_of(results),
    )


def outcomes(record: RunRecord) -> dict[StepId, tuple[RunEvent, ...]]:
    """For each step that ended, its outputs and then how it ended."""
    return fold_outcomes(record.events())


def fold_outcomes(events: Iterable[RunEvent]) -> dict[StepId, tuple[RunEvent, ...]]:
    """For each step that ended and counts, its outputs and then its end."""
    outputs: dict[StepId, list[RunEvent]] = {}
    ended: dict[StepId, RunEvent] = {}
    for event in events:
        step = StepId(getattr(event, "step", ""))
        match event:
            case CellOutputReceived():
                outputs.setdefault(step, []).append(event)
            case CellOutputsDiscarded() | StepRelocated() | StepNotRun():
                if not isinstance(event, StepRelocated):
                    outputs.pop(step, None)
                ended.pop(step, None)
            case StepEnded():
                ended[step] = event
    return {step: (*outputs.get(step, ()), end) for step, end in ended.items()}


def hash_seed_of(results: Path) -> dict[str, str]:
    """The hash seed of the run's workers, so that texts hash alike and sets keep their order."""
    try:
        seed = (results / HASH_SEED_FILE).read_text()
    except (OSError, ValueError):
        return {}
    known = os.environ.get("PYTHONHASHSEED")
    return {"PYTHONHASHSEED": seed} if seed and not known else {}


def _refuse(message: str, remedy: str) -> NoReturn:
    raise RefusedError([Diagnostic("NX519", "error", message, remedy)])
