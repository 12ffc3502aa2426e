"""What a run by the local executor leaves in its process."""

from __future__ import annotations

import os
import random
import warnings
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from naavre_ext import RunOptions, run_notebook


def cell(number: int, source: str) -> dict[str, Any]:
    fields = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "outputs": []}
    return {**fields, "source": source, "execution_count": None}


def run(sources: list[str], store: Path) -> None:
    cells = [cell(number, source) for number, source in enumerate(sources)]
    book = nbformat.from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    options = RunOptions(executor="local", resident=False, store=str(store))
    assert run_notebook(book, options=options).status == "ok"


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
