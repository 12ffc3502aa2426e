"""When a run says that what it claims isn't free: messages in whatever order, and who holds it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from naavre_ext.executors.ray import claim_waits
from naavre_ext.executors.ray.claim_waits import ClaimWaits, asks, has
from naavre_ext.model.workflow import CellId, Step, StepId

TEXT = "cell 3 waits: num_gpus=1, claimed for it, isn't free at present"


def step(name: str = "s", **resources: float) -> Step:
    return Step(StepId(name), CellId(name), 3, 3, "", resources=resources)


def began(name: str = "s") -> Mapping[str, object]:
    return {"kind": "began", "step": name}


@pytest.fixture(autouse=True)
def told_at_once(monkeypatch):
    monkeypatch.setattr(claim_waits, "TOLD_AFTER_S", 0.0)


def waits(**free: float) -> ClaimWaits:
    return ClaimWaits(lambda: free)


def test_it_is_told_once_where_too_little_is_free():
    waiting = waits(CPU=1, GPU=0.5)
    waiting.sent(step(), {"num_gpus": 1})
    assert waiting.to_tell() == TEXT
    assert waiting.to_tell() == ""


@pytest.mark.parametrize(
    ("claim", "free"),
    [({"num_gpus": 1}, {"CPU": 1, "GPU": 1}), ({"num_cpus": 0}, {}), ({}, {})],
)
def test_nothing_is_told_of_what_is_free_or_not_claimed(claim, free):
    waiting = waits(**free)
    waiting.sent(step(), claim)
    assert waiting.to_tell() == ""


def test_nothing_is_told_of_what_has_begun_or_is_over():
    waiting = waits()
    waiting.sent(step("a"), {"num_gpus": 1})
    waiting.sent(step("b"), {"num_gpus": 1})
    assert not waiting.hear(began("a"))  # the driver has to hear of it as well
    waiting.over("b")
    assert waiting.to_tell() == ""


def test_what_the_run_holds_itself_is_no_news():
    waiting = waits()
    waiting.sent(step("a"), {"num_gpus": 1})
    waiting.hear(began("a"))
    waiting.sent(step(), {"num_gpus": 1})
    assert waiting.to_tell() == ""
    waiting.over("a")
    waiting.hear(began("a"))  # late, and of a step that is over
    assert waiting.to_tell() == TEXT


def test_batches_ask_and_have_for_themselves():
    waiting, cell = waits(), step(num_gpus=1)
    waiting.sent(cell, {"num_cpus": 0})
    waiting.hear(began())
    assert waiting.hear(asks(cell))
    assert waiting.to_tell() == TEXT
    assert waiting.hear(has(cell))
    waiting.hear(asks(cell))  # other workers of the cell send batches, too
    assert waiting.to_tell() == ""
    waiting.over("s")
    waiting.hear(asks(cell))
    assert waiting.to_tell() == ""
