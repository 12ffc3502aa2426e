"""A worker's process looks like a notebook's to libraries, whenever they are imported."""

from __future__ import annotations

import subprocess
import sys

IN_A_WORKER = """
from naavre_ext.executors.worker import Worker

worker = Worker(isolated=True)
import pandas  # as a value that arrives between cells imports it

import IPython

worker.session.run("x = 1", execution_count=1)
assert IPython.get_ipython() is worker.session.shell
print(pandas.get_option("display.max_columns"))
"""


BETWEEN_CELLS = """
import pickle
from naavre_ext.executors.worker import Worker

worker = Worker(isolated=True)
for number, cell in enumerate(["def f(): return 5", "def g(): return f() + 1"], 1):
    worker.session.run(cell, execution_count=number)
# What a process pool's thread does when the cell that gave it work is over.
g = worker.session.namespace["g"]
print(pickle.loads(pickle.dumps(g))())
"""


def test_threads_find_functions_of_the_notebook_between_cells() -> None:
    done = subprocess.run([sys.executable, "-c", BETWEEN_CELLS], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("6\n", "")


def test_a_library_imported_between_cells_finds_a_notebook() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_A_WORKER], capture_output=True, text=True, check=True
    )
    assert done.stdout == "20\n", "pandas would show wide frames as in a terminal"
