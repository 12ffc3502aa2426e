"""A run says which value couldn't be copied, why, what that cost, and what to write instead."""

from __future__ import annotations

import pytest
from both_ways import run_as_workflow

from naavre_ext.model import event as events

pytestmark = pytest.mark.filterwarnings("default")

_WORK = "def work(n):\n    return sum(i * i for i in range(n))"


def messages(*cells: str) -> list[str]:
    """The NX512 messages of a run."""
    run = run_as_workflow(cells)
    assert run.end.status == "ok"
    return [event.text for event in run.of(events.MessageLogged) if event.code == "NX512"]


def test_once_for_a_variable_with_all_it_cost():
    (text,) = messages(
        "import sqlite3\ndb = sqlite3.connect(':memory:')",
        _WORK,
        "a = [work(9 + (db is None)) for _ in range(3)]",
        "b = [work(8 + (db is None)) for _ in range(3)]",
        "out = []\n# split: look\nfor i in range(3):\n    out.append(i)",
        "# split: look\n# batches: 3\nout = []\nfor i in range(4):\n    out.append((i, db is None))",
    )
    assert text.startswith("NX512 cell 1: 'db' can't leave its worker: an open database connection")
    assert "(sqlite3.Connection)" in text
    assert "cells 3, 4 and 6 ran in the main worker, in notebook order" in text
    assert "the loop in line 4 of cell 6 ran whole" in text
    assert text.endswith("Open it in the loop or the cell that uses it.")
    assert "Traceback" not in text


def test_what_a_loop_would_collect():
    (text,) = messages(
        "# split: make\n# batches: 3\ngot = []\nfor i in range(4):\n    got.append((j for j in range(i)))",
    )
    assert text.startswith('NX512 cell 1 ("make"): what an iteration hands back')
    assert "a generator" in text
    assert "list(...)" in text


def test_two_variables_have_a_message_each():
    texts = messages(
        "import threading\nlock, done = threading.Lock(), threading.Event()",
        "# split: use\n# batches: 2\nout = []\nfor i in range(4):\n    out.append((i, lock is None))",
        "# split: use\n# batches: 2\nend = []\nfor i in range(4):\n    end.append((i, done is None))",
    )
    assert ["'lock'" in text for text in texts].count(True) == 1
    assert ["'done'" in text for text in texts].count(True) == 1


def test_nothing_is_said_where_all_can_be_copied():
    assert (
        messages(_WORK, "a = [work(9) for _ in range(3)]", "b = [work(8) for _ in range(3)]") == []
    )
