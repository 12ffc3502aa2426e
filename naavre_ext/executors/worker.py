"""One worker process: its IPython session, made ready for one run after the other, and what it runs there."""

from __future__ import annotations

import ast
import gc
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from naavre_ext.executors import ambient
from naavre_ext.executors.cell_outcome import CellOutcome
from naavre_ext.executors.chaining import Holds, run_stages
from naavre_ext.executors.common_steps import CommonSteps
from naavre_ext.executors.endings import Endings
from naavre_ext.executors.guarding_steps import SentContainers
from naavre_ext.executors.inner_events import Tell
from naavre_ext.executors.inner_fanout import InnerSplitter, first_inner_number
from naavre_ext.executors.kernel_process import Threads, kernel_variables, set_environment
from naavre_ext.executors.library_settings import forget_told, watch_libraries
from naavre_ext.executors.loggers import forget_loggers
from naavre_ext.executors.output_route import OutputRoute
from naavre_ext.executors.packing import Packed
from naavre_ext.executors.packing_classes import forget_classes
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.process_settings import ProcessSettings
from naavre_ext.executors.raised_signals import lower_signals, noted_signals
from naavre_ext.executors.received import Received
from naavre_ext.executors.result_keeper import ResultKeeper
from naavre_ext.executors.session import CellSession
from naavre_ext.executors.session_process import figures_left_open
from naavre_ext.executors.step_run import Send, StepRun
from naavre_ext.executors.task_slots import TaskSlots
from naavre_ext.executors.task_spawning import spawning, spawning_in_task
from naavre_ext.executors.tasks import BatchReport, BatchTask, RunContext, StepReport, StepTask
from naavre_ext.executors.unwritten_memory import fill_unwritten
from naavre_ext.executors.warning_replay import Note, noted_warnings
from naavre_ext.model.event import OutputMessage
from naavre_ext.model.workflow import Step
from naavre_ext.scheduling.claims import keeps_claim


class Worker:
    """Runs what a run's driver hands out.

    ``isolated`` workers own their process: settings are taken over and put back.
    """

    def __init__(self, *, isolated: bool, capture_fds: bool = False) -> None:
        self.isolated = isolated
        self.threads = Threads()
        self.outputs = OutputRoute()
        self._home = dict(os.environ)
        self.session = CellSession(self.outputs.receive, capture_fds=capture_fds)
        self.settings = ProcessSettings(self.session, self.threads, isolated=isolated)
        if isolated:
            self.session.adopt_process()
            self.endings = Endings()
            watch_libraries()
            # What is here to stay needn't be looked at whenever IPython collects garbage, as it does for each run.
            gc.collect()
            gc.freeze()
        self.label = f"{socket.gethostname()}:{os.getpid()}"
        #: Variables that tell libraries which of the machine's GPUs (and the like) this process was given.
        self.devices: Mapping[str, str] = {}
        self.context: RunContext | None = None
        self.attempt, self.background = 0, ""
        #: What the main worker has sent, to tell quickly whether it changed since.
        self.sent = SentContainers()
        #: What the last step elsewhere was handed and left as it was.
        self.received = Received()
        #: Which of the values that all batches of a split get are containers of plain elements, by their pack.
        self.plain: tuple[bytes, frozenset[str]] = (b"", frozenset())
        #: The cell's own variables, where batches run in its process: methods of its classes see those.
        self.beside: Mapping[str, Any] = {}
        #: Batches that ran before their cells.
        self.holds = Holds()
        #: What the loops in functions that a batch runs are sent to; for so many slots at a time.
        self.batch_pool: Callable[[int], BatchPool] | None = None
        #: What the process had before there was a notebook's shell, and what a shell adds.
        self._kernel = kernel_variables(self._home)
        #: What jobs before have left that the next ones would make alike.
        self.common = CommonSteps()
        #: What stores results, where the run wants that.
        self.keeper: ResultKeeper | None = None
        #: So many modules were loaded when garbage was last told from what is here to stay.
        self._settled = 0

    def enter(self, context: RunContext) -> None:
        """Make the process like a fresh kernel for this run, unless it is in the run already."""
        if self.context == context:
            return
        if self.isolated:
            forget_classes()
            forget_loggers()
            forget_told()
            lower_signals()
            ambient.restore(ambient.pristine(), shell=self.session.shell)
            set_environment(context.environment, self._home, self._kernel)
            os.environ.update(self.devices)
            self.threads.begin(os.environ)
        fill_unwritten(context.scramble)
        self.session.reset(cwd=context.cwd)
        if context.is_parallel:
            self.session.know(context.sources)
        if self.isolated:
            ambient.mark_pristine()
            if self.context is None:
                self.settings.now(rng=False)  # IPython's own baselines are taken at the first look
        if self.isolated and self.context is not None and self._settled != len(sys.modules):
            gc.freeze()  # nothing of the last run is left but the libraries that it has loaded
            self._settled = len(sys.modules)
        self.context = context
        self.settings.begin(are_compared=context.is_parallel and self.guards)
        self.sent, self.plain = SentContainers(), (b"", frozenset())
        self.received.drop()
        self.holds.clear()
        self.common.begin(context)
        self.keeper = ResultKeeper(self, context.results) if context.results is not None else None

    def let_go(self) -> None:
        """Let go of what the run has left, as nothing more is wanted of it."""
        for name in ("last_type", "last_value", "last_traceback", "last_exc"):
            vars(sys).pop(name, None)
        self.session.let_go()

    def give_devices(self, devices: Mapping[str, str]) -> None:
        """The process has these devices from now on; it is made anew for them with the next :meth:`enter`."""
        if devices != self.devices:
            self.devices, self.context = devices, None

    def run_step(
        self, task: StepTask, inputs: Sequence[Packed], send: Send, pool: BatchPool | None
    ) -> tuple[StepReport, list[Packed]]:
        """The step's report and one pack per export bundle (then the settings, where asked for)."""
        self.attempt, self.background = task.attempt, task.background
        return StepRun(self, task, inputs, send, pool).run()

    # What the code in steps and batches is run with

    @property
    def hash_seed(self) -> str | None:
        """The seed by which this process hashes texts, where it isn't a random one."""
        return self._home.get("PYTHONHASHSEED")

    @property
    def guards(self) -> bool:
        """Whether to check what analysis has proven."""
        return self.context is None or self.context.guards

    def names(self) -> set[str]:
        """All names in the session's namespace."""
        return set(self.session.namespace)

    @property
    def calls_tasks(self) -> bool:
        """Whether the notebook has tasks."""
        return self.context is not None and bool(self.context.tasks)

    def spawning(self, step: Step, pool: BatchPool, tell: Send) -> AbstractContextManager[None]:
        """In the block, calls of tasks may run in other workers."""
        return spawning(self, pool, step, tell) if self.calls_tasks else nullcontext()

    def calls_in_task(
        self, step: Step, slots: TaskSlots, level: int
    ) -> AbstractContextManager[None]:
        """In the block, which is a task itself, so may those that it makes."""
        return spawning_in_task(self, step, slots, level)

    def batch_splitter(self, step: Step, slots: int, tell: Tell) -> InnerSplitter | None:
        """What splits the loops that a batch comes to in functions and in its own body."""
        if self.batch_pool is None or not self.splits_inner or keeps_claim(step, in_main=False):
            return None
        first = first_inner_number(step)
        pool = self.batch_pool(slots)
        return InnerSplitter(self, pool, step, tell, first, keeps=False, most=slots)

    @property
    def splits_inner(self) -> bool:
        """Whether a function may come by here that has a split loop."""
        return self.context is not None and bool(self.context.inner)

    def capture(
        self,
        outputs: list[OutputMessage],
        source: str,
        execution_count: int,
        transform: Callable[[ast.Module], ast.Module],
    ) -> CellOutcome:
        """Run code with its outputs going to the list instead of to the driver."""
        open_figures = nullcontext() if self.isolated else figures_left_open()
        with (
            open_figures,
            self.outputs.aside(outputs),
            self.noting(self.session.emit, outputs.append),
        ):
            return self.session.run(
                source,
                execution_count=execution_count,
                transform=transform,
                store_history=False,
            )

    @contextmanager
    def noting(self, note: Note, at_end: Note) -> Iterator[None]:
        """In the block, ``note`` gets the warnings, where another process must know them.

        ``at_end`` gets what is told when the code has ended: the signals that it has raised.
        """
        warnings = noted_warnings(note, at_end) if self.isolated else nullcontext()
        with warnings, noted_signals(at_end):
            yield

    def divert(self, call: Callable[[], None]) -> list[OutputMessage]:
        """What ``call`` shows, which doesn't reach the driver."""
        self.session.flush()
        shown: list[OutputMessage] = []
        with self.outputs.aside(shown):
            try:
                call()
            finally:
                self.session.flush()
        return shown

    def run_batch(
        self, task: BatchTask, shared: Packed, items: Packed
    ) -> list[tuple[BatchReport, Packed]]:
        """The batch's report and its recorded operations, then those of the loops that go on with it."""
        return run_stages(self, task, shared, items)

    def keep_batch(
        self, task: BatchTask, shared: Packed, items: Packed, report: BatchReport, packed: Packed
    ) -> BatchReport:
        """The report of a batch that just ran; its result is stored if that is worth it."""
        split = self.settings.split
        if self.keeper is None or split is None or report.error or report.violation:
            return report
        if not task.is_kept:
            return report
        full = self.keeper.keep_batch(task, split, shared, items, report, packed)
        return replace(report, full=full)
