"""Who is given a group's worker, when several jobs ask for it."""

from __future__ import annotations

import threading

from naavre_ext.executors.ray.group_workers import GroupWorkers


class Desk:
    """Jobs that ask; ``served`` are the pairs of job and group, in the order in which they were given a worker."""

    def __init__(self) -> None:
        self.pool, self.served, self.made = GroupWorkers(), [], 0
        self.first = threading.Event()

    def join(self, **replicas: int) -> int:
        return self.pool.join(None, replicas)

    def ask(self, job: int, group: str) -> None:
        self.pool.ask(job, group, self._make, lambda worker: self._give(job, group, worker))

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
