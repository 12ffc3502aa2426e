"""A library about which the tables are wrong on purpose, so that only guards can find what it does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from naavre_ext.dataflow import tables

NAME = "wronglib"

SOURCE = '''
import os
import time

def wait_for(name):
    """Until a file is there; four minutes at most."""
    for _ in range(24000):
        if name is None or os.path.exists(name):
            return
        time.sleep(0.01)

def give(sign):
    if sign is not None:
        open(sign, "w").close()

def total(xs, s=0.0, sign=None):
    """Reads."""
    time.sleep(s)
    found = sum(map(float, xs))
    give(sign)
    return found

def inverse(x, after=None, sign=None):
    wait_for(after)
    give(sign)
    return 1 / x

def bump(xs, s=0.0, after=None):
    """Changes its argument in place, which the tables deny."""
    time.sleep(s)
    wait_for(after)
    xs[0] += 100
    return xs[0]

def bump_frame(df):
    df["new"] = 1
    return len(df)

def keep(xs):
    """Hands back its argument, which the tables call new."""
    return xs

def wrap(xs):
    """Holds its argument, which the tables call new."""
    return [xs]

def relabel(df):
    df.index.name = "i"
    return len(df)

def read_frame(df):
    return float(df.to_numpy().sum())

def round_off():
    import numpy
    numpy.set_printoptions(precision=2)
    return 0

def show(x, s=0.0):
    import numpy
    time.sleep(s)
    return repr(numpy.array([x / 3]))
'''


@pytest.fixture
def wronglib(tmp_path, monkeypatch):
    """The library lies in the notebook's folder, and the tables take each function for a pure one."""
    (tmp_path / f"{NAME}.py").write_text(SOURCE)
    monkeypatch.setitem(tables.FUNCTION_EFFECTS, f"{NAME}.*", "")
    for table in ("QUIET_IMPORTS", "PURE_MODULES", "FRESH_MODULES"):
        monkeypatch.setattr(tables, table, getattr(tables, table) | {NAME})
    yield Path(tmp_path)
    sys.modules.pop(NAME, None)
