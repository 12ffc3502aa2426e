"""What a run by the local executor leaves in its process."""

from __future__ import annotations

import os
import random
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from naavre_ext import RunOptions, run_notebook
from naavre_ext.model.event import RunEvent, StepRelocated


def cell(number: int, source: str) -> dict[str, Any]:
    fields = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "outputs": []}
    return {**fields, "source": source, "execution_count": None}


def book(sources: list[str]) -> Any:
    cells = [cell(number, source) for number, source in enumerate(sources)]
    return nbformat.from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def run(sources: list[str], store: Path) -> None:
    options = RunOptions(executor="local", resident=False, store=str(store))
    assert run_notebook(book(sources), options=options).status == "ok"


def test_settings_and_generators_are_put_back(tmp_path):
    sources = [
        "import numpy as np, os, random, warnings",
        "np.set_printoptions(precision=2)\nwarnings.simplefilter('error')\nos.environ['NX_LEFT'] = '1'",
        "random.seed(0)\nnp.random.seed(0)\nprint(np.array([1 / 3]), random.random())",
    ]
    look = lambda: (  # noqa: E731
        str(np.array([1 / 3])),
        list(warnings.filters),
        random.getstate(),
        np.random.get_state()[2],
    )
    run(sources[:1], tmp_path)  # importing IPython and the like may leave something
    before = look()
    run(sources, tmp_path)
    assert look() == before
    assert "NX_LEFT" not in os.environ


def test_cell_that_waits_for_others_runs_before_a_later_one_changes_settings(tmp_path):
    sources = [
        "from decimal import Decimal, getcontext\na = [1, 2, 6]",
        "b = [x * 1 for x in a]",
        "c = [x * 1 for x in b]",
        "d = [str(Decimal(1) / x) for x in c]",
        "getcontext().prec = 3",
        "e = [str(Decimal(1) / x) for x in c]",
    ]
    options = RunOptions(executor="local", resident=False, store=str(tmp_path), keep=("d", "e"))
    result = run_notebook(book(sources), options=options)
    assert [result["d"][2], result["e"][2]] == ["0.1666666666666666666666666667", "0.167"]


def test_cell_that_has_to_move_runs_before_a_later_one_changes_settings(tmp_path):
    sources = [
        "import numpy as np\na = [1, 2, 6]",
        "b = [1 / x for x in a]",
        "c = [str(np.array([x])) for x in b]\nlines = map(str.upper, iter(c))",
        "np.set_printoptions(precision=2)",
        "print(list(lines), [str(np.array([x])) for x in b])",
    ]
    options = RunOptions(executor="local", resident=False, store=str(tmp_path), keep=("c",))
    told: list[RunEvent] = []
    result = run_notebook(book(sources), options=options, on_event=told.append)
    assert [event.cell_id for event in told if isinstance(event, StepRelocated)] == ["c2"]
    assert result["c"][2] == "[0.16666667]"


PRINTS = (
    "import os, random, time\nfrom glob import glob\nrandom.seed({n})\nopen('{n}', 'w').close()\nprint({n})",
    "while not os.path.exists('go'):\n    time.sleep(0.01)",
    "for k in range(200):\n    print({n}, end=' ')\n    time.sleep(0)\nprint(random.random(), glob('[0-9]'))",
)


def test_runs_at_once_have_the_process_one_after_the_other(tmp_path):
    """Each run has its own folder, streams and generators; one that waits can be stopped."""

    def one(n: int, cancel: threading.Event) -> tuple[str, list[str]]:
        folder = tmp_path / str(n)
        folder.mkdir()
        source = book([text.format(n=n) for text in PRINTS])
        options = RunOptions(executor="local", resident=False, store=str(folder), cwd=str(folder))
        begun.wait()
        done = run_notebook(source, folder / "out.ipynb", options=options, cancel=cancel)
        cells = nbformat.read(folder / "out.ipynb", as_version=4).cells
        return done.status, ["".join(o.get("text", "") for o in c.outputs) for c in cells]

    begun = threading.Barrier(3)
    stops = [threading.Event() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(one, n, stops[n]) for n in range(3)]
        first = None
        while first is None:
            first = next((n for n in range(3) if (tmp_path / f"{n}/{n}").exists()), None)
            time.sleep(0.01)
        stopped, other = (n for n in range(3) if n != first)
        stops[stopped].set()
        assert runs[stopped].result(240)[0] == "cancelled"
        for n in (first, other):
            (tmp_path / f"{n}/go").touch()
        for n in (first, other):
            status, shown = runs[n].result(240)
            drawn = random.Random(n).random()
            printed = f"{n} " * 200 + f"{drawn} ['{n}']\n"
            assert (status, shown[0], shown[2]) == ("ok", f"{n}\n", printed)


def test_a_cell_may_have_runs_of_its_own(tmp_path):
    inner = tmp_path / "inner.ipynb"
    nbformat.write(book(["param_x = 1", "y = param_x + 1"]), inner)
    sources = [
        f"import asyncio\nfrom naavre_ext import RunOptions, compile_notebook, run_notebook\n"
        f"options = RunOptions(executor='local', resident=False, store={str(tmp_path)!r})\n"
        f"assert run_notebook({str(inner)!r}, options=options).status == 'ok'",
        f"w = compile_notebook({str(inner)!r})\n"
        "done = await asyncio.gather(*(w.run(options=options, param_x=n) for n in (3, 4)))\n"
        "assert [d.status for d in done] == ['ok', 'ok']",
    ]
    run(sources, tmp_path)
