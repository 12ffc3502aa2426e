"""Which cells keep their order because of files: rows of two cells, the second waits for the first or not."""

from __future__ import annotations

import pytest

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell
from naavre_ext.planning.outside import outside_order

IMPORTS = (
    "import os, glob, json, pickle, subprocess, shutil, logging\n"
    "import numpy as np, pandas as pd\nfrom pathlib import Path"
)

WAITS = [
    ("open('a', 'w').write('x')", "open('a').read()"),
    ("open('a').read()", "open('a', 'w').write('x')"),
    ("open('a', 'w').write('x')", "open('a', 'a').write('y')"),
    ("open('a', 'w').write('x')", "open('./a').read()"),
    ("open('a', 'w').write('x')", "open('A').read()"),
    ("open('a', 'w').write('x')", "open(os.path.join('a')).read()"),
    ("open('/tmp/a', 'w').write('x')", "open('a').read()"),
    ("open('../a', 'w').write('x')", "open('b').read()"),
    ("pd.DataFrame().to_csv('a.csv')", "pd.read_csv('a.csv')"),
    ("np.save('a', np.zeros(3))", "np.load('a.npy')"),
    ("open('d/a', 'w').write('x')", "os.listdir('d')"),
    ("open('a', 'w').write('x')", "os.listdir('.')"),
    ("open('a', 'w').write('x')", "os.listdir()"),
    ("open('a', 'w').write('x')", "glob.glob('*')"),
    ("Path('a').write_text('x')", "Path('a').read_text()"),
    ("!touch a", "open('b').read()"),
    ("open('b', 'w').write('x')", "!cat b"),
    ("open('a').read()", "!rm a"),
    ("subprocess.run(['touch', 'a'])", "open('b').read()"),
    ("shutil.copy('a', 'b')", "open('b').read()"),
    ("logging.warning('x')", "open('log').read()"),
    ("import mystery", "open('log').read()"),
    ("f = open('a', 'w')", "f.write('x')"),
    ("with open('a', 'w') as f:\n    f.write('x')", "with open('b') as f:\n    f.read()"),
    ("json.dump({}, open('a', 'w'))", "json.load(open('a'))"),
]
INDEPENDENT = [
    ("open('a', 'w').write('x')", "open('b').read()"),
    ("open('a', 'w').write('x')", "open('b', 'w').write('y')"),
    ("open('a').read()", "open('a').read()"),
    ("!touch a", "x = 1"),
    ("pd.DataFrame().to_csv('a.csv')", "pd.read_csv('b.csv')"),
    ("np.save('a.npy', np.zeros(3))", "np.load('b.npy')"),
    ("open('d/a', 'w').write('x')", "os.listdir('e')"),
    ("with open('a', 'w') as f:\n    f.write('x')", "with open('b') as g:\n    g.read()"),
    ("with open('a') as f:\n    lines = f.readlines()", "pd.read_csv('a')"),
    ("Path('a').write_text('x')", "Path('b').read_text()"),
    ("os.makedirs('out')", "pd.read_csv('in.csv')"),
]


def order(*sources: str) -> tuple[tuple[int, ...], ...]:
    return outside_order(analyse([parse_cell(source) for source in (IMPORTS, *sources)]))


@pytest.mark.parametrize(("first", "then"), WAITS)
def test_cells_that_may_use_the_same_file_keep_their_order(first, then):
    assert order(first, then)[2] == (1,)


@pytest.mark.parametrize(("first", "then"), INDEPENDENT)
def test_cells_that_use_different_files_are_independent(first, then):
    assert order(first, then)[2] == ()


def test_a_file_that_stays_open_is_written_whenever_its_object_is_used():
    assert order("f = open('a', 'w')", "f.write('x')", "f.close()", "open('a').read()")[4] == (3,)
    assert order("f = open('a', 'w')", "f = None", "open('b').read()")[3] == (2,)
    assert order("fs = [open('a', 'w')]", "fs[0].write('x')", "open('b').read()")[3] == (2,)


@pytest.mark.parametrize(
    ("cell", "barrier"),
    [
        ("with open('a') as f:\n    lines = [line for line in f]", False),
        ("with open('a', 'w') as f:\n    json.dump({}, f)", False),
        ("with Path('a').open() as f:\n    lines = f.readlines()", False),
        ("f = open('a')\nnext(f)", False),
        ("g = (work(k) for k in range(3))\nnext(g)", True),
        ("with open('a') as f:\n    mystery(f)", True),
    ],
)
def test_files_run_no_code_of_their_own(cell, barrier):
    assert analyse([parse_cell(IMPORTS), parse_cell(cell)]).cells[1].barrier == barrier


def test_a_command_stands_for_all_before_it():
    waits = order("open('a', 'w').write('x')", "open('b').read()", "!make", "open('a').read()")
    assert waits[3:] == ((1, 2), (3,))


def test_relative_paths_mean_nothing_once_the_folder_changes():
    assert order("open('a', 'w').write('x')", "os.chdir('d')", "open('b').read()")[3] == (1,)


def test_paths_inside_functions_count():
    save = "def save():\n    open('a', 'w').write('x')"
    assert order(save, "save()", "open('a').read()", "open('b').read()")[3:] == ((2,), ())
