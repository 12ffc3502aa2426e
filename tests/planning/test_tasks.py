"""Which functions may be tasks, and where their calls may begin ahead of their turn."""

from __future__ import annotations

import textwrap

import pytest

from naavre_ext.api import PreparedNotebook, prepare_notebook
from naavre_ext.model.workflow import Workflow


def prepared(*cells: str) -> PreparedNotebook:
    import nbformat

    made = [nbformat.v4.new_code_cell(textwrap.dedent(cell).strip()) for cell in cells]
    for number, cell in enumerate(made):
        cell.id = f"c{number}"
    return prepare_notebook(nbformat.v4.new_notebook(cells=made))


def windows(*cells: str) -> list[list[tuple[int, int]]]:
    """Per cell ``(line, calls that may begin ahead)`` of its windows."""
    steps = prepared(*cells).require_workflow().steps
    return [[(w.line, len(w.calls)) for w in step.task_windows] for step in steps]


#: What the function's body does → the line and a part of the reason.
REFUSED = {
    "an argument": ("def f(xs):\n    xs.append(1)", 3, "its argument 'xs' is changed by .append()"),
    "what an argument holds": ("def f(d):\n    d['a'][0] = 1", 3, "its argument 'd'"),
    "an attribute of an argument": ("def f(o):\n    o.x = 1", 3, "its argument 'o'"),
    "an argument of another function": (
        "def f(xs):\n    other(xs)\ndef other(ys):\n    ys.sort()",
        3,
        "its argument 'xs'",
    ),
    "a global": ("def f(x):\n    global n\n    n = x", 4, "it sets 'n'"),
    "what a global holds": ("def f(x):\n    log.append(x)\nlog = []", 3, "the notebook's 'log'"),
    "a file": ("def f(x):\n    open('a', 'w').write(x)", 3, "outside the notebook"),
    "a seed": ("import random\ndef f(x):\n    random.seed(x)", 4, "random number generator"),
    "a seeded draw": (
        "import random\nrandom.seed(1)\n# task\ndef f(x):\n    return random.random()",
        5,
        "it draws from the global random number generator",
    ),
    "settings": ("import numpy as np\ndef f(x):\n    np.seterr(all='raise')", 4, "settings"),
    "a figure": ("import matplotlib.pyplot as plt\ndef f(x):\n    plt.plot(x)", 4, "figure"),
    "unseen names": ("def f(x):\n    exec(x)", 2, "code that can't be seen"),
    "a generator": ("def f(x):\n    yield x", 2, "it is a generator"),
    "a coroutine": ("# task\nasync def f(x):\n    return x", 2, "it is async"),
    "a decorator": ("@staticmethod\ndef f(x):\n    return x", 3, "'@staticmethod' makes another"),
    "a method": ("class A:\n    # task\n    def f(self):\n        return 1", 3, "it is a method"),
    "a function in a function": (
        "def g(k):\n    # task\n    def f(x):\n        return x * k\n    return f(1)",
        3,
        "it is defined in 'g'",
    ),
    "a default": ("def f(x, seen=[]):\n    return x", 2, "the default of 'seen'"),
    "bound twice": ("def f(x):\n    return x\nf = abs", 2, "bound in more than one place"),
    "its condition": (
        "# task: when=y > 3\ndef f(x):\n    return x",
        2,
        "uses 'y', which is neither",
    ),
    "a table whose axes others have": (
        "def f(s):\n    return 2 * s\nt.index.name = 'key'",
        2,
        "may share an axis with what it is given",
    ),
    "its condition says something": (
        "def said(y):\n    print(y)\n    return y\ndef large(y):\n    return said(y) > 3\n"
        "# task: when=large(x)\ndef f(x):\n    return x",
        7,
        "does more than look",
    ),
}


@pytest.mark.parametrize(("source", "line", "reason"), REFUSED.values(), ids=REFUSED)
def test_function_that_is_no_task(source, line, reason):
    if "# task" not in source:
        lines = source.split("\n")
        at = next(n for n, text in enumerate(lines) if text.startswith(("def f", "@")))
        lines.insert(at, "# task")
        source = "\n".join(lines)
    found = [d for d in prepared(source).diagnostics if d.code == "NX404"]
    assert [(d.severity, d.line) for d in found] == [("warning", line)]
    assert reason in found[0].message
    assert found[0].remedy


FINE = "# task\ndef f(x):\n    return x\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a, b = f(1), f(2)", [(4, 1)]),
        ("a = f(1)\nb = f(2)\nc = f(3)", [(4, 2)]),
        ("print(f(1) + f(2), [f(3)], {f(4)}, f'{f(5)}')", [(4, 4)]),
        ("a = f(1)", []),
        ("a = f(1)\nb = f(a)", []),
        ("a = f(1)\nb = f(a)\nc = f(2)", [(4, 1)]),
        ("a = f(f(1)) + f(2)", [(4, 1)]),
        ("x = [1]\na = f(x)\nx.append(2)\nb = f(x)", []),
        ("x = [1]\ny = x\na = f(x)\ny.append(2)\nb = f(x)", []),
        ("x = [1]\ny = [2]\na = f(x)\ny.append(2)\nb = f(x)", [(6, 1)]),
        ("x = 1\na = f(x)\nx = 2\nb = f(x)", []),
        ("x = 1\na = f(x)\nprint(a)\nb = f(x)", [(5, 1)]),
        ("x = iter([1, 2])\na = f(next(x)) + f(next(x))", []),
        ("a = f(1) if f(2) else f(3)", []),
        ("a = f(1) and f(2)", []),
        ("a = f(1)\nif a:\n    b = f(2)\nc = f(3)", []),
        ("a = f(1)\nif a:\n    b = 2\nc = f(3)", [(4, 1)]),
        ("a = f(1)\nimport random\nrandom.seed(1)\nc = f(3)", []),
        ("for i in range(3):\n    a = f(i)\n    b = f(i + 1)\n    if b: break", [(5, 1)]),
        ("try:\n    a = f(1)\n    b = f(2)\nexcept ValueError:\n    c = f(3) + f(4)", [(5, 1), (8, 1)]),
        ("def g():\n    return f(1) + f(2)", []),
        ("g = lambda: f(1) + f(2)", []),
        ("a = f(1) + f(y := 2)", []),
    ],
)  # fmt: skip
def test_calls_that_stand_together(source, expected):
    assert windows(FINE + source) == [expected]


@pytest.mark.parametrize("default", ["()", "(1, 'a', (2.5, None))", "3", "'text'"])
def test_defaults_that_cannot_change_are_fine(default):
    text = f"# task\ndef f(x, acc={default}):\n    return x, acc\na, b = f(1), f(2)"
    assert not prepared(text).diagnostics
    assert windows(text) == [[(4, 1)]]


def test_windows_in_tasks():
    source = """
    # task
    def g(xs):
        if len(xs) < 2:
            return xs
        a = g(xs[1:])
        half = len(xs) // 2
        b = g(xs[2:])
        c = g(xs[half:])
        xs = a
        d = g(xs)
        return b + c + d
    """
    assert windows(source) == [[(5, 1)]]


MESHES = [
    "x, y = np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 1, 9))",
    "x, y = np.mgrid[:9, :9]",
    "x, y = np.indices((9, 9))",
    "x = np.array([[1, 2]]).T\ny = np.where(x > 1, x, 0)",
    "x, y = np.random.uniform(size=9), np.random.randint(0, 9, size=9)",
]


@pytest.mark.parametrize("mesh", MESHES)
def test_task_that_changes_a_copy_of_an_array(mesh):
    julia = (
        "# task\ndef julia(mesh, c=-1):\n    z = mesh.copy()\n    for i in range(3):\n"
        "        z[z < 2] = z[z < 2] ** 2 + c\n    return z"
    )
    calls = f"import numpy as np\n{mesh}\nz = x + y\na = julia(z)\nb = julia(z, c=2)"
    notebook = prepared(julia, calls)
    assert notebook.diagnostics == ()
    assert [calls for _, calls in windows(julia, calls)[1]] == [1]


def test_arguments_that_cost_something_are_evaluated_once():
    workflow = prepared(
        """
        # task
        def q(xs):
            return q([x for x in xs if x < 1]) + q([x for x in xs if x > 1])
        """
    ).require_workflow()
    (window,) = workflow.steps[0].task_windows
    assert [call.reuses for call in window.calls] == [True]
    assert Workflow.from_json(workflow.to_json()) == workflow


def test_loops_of_calls_are_split():
    cell = FINE + "out = []\nfor x in range(9):\n    out.append(f(x))\nys = [f(x) for x in out]"
    (step,) = prepared(cell).require_workflow().steps
    assert [(split.line, split.form) for split in step.splits] == [(5, "for"), (7, "list")]


def test_loops_of_calls_that_cannot_be_split_give_no_warning():
    cell = FINE + "t = 0\nfor x in range(9):\n    if t > 3:\n        break\n    t += f(x)"
    found = prepared(cell)
    assert found.diagnostics == ()
    assert found.require_workflow().steps[0].splits == ()
