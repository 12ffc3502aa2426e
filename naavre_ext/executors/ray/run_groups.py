"""One run's hold on the workers of its groups: its own, or those that it shares with other jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import ray

from naavre_ext.executors.ray.group_calls import Call, GroupCalls
from naavre_ext.executors.ray.group_workers import GroupWorkers, until_ready
from naavre_ext.executors.ray.leave_taking import end_workers, note_place
from naavre_ext.executors.ray.spare_workers import take_main
from naavre_ext.executors.tasks import StepReport, StepTask
from naavre_ext.model.workflow import Workflow
from naavre_ext.scheduling.claims import ClaimPlan, Node, plan_claims


class RunGroups:
    """The workers. ``pool`` has those of several jobs, among which this run has the number ``job``.

    ``its_turn`` gives what is there once the run's own workers may hold what they claim.
    """

    def __init__(
        self, pool: GroupWorkers | None, job: int | None, its_turn: Callable[[], Any]
    ) -> None:
        self._offered, self._number, self._its_turn = pool, job, its_turn
        self._claims = ClaimPlan()
        self._pool: GroupWorkers | None = None
        self._job: int | None = None
        self._workers: dict[str, Any] = {}
        #: What runs in them, or will.
        self.calls = GroupCalls()
        #: By group, the call after which the pool was promised its worker.
        self._expected: dict[str, int] = {}
        #: By group, that call with what was asked of live values then, and where these will be.
        self._collected: dict[str, tuple[tuple[Any, ...], Any]] = {}
        #: Groups whose worker the run has from the pool, and those that it gave back.
        self._held: set[str] = set()
        self._returned: set[str] = set()
        #: Groups whose cells may leave something in their worker's process that the next job could find.
        self._stained: frozenset[str] = frozenset()
        #: Groups whose worker does something that nobody wants any more.
        self._spoilt: set[str] = set()

    def plan(self, workflow: Workflow, nodes: Sequence[Node]) -> ClaimPlan:
        """What the workflow claims on these nodes, with all replicas of its groups where it shares them.

        A run that nobody has counted among several has workers of its own where there isn't room for so many.
        """
        claims = plan_claims(workflow, nodes, jobs=self._offered is not None)
        if claims.refused and self._offered is not None and self._number is None:
            self._offered = None
            claims = plan_claims(workflow, nodes)
        return claims

    def admit(self, claims: ClaimPlan, stained: Collection[str]) -> None:
        """What the groups claim, and which of them may leave something in their process.

        Where the main workers of jobs take turns, each job has workers of its own for as long as its turn lasts.
        """
        takes_turns = bool(claims.main) and claims.wants_more
        self._claims, self._stained = claims, frozenset(stained)
        self._pool = None if takes_turns or not claims.groups else self._offered

    def expect(self, jobs: Sequence[int]) -> None:
        """The jobs with these numbers will run the admitted workflow: have their groups' workers started."""
        if self._pool is not None:
            self._pool.expect(jobs, self._claims.replicas, self._new, until_ready)

    def wait_for_claims(self) -> bool:
        """Whether workers that several jobs share aren't there yet, and claim what others may hold."""
        claims = any(self._claims.groups.values())
        return claims and self._pool is not None and self._pool.are_starting()

    def begin(self) -> None:
        """The run begins: its own workers start, or it takes part in the pool."""
        if self._pool is not None:
            self._job = self._pool.join(self._number, self._claims.replicas)
            return
        for group in self._claims.groups:
            self.worker(group)

    def worker(self, group: str) -> Any:
        """The group's worker, which holds what the group claims from now on."""
        if group not in self._workers:
            self._workers[group] = self._new(group)
        return self._workers[group]

    def start(self, task: StepTask, inputs: Sequence[Any]) -> Call | None:
        """The call that runs the step in its group's worker; None where another job may have that by now."""
        group = str(task.group)
        if self._expected.pop(group, None) is not None:
            return None
        return self.calls.start(self.worker(group), task, inputs)

    def note(self, group: str, report: StepReport) -> None:
        """A step of the group has ended: the run keeps the worker if that wasn't as foreseen."""
        self.calls.note(group, report)
        if self.calls.ended(group) is None:
            self._expected.pop(group, None)

    def open(
        self, group: str, tell: Callable[[], None], refuse: Callable[[], None], *, early: bool
    ) -> None:
        """Have ``tell`` called, from whatever thread, when the run has a worker for the group.

        Or ``refuse``, where it gave one back too early: another job may have it, and wait for what this run holds.
        """
        if self._pool is None or self._job is None:
            if early:
                self.calls.enter(self.worker(group), None)
            tell()
            return
        if group in self._returned:
            claims = self._claims.groups.get(group)
            if claims and self._held:
                refuse()
                return
            if not claims:  # another one costs nothing
                tell()
                return

        def give(worker: Any, ended: int | None) -> None:
            self._workers[group] = worker
            self._held.add(group)
            self.calls.give(group, worker, ended, early=early)
            tell()

        foresee = partial(self.calls.foresee, group)
        self._pool.ask(self._job, group, lambda: self._new(group), give, foresee)

    def expect_end(self, group: str, names: Sequence[str], most_bytes: int | None) -> None:
        """What runs in the group's worker is the run's last call there, if it ends as foreseen.

        The live values of these names are taken along before another job begins.
        """
        last = self.calls.last(group)
        if self._pool is None or group not in self._held or last is None or self._is_kept(group):
            return
        if self._expected.get(group) != last.number and self._pool.is_single(group):
            self._expected[group] = last.number
            if names:
                ref = last.worker.collect_live.remote(names, most_bytes)
                self._collected[group] = (last.number, tuple(names), most_bytes), ref
            self._pool.promise(group, last.worker, last.number)

    def _is_kept(self, group: str) -> bool:
        """Whether no other job may have what the run leaves of the group's worker."""
        return group in self._stained or group in self._spoilt

    def collect_live(self, group: str, names: Sequence[str], most_bytes: int | None) -> Any:
        """What its worker had of the group's live values when the run's last step there had ended."""
        what = self.calls.ended(group), tuple(names), most_bytes
        known, ref = self._collected.pop(group, ((), None))
        return ref if what == known else self.worker(group).collect_live.remote(names, most_bytes)

    def ends_with(self, group: str) -> bool:
        """Whether the group's worker ends when the run closes the group."""
        return self._pool is not None and group in self._held and self._is_kept(group)

    def close(self, group: str) -> None:
        """The run needs the group's worker no longer; other jobs may use the pool's now."""
        if self._pool is not None and group in self._held:
            self._held.discard(group)
            self._expected.pop(group, None)
            self._returned.add(group)
            if group in self._spoilt:
                self.end(group)
            elif group in self._stained and group in self._workers:
                end_workers([self._workers.pop(group)])
            self._pool.give_back(group, self._workers.pop(group, None), self.calls.ended(group))

    def end(self, group: str) -> None:
        """End its worker, if it lives."""
        worker = self._workers.pop(group, None)
        if worker is not None:
            ray.kill(worker)

    def forget_ahead(self, step: str | None = None) -> None:
        """Nothing that was sent ahead (of this step) is wanted any more."""
        for call in self.calls.forget(step):
            if self._pool is not None and call.foreseen:
                self._pool.spoil(call.worker)
            else:
                self.stain(str(call.task.group))

    def stain(self, group: str) -> None:
        """No other job may have the group's worker: it does something that nobody wants any more."""
        self._spoilt.add(group)

    def spoil(self) -> None:
        """What the run has left in groups' workers counts no more: those that aren't handed on are killed."""
        self._spoilt |= {*self._workers} if self._pool is None else self._stained

    def calm(self, group: str) -> None:
        """Its worker has come to an end with that."""
        self._spoilt.discard(group)
        self._stained |= {group}

    def leave(self) -> list[Any]:
        """The run is over, or goes on without groups. Returns workers of its own that are still to be ended."""
        self.forget_ahead()
        if self._pool is not None and self._job is not None:
            self._pool.leave(self._job)  # from here on it is given none
            self._job = None
            for group in list(self._held):
                self.close(group)
        for group in self._spoilt & self._workers.keys():
            self.end(group)
        left, self._workers = list(self._workers.values()), {}
        return left

    def _new(self, group: str) -> Any:
        claim = self._claims.groups.get(group, {})
        return note_place(take_main(claim, self._turn() if claim else None))

    def _turn(self) -> Any:
        if self._pool is None:
            return self._its_turn()
        return self._pool.turn() if self._claims.wants_more else None
