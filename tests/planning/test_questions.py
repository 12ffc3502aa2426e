"""Cells that surely ask the user are refused before anything runs; those that perhaps ask are not."""

from __future__ import annotations

import pytest

from naavre_ext.api import prepare_notebook

#: cells, and whether the notebook is refused
ASKING = [
    ("name = input('Your name? ')", True),
    ("n = int(input())", True),
    ("print('Hello', input().strip())", True),
    ("xs = [x for x in input().split()]", True),
    ("while input() != 'q':\n    pass", True),
    ("for c in input():\n    pass", True),
    ("from getpass import getpass\npw = getpass()", True),
    ("import getpass\npw = getpass.getpass('?')", True),
    ("from builtins import input\nx = input()", True),
    ("def ask():\n    return input()", False),
    ("def ask():\n    return input()\nask()", False),  # perhaps: it fails when it asks
    ("if False:\n    x = input()", False),
    ("x = 1 if True else input()", False),
    ("x = True or input()", False),
    ("x = [input() for _ in []]", False),
    ("try:\n    x = input()\nexcept Exception:\n    x = 1", False),
    ("input = lambda text: 'me'\nx = input('?')", False),
    ("import builtins\nbuiltins.input = lambda: 'me'\nx = input()", False),
    ("import getpass\nsecret_key = getpass.getpass()", False),
    ("ask = lambda: input()", False),
    ("import getpass\nme = getpass.getuser()", False),
    ("inputs = {'input': 1}\nx = inputs['input']", False),
]


@pytest.mark.parametrize(("cell", "refused"), ASKING, ids=[row[0] for row in ASKING])
def test_questions(cell, refused):
    prepared = prepare_notebook({"cells": [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": [],
                                            "execution_count": None, "id": "a"}],
                                 "metadata": {}, "nbformat": 4, "nbformat_minor": 5})  # fmt: skip
    assert [d.code for d in prepared.diagnostics if d.severity == "error"] == ["NX304"] * refused
    if refused:
        (found,) = prepared.diagnostics
        assert "param_" in found.remedy
