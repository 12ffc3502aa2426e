"""Cells that meet, so that what a schedule lets run at one time does, however slow the machine is.

Whoever comes to a place says so, and stays until those who should be there at the same time have come, too.
A schedule that keeps one of them away fails at a deadline that no machine comes near.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from naavre_ext.dataflow import tables

NAME = "signs"

DEADLINE_S = 180

#: Places are made and looked for in ways that no watch over files sees.
_SOURCE = '''
import os, time

MEETINGS = {meetings!r}
HERE = os.path.dirname(os.path.abspath(__file__))


def has_been(name):
    return os.path.exists(os.path.join(HERE, name))


def meet(cell, job):
    """The job, once all whom this cell of the job should meet have come."""
    me = f"{{cell}} {{job}}"
    os.mkdir(os.path.join(HERE, me))
    others = [name for names in MEETINGS if me in names for name in names]
    until = time.monotonic() + {deadline_s}
    while away := [name for name in others if not has_been(name)]:
        if time.monotonic() > until or has_been("missed"):
            os.makedirs(os.path.join(HERE, "missed"), exist_ok=True)
            raise TimeoutError(f"{{me}} has waited in vain for {{away}}")
        time.sleep(0.01)
    return job
'''


def arrange(
    folder: Path, meetings: Sequence[Collection[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put a module ``signs`` into the notebook's folder, whose ``meet(cell, job)`` keeps these meetings.

    Those of one meeting, ``"CELL JOB"`` each, are there at one time. Analysis takes the module's functions for
    pure ones, fit for any worker, as it does ``time.sleep``.
    """
    (folder / f"{NAME}.py").write_text(_SOURCE.format(meetings=meetings, deadline_s=DEADLINE_S))
    monkeypatch.setitem(tables.FUNCTION_EFFECTS, f"{NAME}.*", "")
    for table in ("QUIET_IMPORTS", "PURE_MODULES", "FRESH_MODULES"):
        monkeypatch.setattr(tables, table, getattr(tables, table) | {NAME})
