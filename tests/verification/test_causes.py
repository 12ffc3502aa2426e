"""The check of the check: a plan that is spoiled on purpose is found, and the reason is named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from spoiling import Spoil, unseen_write, with_step, without_edge

from naavre_ext.api import prepare_notebook
from naavre_ext.model.run import RunOptions
from naavre_ext.verification import compare, sequential
from naavre_ext.verification.draws import unseeded_draws
from naavre_ext.verifying import Isolation, observe, verify

pytestmark = pytest.mark.filterwarnings("default")


@dataclass(frozen=True)
class Row:
    cells: tuple[str, ...]
    spoil: Spoil
    difference: str
    causes: tuple[str, ...]


SLOW = "[v * 2 for v in range(20_000)]"

ROWS = {
    "an edge is missing": Row(
        (
            "xs = [1]",
            f"xs = {SLOW}",
            f"ys = {SLOW}",
            "total = sum(xs)\nprint(total)",
            "double = 2 * total",
        ),
        without_edge(2, 4),
        "cell 4, output 1, line 1 is '1', not '399980000'",
        (
            "cell 4 is the first that differs: it leaves another 'total' and it shows something else",
            "cell 4 read 'xs' as cell 1 left it, but cell 2 had changed it; "
            "the plan has no edge from cell 2 to cell 4",
            "cell 5 differs as it read 'total' from cell 4",
        ),
    ),
    "a value never arrives": Row(
        ("a = 1", f"xs = {SLOW}", f"ys = {SLOW}", "print(len(xs))"),
        without_edge(2, 4),
        "the run is one that fails in cell 4 with NameError: name 'xs' is not defined, "
        "not one that ends ok",
        (
            "cell 4 is the first that differs: it shows something else",
            "cell 4 didn't get 'xs', which cell 2 makes; the plan has no edge from cell 2 to cell 4",
        ),
    ),
    "a change isn't seen": Row(
        ("xs = [1]", "xs.append(2)", "print(xs)"),
        unseen_write(2, "xs"),
        "cell 3, output 1, line 1 is '[1]', not '[1, 2]'",
        (
            "cell 3 is the first that differs: it shows something else",
            "cell 3 read 'xs' as cell 1 left it, but cell 2 had changed it; the plan's edge from "
            "cell 2 to cell 3 doesn't carry 'xs', as cell 2 isn't known to change 'xs'",
        ),
    ),
    "a change is lost": Row(
        ("xs = [1]", "xs.append(2)", "y = 1"),
        unseen_write(2, "xs"),
        "variable xs is 1 elements, not 2 elements",
        (
            "in the end 'xs' is as cell 1 left it, but cell 2 had changed it; "
            "cell 2 isn't known to change 'xs'",
        ),
    ),
    "a wrong placement": Row(
        ("a = [1]\nb = [a]", "same = b[0] is a", "print(same)"),
        lambda workflow: with_step(2, placement="any", bundles=(("same",),))(
            with_step(1, bundles=(("a",), ("b",)))(workflow)
        ),
        "cell 3, output 1, line 1 is 'False', not 'True'",
        (
            "cell 2 is the first that differs: it leaves another 'same'",
            "all that cell 2 names was as it should be, so it's how it ran: "
            "it ran in another worker, on copies of its inputs",
            "cell 3 differs as it read 'same' from cell 2",
        ),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_spoiled_plan_is_found_and_explained(row: Row, tmp_path: Path) -> None:
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in row.cells])
    workflow = prepare_notebook(node).require_workflow()
    options = RunOptions(
        executor="local", guards=False, cwd=str(tmp_path), store=str(tmp_path / ".naavre")
    )
    first = observe(node, sequential(workflow), options)
    right, spoiled = observe(node, workflow, options), observe(node, row.spoil(workflow), options)
    assert compare(workflow, first, first, right).differences == ()
    report = compare(row.spoil(workflow), first, first, spoiled)
    assert not report.equal
    assert report.differences[0].text == f"{row.difference} (workflow, then sequential)"
    assert tuple(cause.text for cause in report.causes) == row.causes


def test_a_cell_that_does_not_work_on_each_item_apart_is_named(tmp_path: Path) -> None:
    head = "# split: centre\n# over: xs\n# merge: ys\n# batches: 2\n"
    cell = head + "mean = sum(xs) / len(xs)\nys = [x - mean for x in xs]"
    cells = ["xs = [0, 2, 4, 6]", cell, "print(ys)"]
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    workflow = prepare_notebook(node).require_workflow()
    options = RunOptions(executor="local", cwd=str(tmp_path), store=str(tmp_path / ".naavre"))
    first = observe(node, sequential(workflow), options)
    report = compare(workflow, first, first, observe(node, workflow, options))
    assert [difference.text for difference in report.differences] == [
        "cell 3, output 1, line 1 is '[-1.0, 1.0, -1.0, 1.0]', not '[-3.0, -1.0, 1.0, 3.0]' "
        "(workflow, then sequential)",
        "variable ys[0] is -1.0, not -3.0 (workflow, then sequential)",
    ]
    assert [cause.text for cause in report.causes] == [
        "cell 2 (\"centre\") is the first that differs: it leaves another 'ys'",
        'all that cell 2 ("centre") names was as it should be, so it\'s how it ran: '
        "'# over: xs' says that it works on each item apart, and it was split into 2 batches",
        "cell 3 differs as it read 'ys' from cell 2 (\"centre\")",
    ]
    assert list(report.uncompared) == ["mean"]


def test_what_the_cell_before_an_injected_one_shows_is_compared(tmp_path: Path) -> None:
    node = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(each)
            for each in ("param_n = 1\nprint('set')", "print(param_n)")
        ]
    )
    given = {"param_n": 5}
    workflow = prepare_notebook(node, given).require_workflow()
    options = RunOptions(executor="local", cwd=str(tmp_path), store=str(tmp_path / ".naavre"))
    first = observe(node, sequential(workflow), options, parameters=given)
    head, *others = workflow.steps
    other = replace(workflow, steps=(replace(head, source="param_n = 1\nprint('other')"), *others))
    report = compare(workflow, first, first, observe(node, other, options, parameters=given))
    assert [each.text for each in report.differences] == [
        "cell 1, output 1, line 1 is 'other', not 'set' (workflow, then sequential)"
    ]
    assert report.compared_cells == 2


@pytest.mark.parametrize(("others", "draws"), [(1, False), (1, True), (10, False)])
def test_element_beside_one_that_is_drawn_may_be_the_same_by_chance(
    others: int, draws: bool, tmp_path: Path
) -> None:
    """Also where no draw is known, but most elements are others in each run."""

    def seen(rolled: list[int], fixed: int) -> Any:
        cells = (
            f"rolled = {rolled}\nfound = {{'rolled': rolled, 'fixed': {fixed}}}",
            "print(rolled)",
        )
        node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
        for number, cell in enumerate(node.cells):
            cell.id = f"cell-{number}"
        workflow = prepare_notebook(node).require_workflow()
        return workflow, observe(node, workflow, options)

    options = RunOptions(executor="local", cwd=str(tmp_path), store=str(tmp_path / ".naavre"))
    workflow, first = seen([1] * others + [5], 0)
    again, parallel = seen([2] * others + [5], 0)[1], seen([3] * others + [6], 0)[1]
    is_chance = draws or others > 1
    assert compare(workflow, first, again, parallel, draws=draws).equal == is_chance
    found = compare(workflow, first, again, seen([3] * others + [6], 1)[1], draws=draws)
    assert ("variable found['fixed']" in {each.path for each in found.differences}) == is_chance
    assert not found.equal


def test_what_differs_has_to_be_the_same_in_all_sequential_runs(tmp_path: Path) -> None:
    """In any two runs some elements are alike by chance, other ones each time."""

    def seen(*values: int) -> Any:
        cells = [nbformat.v4.new_code_cell(f"xs = {list(values)}", id="cell-0")]
        node = nbformat.v4.new_notebook(cells=cells)
        workflow = prepare_notebook(node).require_workflow()
        return workflow, observe(node, workflow, options)

    options = RunOptions(executor="local", cwd=str(tmp_path), store=str(tmp_path / ".naavre"))
    workflow, first = seen(1, 1, 1)
    runs = [seen(1, 2, 2)[1], seen(5, 6, 7)[1], seen(3, 1, 3)[1]]
    again, parallel, more = runs
    assert not compare(workflow, first, again, parallel).equal
    assert compare(workflow, first, again, parallel, more).equal


def test_which_element_is_one_object_with_a_variable_may_be_drawn(tmp_path: Path) -> None:
    def seen(cell: str) -> Any:
        cells = [nbformat.v4.new_code_cell(cell, id="cell-0")]
        node = nbformat.v4.new_notebook(cells=cells)
        workflow = prepare_notebook(node).require_workflow()
        return workflow, observe(node, workflow, options)

    def taking(number: int, more: str = "") -> Any:
        return seen(f"xs = [[0], [0], [0]]\nx = xs[{number}]\nys = [1]\nzs = {more or '[1]'}")

    options = RunOptions(executor="local", cwd=str(tmp_path), store=str(tmp_path / ".naavre"))
    workflow, first = taking(0)
    again = taking(1)[1]
    assert not compare(workflow, first, first, taking(2)[1]).equal
    assert compare(workflow, first, again, taking(2)[1]).equal
    found = compare(workflow, first, again, taking(2, "ys")[1])
    assert [each.path for each in found.differences] == ["ys and zs"]


@pytest.mark.slow
def test_what_two_runs_have_alike_by_chance_is_looked_at_again(tmp_path: Path) -> None:
    counting = (
        "from pathlib import Path\nfile = Path('count')\n"
        "runs = int(file.read_text()) if file.exists() else 0\nfile.write_text(str(runs + 1))"
    )
    node = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(each) for each in (counting, "pair = runs // 2")]
    )
    options = RunOptions(executor="local", cwd=str(tmp_path), store=str(tmp_path / ".naavre"))
    phases: list[str] = []
    report = verify(
        node, options=options, isolation=Isolation(in_place=True), on_phase=phases.append
    )
    assert phases[3:] == ["running sequentially once more"]
    assert report.equal
    assert {"runs", "pair"} <= {entry.name for entry in report.unsteady}


def test_the_sequential_runs_know_no_annotation() -> None:
    cells = (
        "def f(xs):\n    # split: inner\n    return [x * 2 for x in xs]",
        "# split: outer\n# retries: 2\n# timeout: 1s\nys = []\nfor x in f(range(9)):\n    ys.append(x)",
    )
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    workflow = prepare_notebook(node).require_workflow()
    first, second = workflow.steps
    assert first.inner_splits
    assert second.splits
    for step in sequential(workflow).steps:
        limits = (step.splits, step.inner_splits, step.retries, step.timeout_s)
        assert not any(limits)


def test_each_variable_has_the_reason_of_its_own_line(tmp_path: Path) -> None:
    source = "import random, time\nwhen = time.time()\ndraw = random.random(); where = id([])\nboth = [when, draw]"
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    options = RunOptions(executor="local", cwd=str(tmp_path), store=str(tmp_path / ".naavre"))
    report = verify(node, options=options, isolation=Isolation(in_place=True))
    found = {entry.name: entry.reason.split(",")[0] for entry in report.unsteady}
    assert found["when"] == "probably the time"
    assert found["draw"] == "probably a draw from a generator without a seed"
    assert found.get("where", "probably an address or a hash") == "probably an address or a hash"


@pytest.mark.slow
def test_memory_that_nothing_was_written_to_is_not_steady(tmp_path: Path) -> None:
    """Here it holds zeros in two runs, and what is computed from it differs in the third one only by chance."""
    cells = [
        "import numpy as np",
        "a, b = np.empty(3), np.empty(50_000)\nc = np.zeros(50_000)",
        "d = b + 1",
    ]
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    options = RunOptions(executor="local", cwd=str(tmp_path), store=str(tmp_path / ".naavre"))
    report = verify(node, options=options)
    assert report.equal
    found = {entry.name: entry.reason for entry in report.unsteady}
    assert set(found) == {"a", "b", "d"}
    assert set(found.values()) == {"probably memory that nothing was written to, in cell 2"}


_SPLIT = "from sklearn.model_selection import train_test_split"
_MEANS = "from sklearn.cluster import KMeans"
#: Cells, and by position those that draw without a seed, and what draws.
DRAWS = [
    (("import random", "x = random.random() > 0.5"), {1: "random.random"}),
    (("import random\nrandom.seed(1)", "x = random.random() > 0.5"), {}),
    ((_SPLIT, "p = train_test_split(range(9))"), {1: "train_test_split"}),
    ((_SPLIT, "p = train_test_split(range(9), random_state=0)"), {}),
    ((_MEANS, "m = KMeans(2).fit([[0], [1], [2]])"), {1: "KMeans"}),
    ((_MEANS, "m = KMeans(2, random_state=0).fit([[0], [1], [2]])"), {}),
    (("x = 1", "y = sorted([x])"), {}),
    (("import numpy as np", "g = np.random.default_rng()", "x = g.random()"), {1: "default_rng"}),
    (("import numpy as np", "g = np.random.default_rng(seed=None)"), {1: "default_rng"}),
    (("import numpy as np", "g = np.random.default_rng(1)", "x = g.random()"), {}),
    (("from numpy.random import default_rng as make", "g = make()"), {1: "default_rng"}),
    (
        ("import numpy as np", "def f():\n    return np.random.RandomState().rand()"),
        {1: "RandomState"},
    ),
    (("import numpy as np", "np.random.RandomState(seed=3).rand()"), {}),
    (
        ("import numpy as np", "np.random.seed()", "x = np.random.rand() > 0.5"),
        {1: "numpy.random.seed"},
    ),
    (("import random", "g = random.Random()"), {1: "random.Random"}),
    (("import random", "g = random.Random(4)"), {}),
    (
        ("import uuid, secrets", "a = uuid.uuid4().hex[0]", "b = secrets.token_hex(1)"),
        {1: "uuid4", 2: "secrets"},
    ),
]


@pytest.mark.parametrize(("cells", "draws"), DRAWS)
def test_cell_that_draws_without_a_seed_is_known(
    cells: tuple[str, ...], draws: dict[int, str]
) -> None:
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    found = unseeded_draws(prepare_notebook(node).basis)
    assert list(found) == list(draws)
    assert all(what in found[position] for position, what in draws.items())


@pytest.mark.slow
def test_difference_after_an_unseeded_draw_is_looked_at_again_and_shown(tmp_path: Path) -> None:
    """All sequential runs are alike by chance (here: by what the plan is made to do), so nobody can tell."""
    cells = ["import random", "x = random.random() < 2", "y = [x]\ny.append(1)", "print(y)"]
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    options = RunOptions(
        executor="local", guards=False, cwd=str(tmp_path), store=str(tmp_path / ".naavre")
    )
    phases: list[str] = []

    other = with_step(3, source="y = [x]")
    report = verify(node, options=options, on_phase=phases.append, reshape=other)
    assert not report.equal
    assert phases.count("running sequentially once more") == 4
    assert (report.causes[-1].kind, report.causes[-1].cell) == ("chance", 2)
