"""Runs the cell of a step, with the hooks of its split loops and of its calls of tasks."""

from __future__ import annotations

import ast
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from naavre_ext.executors import task_hook
from naavre_ext.executors.batch_errors import item_text
from naavre_ext.executors.cell_outcome import CellOutcome
from naavre_ext.executors.fanout import FanOut
from naavre_ext.executors.inner_events import Tell, telling
from naavre_ext.executors.inner_fanout import first_inner_number, splitting_loops
from naavre_ext.executors.observing import digests
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.tasks import ErrorReport, StepTask
from naavre_ext.executors.unwritten_memory import spoil_kept_arrays
from naavre_ext.model.portrait import StepObservation
from naavre_ext.planning.inner_rewriting import OWN_PREFIX, split_inner
from naavre_ext.planning.rewriting import HOOK_NAMES, split_cell
from naavre_ext.planning.task_rewriting import OPEN, weave_tasks
from naavre_ext.scheduling.claims import keeps_claim

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker


class StepCell:
    """One step's cell in a worker. ``observed`` is what it found and left, where the run observes that."""

    def __init__(self, worker: Worker, task: StepTask, tell: Tell, pool: BatchPool | None) -> None:
        self._worker, self._task, self._tell, self._pool = worker, task, tell, pool
        self.observed: StepObservation | None = None
        self._item: tuple[int, Any] | None = None

    def run(self) -> CellOutcome:
        """How the cell ended."""
        context = self._worker.context
        if context is None or not context.observe:
            return self._run_source()
        namespace, step = self._worker.session.namespace, self._task.step
        spoil_kept_arrays()
        before = digests(namespace, step)
        outcome = self._run_source()
        self.observed = StepObservation(before, digests(namespace, step))
        return outcome

    def error(self, outcome: CellOutcome) -> ErrorReport | None:
        """The error that the cell ended with: that of a batch, if one raised it.

        A cell whose code caught one of ours failed all the same.
        """
        remote = self._worker.outputs.take_error()
        if remote is not None and (remote.is_ours or not outcome.ok):
            return remote
        if outcome.ok or outcome.error is None:
            return None
        error, at = outcome.error, self._item
        report = ErrorReport(error.ename, error.evalue, tuple(error.traceback))
        if at is None:
            return report
        return replace(report, batch=0, item=at[0], item_repr=item_text(at[1]))

    def _run_source(self) -> CellOutcome:
        worker, step, pool = self._worker, self._task.step, self._pool
        with telling(self._tell, worker.label):
            if pool is not None and (
                step.splits or step.inner_splits or worker.splits_inner or worker.calls_tasks
            ):
                return self._run_hooked(pool)
            return worker.session.run(step.source, execution_count=step.execution_count)

    def _run_hooked(self, pool: BatchPool) -> CellOutcome:
        worker, task, tell = self._worker, self._task, self._tell
        step, namespace = task.step, worker.session.namespace
        fan_out = FanOut(worker, step, pool, tell, worker.settings.shippable, task.chains)
        namespace.update(fan_out.hooks())
        first = first_inner_number(step)
        try:
            namespace[OPEN] = task_hook.open_in_cell
            sending = ExitStack()
            if not keeps_claim(step, in_main=task.placement == "main"):
                sending.enter_context(splitting_loops(worker, pool, step, tell, first))
                sending.enter_context(worker.spawning(step, pool, tell))
            with sending:
                outcome = worker.session.run(
                    step.source, execution_count=step.execution_count, transform=self._with_hooks
                )
            self._item = None if outcome.ok else fan_out.item_at()
            return outcome
        finally:
            fan_out.close()
            if fan_out.error is not None:
                worker.outputs.raise_later(fan_out.error)
            for name in [*HOOK_NAMES, *(n for n in namespace if str(n).startswith(OWN_PREFIX))]:
                namespace.pop(name, None)

    def _with_hooks(self, tree: ast.Module) -> ast.Module:
        """The cell's tree as it runs here: each of its split loops with its hooks."""
        shell, step = self._worker.session.shell, self._task.step
        flags, cell = shell.compile.flags, str(step.cell_id)
        last = tree.body[-1] if tree.body else None
        weave = weave_tasks(tree, step.task_windows, cell, step.source, flags)
        rewrite = split_inner(tree, step.inner_splits, cell, step.source, flags)
        made = weave(rewrite(split_cell(tree, step.splits, step.source)))
        if shell.ast_node_interactivity == "last_expr_or_assign":
            _show_assigned(made, last)
        return made


def _show_assigned(tree: ast.Module, last: ast.stmt | None) -> None:
    """Have the tree show what the cell's last statement assigns, as IPython does, which only sees the tree."""
    targets = last.targets if isinstance(last, ast.Assign) else []
    if isinstance(last, (ast.AugAssign, ast.AnnAssign)):
        targets = [last.target]
    if isinstance(tree.body[-1], type(last)) or len(targets) != 1:
        return
    if isinstance(targets[0], ast.Name):
        shown = ast.Expr(ast.Name(targets[0].id, ast.Load()))
        tree.body.append(ast.fix_missing_locations(ast.copy_location(shown, tree.body[-1])))
