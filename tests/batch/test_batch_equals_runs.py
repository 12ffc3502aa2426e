"""Jobs of a batch end as runs of their own would, and as a plain notebook does: notebooks nobody thought of."""

from __future__ import annotations

import os
import random
import re
import shutil
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, Phase, given, reject, seed, settings

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))

from both_ways import Ending, Endless, _outputs, notebook, run_in_order
from notebook_strategy import notebooks, write_notebook

from naavre_ext import RefusedError, RunOptions, run_batch, run_notebook

_DEEP = os.environ.get("NAAVRE_HYPOTHESIS") == "deep"
_FIRST_SEED = int(os.environ.get("NAAVRE_HYPOTHESIS_SEED", "0"))
_EXAMPLES = 2_000 if _DEEP else 6
_ENDLESS_S = 5.0
#: Says what all variables are in the end; addresses differ.
_LAST = (
    "print(sorted((n, repr(v)) for n, v in list(globals().items()) if n[0].islower() and n not in "
    "('exit', 'quit', 'get_ipython', 'open')))"
)
#: What keeps state where no analysis sees it would keep the first cell, and so all, from being shared.
_HIDING = re.compile(
    r"\b(double_square|tick|it|gen|cached|lru_cache|param_k = \d|shuffle|time|timeit|random|rand)\b"
)
_ROWS = ({"param_k": 1}, {"param_k": 3})

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(36_000 if _DEEP else 600),
]


def _plainer(cells: list[str]) -> list[str]:
    """The notebook without hidden state, with the parameter in a cell of its own."""
    first = "\n".join(
        line
        for line in cells[0].replace(" os, random", " os").split("\n")
        if not _HIDING.search(line)
    )
    first = first.replace("(x):\n    return x + 2\n", "").replace("def cached", "")
    others = [cell for cell in cells[1:] if not _HIDING.search(cell)]
    return ["param_k = 1", first, *others, _LAST]


def _shown(path: Path) -> list[tuple[str, int | None, str]]:
    """What each cell of an executed notebook shows."""
    cells = nbformat.read(path, as_version=4).cells
    texts = [(c.source, c.execution_count, repr(c.get("outputs"))) for c in cells]
    return [(s, n, re.sub(r"0x[0-9A-Fa-f]+", "0x", t)) for s, n, t in texts]


def _unwarned(cells: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """The outputs without standard error: pytest sets what is warned of, and only outside of runs."""
    return [[output for output in cell if output.get("name") != "stderr"] for cell in cells]


def _run_plainly(cells: list[str], rows: Sequence[Mapping[str, int]], folder: Path) -> list[Ending]:
    """What the notebook gives with each row's value, set in a cell after the first, one row after the other."""
    try:
        return [
            run_in_order(
                [cells[0], f"# Parameters\nparam_k = {row['param_k']}\n", *cells[1:]],
                str(folder),
                _ENDLESS_S,
            )
            for row in rows
        ]
    except Endless:  # it adds to what it goes over
        reject()
    finally:
        for file in folder.iterdir():
            shutil.rmtree(file) if file.is_dir() else file.unlink()


def _assert_as_plainly(job: Any, end: Any, plain: Ending, done: Any) -> None:
    """The job ended and shows what the plain notebook does."""
    assert (end.status == "ok") == (plain.error is None), end.failure
    executed = nbformat.read(str(job.output), as_version=4)
    assert _unwarned(_outputs(executed)) == _unwarned(plain.outputs), done.shared


@pytest.mark.parametrize("shard", range(_FIRST_SEED, _FIRST_SEED + (4 if _DEEP else 1)))
def test_batch_of_a_generated_notebook_ends_as_runs_do(shard, tmp_path):
    counts: Counter[str] = Counter()
    phases = [Phase.generate, Phase.shrink] if _DEEP else [Phase.generate]

    @seed(shard)
    @settings(
        max_examples=_EXAMPLES, phases=phases, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(notebooks())
    def check(cells):
        own, other, out = (tmp_path / f"{counts['all']}-{name}" for name in ("own", "other", "out"))
        own.mkdir()
        other.mkdir()
        counts["all"] += 1
        options = RunOptions(executor="local", cwd=str(own), store=str(tmp_path / "store"))
        cells = _plainer(cells)
        node = notebook(cells)
        plain_ends = _run_plainly(cells, _ROWS, own)
        try:
            done = run_batch(node, _ROWS, str(out / "{param_k}.ipynb"), options=options)
        except RefusedError:
            counts["refused"] += 1
            return
        counts["shared"] += len(done.shared) > 1
        counts["reused"] += len(done.shared)
        counts["cells"] += len(done.shared) + len(done.reasons)
        for job, end, plain in zip(done.jobs, done.ends, plain_ends, strict=True):
            alone = out / "alone.ipynb"
            elsewhere = replace(options, cwd=str(other))
            result = run_notebook(node, alone, parameters=job.parameters, options=elsewhere)
            assert end.status == result.status
            assert _shown(Path(str(job.output))) == _shown(alone), done.shared
            _assert_as_plainly(job, end, plain, done)

    check()
    print(counts)
    assert counts["shared"] > 0.5 * counts["all"]
    assert counts["reused"] > 0.2 * counts["cells"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 4, 5, 7])
def test_so_it_does_on_ray(number, shared_ray, tmp_path):
    """Notebooks with loops that are split, one of which fails; the jobs of all share some steps."""
    shared_ray.handle()
    cells = _plainer(write_notebook(random.Random(number).choice))
    own, out = tmp_path / "own", tmp_path / "out"
    own.mkdir()
    options = RunOptions(
        executor="ray", resident=False, cwd=str(own), store=str(tmp_path / "store")
    )
    plain_ends = _run_plainly(cells, _ROWS, own)
    done = run_batch(notebook(cells), _ROWS, str(out / "{param_k}.ipynb"), options=options)
    assert len(done.shared) > 1, done.reasons
    for job, end, plain in zip(done.jobs, done.ends, plain_ends, strict=True):
        _assert_as_plainly(job, end, plain, done)
