"""What every worker of a run has to know, from the run's workflow and options."""

from __future__ import annotations

from naavre_ext.executors.base import Executor
from naavre_ext.executors.resuming import Results
from naavre_ext.executors.tasks import RunContext
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import Step, Workflow


def context_of(
    workflow: Workflow,
    executor: Executor,
    options: RunOptions,
    results: Results | None,
    run_id: str,
    restarts: int,
) -> RunContext:
    """The context of a run that was started over ``restarts`` times, cell after cell then."""
    stores = results is not None and results.stores and not restarts
    return RunContext(
        run_id=run_id,
        cwd=options.cwd,
        environment=options.environment,
        slots=executor.slots,
        max_parallelism=options.max_parallelism,
        is_parallel=not restarts
        and any(
            s.splits or s.inner_splits or s.task_windows or s.placement == "any"
            for s in workflow.steps
        ),
        sources={step.execution_count: step.source for step in workflow.steps},
        guards=options.guards and not restarts,
        attempt=restarts,
        observe=options.observe,
        scramble=options.scramble,
        inner={
            (str(step.cell_id), split.index): (step, split)
            for step in workflow.steps
            if not restarts
            for split in step.inner_splits
        },
        tasks={
            task.function: (step, task)
            for step in workflow.steps
            if not restarts
            for task in step.tasks
        },
        one_machine=executor.shares_files,
        tells_starts=options.timeout_s is not None or any(map(_is_awaited, workflow.steps)),
        results=results.place if results is not None and stores else None,
    )


def _is_awaited(step: Step) -> bool:
    """Whether it matters when the step begins: its time is limited, or it may wait for what it claims."""
    claims = step.resources or any(task.resources for task in step.tasks)
    return step.timeout_s is not None or bool(claims)
