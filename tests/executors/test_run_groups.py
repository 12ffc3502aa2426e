"""Which workers of its groups a run asks for, gives back, and may have again."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from naavre_ext.executors.ray import run_groups
from naavre_ext.executors.ray.group_workers import GroupWorkers
from naavre_ext.executors.ray.run_groups import RunGroups
from naavre_ext.scheduling.claims import ClaimPlan


@pytest.fixture(autouse=True)
def workers_without_ray(monkeypatch):
    """Workers are texts that are never ended."""
    monkeypatch.setattr(run_groups, "take_main", lambda claim, turn: f"a worker with {dict(claim)}")


class Job:
    """One of two jobs of a batch; ``told`` is what it heard of its groups."""

    def __init__(self, pool: GroupWorkers, number: int, claims: Mapping[str, Mapping[str, float]]):
        self.groups, self.told = RunGroups(pool, number, lambda: None), []
        plan = ClaimPlan(groups=claims, replicas=dict.fromkeys(claims, 1))
        self.groups.admit(plan, ())
        self.groups.begin()

    def open(self, group: str) -> None:
        self.groups.open(
            group,
            lambda: self.told.append(f"has {group}"),
            lambda: self.told.append(f"lost {group}"),
        )


def two_jobs(**claims: Mapping[str, float]) -> tuple[Job, Job]:
    pool = GroupWorkers()
    return Job(pool, 1, claims), Job(pool, 2, claims)


def test_a_job_that_holds_another_group_never_waits_for_what_it_gave_back():
    """The second job has it by then, and waits for what the first one holds: both would wait for ever."""
    first, second = two_jobs(g={"num_gpus": 1}, h={"num_gpus": 1})
    first.open("h")
    first.open("g")
    first.groups.close("h")
    second.open("h")
    first.open("h")
    assert first.told == ["has h", "has g", "lost h"]
    assert second.told == ["has h"]


def test_it_waits_for_it_once_it_holds_nothing():
    first, second = two_jobs(g={"num_gpus": 1}, h={"num_gpus": 1})
    first.open("h")
    first.groups.close("h")
    second.open("h")
    first.open("h")
    assert first.told == ["has h"]
    second.groups.close("h")
    assert first.told == ["has h", "has h"]


def test_a_worker_that_claims_nothing_is_made_anew():
    first, second = two_jobs(g={}, h={})
    first.open("h")
    first.open("g")
    first.groups.close("h")
    second.open("h")
    first.open("h")
    assert first.told == ["has h", "has g", "has h"]
    assert first.groups.worker("h") == "a worker with {}"
