"""Who is given a group's worker, when several jobs ask for it."""

from __future__ import annotations

import threading

import pytest

from naavre_ext.executors.ray import group_workers
from naavre_ext.executors.ray.group_workers import GroupWorkers


class Desk:
    """Jobs that ask; ``served`` are the pairs of job and group, in the order in which they were given a worker."""

    def __init__(self) -> None:
        self.pool, self.served, self.made = GroupWorkers(), [], 0
        self.first = threading.Event()

    def join(self, **replicas: int) -> int:
        return self.pool.join(None, replicas)

    def ask(self, job: int, group: str) -> None:
        self.pool.ask(job, group, self._make, lambda worker, _: self._give(job, group, worker))

    def _give(self, job: int, group: str, worker: object) -> None:
        self.served.append((job, group, worker))
        self.first.set()

    def _make(self) -> int:
        self.made += 1
        return self.made


def test_jobs_are_served_in_the_order_in_which_they_joined():
    desk = Desk()
    one, two = desk.join(g=1), desk.join(g=1)
    desk.ask(two, "g")
    assert desk.served == []  # the first job will still ask for it
    desk.ask(one, "g")
    assert desk.served == [(one, "g", 1)]
    desk.pool.give_back("g", 1)
    assert desk.served == [(one, "g", 1), (two, "g", 1)]
    assert desk.made == 1


def test_no_two_jobs_wait_for_each_other():
    desk = Desk()
    one, two = desk.join(g=1, h=1), desk.join(g=1, h=1)
    desk.ask(one, "g")
    desk.ask(two, "h")  # would keep it while it waits for g
    desk.ask(one, "h")
    assert desk.served == [(one, "g", 1), (one, "h", 2)]
    desk.pool.give_back("h", 2)
    assert desk.served[2:] == [(two, "h", 2)]


def test_there_are_as_many_workers_as_replicas():
    desk = Desk()
    jobs = [desk.join(g=2) for _ in range(3)]
    for job in jobs:
        desk.ask(job, "g")
    assert desk.served == [(jobs[0], "g", 1), (jobs[1], "g", 2)]
    desk.pool.give_back("g", None)  # it died
    assert desk.served[2:] == [(jobs[2], "g", 3)]


def test_job_that_ends_without_having_asked_holds_nobody_up():
    desk = Desk()
    one, two = desk.join(g=1), desk.join(g=1)
    desk.ask(two, "g")
    desk.pool.leave(one)
    assert desk.served == [(two, "g", 1)]


def test_jobs_are_served_by_their_numbers_whoever_begins_first():
    desk = Desk()
    started = threading.Event()
    desk.pool.expect(
        [1, 2], {"g": 1}, lambda group: f"started for {group}", lambda _: started.wait()
    )
    for job in (2, 1):
        desk.pool.join(job, {"g": 1})
        desk.ask(job, "g")
    assert desk.served == []
    started.set()
    assert desk.first.wait(240)
    assert desk.served == [(1, "g", "started for g")]


def test_jobs_that_are_expected_come_first_though_others_ask_before():
    desk = Desk()
    desk.pool.expect([1, 2], {"g": 1}, lambda group: "a worker", lambda _: None)
    desk.pool.join(2, {"g": 1})
    desk.ask(2, "g")
    assert desk.served == []
    desk.pool.leave(1)  # it was refused before it began
    assert desk.first.wait(240)
    assert desk.served == [(2, "g", "a worker")]


def test_who_is_next_is_told_which_worker_it_will_have():
    desk = Desk()
    one, two, three = (desk.join(g=1) for _ in range(3))
    told: list[tuple[int, object, int]] = []
    desk.ask(one, "g")
    for job in (three, two):
        desk.pool.ask(
            job,
            "g",
            desk._make,
            lambda worker, ended, job=job: desk.served.append((job, ended, worker)),
            lambda worker, after, job=job: told.append((job, worker, after)),
        )
    assert told == []
    desk.pool.promise("g", 1, 17)
    assert told == [(two, 1, 17)], "jobs are served by their numbers"
    desk.pool.give_back("g", 1, 17)
    assert desk.served[1:] == [(two, 17, 1)]
    desk.pool.promise("g", 1, 18)
    assert told[1:] == [(three, 1, 18)]
    desk.pool.give_back("g", 1)  # it didn't end as foreseen
    assert desk.served[2:] == [(three, None, 1)]


def test_who_asks_later_is_told_as_well():
    desk = Desk()
    one, two = desk.join(g=1), desk.join(g=1)
    told: list[tuple[object, int]] = []
    desk.ask(one, "g")
    desk.pool.promise("g", 1, 17)
    desk.pool.ask(
        two, "g", desk._make, lambda *_: None, lambda worker, after: told.append((worker, after))
    )
    assert told == [(1, 17)]


def test_nobody_knows_which_of_several_workers_comes_first():
    desk = Desk()
    jobs = [desk.join(g=2) for _ in range(3)]
    for job in jobs[:2]:
        desk.ask(job, "g")
    assert not desk.pool.is_single("g")
    desk.pool.promise("g", 1, 17)
    desk.pool.ask(
        jobs[2], "g", desk._make, lambda *_: None, lambda *_: pytest.fail("it was told of one")
    )


@pytest.mark.parametrize("idle", [True, False])
def test_spoilt_worker_is_given_to_nobody(idle: bool, monkeypatch: pytest.MonkeyPatch):
    killed: list[object] = []
    monkeypatch.setattr(group_workers.ray, "kill", killed.append)
    desk = Desk()
    one, two = desk.join(g=1), desk.join(g=1)
    desk.ask(one, "g")
    if idle:
        desk.pool.give_back("g", 1)
        desk.pool.spoil(1)
    else:
        desk.pool.spoil(1)
        assert killed == [], "the job that has it may go on"
        desk.pool.give_back("g", 1)
    desk.ask(two, "g")
    assert killed == [1]
    assert desk.served[1:] == [(two, "g", 2)]
