"""Jobs of a batch have their turn in the order of its table."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from naavre_ext.batching.job_turns import JobTurns

NEVER = threading.Event()


def test_places_are_given_in_order_whoever_comes_first():
    turns, order = JobTurns(1, [1, 2, 3, 4]), []
    come = {job: threading.Event() for job in (1, 2, 3, 4)}

    def run(job):
        come[job].wait()
        if job == 2:  # it is refused before it has its turn
            turns.over(job)
            return
        with turns.of(job, NEVER):
            order.append(job)
        turns.over(job)

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(run, job) for job in come]
        for job in (4, 3, 2, 1):
            assert order == []
            come[job].set()
        for each in done:
            each.result(60)
    assert order == [1, 3, 4]


def test_as_many_have_a_place_as_there_are_and_who_is_stopped_needs_none():
    turns, together, stop = JobTurns(2, [1, 2, 3, 4]), threading.Barrier(2), threading.Event()

    def run(job):
        with turns.of(job, NEVER):
            together.wait(60)

    with turns.of(1, NEVER), ThreadPoolExecutor(1) as pool:
        stop.set()
        with turns.of(3, stop):
            pass
        turns.over(3)
        second = pool.submit(run, 2)
        together.wait(60)
        second.result(60)
        with turns.of(4, NEVER):
            pass
