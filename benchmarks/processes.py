"""Whole processes: from the command to its exit."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.rows import Row, cost, in_turn, seconds
from benchmarks.sources import stored

BARE_RAY = """
import ray
ray.init(include_dashboard=False, log_to_driver=False)
print(ray.get(ray.remote(lambda: 6 * 7).remote()))
"""
ADDRESSES = ("NAAVRE_ADDRESS", "RAY_ADDRESS")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ADDRESSES}


def run(*command: str) -> None:
    """Runs the command; raises with what it wrote when it fails."""
    done = subprocess.run(
        command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended {done.returncode}:\n{done.stderr[-2000:]}")


def tool(name: str) -> str:
    """The path of a command that is installed beside this interpreter."""
    return str(Path(sys.executable).parent / name)


@contextmanager
def resident_engine() -> Iterator[None]:
    """A resident engine while the block runs."""
    run(tool("naavre-ext"), "cluster", "start")
    try:
        yield
    finally:
        run(tool("naavre-ext"), "cluster", "stop")


def process_rows() -> Iterator[Row]:
    """A notebook of one cell: warm against papermill, cold against a bare Ray script."""
    with TemporaryDirectory() as folder:
        path = str(stored(Path(folder), "one", "print(6 * 7)"))
        out = str(Path(folder, "out.ipynb"))
        ours = (tool("naavre-ext"), "run", path, "-o", out)
        papermill = (tool("papermill"), path, out, "--no-progress-bar")
        with resident_engine():
            run(*ours)
            warm = in_turn(
                lambda: seconds(lambda: run(*ours)),
                lambda: seconds(lambda: run(*papermill)),
                repeats=5,
            )
        yield cost("naavre-ext run, one cell, warm; papermill", *warm, at_most=1)
        cold = in_turn(
            lambda: seconds(lambda: run(*ours, "--no-resident")),
            lambda: seconds(lambda: run(sys.executable, "-c", BARE_RAY)),
            repeats=3,
        )
        yield cost("naavre-ext run, one cell, cold; bare Ray script", *cold, at_most=1.25)
