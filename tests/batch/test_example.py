"""The example of a batch: its jobs give what the plain notebook gives, and the other notebook compares them."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import nbformat
import pytest

from naavre_ext import RunOptions, open_batch, run_notebook
from naavre_ext.cli import main

EXAMPLE = Path(__file__).parents[2] / "notebooks" / "batch"


def test_quotas_are_compared(tmp_path, monkeypatch, capsys):
    for path in EXAMPLE.glob("*.ipynb"):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    arguments = ["batch", "fish-stock.ipynb", "--grid", "param_quota=60,90", "--executor", "local"]
    with pytest.raises(SystemExit, match="0"):
        main([*arguments, "-o", "out/quota-{param_quota}.ipynb"])
    assert "once for all jobs: cells 2, 3\n" in capsys.readouterr().err
    batch = pickle.loads(pickle.dumps(open_batch(notebook="fish-stock.ipynb")))
    local = RunOptions(executor="local", keep=("mean_catch",))
    for row in batch.table("mean_catch"):
        values = {"param_quota": row["param_quota"]}
        alone = run_notebook("fish-stock.ipynb", parameters=values, options=local)
        assert row["mean_catch"] == alone["mean_catch"]
    result = run_notebook("compare-quotas.ipynb", "compared.ipynb", options=local)
    assert result.status == "ok"
    cells = nbformat.read("compared.ipynb", as_version=4).cells
    shown = [o.get("text", "") for c in cells if c.cell_type == "code" for o in c.outputs]
    assert any(text.startswith("2 quotas compared") for text in shown)
