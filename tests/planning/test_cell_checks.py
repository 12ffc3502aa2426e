"""What ``check`` tells of a cell: rows of small notebooks and what is said of their last cell."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema
import nbformat
import pytest

from naavre_ext import CellCheck, RefusedError, check_cells
from naavre_ext.model.check import CellRef

SCHEMA = json.loads(
    resources.files("naavre_ext.model").joinpath("check.schema.json").read_text("utf-8")
)
SLOW = "def slow(x):\n    return sum(range(x)) + x"


def checked(*sources: str) -> tuple[CellCheck, ...]:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return check_cells(nbformat.v4.new_notebook(cells=cells))


def brief(check: CellCheck) -> dict[str, Any]:
    """The parts of a check that aren't empty, short enough for a table."""
    reads = {read.name: read.cell.cell_number for read in check.reads}
    changes = {
        c.name: (c.line, c.through, "maybe" if c.suspected else "surely") for c in check.changes
    }
    waits = {
        (w.cell.cell_number, w.kind): (w.cause and w.cause.what, w.by_other) if w.cause else w.names
        for w in check.waits
    }  # fmt: skip
    beside = [ref.cell_number for ref in check.beside]
    found = {"reads": reads, "changes": changes, "waits": waits, "beside": beside}
    return {key: value for key, value in found.items() if value}


CELLS = {
    "reads and its cell": (
        ["x = 1", "y = 2", "z = x + y"],
        {"reads": {"x": 1, "y": 2}, "waits": {(1, "data"): ("x",), (2, "data"): ("y",)}},
    ),
    "a variable for the number of batches": (
        ["param_batches = 2", "# split: a\n# batches: param_batches\nys = [x * 2 for x in range(9)]"],
        {"reads": {"param_batches": 1}, "waits": {(1, "data"): ("param_batches",)}},
    ),
    "only the main worker's order": (
        ["x = 1", "y = 2"],
        {"waits": {(1, "main-order"): ()}},
    ),
    "held back by what may still fail": (
        ["import time\ndef slow(x):\n    time.sleep(1)", "a = slow(1)", "open('a.txt', 'w').close()"],
        {
            "waits": {(1, "main-order"): (), (2, "held"): ("open()", False)},
        },
    ),
    "changed in place": (
        ["xs = []", "# more\nxs.append(1)"],
        {
            "reads": {"xs": 1},
            "changes": {"xs": (2, None, "surely")},
            "waits": {(1, "data"): ("xs",)},
        },
    ),
    "changed through another name": (
        ["a = [1]\nb = a", "b.append(2)"],
        {
            "reads": {"b": 1},
            "changes": {"a": (1, "b", "surely"), "b": (1, None, "surely")},
            "waits": {(1, "data"): ("b",), (1, "alias"): ("a",)},
        },
    ),
    "perhaps changed by code that can't be seen": (
        ["xs = []", "import mystery\nmystery.fill(xs)"],
        {
            "reads": {"xs": 1},
            "changes": {"xs": (2, None, "maybe")},
            "waits": {(1, "data"): ("xs",), (1, "unknown"): ("mystery.fill()", False)},
        },
    ),
    "perhaps changed by exec": (
        ["xs = []", "exec('xs.append(1)')"],
        {
            "changes": {"xs": (1, None, "maybe")},
            "waits": {(1, "opaque"): ("exec()", False)},
        },
    ),
    "the other cell can't be seen": (
        ["exec('x = 1')", "y = 2"],
        {"waits": {(1, "opaque"): ("exec()", True)}},
    ),
    "the output history": (
        ["1 + 1", "x = _"],
        {"waits": {(1, "history"): ("_", False)}},
    ),
    "settings that another worker takes over": (
        [f"{SLOW}\nimport os\nos.environ['A'] = 'b'", "x = slow(1)", "y = slow(2)"],
        {
            "reads": {"slow": 1},
            "waits": {(1, "data"): ("slow",), (1, "ambient"): ("os.environ", True)},
            "beside": [2],
        },
    ),
    "a name that may keep its old value": (
        ["x = 1", "import sys\nif sys.argv:\n    x = 2"],
        {"waits": {(1, "data"): ("x",)}},
    ),
    "beside what it doesn't need": (
        [SLOW, "a = slow(1)", "b = slow(2)", "c = slow(3)"],
        {"reads": {"slow": 1}, "waits": {(1, "data"): ("slow",)}, "beside": [2, 3]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_what_is_told_of_the_last_cell(name: str) -> None:
    sources, expected = CELLS[name]
    assert brief(checked(*sources)[-1]) == expected


HEADER = "# split: work\n"
#: The loop's cell (its first line is a header, or not) → what is told of its loop.
LOOPS = {
    "out = []\nfor x in xs:\n    out.append(slow(x))": {"split": False, "splittable": True, "costly": True},
    HEADER + "out = []\nfor x in xs:\n    out.append(slow(x))": {
        "split": True, "splittable": True, "line": 3,
        "reductions": ("out",), "shared": ("slow",), "batches": "auto",
    },
    "out = [slow(x) for x in xs]": {"form": "list", "splittable": True, "costly": True},
    HEADER + "level = 0\nfor x in xs:\n    y = slow(x)\n    level = 0.9 * level + y": {
        "split": True, "replayed": ("level",),
    },
    "out = {x: slow(x) for x in xs}": {"form": "dict", "splittable": True, "costly": True},
    "out = [x + 1 for x in xs]": {"splittable": True, "costly": False},
    "out = [x + y for x in xs for y in xs]": {"splittable": True, "costly": True},
    "out = [slow(x) for x in [1]]": {"splittable": True, "costly": False},
    "level = 0\nfor x in xs:\n    level = slow(level) + x": {
        "splittable": False, "variable": "level", "reason_line": 3,
    },
    "for x in xs:\n    if slow(x):\n        break": {"splittable": False, "variable": None, "reason_line": 3},
    "out = []\nfor x in xs:\n    out.append(slow(len(out)))": {
        "splittable": False, "variable": "out", "reason_line": 3,
    },
    "for x in xs:\n    xs.append(slow(x))\n    del x": {"splittable": False, "variable": "xs"},
}  # fmt: skip


@pytest.mark.parametrize("source", LOOPS)
def test_what_is_told_of_a_loop(source: str) -> None:
    (loop,) = checked(SLOW, "xs = [1, 2, 3]", source)[-1].loops
    expected = LOOPS[source]
    assert {name: getattr(loop, name) for name in expected} == expected
    assert bool(loop.reason and loop.remedy) == (not loop.splittable)


SUGGESTED = {
    "for x in xs:\n    print(slow(x))": ["add-split"],
    "a = [slow(x) for x in xs]\nb = [slow(x) for x in xs]": ["add-split", "add-split"],
    "%%time\na = [slow(x) for x in xs]": ["add-split"],
    "a = [x + 1 for x in xs]": [],
    "import lab\nfor x in xs:\n    lab.correct(x)": ["add-split"],
    "import lab\nrows = lab.load()\nfor x in rows:\n    lab.correct(x)": [],
    "import lab\nout = []\nfor x in xs:\n    out.append(lab.measure(x))": ["add-split"],
    "if xs:\n    for x in xs:\n        slow(x)": [],
    "level = 0\nfor x in xs:\n    level = slow(level)": [],
    HEADER + "level = 0\nfor x in xs:\n    level = slow(level)": ["rewrite"],
    HEADER + "out = [slow(x) for x in xs]": [],
    "# group: one\nout = [slow(x) for x in xs]": [],
}


@pytest.mark.parametrize("source", SUGGESTED)
def test_what_is_suggested(source: str) -> None:
    suggestions = checked(SLOW, "xs = [1, 2, 3]", source)[-1].suggestions
    assert [suggestion.kind for suggestion in suggestions] == SUGGESTED[source]


def test_a_suggested_edit_makes_the_loop_split() -> None:
    sources = [SLOW, "xs = [1, 2, 3]", "# double them\nys = [slow(x) for x in xs]"]
    (suggestion,) = checked(*sources)[-1].suggestions
    assert suggestion.edit is not None
    assert suggestion.edit.source.startswith("# double them\n# split: over xs\n")
    again = checked(*sources[:2], suggestion.edit.source)[-1]
    assert [loop.split for loop in again.loops] == [True]
    assert again.suggestions == ()


def test_reasons_have_the_line_of_what_causes_them() -> None:
    check = checked("x = 1", "y = x\nopen('http://a').read()")[-1]
    reasons = [(cause.text, cause.effect, cause.line) for cause in check.reasons]
    assert ("it reads files or the network", "outside-read", 2) in reasons


def test_the_json_follows_the_schema() -> None:
    sources = [source for row, _ in CELLS.values() for source in row]
    checks = checked(SLOW, "xs = [1]", *LOOPS, *sources)
    data = json.loads(json.dumps([check.to_json() for check in checks]))
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert len(data) == len(sources) + len(LOOPS) + 2


def test_only_the_parameters_of_an_excluded_cell_are_told() -> None:
    first, _ = checked("# (do not containerize!)\nparam_n = 3\nother = [1]", "x = param_n")
    assert (first.kind, first.writes, first.loops) == ("parameters", ("param_n",), ())


def test_a_refused_notebook_has_no_checks() -> None:
    with pytest.raises(RefusedError, match="NX302"):
        checked("x = nothing_defines_me")


def test_cells_are_named_by_id_and_number() -> None:
    first = nbformat.v4.new_code_cell("x = 1", id="first")
    node = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# title"),
            first,
            nbformat.v4.new_code_cell("y = x", id="then"),
        ]
    )
    then = check_cells(node)[-1]
    assert (then.cell_id, then.cell_number) == ("then", 3)
    assert then.reads[0].cell == CellRef("first", 2)  # type: ignore[arg-type]
