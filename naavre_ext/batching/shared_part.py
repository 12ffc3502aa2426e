"""The part of a batch that runs once for all jobs, in a run of its own."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naavre_ext.batching.shared_values import SharedValues, shared_values
from naavre_ext.environment import without_secrets
from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.event import RunEvent
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import Workflow
from naavre_ext.preparing import PreparedNotebook
from naavre_ext.running import OnEvent, OpenResults, Run, environment_of, inconstant_in
from naavre_ext.scheduling.sharing import Sharing
from naavre_ext.storage.batch_store import BatchRecord

if TYPE_CHECKING:
    from naavre_ext.executors.factory import JobExecutors
    from naavre_ext.executors.resuming import EarlierRun, Results

_SHARED_RUN = "shared.json"
#: The number, before those of all jobs, of the run of what they share.
FIRST = 0


class SharedPart:
    """The steps that all jobs share, of a notebook ``prepared`` for the first one.

    ``values`` are the variables that jobs find there once it has run, if they are to be kept.
    """

    def __init__(
        self,
        record: BatchRecord,
        options: RunOptions,
        prepared: PreparedNotebook,
        sharing: Sharing,
        *,
        keeps: bool,
    ) -> None:
        self._record, self._options, self._keeps = record, options, keeps
        self.values: SharedValues | None = None
        self._prepared, self._sharing = prepared, sharing
        self._part = sharing.part_of(prepared.require_workflow())
        self._folder = record.shared

    def run(
        self,
        parameters: Mapping[str, Any],
        executors: JobExecutors,
        on_event: OnEvent,
        cancel: threading.Event,
    ) -> OpenResults | None:
        """Run them, or take them over from the batch's first attempt; returns where jobs find them, if any."""
        if not self._part.steps:
            return None
        from naavre_ext.executors.reseeding import GENERATORS
        from naavre_ext.executors.resuming import EarlierRun, Results
        from naavre_ext.executors.tasks import ResultPlace
        from naavre_ext.storage.resumable import fold_outcomes

        options, sharing, part = self._options, self._sharing, self._part
        place = ResultPlace(str(self._folder), environment_of(options, part))
        in_main = [step.id for step in part.steps if step.placement == "main"]
        wanted = frozenset(s.id for s in part.steps if s.placement == "any" or s.id in in_main[-1:])
        earlier, told = self._earlier(), list[RunEvent]()

        def tell(event: RunEvent) -> None:
            told.append(event)
            on_event(event)

        inconstant = inconstant_in(self._prepared)
        run = Run(replace(options, keep=None if self._keeps else ()), tell, cancel)
        has_earlier = replace(place, has_earlier=earlier is not None)
        with executors.open(hands_on=sharing.hands_on, job=FIRST) as executor:
            result = run.planned(
                self._prepared, part, executor, None, parameters,
                results=lambda workflow: Results(
                    workflow, has_earlier, earlier, wanted=wanted, inconstant=inconstant
                ),
            )  # fmt: skip
        if self._keeps and run.end is not None:
            packs = without_secrets(run.end.values)
            own = self._record.info["keep"]
            workflow = self._prepared.require_workflow()
            self.values = shared_values(packs, result.run_id, workflow, sharing, own)
        (self._folder / _SHARED_RUN).write_text(json.dumps({"run_id": result.run_id}))
        reseed = tuple(name for name in GENERATORS if name not in sharing.seeded)
        known = EarlierRun(result.run_id, fold_outcomes(told), reseed)
        placed: dict[Path, list[Any]] = {}

        def open_results(workflow: Workflow) -> Results | None:
            mine = sharing.part_of(workflow)
            if mine.steps != part.steps or set(mine.edges) != set(part.edges):
                return None
            return Results(workflow, place, known, part=mine, stores=False, placed=placed)

        return open_results

    def _earlier(self) -> EarlierRun | None:
        """What the batch's first attempt has stored, where it did."""
        from naavre_ext.executors.resuming import EarlierRun
        from naavre_ext.storage.resumable import outcomes
        from naavre_ext.storage.run_store import RunStore

        try:
            run_id = json.loads((self._folder / _SHARED_RUN).read_bytes())["run_id"]
            root = self._record.path.parent.parent
            return EarlierRun(run_id, outcomes(RunStore(root).open(run_id)))
        except (OSError, ValueError, KeyError, NaavreError):
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(mode=0o700, exist_ok=True)
            return None
