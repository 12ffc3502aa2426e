"""Where a kernel finds modules, and what it was called with."""

from __future__ import annotations

import importlib.util
import os
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from functools import cache


def kernel_path(entries: Iterable[str]) -> list[str]:
    """The import path with the notebook's folder, ``""``, where IPython has it: before what is installed.

    So what comes with Python isn't hidden by files of the same name beside the notebook.
    """
    others = [entry for entry in entries if entry]
    places = (n for n, e in enumerate(others) if e.endswith(("site-packages", "dist-packages")))
    first = next(places, 0)
    return [*others[:first], "", *others[first:]]


def own_path(entries: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The import path of a worker of Ray's with what Ray has put first (its own folders, its driver's) at the end.

    The folders of ``PYTHONPATH`` stay first.
    """
    named = {os.path.abspath(e) for e in environment.get("PYTHONPATH", "").split(os.pathsep) if e}
    pythons = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    first = next((n for n, e in enumerate(entries) if e in pythons or e.endswith(".zip")), 0)
    before, after = entries[:first], entries[first:]
    wanted = [entry for entry in before if os.path.abspath(entry) in named]
    return [*wanted, *after, *(entry for entry in before if entry not in {*wanted, *after})]


def kernel_argv() -> list[str]:
    """The arguments of a kernel's process, as ``argparse`` and the like look for theirs."""
    return [_launcher(), "-f", "kernel.json"]


@cache
def _launcher() -> str:
    spec = importlib.util.find_spec("ipykernel_launcher")
    return "ipykernel_launcher.py" if spec is None or spec.origin is None else spec.origin
