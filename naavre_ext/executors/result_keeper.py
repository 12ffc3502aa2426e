"""The worker's side of stored results: what is worth it goes to the run's folder."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from naavre_ext.environment import HASH_SEED_FILE
from naavre_ext.executors.checkpoints import NoCheckpoint, Surroundings, least_size, pack_namespace
from naavre_ext.executors.packing import (
    Packed,
    PackingError,
    PackingTooSlow,
)
from naavre_ext.executors.packing_ids import IdNumbers, translated
from naavre_ext.executors.result_environment import (
    forget_modules,
    has_same_modules,
    hash_probe,
    local_modules,
)
from naavre_ext.executors.result_files import ResultUnusable, read_header, read_result, write_result
from naavre_ext.executors.shared_items import first_items
from naavre_ext.executors.tasks import BatchReport, BatchTask, ResultPlace, StepTask
from naavre_ext.model.event import OutputMessage
from naavre_ext.model.workflow import Split, Step
from naavre_ext.scheduling.storing import is_worth_storing, packing_budget_s

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: A checkpoint up to this size is copied, and written while the next cell runs.
_COPIED_BYTES = 64 << 20
MAIN, ANYWHERE, BATCH = ".main", ".any", ".batch"


#: The packs of a step that ran elsewhere, and its outputs.
StoredEnd = tuple[Sequence[Packed], Sequence[OutputMessage]]


class ResultKeeper:
    """Stores what a worker computes. After the first error it stores nothing more; ``full`` says why.

    ``work_s`` is the time of the main worker's steps that no checkpoint holds yet.
    """

    def __init__(self, worker: Worker, place: ResultPlace) -> None:
        forget_modules()
        local_modules()  # the installed ones, of which there are many, needn't be looked at later
        self._worker, self._folder, self._place = worker, Path(place.folder), place
        self._before = Surroundings(worker)
        self._writer = _Writer()
        self.work_s = 0.0
        self._tried_s = 0.0
        self._shared: dict[str, SharedDigest] = {}
        self._waiting_s: dict[str, float] = {}
        self.full = ""
        self._note_seed(worker.hash_seed)

    def _note_seed(self, seed: str | None) -> None:
        """Have a run that is resumed hash texts alike, so that sets keep their order."""
        with suppress(OSError):
            if seed is not None:
                with open(self._folder / HASH_SEED_FILE, "x") as file:
                    file.write(seed)

    def keep_main(self, task: StepTask, seconds: float) -> str:
        """Store the main worker's state if it is worth it; returns why it couldn't be, "" if it was or needn't."""
        self.work_s += seconds
        self._tried_s += seconds
        self.full = self.full or self._writer.failure
        is_wanted = task.keep is not None and task.keep.is_wanted
        budget_s = math.inf if is_wanted else packing_budget_s(min(self.work_s, self._tried_s))
        if task.keep is None or task.is_late or task.visiting or self.full or not budget_s:
            return ""
        # Packing what is too large would go on until its time is over.
        least = 0 if is_wanted else least_size(self._worker, self._before)
        if not is_wanted and not is_worth_storing(least, self.work_s):
            return ""
        self._tried_s = 0.0
        try:
            packed = pack_namespace(self._worker, self._before, budget_s)
        except PackingTooSlow:
            return ""
        except NoCheckpoint as reason:
            return str(reason)
        if not is_wanted and not is_worth_storing(packed.nbytes, self.work_s):
            return ""
        header = {
            "step": task.step.id,
            "covers": list(task.keep.covers),
            "in_main": dict(task.keep.in_main),
            **self._header(),
        }
        path = self._folder / f"{task.keep.key}{MAIN}"
        if packed.nbytes <= _COPIED_BYTES and not is_wanted:
            self._writer.later(path, header, packed.detached(), packed.nbytes)
        else:
            self._write(path, header, packed, packed.nbytes)
        self.work_s = 0.0
        return ""

    def keep_anywhere(
        self, task: StepTask, inputs: Sequence[Packed], end: StoredEnd, seconds: float
    ) -> None:
        """Store the packs and outputs of a step that ran elsewhere if that is worth it."""
        nbytes = sum(packed.nbytes for packed in (*inputs, *end[0]))
        if task.keep is None or task.send_settings:
            return
        if not (task.keep.is_wanted or is_worth_storing(nbytes, seconds)):
            return
        given = _Given(inputs)
        header = {"step": task.step.id, "given": given.digests, "ids": given.ids, **self._header()}
        self._write(self._folder / f"{task.keep.key}{ANYWHERE}", header, end, nbytes)

    def find_anywhere(self, task: StepTask, inputs: Sequence[Packed]) -> StoredEnd | None:
        """What a step gave, if an earlier run has stored it and gave it these very inputs."""
        if task.keep is None or task.placement == "main" or not self._place.has_earlier:
            return None
        path = self._folder / f"{task.keep.key}{ANYWHERE}"
        try:
            header = read_header(path)
            if not is_valid(header):
                return None
            given = _Given(inputs)
            if header["given"] != given.digests:
                return None
            ids = given.numbers.translation(header["ids"])
            packs, outputs = read_result(path)[1]
        except (ResultUnusable, KeyError):
            return None
        return [translated(packed, ids) for packed in packs], outputs

    def keep_batch(
        self,
        task: BatchTask,
        token: str,
        shared: Packed,
        items: Packed,
        report: BatchReport,
        packed: Packed,
    ) -> str:
        """Store a batch's report and record if that is worth it; returns why nothing can be stored any more.

        ``token`` is the same for all batches of a split, and for no others.
        """
        seconds, nbytes = report.duration_s, packed.nbytes + items.nbytes
        if not task.step.cache or self.full or not is_worth_storing(nbytes, seconds):
            return self.full
        common = self._shared_digest(token, shared, seconds)
        if common is None:
            return ""
        try:
            is_whole = report.done == task.stop - task.start
            done = items if is_whole else self._first(items, report.done)
        except PackingError:
            return ""
        split = split_key(self._place.environment, task.step, task.split, task.background)
        numbers = IdNumbers(common.ids)
        given = numbers.digest(done)
        name = batch_name(
            split, common.digest, task.start, report.done, given, is_last=task.is_last
        )
        header = {"ids": numbers.ids, **self._header()}
        self._write(self._folder / name, header, (report, packed), nbytes)
        return self.full

    def _first(self, items: Packed, count: int) -> Packed:
        """The items that a batch has done, as its cell would pack them."""
        return first_items(items, self._worker.session.namespace, count)

    def _shared_digest(self, token: str, shared: Packed, seconds: float) -> SharedDigest | None:
        """The digest of what all batches share, once that is little beside the time they have taken."""
        known = self._shared.get(token)
        if known is None:
            waited = self._waiting_s[token] = self._waiting_s.get(token, 0.0) + seconds
            if is_worth_storing(shared.nbytes, waited):
                known = self._shared[token] = SharedDigest.of(shared)
        return known

    def _header(self) -> dict[str, Any]:
        return {"modules": local_modules(), "hash_probe": hash_probe()}

    def _write(self, path: Path, header: Mapping[str, Any], value: Any, nbytes: int) -> None:
        try:
            write_result(path, header, value, nbytes)
        except OSError as error:
            self.full = error.strerror or str(error)
        except Exception as error:  # noqa: BLE001  (pickling outputs may raise anything)
            self.full = f"{type(error).__name__}: {error}"

    def flush(self) -> None:
        """Return when all is on disk, as the worker may be ended any time now."""
        self._writer.flush()
        self.full = self.full or self._writer.failure


class _Writer:
    """Writes files in a thread of its own; ``failure`` says why one couldn't be written."""

    def __init__(self) -> None:
        self.failure = ""
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._thread: Thread | None = None

    def later(self, *result: Any) -> None:
        """Write it soon."""
        if self._thread is None:
            self._thread = Thread(target=self._work, name="naavre-results", daemon=True)
            self._thread.start()
        self._queue.put(result)

    def _work(self) -> None:
        while True:
            result = self._queue.get()
            if callable(result):
                result()
                continue
            try:
                write_result(*result)
            except Exception as error:  # noqa: BLE001  (the thread must go on to answer flush)
                self.failure = getattr(error, "strerror", None) or str(error)

    def flush(self, timeout_s: float = 60.0) -> None:
        """Return when all that was handed over is written."""
        if self._thread is None:
            return
        done = Event()
        self._queue.put(done.set)
        done.wait(timeout_s)


class _Given:
    """What a step was given: a digest of each input, and the ids in them."""

    def __init__(self, inputs: Sequence[Packed]) -> None:
        self.numbers = IdNumbers()
        self.digests = [self.numbers.digest(packed) for packed in inputs]
        self.ids = list(self.numbers.ids)


def is_valid(header: Mapping[str, Any]) -> bool:
    """Whether a result was made by processes like this one."""
    same_hashes: bool = header["hash_probe"] == hash_probe()
    return same_hashes and has_same_modules(header["modules"])


def split_key(environment: str, step: Step, split: Split, background: str) -> str:
    """Stands for the code of a split's batches, and for what earlier steps have done."""
    code = (step.source, split.index, split.line, split.form, step.execution_count)
    basis = repr((environment, *code, background))
    return hashlib.sha256(basis.encode()).hexdigest()[:24]


def batch_name(
    split: str, shared: str, start: int, count: int, items: str, *, is_last: bool
) -> str:
    """The name of a batch's file, by which it is found; ``shared`` and ``items`` are digests."""
    return f"{split}-{shared}-{start}-{count}-{int(is_last)}-{items}{BATCH}"


@dataclass(frozen=True, slots=True)
class SharedDigest:
    """What stands for the values that all batches share, and the ids in them."""

    digest: str
    ids: tuple[str, ...]

    @classmethod
    def of(cls, shared: Packed) -> SharedDigest:
        """That of these values."""
        numbers = IdNumbers()
        return cls(numbers.digest(shared), numbers.ids)
