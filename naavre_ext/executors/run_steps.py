"""The steps of one run: the scheduler's state, and what carries out its commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from naavre_ext.executors.base import Executor
from naavre_ext.executors.handover import Handover
from naavre_ext.executors.narrator import Narrator
from naavre_ext.executors.resuming import Results
from naavre_ext.executors.run_context import context_of
from naavre_ext.executors.run_values import RunValues
from naavre_ext.executors.tasks import Keeping, StepReport, StepTask
from naavre_ext.model import event as events
from naavre_ext.model.event import RunStatus
from naavre_ext.model.portrait import StepObservation
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import Placement, Step, StepId, Workflow
from naavre_ext.scheduling import ahead, facts, machine
from naavre_ext.scheduling.reuse import Reuse

#: How often a quiet run looks whether it was stopped or a cell takes too long.
POLL_S = 0.1


class RunSteps:
    """Starts steps when the scheduler says so, and tells it how they end.

    ``status`` is there when the run is over. ``restarts`` counts how often it was started over. ``await_turn``
    returns once a step may run.
    """

    def __init__(
        self,
        workflow: Workflow,
        executor: Executor,
        options: RunOptions,
        narrator: Narrator,
        results: Results | None,
        run_id: str,
        await_turn: Callable[[StepId], None] = lambda step: None,
    ) -> None:
        self.workflow, self.executor, self.options = workflow, executor, options
        self.narrator, self.results, self._run_id = narrator, results, run_id
        self._await_turn = await_turn
        self.graph = machine.graph_of(
            workflow, options.max_parallelism, eager=options.eager, in_order=executor.in_order
        )
        self.state = machine.initial(workflow)
        self.handover = Handover(workflow, guards=options.guards)
        self.values = RunValues(executor, options)
        self.status: RunStatus | None = None
        self.restarts = 0
        self.observations: dict[StepId, StepObservation] = {}
        self._failures: dict[StepId, StepReport] = {}
        #: How often a step was tried again, and its task and inputs for the next attempt.
        self._retries: dict[StepId, int] = {}
        self._repeats: dict[StepId, tuple[StepTask, list[Any]]] = {}
        #: After which step, and as which of both's attempts, a step was sent ahead to its group's worker.
        self._sent_ahead: dict[StepId, tuple[StepId | None, list[int]]] = {}

    def begin_executor(self) -> None:
        """Have the executor get ready, with a fresh main worker."""
        self.executor.begin(
            context_of(
                self.workflow,
                self.executor,
                self.options,
                self.results,
                self._run_id,
                self.restarts,
            )
        )

    def begin_with(self, reuse: Reuse) -> None:
        """Count what is reused as done."""
        self.state = machine.initial(self.workflow, reuse)

    def feed(self, fact: facts.Fact) -> None:
        """Tell the scheduler a fact, and do what follows from it."""
        self.state, commands = machine.advance(self.graph, self.state, fact)
        for command in commands:
            if isinstance(command, facts.StartStep):
                self._start(command)
            elif isinstance(command, facts.OpenGroup):
                self.executor.open_group(command.group, early=command.early)
            elif isinstance(command, facts.CloseGroup):
                self._close_group(command.group)
            elif isinstance(command, facts.DropStep):
                self._drop(command)
            else:
                self.status = command.status
        if self.graph.groups and self.status is None:
            self._look_ahead()

    def _look_ahead(self) -> None:
        """Have workers of groups know what they will run next, for this run or for another."""
        for step, after in ahead.next_in_groups(self.graph, self.state):
            attempts = [self.narrator.progress[s].attempt for s in (step, after) if s is not None]
            plan = self.handover.steps[step]
            if plan.touches_outside or plan.barrier or plan.lasting or step in self._repeats:
                continue  # once begun, it couldn't be in vain
            if self._sent_ahead.get(step) != (after, attempts):
                self._sent_ahead[step] = after, attempts
                self.executor.send_ahead(*self._task(step, "any"), after)
        for group in ahead.leaving(self.graph, self.state):
            self.values.expect_end(group, self.handover)

    def _start(self, command: facts.StartStep) -> None:
        self._await_turn(command.step)
        task, inputs = self._task(command.step, command.placement)
        self._sent_ahead.pop(command.step, None)
        if self.retries_left(task.step):
            self._repeats[command.step] = task, inputs
        self.narrator.progress[command.step].started = time.perf_counter()
        handles = self.executor.start(task, inputs)  # told afterwards, which takes time, too
        self.narrator.emit(
            events.StepStarted(
                step=command.step, cell_id=task.step.cell_id, placement=command.placement
            )
        )
        self.handover.started(task, handles)

    def _task(self, step: StepId, placement: Placement) -> tuple[StepTask, list[Any]]:
        """What runs the step now, and its inputs."""
        progress = self.narrator.progress[step]
        self.handover.placement = dict(self.state.placement)
        repeat = self._repeats.pop(step, None)
        task, inputs = repeat or self.handover.task(step, placement, progress.attempt)
        secrets = {n: v for n, v in self.options.secrets.items() if n in task.step.secrets}
        left = self.retries_left(task.step)
        task = replace(task, secrets=secrets, attempt=progress.attempt, is_repeatable=left > 0)
        if self.restarts:
            task = replace(task, step=task.step.unsplit())
        elif self.results is not None:
            background = self.results.background(step, self._run_id)
            task = replace(task, keep=self._keeping(step, placement), background=background)
        return task, inputs

    def _keeping(self, step: StepId, placement: Placement) -> Keeping | None:
        """How the step's result is stored."""
        assert self.results is not None
        if placement == "any":
            return self.results.keeping(step, (step,), {})
        states, places = self.state.states, self.state.placement
        covers = [s for s in states if states[s] == "done" and places[s] == "main"]
        return self.results.keeping(step, (*covers, step), self.handover.in_main())

    def _drop(self, command: facts.DropStep) -> None:
        self.executor.drop(command.step)
        self.narrator.progress[command.step].attempt += 1  # whatever it still says is ignored
        self._failures.pop(command.step, None)
        cell_id = self.handover.steps[command.step].cell_id
        self.narrator.emit(
            events.StepNotRun(step=command.step, cell_id=cell_id, reason=command.reason)
        )

    def _close_group(self, group: str) -> None:
        has_failed = self.state.failed_at is not None
        self.values.close_group(group, self.handover, has_failed=has_failed)

    def retries_left(self, step: Step) -> int:
        """How often the step may be tried again."""
        return (step.retries or 0) - self._retries.get(step.id, 0)

    def repeat(self, step: StepId, reason: str) -> None:
        """Try the failed step again, from the same inputs."""
        repeat = self._repeats[step]
        self.count_retry(step, reason)
        self.forget(step)
        self._repeats[step] = repeat
        self.feed(facts.Retried(step))

    def count_retry(self, step: StepId, reason: str) -> None:
        """The failed step will be tried again."""
        self._retries[step] = self._retries.get(step, 0) + 1
        self.narrator.emit(
            events.StepRetried(
                step=step,
                cell_id=self.handover.steps[step].cell_id,
                tries=self._retries[step],
                reason=reason,
            )
        )

    def forget(self, step: StepId, reason: str = "") -> None:
        """What the step has done or told doesn't count; with a reason, it runs again in the main worker."""
        self._repeats.pop(step, None)
        self.narrator.forget(step, reason)

    def invalidate(self, moved: tuple[StepId, ...], again: tuple[StepId, ...], reason: str) -> None:
        """Have started steps run again, and the ``moved`` ones in the main worker, for that reason."""
        for other in dict.fromkeys((*moved, *again)):
            self.executor.drop(other)
            self.forget(other, reason if other in moved else "")
        self.feed(facts.Invalidated(moved, again))

    def start_over(self) -> None:
        """Run all steps again, cell after cell."""
        self.restarts += 1
        for step in self.narrator.progress:
            self.executor.drop(step)
            self.forget(step)
        self._failures.clear()
        self.values.forget()
        self.handover = Handover(self.workflow, guards=False)
        self.begin_executor()
        self.feed(facts.StartedOver())

    def end_step(self, report: StepReport, *, is_fatal: bool = False) -> None:
        """Tell how the step ended, and go on."""
        step = StepId(report.step)
        plan, progress = self.handover.steps[step], self.narrator.progress[step]
        if report.observed is not None:
            self.observations[step] = report.observed
        common: dict[str, Any] = {
            "step": step,
            "cell_id": plan.cell_id,
            "execution_count": plan.execution_count,
            "started_at": report.started_at,
            "duration_s": report.duration_s,
            "worker": report.worker,
        }
        earlier = None if self.results is None else self.results.earlier
        source = report.reused_from or (earlier.run_id if earlier is not None else "")
        if report.is_reused and source:
            if self.results is not None:
                self.results.take_over(step, source)
            self.narrator.emit(events.StepReused(**common, source=source))
            self.feed(facts.Succeeded(step))
            return
        if report.error is None:
            self.narrator.emit(
                events.StepFinished(**common, batches=progress.batches, unkept=report.unkept)
            )
            self.feed(facts.Succeeded(step))
            return
        error = report.error
        self._failures[step] = report
        self.narrator.emit(
            events.StepFailed(
                **common,
                ename=error.ename,
                evalue=error.evalue,
                traceback=error.traceback,
                batch=error.batch,
                item=error.item,
                item_repr=error.item_repr,
            )
        )
        self.feed(facts.Failed(step, is_fatal))

    def failure(self) -> Mapping[str, Any] | None:
        """What the notebook's user is told of the cell that failed, if one did."""
        position = self.state.failed_at
        if position is None:
            return None
        step = self.workflow.steps[position]
        error = self._failures[step.id].error
        assert error is not None
        return {
            "cell_id": step.cell_id,
            "cell_number": step.cell_number,
            "execution_count": step.execution_count,
            "ename": error.ename,
            "evalue": error.evalue,
            "traceback": error.traceback,
            "batch": error.batch,
            "item": error.item,
            "item_repr": error.item_repr,
        }
