"""A sweep: jobs of a notebook whose last two cells depend on the parameter, against papermill's engine run by run.

papermill's runs all take the same time, so that a few of them are measured and counted for all.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from subprocess import Popen
from time import process_time

import nbformat
import papermill

from benchmarks.rows import Row, seconds, speed_up, told
from naavre_ext import run_batch
from naavre_ext.executors.factory import hold_cluster
from naavre_ext.executors.ray.spare_workers import warm
from naavre_ext.model.run import RunOptions

JOBS = 100
PAPERMILL_RUNS = 5
CALIBRATIONS = 10
#: CPU time of each cell.
CELL_S = 0.2

BURN = "def burn(n):\n    s = 0\n    for i in range(n):\n        s += i * i % 7\n    return s\n"


def loops_for(wanted_s: float) -> int:
    """How many iterations of ``burn`` take so much CPU time where nothing slows them down."""
    namespace: dict[str, object] = {}
    exec(BURN, namespace)

    def once() -> float:
        start = process_time()
        namespace["burn"](1_000_000)  # type: ignore[operator]
        return process_time() - start

    return int(1_000_000 * wanted_s / min(once() for _ in range(CALIBRATIONS)))


def write_sweep(path: Path, loops: int) -> None:
    """The notebook: ten cells of the same cost, eight of which know nothing of ``param_x``."""
    cells = [f"{BURN}param_x = 1\na0 = burn({loops})"]
    cells += [f"a{n} = burn({loops}) + a{n - 1}\nprint(a{n})" for n in range(1, 8)]
    cells += [f"b = burn({loops}) + param_x", f"c = b + burn({loops}) + a7\nprint(c)"]
    made = [nbformat.v4.new_code_cell(cell) for cell in cells]
    made[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)


def job_rows() -> Iterator[Row]:
    """One row, and what the machine itself gives; Ray is up and its workers warm, as it is for the other parts."""
    with tempfile.TemporaryDirectory() as name, hold_cluster(RunOptions()) as handle:
        folder = Path(name)
        notebook = folder / "sweep.ipynb"
        loops = loops_for(CELL_S)
        write_sweep(notebook, loops)
        warm(handle, wait=True)
        plain = [
            seconds(
                lambda: papermill.execute_notebook(
                    str(notebook), str(folder / "plain.ipynb"), {"param_x": 3}, progress_bar=False
                )
            )
            for _ in range(PAPERMILL_RUNS)
        ]
        rows = [{"param_x": number} for number in range(JOBS)]

        def batch() -> None:
            done = run_batch(notebook, rows, str(folder / "out/{param_x}.ipynb"))
            if not done.is_ok or len(done.shared) != 8:
                raise RuntimeError(f"shared {done.shared}: {done.ends[0]}")

        plain_s = JOBS * median(plain)
        name = f"{JOBS} jobs of ten cells of {CELL_S:g} s, two of which differ"
        ours_s = seconds(batch)
        yield speed_up(name, ours_s, plain_s, at_least=12, papermill=plain_s)
        # Two processes at once may each be slower than one alone, which is nobody's fault.
        yield told("the same cells; two plain processes", ours_s, in_two_processes(folder, loops))


def in_two_processes(folder: Path, loops: int) -> float:
    """How long the cells take that have to run: those of all jobs at first, then each job's own by halves."""
    script = folder / "plain.py"
    script.write_text(f"{BURN}\nimport sys\nfor _ in range(int(sys.argv[1])):\n    burn({loops})\n")

    def run(*counts: int) -> None:
        started = [Popen([sys.executable, str(script), str(count)]) for count in counts]
        if any(process.wait() for process in started):
            raise RuntimeError("a plain process failed")

    return seconds(lambda: run(8)) + seconds(lambda: run(JOBS, JOBS))
