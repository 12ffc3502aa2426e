"""Setting and removing one annotation: examples to look at, then the invariants."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naavre_ext.annotations import (
    ANNOTATION_KEYS,
    parse_annotations,
    remove_annotation,
    set_annotation,
)
from naavre_ext.model.annotation import Annotations
from naavre_ext.model.notebook import Cell, CellId

DNC = "do-not-containerize"

SET = [
    ("into an empty cell", "", "split", "A", "# split: A"),
    ("above code", "x = 1", "split", "A", "# split: A\nx = 1"),
    ("after a magic", "%%time\nx = 1\n", "split", "A", "%%time\n# split: A\nx = 1\n"),
    ("after a lone magic", "%%time", "split", "A", "%%time\n# split: A"),
    ("after a title", "# Load\nx = 1", "split", "A", "# Load\n# split: A\nx = 1"),
    (
        "before a header",
        "# T\n# ---\n# NaaVRE:\n# ...",
        "split",
        "A",
        "# T\n# split: A\n# ---\n# NaaVRE:\n# ...",
    ),
    (
        "in canonical order",
        "# split: A\n# retries: 2\nx",
        "batches",
        "3",
        "# split: A\n# batches: 3\n# retries: 2\nx",
    ),
    (
        "last",
        "# Load\n# split: A\n# by hand\nx",
        "image",
        "i",
        "# Load\n# split: A\n# image: i\n# by hand\nx",
    ),
    ("first", "# Load\n# retries: 2\nx", "split", "A", "# Load\n# split: A\n# retries: 2\nx"),
    ("in place", "  #Batches :4  # cores\r\nx", "batches", "5", "  #Batches :5  # cores\r\nx"),
    ("over a malformed value", "# batches: -3\nx", "batches", "5", "# batches: 5\nx"),
    ("over no value", "# split:\nx", "split", "A", "# split: A\nx"),
    ("over no value with a note", "# batches: # n", "batches", "5", "# batches: 5 # n"),
    (
        "beside prose",
        "# Resources: https://x.org\nx",
        "resources",
        "num_cpus=2",
        "# Resources: https://x.org\n# resources: num_cpus=2\nx",
    ),
    ("with windows line ends", "x\r\ny\r\n", "split", "A", "# split: A\r\nx\r\ny\r\n"),
    ("None removes", "# split: A\nx", "split", None, "x"),
    ("not to containerize", "# Load\nx", DNC, None, "# Load\n# (do not containerize!)\nx"),
    ("not to, as it is", "# Do not containerise\nx", DNC, "on", "# Do not containerise\nx"),
    ("in any case", "x", "SPLIT", "A", "# split: A\nx"),
]

REMOVE = [
    ("the only line", "# split: A", "split", ""),
    ("with its line end", "# split: A\nx\n", "split", "x\n"),
    ("the last line", "%%time\n# split: A", "split", "%%time"),
    ("a blank line stays", "# split: A\n\nx", "split", "\nx"),
    ("every copy", "# batches: 1\n# split: A\n# batches: 2\nx", "batches", "# split: A\nx"),
    ("nothing", "x = 1  # split: A\n# split: B\n", "split", "x = 1  # split: A\n# split: B\n"),
    ("the mark, not the title", "# Settings (do not containerize!)\nx", DNC, "# Settings\nx"),
    ("a malformed line", "# batches: -3\nx", "batches", "x"),
    ("not prose", "# Resources: https://x.org\nx", "resources", "# Resources: https://x.org\nx"),
]


@pytest.mark.parametrize(
    ("source", "key", "value", "expected"), [r[1:] for r in SET], ids=[r[0] for r in SET]
)
def test_set(source: str, key: str, value: str | None, expected: str) -> None:
    assert set_annotation(source, key, value) == expected


@pytest.mark.parametrize(
    ("source", "key", "expected"), [r[1:] for r in REMOVE], ids=[r[0] for r in REMOVE]
)
def test_remove(source: str, key: str, expected: str) -> None:
    assert remove_annotation(source, key) == expected


REFUSED = [
    ("x", "splt", "A", "no cell annotation 'splt'"),
    ("x", "task", "num_cpus=1", "no cell annotation 'task'"),
    ("x", "batches", "-3", "-3 is less than 1"),
    ("x", "split", " ", "takes one line"),
    ("x", "split", "two\nlines", "takes one line"),
    ("%%writefile a.py\nx", "split", "A", "takes no annotations"),
]


@pytest.mark.parametrize(("source", "key", "value", "reason"), REFUSED)
def test_set_refuses_what_would_not_be_read_back(
    source: str, key: str, value: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        set_annotation(source, key, value)


GOOD_VALUES = {
    "split": st.sampled_from(["Clean", "Figure #3", "a: b", "(do not containerize!)", "# x", "="]),
    "over": st.sampled_from(["a", "a, b"]),
    "merge": st.sampled_from(["a", "a=sum, b"]),
    "batches": st.sampled_from(["1", "param_n", "auto"]),
    DNC: st.just("x"),
    "group": st.sampled_from(["g", "gpu-1"]),
    "resources": st.sampled_from(["num_cpus=2", "memory=2GiB, lens=1"]),
    "replicas": st.just("2"),
    "concurrency": st.just("4"),
    "retries": st.just("0"),
    "timeout": st.sampled_from(["10m", "1h30m"]),
    "cache": st.sampled_from(["on", "off"]),
    "image": st.just("python:3.11"),
}
EDITS = st.sampled_from(sorted(GOOD_VALUES)).flatmap(
    lambda key: st.tuples(st.just(key), GOOD_VALUES[key])
)
LINES = """%%time|# split: Old|#Batches:3|# batches: 4  # cores|# batches: -1|# retries: 2|# over: z
|# (do not containerize!)|# Settings (do not containerize this cell)|# Load the data||  |#|# ---
|# NaaVRE:|#  cell:|#   inputs: [a]|# ...|x = 1|for x in xs:|    f(x)|# task|def f(x): return x
|s = \"\"\"|\"\"\"|!ls it's|y = [|]|# Resources: https://x.org|# image:|# group: one two three
""".replace("\n", "").split("|")
SOURCES = st.builds(
    lambda lines, end, last: end.join(lines) + (end if last else ""),
    st.lists(st.sampled_from(LINES), max_size=10),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


def annotations(source: str) -> Annotations:
    parsed = parse_annotations(Cell(CellId("cell"), 0, "code", source)).annotations
    # A line more above them moves functions and loops, and that is all it may do.
    return replace(
        parsed,
        loops=tuple(replace(loop, line=0) for loop in parsed.loops),
        tasks=tuple(replace(task, line=0) for task in parsed.tasks),
    )


def without(parsed: Annotations, key: str) -> Annotations:
    row, default = ANNOTATION_KEYS[key], Annotations()
    names = {row.sets, *row.implies}
    return replace(parsed, **{name: getattr(default, name) for name in names})


def is_set(source: str, key: str) -> bool:
    """Whether the cell has a line for this key, well-formed or not."""
    return remove_annotation(source, key) != source


@given(SOURCES, EDITS)
def test_what_was_set_is_read_and_nothing_else_changes(source: str, edit: tuple[str, str]) -> None:
    key, value = edit
    before, after = annotations(source), annotations(set_annotation(source, key, value))
    row = ANNOTATION_KEYS[key]
    expected = False if key == DNC else row.parse(value)
    assert getattr(after, row.sets) == expected
    assert without(after, key) == without(before, key)


@given(SOURCES, st.text().map(str.strip).filter(lambda t: t and not re.search(r"[\r\n]", t)))
def test_any_title_is_read_back(source: str, title: str) -> None:
    assert annotations(set_annotation(source, "split", title)).title == title


@given(SOURCES, EDITS)
def test_other_lines_are_kept_byte_for_byte(source: str, edit: tuple[str, str]) -> None:
    key, value = edit
    old = source.split("\n")
    new = set_annotation(source, key, value).split("\n")
    if is_set(source, key):
        assert len(new) == len(old)
        assert sum(a != b for a, b in zip(old, new, strict=True)) <= 1
    elif not source:
        assert len(new) == 1
    else:
        assert any(_same(new[:i] + new[i + 1 :], old) for i in range(len(new)))


def _same(left: list[str], right: list[str]) -> bool:
    """Equal lines; a last line without an end may have got one."""
    return [line.rstrip("\r") for line in left] == [line.rstrip("\r") for line in right]


@given(SOURCES, EDITS)
def test_removing_what_was_set_gives_the_source_again(source: str, edit: tuple[str, str]) -> None:
    key, value = edit
    if not is_set(source, key):
        assert remove_annotation(set_annotation(source, key, value), key) == source


@given(SOURCES, EDITS)
def test_setting_twice_is_setting_once(source: str, edit: tuple[str, str]) -> None:
    once = set_annotation(source, *edit)
    assert set_annotation(once, *edit) == once


@given(SOURCES, st.sampled_from(["# Load", "%%time\n# Load"]), st.sampled_from(sorted(GOOD_VALUES)))
def test_removing_leaves_nothing_of_the_key_and_everything_else(
    body: str, title: str, key: str
) -> None:
    # The title keeps the block from vanishing: what stands below would be the first block then.
    source = f"{title}\n{body}"
    removed = remove_annotation(source, key)
    assert not is_set(removed, key)
    assert annotations(removed) == without(annotations(source), key)


@given(SOURCES, EDITS)
def test_line_ends_stay_of_one_kind(source: str, edit: tuple[str, str]) -> None:
    edited = set_annotation(source, *edit)
    if "\r\n" in source:
        assert re.search(r"(?<!\r)\n", edited) is None
    else:
        assert "\r" not in edited
    if source:
        assert edited.endswith("\n") == source.endswith("\n")
