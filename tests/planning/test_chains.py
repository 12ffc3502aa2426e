"""Which split loops go on with the batches of the one that makes their list, and why others wait."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))

from both_ways import notebook

from naavre_ext.api import prepare_notebook
from naavre_ext.model.workflow import Workflow

SETUP = (
    "import math, os, random\nfrom pathlib import Path\nimport numpy as np\nxs = [1, 2, 3]\nk = 3\n"
    "cfg = {'k': 1}\ndef f(x):\n    return x + k\ndef g(x):\n    return math.sqrt(x)"
)
SPLIT = "# split: part\n"
MAKE = SPLIT + "a = []\nfor x in xs:\n    a.append(f(x))"
USE = SPLIT + "b = []\nfor y in a:\n    b.append(g(y))"


def planned(*cells: str) -> Workflow:
    return prepare_notebook(notebook((SETUP, *cells))).require_workflow()


CHAINED = {
    "loops": (MAKE, USE),
    "comprehensions": (SPLIT + "a = [f(x) for x in xs]", SPLIT + "b = {g(y) for y in a}"),
    "a generator": (MAKE, SPLIT + "total = sum(g(y) for y in a)"),
    "a dict": (MAKE, SPLIT + "d = {}\nfor y in a:\n    d[y] = g(y)"),
    "one cell": (MAKE + "\nb = []\nfor y in a:\n    b.append(g(y))",),
    "code after the first loop": (MAKE + "\nprint('done', len(a))", USE),
    "another reader between": (MAKE, "print(sum(a))", USE),
    "other cells between": (MAKE, "other = [f(1)]\nother.append(2)", USE),
    "extend and +=": (SPLIT + "a = []\nfor x in xs:\n    a.extend([x])\n    a += (x, x)", USE),
    "equal batches": (MAKE.replace("a = []", "# batches: 3\na = []", 1),
                      USE.replace("b = []", "# batches: 3\nb = []", 1)),
    "numbered": (MAKE, SPLIT + "b = [i + g(y) for i, y in enumerate(a, start=1)]"),
    "beside the items": (MAKE, SPLIT + "b = []\nfor x, y in zip(xs, a):\n    b.append(x * g(y))"),
    "numbered pairs": (MAKE, SPLIT + "for i, (x, y) in enumerate(zip(xs, a)):\n    print(i, x, y)"),
    "two lists of one loop": (
        SPLIT + "a, c = 1, 2\na = []\nc = []\nfor x in xs:\n    a.append(f(x))\n    c.append(x)",
        SPLIT + "b = [y + z for y, z in zip(a, c)]"),
    "a part of the list": (MAKE, SPLIT + "b = [g(y) for y in a[1:]]"),
    "set together": (SPLIT + "n, a = 0, []\nfor x in xs:\n    a.append(f(x))\n    n += 1", USE),
    "the list changes later": (MAKE, USE + "\nk = 4", "a.append(1)"),
}  # fmt: skip


@pytest.mark.parametrize("cells", CHAINED.values(), ids=CHAINED)
def test_a_loop_over_the_list_goes_on_with_its_batches(cells: tuple[str, ...]) -> None:
    workflow = planned(*cells)
    (found,) = [split for step in workflow.steps for split in step.splits if split.continues]
    assert found.continues == (workflow.steps[1].id, 0)


def test_three_cells_are_one_chain() -> None:
    workflow = planned(MAKE, USE, SPLIT + "for z in b:\n    print(z)")
    steps = workflow.steps
    assert [step.splits[0].continues for step in steps[1:]] == [
        None, (steps[1].id, 0), (steps[2].id, 0),
    ]  # fmt: skip
    assert "line 3: goes on with cell 2's batches, without waiting for all" in steps[2].reasons
    assert Workflow.from_json(workflow.to_json()) == workflow


def test_every_loop_over_a_list_goes_on_with_its_batches() -> None:
    steps = planned(MAKE, USE, USE.replace("b", "c"), SPLIT + "e = [y for y in b]").steps
    first, second = (steps[1].id, 0), (steps[2].id, 0)
    assert [step.splits[0].continues for step in steps[2:]] == [first, first, second]


#: cells → why the last split waits for the merge; nothing is said where no split makes its list alone
WAITING = {
    "sorted between": ((MAKE, "a.sort()", USE), "may change 'a'"),
    "changed in the first cell": ((MAKE + "\na[0] = 7", USE), "cell 2 may change 'a'"),
    "changed before the loop": (
        (MAKE, USE.replace("b = []", "b = []\na.append(1)")), "code before its loop may change 'a'"),
    "bound anew": ((MAKE, "if k:\n    a = [1]", USE), "sets 'a' anew"),
    "an alias is changed": ((MAKE, "c = a\nc.append(3)", USE), "may change 'a'"),
    "elements are changed": (
        (SPLIT + "a = []\nfor x in xs:\n    a.append([x])", "a[0].append(3)", USE), "may change 'a'"),
    "an object of the body changes": (
        (MAKE, "cfg['k'] = 2", SPLIT + "b = [cfg['k'] + y for y in a]"), "may change 'cfg'"),
    "a variable of the body is set": ((MAKE, "k = 4", SPLIT + "b = [y + k for y in a]"), "sets 'k'"),
    "what a function uses is set": ((MAKE, "k = 4", SPLIT + "b = [f(y) for y in a]"), "sets 'k'"),
    "a function is defined before the loop": (
        (MAKE, SPLIT + "def h(y):\n    return y\nb = [h(y) for y in a]"), "sets 'h'"),
    "the first loop's variable": ((MAKE, SPLIT + "b = [y + x for y in a]"), "cell 2's loop sets 'x'"),
    "unseen code between": ((MAKE, "exec('k = 1')", USE), "would remain"),
    "settings between": ((MAKE, "np.seterr(all='raise')", USE), "must run before it"),
    "a seed between": ((MAKE, "random.seed(1)", USE), "must run before it"),
    "files": ((MAKE, SPLIT + "for y in a:\n    Path(f'{y}').write_text('')"), "would remain"),
    "files written and read": (
        (SPLIT + "a = []\nfor x in xs:\n    Path(f'{x}').write_text('')\n    a.append(x)",
         SPLIT + "b = [Path(f'{y}').read_text() for y in a]"), "may be written before it begins"),
    "another number of batches": ((MAKE, USE.replace("b = []", "# batches: 3\nb = []", 1)), "# batches"),
    "batches of a filtered list": (
        (SPLIT + "# batches: 3\na = [x for x in xs if x]", SPLIT + "# batches: 3\nb = [g(y) for y in a]"),
        "# batches"),
    "an array's rows": (
        (MAKE, SPLIT + "r = np.zeros(9)\nfor y in a:\n    r[y] = g(y)"), "'r' may be an array"),
    "an array's rows, by a list that grows": (
        (MAKE, SPLIT + "r = np.zeros(9)\nb = []\nfor y in a:\n    v = g(y)\n    if len(b) < 9:\n"
         "        r[len(b)] = v\n        b.append(y)"), "'r' may be an array"),
    "a list that doesn't begin empty": ((MAKE.replace("[]", "[1]"), USE), None),
    "the end of the list": ((MAKE, SPLIT + "b = [g(y) for y in a[-1:]]"), None),
    "every second element": ((MAKE, SPLIT + "b = [g(y) for y in a[::2]]"), None),
    "numbered after a filter": (
        (SPLIT + "a = [x for x in xs if x]", SPLIT + "b = [g(y) for i, y in enumerate(a)]"), "belong together"),
    "beside another list": ((MAKE, SPLIT + "b = [g(y) for y, z in zip(a, range(9))]"), None),
    "beside itself": ((MAKE, SPLIT + "b = [g(y) for y, z in zip(a, a[1:])]"), None),
    "a part in equal batches": (
        (MAKE.replace("a = []", "# batches: 3\na = []", 1),
         SPLIT + "# batches: 3\nb = [g(y) for y in a[1:]]"), "# batches"),
    "the items change": (
        (MAKE, "xs.append(1)", SPLIT + "b = [g(y) + x for x, y in zip(xs, a)]"), "may change 'xs'"),
    "a dict's values": ((MAKE.replace("[]", "{}").replace("a.append(f(x))", "a[x] = f(x)"), USE), None),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "why"), WAITING.values(), ids=WAITING)
def test_a_loop_waits_for_the_merge(cells: tuple[str, ...], why: str | None) -> None:
    steps = planned(*cells).steps
    assert steps[-1].splits[-1].continues is None
    told = [text for text in steps[-1].reasons if "waits for all batches of cell 2" in text]
    assert why in told[0] if why else not told
