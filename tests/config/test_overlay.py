"""``--config``: settings by cell in a file, as if they were annotations; what is wrong is told with its line."""

from __future__ import annotations

import nbformat
import pytest

from naavre_ext.annotations.overlay import read_overlay
from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.preparing import prepare_notebook
from naavre_ext.running import admit
from naavre_ext.scheduling.claims import plan_claims
from naavre_ext.storage.notebook_file import NotebookFile, read_notebook

CELLS = (
    "param_n = 3",
    "# split: Measure\n# batches: 2\nout = []\nfor n in range(9):\n    out.append(n * n)",
    "# split: Sum up\ntotal = sum(out)",
    "# split: Sum up\nmore = [n for n in out]",
    "# Say it\nprint(more)",
)


def prepared(text: str, values=None):
    cells = [nbformat.v4.new_code_cell(c, id=f"c{n}") for n, c in enumerate(CELLS, 1)]
    file = read_notebook(nbformat.v4.new_notebook(cells=cells))
    file = NotebookFile(file.notebook, file.node, read_overlay(text, "over.yaml"))
    return prepare_notebook(file, values)


def test_settings_stand_in_for_annotations():
    text = """
steps:
  Measure:
    batches: param_n
    resources: {num_cpus: 2, memory: 2GiB}
    concurrency: 3
    retries: 1
    timeout: 10m
  cell 4: {cache: off, split: Copy}
"""
    workflow = prepared(text, {"param_n": 5}).require_workflow()
    measure, copied = workflow.step("c2"), workflow.step("c4")
    assert measure.splits[0].batches == "param_n"
    assert dict(measure.resources) == {"num_cpus": 2.0, "memory": 2 * 2**30}
    assert (measure.concurrency, measure.retries, measure.timeout_s) == (3, 1, 600.0)
    assert (copied.cache, copied.title) == (
        False,
        "Copy",
    )  # 4 as in the user's notebook, not the run's
    assert measure.source == CELLS[1]


def test_what_a_setting_needs_may_stand_in_the_notebook_or_in_another_entry():
    cell = "# split: Fit\n# group: g\nfitted = sorted([3, 1])"
    for text in ("Fit: {replicas: 2}", "Fit: {replicas: 2}\n  cell 1: {group: h}"):
        file = read_notebook(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)]))
        file = NotebookFile(
            file.notebook, file.node, read_overlay(f"steps:\n  {text}", "over.yaml")
        )
        (step,) = prepare_notebook(file).require_workflow().steps
        assert (step.replicas, step.group) == (2, "h" if "h}" in text else "g")


def test_what_is_not_set_stays_as_annotated():
    workflow = prepared("steps: {c2: {retries: 2}}").require_workflow()
    assert workflow.step("c2").splits[0].batches == 2


def test_cells_are_called_by_the_comment_that_they_begin_with_as_well():
    workflow = prepared("steps: {Say it: {retries: 2}}").require_workflow()
    assert (workflow.step("c5").title, workflow.step("c5").retries) == ("Say it", 2)


def test_null_takes_an_annotation_away():
    text = "steps: {c2: {batches: null, split: ~}, cell 3: {retries: }}"
    workflow = prepared(text).require_workflow()
    assert (workflow.step("c2").splits, workflow.step("c2").title) == ((), None)
    cell = "# group: g\n# replicas: 2\n# resources: num_cpus=2\nfitted = sorted([3, 1])"
    file = read_notebook(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)]))
    text = "steps: {cell 1: {group: null, replicas: null, resources: null}}"
    file = NotebookFile(file.notebook, file.node, read_overlay(text, "over.yaml"))
    (step,) = prepare_notebook(file).require_workflow().steps
    assert (step.group, step.replicas, dict(step.resources)) == (None, None, {})


WRONG = [
    ("steps:\n  Measure:\n    batchs: 3", "NX545 over.yaml, line 3: .*did you mean 'batches'"),
    ("steps:\n  Measure:\n    batches: lots of", "NX545 over.yaml, line 3: 'batches' of 'Measure'"),
    ("steps:\n  Measure:\n    retries: -1", "NX545 over.yaml, line 3"),
    (
        "steps:\n  Measur:\n    retries: 1\n    batches: 2",
        "^NX545 over.yaml, line 2: no cell is called 'Measur'.*'Measure'[^\n]*$",
    ),
    (
        "steps:\n  Measur:\n    retries: 1",
        "NX545 over.yaml, line 2: no cell is called 'Measur'.*'Measure'",
    ),
    (
        "steps:\n  Say if:\n    retries: 1",
        "NX545 over.yaml, line 2: no cell is called 'Say if'.*'Say it'",
    ),
    ("steps:\n  Sum up:\n    retries: 1", "NX545 over.yaml, line 2: the cells 3, 4 are all called"),
    (
        "steps:\n  Measure:\n    replicas: 2",
        "NX545 over.yaml, line 3: 'replicas' of 'Measure' needs 'group'",
    ),
    (
        "steps:\n  Measure:\n    batches: param_zzz",
        "NX402 cell 2.*: over.yaml, line 3: '# batches: param_zzz' names",
    ),
    (
        "steps:\n  Measure: {retries: 1}\n  c2: {retries: 2}",
        "NX545 over.yaml, line 3: 'retries' of this cell stands in line 2 already",
    ),
    (
        "steps:\n  c3: {timeout: 1m,\n    timeout_s: 60}",
        "NX545 over.yaml, line 3: 'timeout' of this cell stands in line 2 already",
    ),
    ("steps:\n- Measure", "NX545 over.yaml, line 2: names with values are expected"),
    ("groups:\n  a: 1", "NX545 over.yaml, line 1: 'groups' isn't known here"),
    (
        "steps:\n  Measure:\n    retries: 1\n    retries: 2",
        "NX545 over.yaml, line 4: .*second time",
    ),
    ("steps: {Measure: [", "NX545 over.yaml, line 1: this isn't YAML"),
    ("", "NX545 over.yaml, line 1: the file is empty"),
    ("steps:\n  Measure: &a\n    retries: *a", "NX545 over.yaml, line .*part of itself"),
    ("steps:\n  Measure:\n    title: !!python/object:os.system x", "NX545 over.yaml, line 3"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_is_told_with_file_and_line(text, message):
    with pytest.raises(RefusedError, match=message):
        prepared(text).require_workflow()


def test_settings_that_have_no_effect_yet_are_said():
    found = prepared("steps: {Measure: {image: model}}").diagnostics
    assert [d.message for d in found if d.code == "NX150"] == [
        "over.yaml, line 1: 'image' is not yet in effect: the cell runs in the Python that is running."
    ]


class OnTwoCpus:
    """What refuses the claims that two CPUs can't meet, as Ray's executor does."""

    shares_files = True

    def admit(self, workflow):
        if refused := plan_claims(workflow, [{"CPU": 2.0}]).refused:
            raise RefusedError(refused)


IMPOSSIBLE = {
    "of a cell": "steps:\n  cell 5:\n    retries: 1\n    resources: {num_gpus: 1}",
    "of a cell that isn't its group's first": (
        "steps:\n  cell 4: {group: g}\n  Say it:\n    resources: {num_gpus: 1}\n    group: g"
    ),
}


@pytest.mark.parametrize("text", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_claim_that_can_never_be_met_is_told_with_its_line(text):
    notebook = prepared(text)
    with pytest.raises(RefusedError, match=r"NX515 cell 5 .*over.yaml, line 4: .*num_gpus=1"):
        admit(OnTwoCpus(), notebook, notebook.require_workflow())
