"""One worker process: runs steps and batches in its IPython session."""

from __future__ import annotations

import ast
import gc
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from naavre_ext.executors import ambient, task_hook
from naavre_ext.executors.batches import item_text
from naavre_ext.executors.chaining import Holds, run_stages
from naavre_ext.executors.checkpoints import has_open_figures, restore_namespace
from naavre_ext.executors.common_steps import CommonSteps
from naavre_ext.executors.fanout import FanOut
from naavre_ext.executors.group_checks import why_not_kept
from naavre_ext.executors.guarding import PlainContainers
from naavre_ext.executors.guarding_steps import (
    MainGuard,
    SentContainers,
    changed_inputs,
    in_words,
    numbers_in,
)
from naavre_ext.executors.hidden_state import ClassState, hidden_state
from naavre_ext.executors.inner_events import Tell, telling
from naavre_ext.executors.inner_fanout import InnerSplitter, first_inner_number, splitting_loops
from naavre_ext.executors.kernel_process import Threads, kernel_variables, set_environment
from naavre_ext.executors.observing import digests
from naavre_ext.executors.own_modules import states_of, unlike
from naavre_ext.executors.packing import (
    CommonObjects,
    Packed,
    PackingError,
    is_immutable,
    pack,
    shares_objects,
    unpack,
)
from naavre_ext.executors.packing_classes import forget_classes
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.reseeding import reseed
from naavre_ext.executors.result_files import ResultUnusable, read_result
from naavre_ext.executors.result_keeper import ResultKeeper
from naavre_ext.executors.session import CellOutcome, CellSession
from naavre_ext.executors.task_slots import TaskSlots
from naavre_ext.executors.task_spawning import spawning, spawning_in_task
from naavre_ext.executors.tasks import (
    NOTHING,
    BatchReport,
    BatchTask,
    ErrorReport,
    ReportStatus,
    RunContext,
    StepReport,
    StepTask,
    Stuck,
    Violation,
)
from naavre_ext.executors.undoing import Undo
from naavre_ext.executors.unwritten_memory import fill_unwritten, spoil_kept_arrays
from naavre_ext.executors.warning_replay import noted_warnings
from naavre_ext.model.event import OutputMessage
from naavre_ext.model.portrait import StepObservation
from naavre_ext.model.workflow import Step
from naavre_ext.planning.inner_rewriting import OWN_PREFIX, split_inner
from naavre_ext.planning.rewriting import HOOK_NAMES, split_cell
from naavre_ext.planning.task_rewriting import OPEN, weave_tasks
from naavre_ext.scheduling.claims import keeps_claim

#: Errors that may come from running on copies in another process rather than from the user's code.
_SUSPICIOUS = frozenset(
    {"NameError", "UnboundLocalError", "AttributeError", "PicklingError", "PackingError"}
)

Send = Callable[[Mapping[str, Any]], None]


class Worker:
    """Runs what a run's driver hands out.

    ``isolated`` workers own their process: settings are taken over and put back. ``send`` takes live
    messages; it must not raise.
    """

    def __init__(self, *, isolated: bool, capture_fds: bool = False) -> None:
        self.isolated = isolated
        self.threads = Threads()
        self._home = dict(os.environ)
        self.session = CellSession(self._on_output, capture_fds=capture_fds)
        if isolated:
            self.session.adopt_process()
            # What is here to stay needn't be looked at whenever IPython collects garbage, as it does for each run.
            gc.collect()
            gc.freeze()
        self.label = f"{socket.gethostname()}:{os.getpid()}"
        #: Variables that tell libraries which of the machine's GPUs (and the like) this process was given.
        self.devices: Mapping[str, str] = {}
        self.context: RunContext | None = None
        self.attempt = 0
        self._outputs: list[OutputMessage] = []
        self._sink: Callable[[OutputMessage], None] | None = None
        self._pending_error: ErrorReport | None = None
        self._item: tuple[int, Any] | None = None
        self._stuck: list[Stuck] = []
        self._observed: StepObservation | None = None
        self._telling = threading.Lock()
        #: The split whose batches ran here last, and the settings that they left as they were.
        self._split: tuple[str, ambient.AmbientState] | None = None
        #: What the main worker has sent, to tell quickly whether it changed since.
        self.sent = SentContainers()
        #: Which of the values that all batches of a split get are containers of plain elements, by their pack.
        self.plain: tuple[bytes, frozenset[str]] = (b"", frozenset())
        #: Batches that ran before their cells.
        self.holds = Holds()
        #: What the loops in functions that a batch runs are sent to; for so many slots at a time.
        self.batch_pool: Callable[[int], BatchPool] | None = None
        #: What the process had before there was a notebook's shell, and what a shell adds.
        self._kernel = kernel_variables(self._home)
        #: Whether the settings are (or may be) another worker's.
        self._took_settings = False
        #: What jobs before have left that the next ones would make alike.
        self.common = CommonSteps()
        #: What stores results, where the run wants that.
        self.keeper: ResultKeeper | None = None
        self._is_settled = False
        #: The settings that steps elsewhere run with, as far as they come from here.
        self._known_settings: ambient.AmbientState | None = None

    def enter(self, context: RunContext) -> None:
        """Make the process like a fresh kernel for this run, unless it is in the run already."""
        if self.context == context:
            return
        if self.isolated:
            forget_classes()
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
            self.settings(rng=False)  # IPython's own baselines are taken at the first look
        if self.isolated and self.context is not None and not self._is_settled:
            gc.freeze()  # nothing of the first run is left but the libraries that it has loaded
            self._is_settled = True
        self.context = context
        self._known_settings = (
            self.settings(rng=False) if context.is_parallel and self.guards else None
        )
        self._split = None
        self.sent, self.plain = SentContainers(), (b"", frozenset())
        self.holds.clear()
        self.common.begin(context)
        self.keeper = ResultKeeper(self, context.results) if context.results is not None else None

    def give_devices(self, devices: Mapping[str, str]) -> None:
        """The process has these devices from now on; it is made anew for them with the next :meth:`enter`."""
        if devices != self.devices:
            self.devices, self.context = devices, None

    def _on_output(self, output: OutputMessage) -> None:
        if output.get("output_type") == "error" and self._pending_error is not None:
            error = self._pending_error
            output = {
                "output_type": "error",
                "ename": error.ename,
                "evalue": error.evalue,
                "traceback": list(error.traceback),
            }
        self._outputs.append(output)
        if self._sink is not None:
            self._sink(output)

    # Steps

    def run_step(
        self, task: StepTask, inputs: Sequence[Packed], send: Send, pool: BatchPool | None
    ) -> tuple[StepReport, list[Packed]]:
        """The step's report and one pack per export bundle (then the settings, where asked for)."""
        started_at, clock = time.time(), time.perf_counter()
        self._split, self.attempt = None, task.attempt
        step_id = str(task.step.id)
        messages: list[Mapping[str, Any]] = []

        tags = {"step": step_id, "attempt": task.attempt}

        def tell(message: Mapping[str, Any]) -> None:  # a split also tells from its watching thread
            with self._telling:
                messages.append({**message, **tags, "number": len(messages)})
                send(messages[-1])

        self._outputs = []
        self._stuck = []
        self._observed = None
        self.threads.as_kernel()
        self._sink = lambda output: send(
            {"kind": "output", **tags, "number": len(self._outputs) - 1, "output": output}
        )
        send({"kind": "began", **tags})
        try:
            body = self._run_anywhere if task.placement == "any" else self._run_in_main
            end = self._stored_end(task, inputs) or body(task, inputs, tell, pool)
        finally:
            self._sink = None
        if task.is_common and not end.is_reused:
            as_foreseen = end.status == "ok" and not end.unpackable and not end.changes
            self.common.keep(
                task, end.packs if as_foreseen else None, self._outputs, self.session.namespace
            )
        unkept = self._keep(task, inputs, end, time.perf_counter() - clock, tell)
        report = StepReport(
            step=step_id,
            status=end.status,
            started_at=started_at,
            duration_s=time.perf_counter() - clock,
            worker=self.label,
            outputs=tuple(self._outputs),
            messages=tuple(messages),
            error=end.error,
            reason=end.reason,
            unpackable=end.unpackable,
            changes=end.changes,
            changes_settings=end.changes_settings,
            stuck=tuple(self._stuck),
            observed=self._observed,
            is_undone=end.is_undone,
            why_final=end.why_final,
            unkept=unkept,
            is_reused=end.is_reused,
            reused_from=end.reused_from,
            had_copies=end.had_copies,
        )
        return report, end.packs

    def _stored_end(self, task: StepTask, inputs: Sequence[Packed]) -> _StepEnd | None:
        """How the step ended in an earlier run, if its result is there and it would be given the same values."""
        if task.checkpoint:
            return self._restore(task)
        if task.is_common and (end := self.common.find(task, inputs, self.session.namespace)):
            for output in end.outputs:
                self._on_output(output)
            return _StepEnd("ok", None, "", list(end.packs), is_reused=True, reused_from=end.run_id)
        found = self.keeper.find_anywhere(task, inputs) if self.keeper is not None else None
        if found is None:
            return None
        packs, outputs = found
        for output in outputs:
            self._on_output(output)
        return _StepEnd("ok", None, "", list(packs), is_reused=True)

    def _restore(self, task: StepTask) -> _StepEnd:
        """Take over what an earlier run's main worker held, instead of running the step."""
        count = len(task.exports) + task.send_settings
        try:
            _, packed = read_result(Path(str(task.checkpoint)))
            restore_namespace(self, packed)
            reseed(task.reseed)
            if self.context is not None:
                self.session.know(self.context.sources)  # of functions that were defined elsewhere
            packs, unpackable = self._export(task)
        except (ResultUnusable, PackingError) as error:
            return _StepEnd("relocate", None, str(error), [NOTHING] * count)
        return _StepEnd("ok", None, "", packs, unpackable)

    def _keep(
        self,
        task: StepTask,
        inputs: Sequence[Packed],
        end: _StepEnd,
        seconds: float,
        tell: Send,
    ) -> str:
        """Store the step's result if that is worth it; returns why it couldn't be."""
        keeper, unkept = self.keeper, ""
        if keeper is None or task.checkpoint or end.is_reused:
            return ""
        if end.status == "error":
            keeper.flush()  # the run may end here
        elif end.status == "ok" and task.placement == "any":
            keeper.keep_anywhere(task, inputs, (end.packs, tuple(self._outputs)), seconds)
        elif end.status == "ok":
            unkept = keeper.keep_main(task, seconds)
        if keeper.full:
            tell({"kind": "not-stored", "reason": keeper.full})
        return unkept

    def took_settings(self) -> None:
        """The settings are now what another process has left."""
        self._took_settings, self._split = True, None
        if self._known_settings is not None:
            self.known_settings(renew=True)

    def _run_in_main(
        self, task: StepTask, inputs: Sequence[Packed], tell: Send, pool: BatchPool | None
    ) -> _StepEnd:
        namespace = self.session.namespace
        undo = Undo(self, task) if task.is_repeatable else None
        kept = {name: namespace[name] for name in task.restore if name in namespace}
        own = self.settings(rng=False) if task.visiting else None
        if own is not None and not task.with_settings:
            self.take_settings(ambient.pristine())
        self._bind(task, inputs, writable=True)
        guard = MainGuard(self, task, inputs[len(task.binds) + task.with_settings :])
        outcome = self._run_cell(task, tell, pool)
        namespace.update({n: v for n, v in task.secrets.items() if n in namespace})
        error = self._error(outcome)
        why_final = ""
        if error is not None and undo is not None:
            why_final = undo.take_back()
            if not why_final:
                nothing = [NOTHING] * (len(task.exports) + task.send_settings)
                return _StepEnd("error", error, "", nothing, is_undone=True)
        changes, changes_settings = guard.changes()
        self.take_settings(own)
        if task.step.writes_settings and self.guards:
            self.known_settings(renew=True)
        packs, unpackable = self._export(task)
        for name in task.restore:
            namespace.pop(name, None)
        namespace.update(kept)
        status: ReportStatus = "ok" if outcome.ok else "error"
        return _StepEnd(
            status, error, "", packs, unpackable, changes, changes_settings, why_final=why_final
        )

    def _run_anywhere(
        self, task: StepTask, inputs: Sequence[Packed], tell: Send, pool: BatchPool | None
    ) -> _StepEnd:
        namespace = self.session.namespace
        nothing = [NOTHING] * (len(task.exports) + task.send_settings)
        for name in task.fresh:
            namespace.pop(name, None)
        known, guards = self.names(), self.guards or task.group is not None
        try:
            given = self._bind(task, inputs, writable=False)
            plain = PlainContainers(given if guards else {}, numbers_in(inputs))
            hidden, classes = hidden_state(namespace), ClassState(namespace)
            before = self.settings(task.step.guard_rng)
            warned: list[OutputMessage] = []
            with self._noting(warned.append):
                outcome = self._run_cell(task, tell, pool)
            reason = self.violation(before, task.step.guard_rng)
            if not reason and any("text" in message for message in warned):
                reason = "it warns, which a notebook shows once per place"
            if not reason and _shows_numbered(self._outputs):
                reason = "it shows a diagram, which libraries number within their process"
            after = hidden_state(namespace)
            if not reason and any(after.get(name) != state for name, state in hidden.items()):
                classes.restore()
                reason = "a function or class of the notebook changed its own state"
            changed = changed_inputs(task, inputs, plain, namespace) if guards else ()
            reason = reason or in_words(changed)
            error = self._error(outcome)
            if error is not None and is_suspicious(error):
                reason = reason or f"{error.ename} on copies of its inputs: {error.evalue}"
            packs = nothing
            if outcome.ok and not reason and task.group is not None:
                reason = why_not_kept(task, namespace, known, given)
            elif outcome.ok and not reason and self._shares(task, given):
                reason = "what it makes holds objects of its inputs, which would become copies"
            if outcome.ok and not reason:
                packs, unpackable = self._export(task)
                for name, why in list(unpackable.items())[:1]:
                    reason = f"'{name}' can't leave its process: {why}"
        except PackingError as failure:
            self._stuck.append(Stuck.of(failure))
            return _StepEnd("relocate", None, str(failure), nothing)
        finally:
            for name in self.names() - known - set(task.live):
                namespace.pop(name, None)
        if reason:
            had_copies = not all(map(is_immutable, given.values()))
            return _StepEnd(
                "relocate", None, reason, nothing, changes=changed, had_copies=had_copies
            )
        status: ReportStatus = "ok" if outcome.ok else "error"
        keeps = task.group is not None and (task.live or task.step.barrier)
        why_final = "it may have changed live objects of its group" if keeps else ""
        is_undone = not outcome.ok and not why_final
        return _StepEnd(status, error, "", packs, is_undone=is_undone, why_final=why_final)

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

    def _shares(self, task: StepTask, given: Mapping[str, Any]) -> bool:
        namespace = self.session.namespace
        made = {name for bundle in task.exports for name in bundle if name in namespace}
        return bool(given) and shares_objects([namespace[n] for n in sorted(made)], given.values())

    def _bind(self, task: StepTask, inputs: Sequence[Packed], *, writable: bool) -> dict[str, Any]:
        """The values bound by name."""
        namespace = self.session.namespace
        bound: dict[str, Any] = {}
        values = list(inputs[: len(task.binds) + task.with_settings])
        if task.placement == "any" and not task.with_settings and self._took_settings:
            self.take_settings(ambient.pristine())  # this step comes before those that changed them
            self._took_settings = False
        if task.with_settings:
            settings = values.pop()
            if settings.names:
                self.take_settings(unpack(settings, namespace, writable=True)["settings"])
            elif task.placement == "any":
                raise PackingError(
                    "settings", "earlier cells changed some that stay in their process"
                )
        for names, packed in zip(task.binds, values, strict=True):
            if packed.names:
                found = unpack(packed, namespace, writable=writable)
                bound.update({name: found[name] for name in names if name in found})
                namespace.update(bound)
        return bound

    def _run_cell(self, task: StepTask, tell: Send, pool: BatchPool | None) -> CellOutcome:
        if self.context is None or not self.context.observe:
            return self._run_source(task, tell, pool)
        namespace = self.session.namespace
        spoil_kept_arrays()
        before = digests(namespace, task.step)
        outcome = self._run_source(task, tell, pool)
        self._observed = StepObservation(before, digests(namespace, task.step))
        return outcome

    def _run_source(self, task: StepTask, tell: Send, pool: BatchPool | None) -> CellOutcome:
        with telling(tell, self.label):
            return self._run_hooked(task, tell, pool)

    def _run_hooked(self, task: StepTask, tell: Send, pool: BatchPool | None) -> CellOutcome:
        step, namespace = task.step, self.session.namespace
        if pool is None or not (
            step.splits or step.inner_splits or self.splits_inner or self.calls_tasks
        ):
            return self.session.run(step.source, execution_count=step.execution_count)
        fan_out = FanOut(self, step, pool, tell, self.shippable_settings, task.chains)
        namespace.update(fan_out.hooks())
        first = first_inner_number(step)
        try:
            namespace[OPEN] = task_hook.open_in_cell
            sending = ExitStack()
            if not keeps_claim(step, in_main=task.placement == "main"):
                sending.enter_context(splitting_loops(self, pool, step, tell, first))
                sending.enter_context(self.spawning(step, pool, tell))
            with sending:
                outcome = self.session.run(
                    step.source,
                    execution_count=step.execution_count,
                    transform=lambda tree: self._with_hooks(tree, step),
                )
            self._item = None if outcome.ok else fan_out.item_at()
            return outcome
        finally:
            fan_out.close()
            self._pending_error = fan_out.error
            for name in [*HOOK_NAMES, *(n for n in namespace if str(n).startswith(OWN_PREFIX))]:
                namespace.pop(name, None)

    def _with_hooks(self, tree: ast.Module, step: Step) -> ast.Module:
        """The cell's tree as it runs here: each of its split loops with its hooks."""
        flags = self.session.shell.compile.flags
        cell = str(step.cell_id)
        weave = weave_tasks(tree, step.task_windows, cell, step.source, flags)
        rewrite = split_inner(tree, step.inner_splits, cell, step.source, flags)
        return weave(rewrite(split_cell(tree, step.splits, step.source)))

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

    def _error(self, outcome: CellOutcome) -> ErrorReport | None:
        remote, self._pending_error = self._pending_error, None
        if outcome.ok or outcome.error is None:
            return None
        if remote is not None:
            return remote
        error, at = outcome.error, self._item
        report = ErrorReport(error.ename, error.evalue, tuple(error.traceback))
        if at is None:
            return report
        self._item = None
        return replace(report, batch=0, item=at[0], item_repr=item_text(at[1]))

    def raise_later(self, error: ErrorReport) -> None:
        """From here on the cell's error is this one, which a batch raised."""
        self._pending_error = error

    def _export(self, task: StepTask) -> tuple[list[Packed], dict[str, str]]:
        namespace = self.session.namespace
        packs: list[Packed] = []
        unpackable: dict[str, str] = {}
        common = CommonObjects() if self._may_share(task) else None
        self.sent.forget(namespace)
        for position, bundle in enumerate(task.exports):
            values = {name: namespace[name] for name in bundle if name in namespace}
            try:
                packs.append(pack(values, namespace, common=common))
                if task.placement == "main" and self.guards:
                    self.sent.note(packs[-1], values)
                if task.placement == "any":  # later cells must be able to rebuild it
                    unpack(packs[-1], namespace, writable=False)
            except PackingError as error:
                del packs[position:]
                packs.append(NOTHING)
                unpackable.update(dict.fromkeys(values, error.reason))
                self._stuck.append(Stuck.of(error))
        if task.send_settings:
            packs.append(self._settings_pack())
        return packs, unpackable

    def _may_share(self, task: StepTask) -> bool:
        """Whether two of the packs that leave for good could hold copies of one object."""
        if task.placement == "main" or not self.guards:
            return False
        namespace = self.session.namespace
        bundles = [[namespace[n] for n in bundle if n in namespace] for bundle in task.exports]
        return sum(not all(map(is_immutable, values)) for values in bundles) > 1

    # Settings

    def _settings_pack(self) -> Packed:
        """The present settings, to be taken over by another worker; nothing when they can't be."""
        try:
            return pack({"settings": self.shippable_settings()}, self.session.namespace)
        except PackingError:
            return NOTHING

    def shippable_settings(self) -> ambient.AmbientState | None:
        """The present settings. Raises PackingError where another process can't take them over."""
        if not self.isolated:
            return None
        settings = self.settings(rng=False)
        stuck = settings.unshippable_changes(ambient.pristine())
        if stuck:
            names = ", ".join(stuck)
            raise PackingError(
                "settings", f"the notebook changed {names}, which stays in its process"
            )
        return replace(settings, modules=self._modules())

    def known_settings(self, *, renew: bool) -> ambient.AmbientState:
        """The settings as the last step left them that was expected to change some."""
        if renew or self._known_settings is None:
            self._known_settings = self.settings(rng=False)
        return self._known_settings

    def enter_split(
        self, token: str, settings: ambient.AmbientState | None, rng: bool, threads: int = 1
    ) -> ambient.AmbientState:
        """The settings as a batch finds them: taken over by a split's first batch here, known to the others."""
        if self._split is None or self._split[0] != token:
            found = self.take_settings(settings)
            if self.isolated:
                self.threads.limit(threads)
            if found is None or rng or found.rng:
                found = self.settings(rng)
            if settings is not None and settings.modules:
                here = self._modules()
                name = unlike(here, settings.modules)
                if name:
                    raise Violation(f"module '{name}' holds something else in another process")
                found = replace(found, modules=here)
            self._split = (token, found)
        return self._split[1]

    def take_settings(self, settings: ambient.AmbientState | None) -> ambient.AmbientState | None:
        """Make this process's settings those given; returns them where they were so already."""
        if not self.isolated or settings is None:
            return None
        self._took_settings = True
        return ambient.restore(settings, shell=self.session.shell)

    def settings(self, rng: bool) -> ambient.AmbientState:
        """The present settings, and the generators' states where asked for."""
        return ambient.capture(rng=rng, shell=self.session.shell)

    def _modules(self) -> dict[str, bytes]:
        """What the modules beside the notebook hold in this process."""
        return states_of(self.session.own_modules())

    def violation(self, before: ambient.AmbientState, rng: bool) -> str:
        """What the code just run left changed in this process, in words; "" when nothing."""
        changed = ambient.changed(before, self.settings(rng))
        if changed:
            self._split = None
            return f"it changed {', '.join(changed)}"
        if before.modules:
            name = unlike(before.modules, self._modules())
            if name:
                self._split = None
                return f"it changed module '{name}', which each process has for itself"
        if has_open_figures():
            return "it left a figure open"
        return ""

    def capture(
        self,
        outputs: list[OutputMessage],
        source: str,
        execution_count: int,
        transform: Callable[[ast.Module], ast.Module],
    ) -> CellOutcome:
        """Run code with its outputs going to the list instead of to the driver."""
        kept, self._outputs = self._outputs, outputs
        sink, self._sink = self._sink, None
        try:
            with self._noting(self.session.emit):
                return self.session.run(
                    source,
                    execution_count=execution_count,
                    transform=transform,
                    store_history=False,
                )
        finally:
            self._outputs, self._sink = kept, sink

    def _noting(self, note: Callable[[OutputMessage], None]) -> AbstractContextManager[None]:
        """In the block, ``note`` gets the warnings, where this isn't the process that shows them."""
        return noted_warnings(note) if self.isolated else nullcontext()

    def divert(self, call: Callable[[], None]) -> list[OutputMessage]:
        """What ``call`` shows, which doesn't reach the driver."""
        self.session.flush()
        shown: list[OutputMessage] = []
        kept, self._outputs = self._outputs, shown
        sink, self._sink = self._sink, None
        try:
            call()
        finally:
            self.session.flush()
            self._outputs, self._sink = kept, sink
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
        if self.keeper is None or self._split is None or report.error or report.violation:
            return report
        if not task.is_kept:
            return report
        full = self.keeper.keep_batch(task, self._split[0], shared, items, report, packed)
        return replace(report, full=full)


@dataclass(frozen=True, slots=True)
class _StepEnd:
    """How a step ended, as :class:`StepReport` tells it, and its packs."""

    status: ReportStatus
    error: ErrorReport | None
    reason: str
    packs: list[Packed]
    unpackable: dict[str, str] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    changes_settings: bool = False
    is_undone: bool = False
    why_final: str = ""
    is_reused: bool = False
    reused_from: str = ""
    had_copies: bool = False


def is_suspicious(error: ErrorReport) -> bool:
    """Whether the error may come from running on copies rather than from the user's code."""
    text = error.evalue.lower()
    return error.ename in _SUSPICIOUS or "read-only" in text or "read only" in text


def _shows_numbered(outputs: Sequence[OutputMessage]) -> bool:
    """Whether an output holds a number that counts what this process has shown (scikit-learn's diagrams)."""
    pages = (output.get("data", {}).get("text/html", "") for output in outputs)
    return any("sk-container-id-" in page for page in pages)
