"""What the hooks of a split give the cell, where batches turn out to be unusable."""

from __future__ import annotations

import pytest

from naavre_ext.executors.fanout import FanOut
from naavre_ext.executors.split_state import SplitState
from naavre_ext.model.workflow import Split


@pytest.mark.parametrize("empty", [[], {}, set()], ids=["list", "dict", "set"])
def test_an_empty_rest_is_the_result_after_a_refusal(empty: list | dict | set) -> None:
    fan_out = FanOut.__new__(FanOut)
    fan_out._states = {0: SplitState(Split(0, 1, "list", "xs"))}
    own = type(empty)()
    assert fan_out.join(0, None, own, empty) == empty
