"""``# split:`` above one loop, ``# task`` above a def."""

from __future__ import annotations

from textwrap import dedent

import pytest

from naavre_ext.annotations import ParsedCell, parse_annotations
from naavre_ext.model.annotation import LoopAnnotation, TaskAnnotation
from naavre_ext.model.notebook import Cell, CellId


def parse(source: str) -> ParsedCell:
    return parse_annotations(Cell(CellId("cell"), 0, "code", dedent(source)))


def found(source: str) -> list[tuple[str, str, int | None]]:
    return [(d.code, d.severity, d.line) for d in parse(source).diagnostics if d.code != "NX150"]


LOOPS = [
    ("for", "x = 1\n# split: A\nfor x in xs:\n    f(x)", 3),
    ("async for", "x = 1\n# split: A\nasync for x in xs:\n    f(x)", 3),
    ("in a function", "def f():\n    y = []\n    # split: A\n    for x in y: pass", 4),
    ("list comprehension", "x = 1\n# split: A\nys = [f(x) for x in xs]", 3),
    (
        "comprehension further down",
        "x = 1\n# split: A\nys = g(\n    1,\n    {f(x) for x in xs})",
        5,
    ),
    ("generator", "x = 1\n# split: A\nn = sum(f(x) for x in xs)", 3),
    ("outermost", "x = 1\n# split: A\nys = [\n    [f(x) for x in z]\n    for z in zs\n]", 3),
    ("in a return", "def f(xs):\n    # split: A\n    return [g(x) for x in xs]", 3),
    ("more comments between", "x = 1\n# split: A\n# slow\nfor x in xs: pass", 4),
    ("after a shell line", "!echo it's (fine\n# split: A\nfor x in xs: pass", 3),
    ("after a magic", "%matplotlib inline\n# split: A\nfor x in xs: pass", 3),
    ("after shell output", "ys = !ls ('\n# split: A\nfor x in xs: pass", 3),
    ("after f-strings", "print(f'{d[\"#\"]}')\n# split: A\nfor x in xs: pass", 3),
    ("after a long string", 's = """\n#"\n"""\n# split: A\nfor x in xs: pass', 5),
    ("after a joined line", "x = 1 + \\\n  2\n# split: A\nfor x in xs: pass", 4),
    ("windows line ends", "x = 1\r\n# split: A\r\nfor x in xs: pass\r\n", 3),
]

NOT_LOOPS = [
    ("a plain statement", "x = 1\n# split: A\ny = 2"),
    ("a blank line between", "x = 1\n# split: A\n\nfor x in xs: pass"),
    ("a comprehension in a condition", "x = 1\n# split: A\nif any(f(x) for x in xs):\n    pass"),
    ("a comprehension in a decorator", "x = 1\n# split: A\n@f([x for x in y])\ndef g(): pass"),
    ("the word for in a string", "x = 1\n# split: A\ny = ('for x in y')"),
    ("nothing at all", "x = 1\n# split: A"),
]


@pytest.mark.parametrize(("source", "line"), [r[1:] for r in LOOPS], ids=[r[0] for r in LOOPS])
def test_split_above_a_loop(source: str, line: int) -> None:
    annotations = parse(source).annotations
    assert annotations.loops == (LoopAnnotation(line, "A"),)
    assert not annotations.split
    assert found(source) == []


@pytest.mark.parametrize("source", [r[1] for r in NOT_LOOPS], ids=[r[0] for r in NOT_LOOPS])
def test_split_above_something_else_gives_a_warning(source: str) -> None:
    assert parse(source).annotations.loops == ()
    assert found(source) == [("NX108", "warning", 2)]


def test_first_block_above_a_loop_is_the_cells_annotation() -> None:
    annotations = parse("# split: A\nfor x in xs: pass").annotations
    assert (annotations.title, annotations.loops) == ("A", ())


def test_cell_and_loop_may_both_be_annotated() -> None:
    annotations = parse("# split: Cell\nx = 1\n# split: Loop\nfor x in xs: pass").annotations
    assert annotations.title == "Cell"
    assert annotations.loops == (LoopAnnotation(4, "Loop"),)


@pytest.mark.parametrize(
    ("comments", "batches"),
    [("# split: A\n# batches: 5", 5), ("# batches: n\n# split: A", "n"), ("# split: A", "auto")],
)
def test_batches_beside_a_loops_split_are_the_loops(comments: str, batches: object) -> None:
    source = f"x = 1\n{comments}\nfor x in xs: pass"
    lines = source.count("\n") + 1
    assert parse(source).annotations.loops == (LoopAnnotation(lines, "A", batches),)
    assert found(source) == []


SPLIT_PROBLEMS = [
    ("x = 1\n# split: a\n# batches: -\nfor x in xs: pass", [("NX101", "error", 3)]),
    ("x = 1\n# split: a\n# batches: 1\n# batches: 2\nfor x in xs: pass", [("NX103", "error", 4)]),
    ("x = 1\n# split:\nfor x in xs: pass", [("NX102", "error", 2)]),
    ("x = 1\n# split: a\n# split: b\nfor x in xs: pass", [("NX103", "error", 3)]),
    ("x = 1\n# split\nfor x in xs: pass", [("NX110", "warning", 2)]),
    ("x = 1\n# splt: a\nfor x in xs: pass", [("NX110", "warning", 2)]),
]


@pytest.mark.parametrize(("source", "expected"), SPLIT_PROBLEMS)
def test_problems_above_a_loop(source: str, expected: list[tuple[str, str, int]]) -> None:
    assert found(source) == expected


TASKS = [
    ("bare", "# task\ndef fib(n): pass", TaskAnnotation(2, "fib")),
    ("spelled freely", "#  Task :\ndef fib(n): pass", TaskAnnotation(2, "fib")),
    ("after code", "x = 1\n# task\ndef fib(n): pass", TaskAnnotation(3, "fib")),
    ("decorated", "# task\n@cache\n@g(\n  1\n)\ndef fib(n): pass", TaskAnnotation(6, "fib")),
    ("between decorators", "@cache\n# task\n@g\ndef fib(n): pass", TaskAnnotation(4, "fib")),
    ("async", "# task\nasync def fib(n): pass", TaskAnnotation(2, "fib")),
    ("nested", "def f():\n    # task\n    def fib(n): pass", TaskAnnotation(3, "fib")),
    ("with a comment between", "# task\n# slow\ndef fib(n): pass", TaskAnnotation(3, "fib")),
    (
        "resources",
        "# task: num_cpus=2, memory=1GiB\ndef fib(n): pass",
        TaskAnnotation(2, "fib", {"num_cpus": 2.0, "memory": 2**30}),
    ),
    (
        "when",
        "# task: num_cpus=2, when=len(xs) > 1000\ndef fib(xs): pass",
        TaskAnnotation(2, "fib", {"num_cpus": 2.0}, "len(xs) > 1000"),
    ),
    (
        "when with commas, brackets, strings and ==",
        "# task: when=f(a, b)[0, 1] == {',': ')'}[','], num_cpus=1\ndef fib(a, b): pass",
        TaskAnnotation(2, "fib", {"num_cpus": 1.0}, "f(a, b)[0, 1] == {',': ')'}[',']"),
    ),
    (
        "when with a keyword argument",
        "# task: when=any(x, key=1) == 2\ndef fib(x): pass",
        TaskAnnotation(2, "fib", {}, "any(x, key=1) == 2"),
    ),
]


@pytest.mark.parametrize(("source", "task"), [r[1:] for r in TASKS], ids=[r[0] for r in TASKS])
def test_task_above_a_def(source: str, task: TaskAnnotation) -> None:
    assert parse(source).annotations.tasks == (task,)
    assert found(source) == []


TASK_PROBLEMS = [
    ("# task: num_cpus=lots\ndef f(): pass", [("NX106", "error", 1)]),
    ("# task: num_cpus=1, fast\ndef f(): pass", [("NX106", "error", 1)]),
    ("# task: when=\ndef f(): pass", [("NX106", "error", 1)]),
    ("# task: when=len(x >\ndef f(): pass", [("NX106", "error", 1)]),
    ("# task: when=x = 3\ndef f(): pass", [("NX106", "error", 1)]),
    ("# task: when=a, when=b\ndef f(): pass", [("NX106", "error", 1)]),
    ("# task\n# task: num_cpus=1\ndef f(): pass", [("NX103", "error", 2)]),
    ("# task\nx = 1", [("NX107", "warning", 1)]),
    ("# task: num_cpus=1\nx = 1", [("NX107", "error", 1)]),
    ("# task\n\ndef f(): pass", [("NX107", "warning", 1)]),
    ("# task\nclass A: pass", [("NX107", "warning", 1)]),
    ("# task\n@dataclass\nclass A: pass", [("NX107", "warning", 1)]),
    ("# task num_cpus=1\ndef f(): pass", [("NX110", "warning", 1)]),
    ("# Task: sum the columns\ndef f(): pass", []),
    ("# Task\nx = 1", []),
    ("%%bash\n# Setup\n\n# task\nx", []),
]


@pytest.mark.parametrize(("source", "expected"), TASK_PROBLEMS)
def test_problems_with_tasks(source: str, expected: list[tuple[str, str, int]]) -> None:
    parsed = parse(source)
    assert found(source) == expected
    if any(code == "NX106" for code, _, _ in expected):
        assert parsed.annotations.tasks == ()
