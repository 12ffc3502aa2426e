"""Event logs of real runs fold to the same state here and in the front end.

`labextension/test/model/foldRun.spec.ts` folds the same logs and compares with the same states. The logs are a run
with batches, retries, a loop that runs whole and a failure, the run that resumed it, and one whose batches split
loops.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from naavre_ext.cli.progress import view_run
from naavre_ext.model.event import RunEvent, event_from_json

RUNS = Path(__file__).parents[1] / "golden" / "runs"


def logged_events(name: str) -> list[RunEvent]:
    lines = (RUNS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [event_from_json(json.loads(line)) for line in lines]


@pytest.mark.parametrize("name", ["failed", "resumed", "nested"])
def test_log_folds_to_its_state(name: str, golden: Callable[[str, str], None]) -> None:
    state = asdict(view_run(logged_events(name)))
    golden(f"runs/{name}.state.json", json.dumps(state, indent=1, ensure_ascii=False) + "\n")


def test_logs_have_what_is_hard_to_fold() -> None:
    types = {
        type(event).__name__ for name in ("failed", "resumed") for event in logged_events(name)
    }
    assert {"BatchRetried", "BatchReused", "StepReused", "StepFailed", "StepNotRun"} <= types
