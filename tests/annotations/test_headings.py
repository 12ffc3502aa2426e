"""Which first comments name their cell, as in NaaVRE, and which don't."""

import pytest

from naavre_ext.annotations.headings import cell_heading

#: source → the cell's name
CELLS = [
    ("# Load the data\nx = 1", "Load the data"),
    ("#read file lines\n\nx = 1", "read file lines"),
    ("## 2. Results: all years ##\nx = 1", "2. Results: all years"),
    ("\n# After a blank line\nx = 1", "After a blank line"),
    ("%%time\n# Timed\nx = 1", "Timed"),
    ("# print\nprint(x)", "print"),
    (
        "# RS-cell-3-upload\n# ---\n# NaaVRE:\n#  cell:\n#   outputs: []\n# ...\nx",
        "RS-cell-3-upload",
    ),
    ("# Étape 1\nx = 1", "Étape 1"),
    ("# input/output\nx = 1", "input/output"),
    ("# Settings:\nx = 1", "Settings"),
    ("# a - b(c)\nx = 1", None),
    ("# S1 Fetch laz files\n# base image: vanilla\nx = 1", "S1 Fetch laz files"),
    ("# only a comment", "only a comment"),
    ("x = 1\n# Later", None),
    ("x = 1  # Beside", None),
    ("", None),
    # annotations, and what was meant to be one
    ("# split: Work\nx = 1", None),
    ("# batches: 3\nx = 1", None),
    ("# splt: Work\nx = 1", None),
    ("# (do not containerize!)\nx = 1", None),
    ("# task: num_cpus=2\ndef f(): pass", None),
    # code that was switched off, notes for tools, rules
    ("# x = 2\nx = 1", None),
    ("#import os\nx = 1", None),
    ("# plt.show()\nx = 1", None),
    ("# for x in xs:\n#     print(x)", None),
    ("# print(x,\n#       y)", None),
    ("# 42", None),
    ("#%%\nx = 1", None),
    ("# In[3]:\nx = 1", None),
    ("# -*- coding: utf-8 -*-\nx = 1", None),
    ("# noqa: E501\nx = 1", None),
    ("# ---\nx = 1", None),
    ("# " + "a sentence that goes on and on " * 3, None),
    ("'''a text\n# not a comment'''", None),
    ("%%writefile a.py\n# Load\n", None),
]


@pytest.mark.parametrize(("source", "expected"), CELLS)
def test_heading(source, expected):
    assert cell_heading(source) == expected
