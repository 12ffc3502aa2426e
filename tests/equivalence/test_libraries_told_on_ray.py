"""After a notebook has told a library something, batches in other processes go by it, or aren't kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from both_ways import assert_same, run_in_order, run_with

from naavre_ext.model import event as events
from naavre_ext.model.run import RunOptions

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

LIBRARY = """
import logging
import random

class Shown(logging.StreamHandler):
    pass

log = logging.getLogger(__name__)
log.addHandler(Shown())
log.setLevel("INFO")
_unit, _hooks, _ready, _dice, _count, _backend = "m", [], False, random.Random(1), 0, None

def prefer(unit):
    global _unit
    old, _unit = _unit, unit
    return old

def then(hook):
    _hooks.append(hook)

def roll():
    return _dice.random()

def number():
    global _count
    _count += 1
    return _count

def swap(unit):
    old = prefer(unit)
    prefer(old)
    return old

def show(x):
    global _ready, _backend
    _ready, _backend = True, _backend or list
    for hook in _hooks:
        x = hook(x)
    return f"{x} {_unit}"
"""

LOOP = "# split: show\n# batches: 3\nout = []\nfor x in range(6):\n    out.append(lib.show(x))"


def _loop_of(call: str) -> tuple[str, ...]:
    return LOOP.replace("lib.show(x)", call), "print(out)"


TASK = (
    "# task\ndef work(x):\n    return lib.show(x)",
    "parts = [work(x) for x in range(8)]\nprint(parts)",
)

#: What the notebook tells the library, what runs in other processes then, and whether its results are kept.
ROWS = {
    "nothing": ((), (LOOP, "print(out)"), True),
    "result dropped": (("lib.prefer('ft')",), (LOOP, "print(out)"), False),
    "result kept": (("old = lib.prefer('ft')",), (LOOP, "print(out, old)"), False),
    "its logger": (("lib.log.setLevel('ERROR')",), (LOOP, "print(out)"), False),
    "in the loop's cell": (("out = []",),
                          (LOOP.replace("out = []", "old = lib.prefer('ft')"), "print(out)"), False),
    "the same again": (("old = lib.prefer('m')",), (LOOP, "print(out)"), True),
    "function of the notebook's": (("def double(x):\n    return 2 * x\nlib.then(double)",),
                                   (LOOP, "print(out)"), False),
    "draw": (("first = lib.roll()",), (LOOP, "print(out)"), False),
    "used before": (("first = lib.show(1)",), (LOOP, "print(out)"), True),
    "whole cell": (("xs = list(range(6))\nold = lib.prefer('ft')",),
                   ("# over: xs\n# merge: out\n# batches: 3\nout = [lib.show(x) for x in xs]", "print(out)"),
                   False),
    "count in the loop": ((), _loop_of("lib.number()"), False),
    "draw in the loop": ((), _loop_of("lib.roll()"), False),
    "registered in the loop": ((), _loop_of("lib.then(print)"), False),
    "told in the loop": ((), _loop_of("lib.prefer(str(x))"), False),
    "told and taken back in the loop": ((), _loop_of("lib.swap(str(x))"), True),
    "read in a group": (("old = lib.prefer('ft')",),
                        ("# group: a\nunit, hooks = lib._unit, lib._hooks[:]", "print(unit, hooks)"), None),
    "changed under another name": (("hooks = lib._hooks", "hooks.append(print)"),
                                   ("# group: a\ncount = len(lib._hooks)", "print(count)"), None),
    "tasks": (("old = lib.prefer('ft')",), TASK, None),
}  # fmt: skip


@pytest.fixture
def executor(shared_ray) -> Iterator[Any]:
    executor = shared_ray.executor(fresh=True)
    yield executor
    executor.close()


@pytest.mark.parametrize(("telling", "cells", "kept"), ROWS.values(), ids=ROWS)
def test_library_is_as_the_notebook_told_it(
    telling: tuple[str, ...],
    cells: tuple[str, ...],
    kept: bool | None,
    executor: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "libraries"
    folder.mkdir()
    (folder / "lib.py").write_text(LIBRARY)
    (tmp_path / "here").mkdir()
    first = f"import sys\nsys.path.insert(0, {str(folder)!r})\nimport lib"
    monkeypatch.delitem(sys.modules, "lib", raising=False)
    book = (first, *telling, *cells)
    expected = run_in_order(book, str(tmp_path / "here"))
    run = run_with(executor, book, RunOptions(cwd=str(tmp_path / "here"), keep=None))
    assert_same(expected, run.ending, book, identity=False)
    if kept is not None:
        assert run.fanned_out == int(kept), run.of(events.SplitRefused)
