"""The steps that run once for all jobs of a batch, in a run of their own."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.event import RunEvent
from naavre_ext.model.workflow import Workflow
from naavre_ext.preparing import PreparedNotebook
from naavre_ext.running import OpenResults, Run
from naavre_ext.scheduling.sharing import Sharing
from naavre_ext.storage.common_parameters import common_parameters

if TYPE_CHECKING:
    from naavre_ext.batching.batch import Batch
    from naavre_ext.executors.factory import JobExecutors

_SHARED_RUN = "shared.json"
#: The number, before those of all jobs, of the run of what they share.
SHARED_JOB = 0


class SharedPart:
    """The steps that run once for all jobs, in a run of their own."""

    def __init__(
        self, batch: Batch, prepared: PreparedNotebook, sharing: Sharing, part: Workflow
    ) -> None:
        from naavre_ext.executors.result_environment import environment_key
        from naavre_ext.executors.tasks import ResultPlace

        self.batch, self.prepared, self.sharing, self.part = batch, prepared, sharing, part
        options = batch.options
        basis = environment_key(options.cwd, options.environment, (s.source for s in part.steps))
        self.folder = batch.record.shared
        self.place = ResultPlace(str(self.folder), basis)

    def run(self, executors: JobExecutors, cancel: threading.Event) -> OpenResults:
        """Run them, or take them over from the batch's first attempt; returns where each job finds them."""
        from naavre_ext.executors.reseeding import GENERATORS
        from naavre_ext.executors.resuming import EarlierRun, Results
        from naavre_ext.storage.resumable import fold_outcomes

        in_main = [step.id for step in self.part.steps if step.placement == "main"]
        wanted = frozenset(
            s.id for s in self.part.steps if s.placement == "any" or s.id in in_main[-1:]
        )
        earlier, told = self._earlier(), list[RunEvent]()
        batch = self.batch
        run = Run(replace(batch.options, keep=()), told.append, cancel)
        parameters = common_parameters(batch.record.jobs, batch.varying)
        place = replace(self.place, has_earlier=earlier is not None)
        with executors.open(hands_on=self.sharing.hands_on, job=SHARED_JOB) as executor:
            result = run.planned(
                self.prepared, self.part, executor, None, parameters,
                results=lambda workflow: Results(workflow, place, earlier, wanted=wanted),
            )  # fmt: skip
        (self.folder / _SHARED_RUN).write_text(json.dumps({"run_id": result.run_id}))
        reseed = tuple(name for name in GENERATORS if name not in self.sharing.seeded)
        known = EarlierRun(result.run_id, fold_outcomes(told), reseed)
        placed: dict[Path, list[Any]] = {}

        def open_results(workflow: Workflow) -> Results | None:
            part = self.sharing.part_of(workflow)
            if part.steps != self.part.steps or set(part.edges) != set(self.part.edges):
                return None
            return Results(workflow, self.place, known, part=part, stores=False, placed=placed)

        return open_results

    def _earlier(self) -> Any:
        """What the batch's first attempt has stored, where it did."""
        from naavre_ext.executors.resuming import EarlierRun
        from naavre_ext.storage.resumable import outcomes
        from naavre_ext.storage.run_store import RunStore

        try:
            run_id = json.loads((self.folder / _SHARED_RUN).read_bytes())["run_id"]
            root = self.batch.record.path.parent.parent
            return EarlierRun(run_id, outcomes(RunStore(root).open(run_id)))
        except (OSError, ValueError, KeyError, NaavreError):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            return None
