"""Runs a notebook three times, each in its own folder and processes, and reports where the ways differ."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from naavre_ext.model import event as events
from naavre_ext.model.diagnostic import NaavreError, RunCancelled
from naavre_ext.model.event import RunEvent
from naavre_ext.model.portrait import NamespacePortrait, Portrait
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import StepId, Workflow
from naavre_ext.preparing import prepare_notebook
from naavre_ext.running import OnEvent, Run, placed
from naavre_ext.verification import Observation, StepRun, VerifyReport, compare, sequential
from naavre_ext.verification.draws import by_chance, unseeded_draws
from naavre_ext.verification.folders import (
    RunFolders,
    base_folder,
    plan_folder,
    portray_changes,
    stamps,
)
from naavre_ext.verification.outputs import portray_outputs
from naavre_ext.verification.widgets import outputs_with_widgets

#: Folders larger than this aren't copied for each run.
COPY_LIMIT_BYTES = 2 << 30
_POLL_S = 0.05
#: Where a notebook isn't steady, so many runs more tell whether that is the difference; where it draws, more.
_MORE_RUNS, _MORE_RUNS_OF_DRAWS = 2, 4
_CHILD = "from naavre_ext.verifying import observe_for_parent; observe_for_parent()"


@dataclass(frozen=True, slots=True)
class Isolation:
    """Where the runs take place: each in a fresh copy of the folder, unless ``in_place``.

    ``link`` are patterns of paths in it that are linked instead of copied, as the notebook only reads them.
    """

    in_place: bool = False
    copy_limit_bytes: int = COPY_LIMIT_BYTES
    link: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Request:
    """One run to be observed. The process that serves it writes what it saw to ``answer``.

    The workflow's process hashes texts as the first run's does, so that sets of them have the same order; the
    second run's hashes them otherwise, so that what depends on their order is known.
    """

    source: Any
    parameters: Mapping[str, Any]
    options: RunOptions
    workflow: Workflow
    answer: str = ""
    hash_seed: str = "1"


def verify(
    source: Any,
    *,
    parameters: Mapping[str, Any] | None = None,
    options: RunOptions | None = None,
    isolation: Isolation | None = None,
    on_event: OnEvent | None = None,
    on_phase: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
    reshape: Callable[[Workflow], Workflow] = lambda workflow: workflow,
) -> VerifyReport:
    """Whether the notebook ends as a workflow as it does sequentially; ``reshape`` may spoil the plan, for tests.

    Raises:
        RefusedError, ClusterError: nothing was run.
        RunCancelled: it was stopped.
    """
    isolation = isolation or Isolation()
    prepared = prepare_notebook(source, parameters)
    workflow = prepared.require_workflow()
    chosen = replace(options or RunOptions(), keep=(), observe=True)
    options = placed(replace(chosen, store_results=False, resume=None), prepared.notebook)
    ways = {
        "sequentially": sequential(workflow),
        "sequentially again": sequential(workflow),
        "as a workflow": reshape(workflow),
    }
    draws = unseeded_draws(prepared.basis)
    seen: list[Observation] = []
    with ExitStack() as stack:
        if options.executor == "ray":
            from naavre_ext.executors.factory import hold_cluster

            with _hash_seed("1"):  # inherited by a Ray that is started now
                stack.enter_context(hold_cluster(options))  # one for all three runs
        fresh, store, said = stack.enter_context(_folders(options, isolation))

        def run(words: str, plan: Workflow) -> None:
            if on_phase is not None:
                on_phase(f"running {words}")
            with fresh() as folder:
                request = _Request(
                    source,
                    dict(parameters or {}),
                    replace(
                        options,
                        cwd=str(folder),
                        store=options.store or str(store),
                        scramble=words == "sequentially again",
                    ),
                    plan,
                    str(store / "answer"),
                    "2" if words == "sequentially again" else "1",
                )
                look = _in_own_process if options.executor == "local" else _here
                seen.append(look(request, on_event, cancel))
            if seen[-1].status == "cancelled":
                raise RunCancelled("the verification was stopped")

        for words, plan in ways.items():
            run(words, plan)
        first, again, parallel = seen
        report = compare(ways["as a workflow"], first, again, parallel, draws=bool(draws))
        for _ in range(_MORE_RUNS_OF_DRAWS if draws else _MORE_RUNS):
            # What isn't steady may be equal in two runs by chance.
            if report.status != "different" or not (report.unsteady or draws):
                break
            run("sequentially once more", ways["sequentially"])
            report = compare(
                ways["as a workflow"], first, again, parallel, *seen[3:], draws=bool(draws)
            )
    if not report.equal:
        report = replace(report, causes=(*report.causes, *by_chance(workflow, draws)))
    return replace(report, folder=said)


@contextmanager
def _hash_seed(seed: str) -> Iterator[None]:
    """Processes started meanwhile hash texts in one way, so that equal sets have one order in all of them."""
    before = os.environ.get("PYTHONHASHSEED")
    os.environ.setdefault("PYTHONHASHSEED", seed)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONHASHSEED"]


@contextmanager
def _folders(
    options: RunOptions, isolation: Isolation
) -> Iterator[tuple[Callable[[], Any], Path, dict[str, Any]]]:
    """What gives a run its folder, a private folder for us, and what is said of it."""
    real = Path(str(options.cwd))
    plan = None
    if not isolation.in_place:
        plan = plan_folder(real, isolation.copy_limit_bytes, isolation.link)
    with base_folder(real, remote=options.address is not None) as folder:
        base = folder.resolve()
        said: dict[str, Any] = {"path": str(real), "in_place": plan is None}
        if plan is None:
            yield lambda: nullcontext(real), base, said
        else:
            said |= {"copied_bytes": plan.nbytes, "linked": list(plan.linked)}
            yield RunFolders(plan, base / "at").fresh, base, said


def _here(
    request: _Request, on_event: OnEvent | None, cancel: threading.Event | None
) -> Observation:
    return observe(
        request.source,
        request.workflow,
        request.options,
        parameters=request.parameters,
        on_event=on_event,
        cancel=cancel,
    )


def observe(
    source: Any,
    workflow: Workflow,
    options: RunOptions,
    *,
    parameters: Mapping[str, Any] | None = None,
    on_event: OnEvent | None = None,
    cancel: threading.Event | None = None,
) -> Observation:
    """What can be seen of one run of the notebook by this plan, in the folder that the options name."""
    ways = _Ways()

    def listen(event: RunEvent) -> None:
        ways.take(event)
        if on_event is not None:
            on_event(event)

    options = replace(options, keep=(), observe=True)
    folder = Path(str(options.cwd))
    before = stamps(folder)
    run = Run(options, listen, cancel, lambda _: workflow)
    result = run.notebook(source, None, parameters)
    outputs = outputs_with_widgets(run.node)
    cells: dict[int, Portrait] = {}
    for step in workflow.steps:
        number = step.cell_number
        # An injected cell has the number of the cell before it, and shows nothing.
        cells.setdefault(number, portray_outputs(outputs[step.cell_id], f"cell {number}"))
    end = run.end
    return Observation(
        status=result.status,
        failure=result.failure,
        cells=cells,
        namespace=NamespacePortrait() if end is None else end.portrait,
        steps={} if end is None else end.observations,
        files=portray_changes(folder, before),
        ran=ways.ran,
        duration_s=result.duration_s,
    )


class _Ways:
    """Follows how each step runs."""

    def __init__(self) -> None:
        self.ran: dict[StepId, StepRun] = {}

    def take(self, event: RunEvent) -> None:
        """Note what the event tells."""
        step = StepId(getattr(event, "step", ""))
        run = self.ran.get(step, StepRun())
        if isinstance(event, events.StepStarted):
            run = replace(run, placement=event.placement)
        elif isinstance(event, events.StepRelocated):
            run = StepRun(relocated=event.reason)
        elif isinstance(event, events.SplitStarted):
            run = replace(run, batches=(*run.batches, (event.split, event.batches)))
        elif isinstance(event, events.SplitRefused):
            run = replace(run, refused=(*run.refused, event.reason))
        else:
            return
        self.ran[step] = run


def _in_own_process(
    request: _Request, _on_event: OnEvent | None, cancel: threading.Event | None
) -> Observation:
    """The same in a process of its own, which is killed when the verification is stopped."""
    answer = Path(request.answer)
    answer.unlink(missing_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={"PYTHONHASHSEED": request.hash_seed, **os.environ},
    ) as child:
        assert child.stdin is not None
        with child.stdin:
            child.stdin.write(pickle.dumps((request, os.environ.get("PYTHONHASHSEED"))))
        try:
            while child.poll() is None:
                if cancel is not None and cancel.wait(_POLL_S):
                    raise RunCancelled("the verification was stopped")
                if cancel is None:
                    child.wait()
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
    if not answer.exists():
        raise NaavreError(f"the notebook ended its process (exit code {child.returncode}).")
    found = pickle.loads(answer.read_bytes())
    if isinstance(found, BaseException):
        raise found
    observation: Observation = found
    return observation


def observe_for_parent() -> None:
    """Serve one request from standard input."""
    request: _Request
    request, hash_seed = pickle.load(sys.stdin.buffer)
    if hash_seed is None:  # it was set for this process only, not for those that cells start
        del os.environ["PYTHONHASHSEED"]
    found: Observation | BaseException
    try:
        found = _here(request, None, None)
    except NaavreError as error:
        found = error
    answer = Path(request.answer)
    partial = answer.with_suffix(".partial")
    partial.write_bytes(pickle.dumps(found))
    partial.replace(answer)
