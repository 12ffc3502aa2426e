"""Has a new worker go once through what runs do, so that the first one finds all loaded, known and settled."""

from __future__ import annotations

from naavre_ext.executors.packing import pack
from naavre_ext.executors.tasks import RunContext, StepTask
from naavre_ext.executors.worker import Worker
from naavre_ext.model.notebook import CellId
from naavre_ext.model.workflow import Placement, Step, StepId

_PLACES: tuple[Placement, ...] = ("main", "any")
_SOURCE = "second = [first]"


def rehearse(worker: Worker) -> None:
    """Leaves the worker as it was, ready to be told of its first run."""
    if worker.context is not None:
        return
    for number, place in enumerate(_PLACES):  # to begin anew takes long the first time, too
        step = Step(StepId("s"), CellId("s"), 1, 1, _SOURCE, placement=place, writes=("second",))
        task = StepTask(step, place, binds=(("first",),), exports=(("second",),))
        worker.enter(RunContext(run_id=f"rehearsal {number}", sources={1: _SOURCE}))
        given = pack({"first": 1}, worker.session.namespace)
        worker.run_step(task, [given], lambda _message: None, None)
    worker.settings.now(rng=True)  # loads NumPy's generators, which takes 10 ms
    worker.context = None
