"""Claims × clusters → how many at once, or a refusal that says what the cluster has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from naavre_ext.model.notebook import CellId
from naavre_ext.model.workflow import Placement, Split, Step, StepId, TaskFunction, Workflow
from naavre_ext.scheduling.claims import (
    at_once,
    held_during,
    keeps_claim,
    main_claim,
    plan_claims,
    ray_options,
    room_for,
)

GiB = 2**30
LAPTOP = {"CPU": 2.0, "memory": 4.0 * GiB, "object_store_memory": 1.0 * GiB, "node:10.0.0.1": 1.0}
GPU_NODE = {"CPU": 8.0, "GPU": 2.0, "memory": 32.0 * GiB}
SCOPE = {"CPU": 2.0, "telescope": 1.0}


@pytest.mark.parametrize(
    ("claim", "nodes", "slots"),
    [
        ({}, [LAPTOP], 2),
        ({"num_cpus": 2}, [LAPTOP], 1),
        ({"num_cpus": 2}, [LAPTOP, LAPTOP], 2),
        ({"num_cpus": 3}, [LAPTOP, LAPTOP], 0),  # one task doesn't run on two nodes
        ({"num_cpus": 0.5}, [LAPTOP], 4),
        ({"num_cpus": 0.1}, [LAPTOP], 20),
        ({"num_cpus": 0}, [LAPTOP], 2),
        ({"memory": 2 * GiB}, [LAPTOP], 2),
        ({"memory": 3 * GiB}, [LAPTOP], 1),
        ({"memory": 5 * GiB}, [LAPTOP], 0),
        ({"num_gpus": 1}, [LAPTOP], 0),
        ({"num_gpus": 0}, [LAPTOP], 2),
        ({"num_gpus": 1}, [LAPTOP, GPU_NODE], 2),
        ({"num_gpus": 0.5}, [LAPTOP, GPU_NODE], 4),
        ({"num_gpus": 0.5, "num_cpus": 3}, [LAPTOP, GPU_NODE], 2),
        ({"num_cpus": 0, "num_gpus": 0.1}, [GPU_NODE], 20),
        ({"telescope": 1}, [LAPTOP, SCOPE], 1),
        ({"telescope": 0.25}, [LAPTOP, SCOPE], 2),
        ({"telescope": 0.25, "num_cpus": 0}, [LAPTOP, SCOPE], 4),
        ({"Telescope": 1}, [LAPTOP, SCOPE], 0),
        ({"num_cpus": 1}, [], 0),
    ],
)
def test_room_for_a_claim(claim, nodes, slots):
    assert room_for(claim, nodes) == slots


def test_batches_at_once_keep_every_limit():
    assert at_once(8, None, None) == 8
    assert at_once(8, 3, None) == 3
    assert at_once(8, 3, 2) == 2
    assert at_once(1, 3, 2) == 1


def test_claim_as_ray_takes_it():
    assert ray_options({}) == {}
    claim = {"num_cpus": 2, "num_gpus": 0.5, "memory": GiB, "telescope": 1, "dish": 0}
    assert ray_options(claim) == {
        "num_cpus": 2,
        "num_gpus": 0.5,
        "memory": GiB,
        "resources": {"telescope": 1},
    }


def _step(number: int, placement: Placement, *, split: bool = False, **resources: float) -> Step:
    return Step(
        id=StepId(f"s{number}"),
        cell_id=CellId(f"s{number}"),
        cell_number=number,
        execution_count=number,
        source="",
        title="Train",
        placement=placement,
        splits=(Split(0, 1, "for", "xs"),) if split else (),
        resources=resources,
    )


def _plan(nodes, *steps: Step):
    return plan_claims(Workflow(steps, ()), nodes)


def test_main_worker_holds_gpus_and_reserves_the_rest_for_a_cell():
    whole = _step(1, "main", num_gpus=1, num_cpus=2, telescope=1)
    batches = _step(2, "main", split=True, num_gpus=2)
    assert main_claim(Workflow((whole, batches), ())) == {"num_gpus": 1}
    assert held_during(whole) == {"CPU": 2, "telescope": 1}


def test_slots_follow_the_claims_of_batches_and_of_the_main_worker():
    plan = _plan(
        [LAPTOP, GPU_NODE],
        _step(1, "main", num_gpus=0.5),
        _step(2, "main", split=True, num_gpus=0.5),
        _step(3, "any", num_cpus=4),
        _step(4, "main", split=True),
    )
    assert not plan.refused
    assert plan.main == {"num_gpus": 0.5}
    assert plan.slots == {"s1": 4, "s2": 3, "s3": 2}


REFUSED = [
    (
        [LAPTOP],
        (_step(3, "any", num_gpus=1),),
        'NX515 cell 3 ("Train"): this cell claims num_gpus=1, which no node of the cluster can ever give: '
        "it has one node with memory=4 GiB, num_cpus=2 and no GPU. "
        "Lower the claim in '# resources', or run on a cluster that has it (--address HOST:PORT).",
    ),
    (
        [SCOPE, SCOPE],
        (_step(3, "main", split=True, num_cpus=3),),
        'NX515 cell 3 ("Train"): a batch of this cell claims num_cpus=3, which no node of the cluster can ever '
        "give: it has 2 nodes with num_cpus=2, telescope=1 and no GPU each. "
        "Lower the claim in '# resources', or run on a cluster that has it (--address HOST:PORT).",
    ),
    (
        [GPU_NODE],
        (_step(1, "main", num_gpus=1), _step(3, "main", split=True, num_gpus=2)),
        'NX515 cell 3 ("Train"): a batch of this cell claims num_gpus=2 beside num_gpus=1 for the main worker, '
        "which no node of the cluster can ever give: it has one node with memory=32 GiB, num_cpus=8, num_gpus=2. "
        "Lower the claim in '# resources', or run on a cluster that has it (--address HOST:PORT).",
    ),
]


@pytest.mark.parametrize(("nodes", "steps", "text"), REFUSED)
def test_claim_that_can_never_be_met_is_refused(nodes, steps, text):
    assert [found.describe() for found in _plan(nodes, *steps).refused] == [text]


def test_main_worker_on_either_node_leaves_enough():
    """Wherever Ray puts the main worker, a batch finds its GPUs."""
    steps = _step(1, "main", num_gpus=1), _step(2, "main", split=True, num_gpus=2)
    assert _plan([GPU_NODE, GPU_NODE], *steps).slots["s2"] == 1


def test_a_task_that_can_never_run_is_refused():
    task = TaskFunction("train", 3, {"num_gpus": 1.0})
    cell = Step(StepId("a"), CellId("a"), 1, 1, "", tasks=(task,))
    workflow = Workflow((cell,), ())
    (refused,) = plan_claims(workflow, [LAPTOP]).refused
    assert (refused.code, refused.line) == ("NX515", 3)
    assert "'train' claims num_gpus=1" in refused.message
    assert plan_claims(workflow, [LAPTOP, GPU_NODE]).refused == ()


def test_a_task_is_refused_when_the_main_worker_holds_what_it_claims():
    task = TaskFunction("train", 3, {"num_gpus": 2.0})
    cell = Step(StepId("a"), CellId("a"), 1, 1, "", tasks=(task,))
    other = Step(StepId("b"), CellId("b"), 2, 2, "", resources={"num_gpus": 1.0})
    (refused,) = plan_claims(Workflow((cell, other), ()), [GPU_NODE]).refused
    assert "claims num_gpus=2 beside num_gpus=1 for the main worker" in refused.message


@pytest.mark.parametrize(
    ("steps", "wants_more"),
    [
        ((_step(1, "main", num_gpus=1), _step(2, "main", num_gpus=1)), False),
        ((_step(1, "main", num_gpus=1), _step(2, "any", num_cpus=1)), False),
        ((_step(1, "main", num_cpus=1), _step(2, "any", num_gpus=1)), False),
        ((_step(1, "main", num_gpus=1), _step(2, "any", num_gpus=1)), True),
        ((_step(1, "main", num_gpus=1), _step(2, "main", split=True, num_gpus=1)), True),
    ],
)
def test_run_that_holds_gpus_and_wants_more_is_known(steps, wants_more):
    assert _plan([GPU_NODE], *steps).wants_more is wants_more


@pytest.mark.parametrize(
    ("claim", "kept_by_main", "kept_by_task"),
    [
        ({}, False, False),
        ({"num_cpus": 2}, True, False),  # Ray takes back the CPUs of a task that waits
        ({"num_gpus": 1}, True, True),
        ({"num_gpus": 0, "num_cpus": 0}, False, False),
        ({"telescope": 1}, True, True),
        ({"memory": GiB}, True, True),
    ],
)
def test_claim_that_is_kept_while_batches_are_waited_for(claim, kept_by_main, kept_by_task):
    step = _step(1, "main", **claim)
    assert (keeps_claim(step, in_main=True), keeps_claim(step, in_main=False)) == (
        kept_by_main,
        kept_by_task,
    )
    assert not keeps_claim(_step(1, "main", split=True, **claim), in_main=True)


def _grouped(number: int, group: str, **resources: float) -> Step:
    return replace(_step(number, "any", **resources), group=group)


def test_worker_of_a_group_holds_the_most_that_a_cell_of_it_claims():
    steps = _grouped(1, "a", num_gpus=1, num_cpus=2), _grouped(2, "a", num_cpus=1), _grouped(3, "b")
    plan = _plan([GPU_NODE], *steps)
    assert plan.groups == {"a": {"num_gpus": 1, "num_cpus": 2}, "b": {}}
    assert (plan.refused, plan.wants_more) == ((), False)


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ((_grouped(3, "a", num_gpus=3),), "the worker of group 'a' claims num_gpus=3, which"),
        (
            (_grouped(1, "a", num_gpus=2), _grouped(3, "b", num_gpus=1)),
            "the worker of group 'b' claims num_gpus=1 beside num_gpus=2 for the worker of group 'a'",
        ),
        (
            (_grouped(1, "a", num_cpus=8), _step(3, "main", split=True)),
            "a batch of this cell claims num_cpus=1 beside num_cpus=8 for the worker of group 'a'",
        ),
        (
            (_step(1, "main", num_gpus=1), _grouped(3, "a", num_gpus=2)),
            "the worker of group 'a' claims num_gpus=2 beside num_gpus=1 for the main worker",
        ),
    ],
)
def test_workers_of_groups_must_find_room_together_and_leave_some(steps, text):
    (refused,) = _plan([GPU_NODE], *steps).refused
    assert refused.message.startswith(text)
    assert refused.cell_number == 3
    assert not _plan([GPU_NODE, GPU_NODE], *steps).refused or "num_gpus=3" in text


def test_replicas_that_find_no_room_together_are_counted():
    step = replace(_grouped(1, "a", num_gpus=0.75), replicas=3)
    (refused,) = plan_claims(Workflow((step,), ()), [GPU_NODE], jobs=True).refused
    text = "claims num_gpus=0.75 beside 2 times num_gpus=0.75 for the worker of group 'a', which"
    assert text in refused.message


@pytest.mark.parametrize(
    ("steps", "wants_more"),
    [
        ((_grouped(1, "a", num_cpus=1), _step(2, "any")), True),
        ((_grouped(1, "a", num_gpus=1), _step(2, "any")), False),
        ((_grouped(1, "a", num_gpus=1), _grouped(2, "b", num_gpus=1)), True),
        ((_grouped(1, "a"), _grouped(2, "b"), _step(3, "any")), False),
    ],
)
def test_runs_whose_groups_could_wait_for_each_other_take_turns(steps, wants_more):
    assert _plan([GPU_NODE], *steps).wants_more is wants_more
