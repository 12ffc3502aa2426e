"""What the hooks of a split give the cell, where batches turn out to be unusable."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from naavre_ext.executors.fanout import FanOut
from naavre_ext.executors.flight import Whole


class NoFlight:
    """A flight whose batches were refused: nobody may look at its results."""

    def results(self, namespace: dict[str, Any]) -> Any:
        raise Whole("refused")


@pytest.mark.parametrize("empty", [[], {}, set()], ids=["list", "dict", "set"])
def test_an_empty_rest_is_the_result_after_a_refusal(empty: Any) -> None:
    fan_out = FanOut.__new__(FanOut)
    fan_out._states = {0: SimpleNamespace(flight=NoFlight())}
    own = type(empty)()
    assert fan_out.join(0, None, own, empty) == empty
