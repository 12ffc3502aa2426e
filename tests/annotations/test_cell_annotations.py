"""What a cell's comments mean: source → annotations, one row per rule."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import pytest

from naavre_ext.annotations import ANNOTATION_KEYS, parse_annotations
from naavre_ext.model.annotation import Annotations, MergeClause
from naavre_ext.model.notebook import Cell, CellId, CellKind


def parse(source: str, kind: CellKind = "code"):
    return parse_annotations(Cell(CellId("cell"), 6, kind, source))


def said(source: str) -> dict[str, Any]:
    """The fields that differ from 'not annotated'; nothing in the source may be an error."""
    parsed = parse(source)
    assert [d.describe() for d in parsed.diagnostics if d.severity == "error"] == []
    default = Annotations()
    return {
        field.name: getattr(parsed.annotations, field.name)
        for field in fields(Annotations)
        if getattr(parsed.annotations, field.name) != getattr(default, field.name)
    }


MiB, GiB = 2**20, 2**30
FOO = {"split": True, "title": "Foo"}

VALUES = [
    ("# split: Clean the images", {"split": True, "title": "Clean the images"}),
    ("# split: Figure #3, part: b", {"split": True, "title": "Figure #3, part: b"}),
    ("# over: images", {"over": ("images",)}),
    ("# over: images ,labels", {"over": ("images", "labels")}),
    (
        "# over: a\n# merge: b, c=sum, d = UPDATE",
        {
            "over": ("a",),
            "merge": (MergeClause("b"), MergeClause("c", "sum"), MergeClause("d", "update")),
        },
    ),
    ("# batches: 5", {"batches": 5}),
    ("# batches: param_batches", {"batches": "param_batches"}),
    ("# batches: auto", {}),
    ("# batches: 4  # one per core", {"batches": 4}),
    ("# group: model", {"group": "model"}),
    ("# group: gpu-model.v2", {"group": "gpu-model.v2"}),
    ("# resources: num_cpus=2, num_gpus=0.5", {"resources": {"num_cpus": 2.0, "num_gpus": 0.5}}),
    ("# resources: memory=2GiB", {"resources": {"memory": 2 * GiB}}),
    ("# resources: memory=1.5 gib", {"resources": {"memory": 3 * GiB // 2}}),
    ("# resources: memory=512KiB", {"resources": {"memory": 512 * 1024}}),
    ("# resources: memory=100MB", {"resources": {"memory": 100_000_000}}),
    ("# resources: memory=1000", {"resources": {"memory": 1000}}),
    (
        "# resources: memory=64MiB, telescope=1",
        {"resources": {"memory": 64 * MiB, "telescope": 1.0}},
    ),
    ("# resources: accelerator_type:A100=0.001", {"resources": {"accelerator_type:A100": 0.001}}),
    ("# group: g\n# replicas: 2", {"group": "g", "replicas": 2}),
    ("# concurrency: 4", {"concurrency": 4}),
    ("# retries: 0", {"retries": 0}),
    ("# retries: 3", {"retries": 3}),
    ("# timeout: 90", {"timeout_s": 90.0}),
    ("# timeout: 90s", {"timeout_s": 90.0}),
    ("# timeout: 10m", {"timeout_s": 600.0}),
    ("# timeout: 1h30m", {"timeout_s": 5400.0}),
    ("# timeout: 1h 30m", {"timeout_s": 5400.0}),
    ("# timeout: 500ms", {"timeout_s": 0.5}),
    ("# timeout: 10 min", {"timeout_s": 600.0}),
    ("# cache: off", {"cache": False}),
    ("# cache: ON", {}),
    ("# image: ghcr.io/lab/base:1.2@sha256", {"image": "ghcr.io/lab/base:1.2@sha256"}),
]

SPELLINGS = [
    "# split: Foo",
    "#split:Foo",
    "#  Split : Foo  ",
    "#\tSPLIT:\tFoo",
    "   # split: Foo",
    "# split: Foo\r\nx = 1\r\n",
]

PLACES = [
    ("a blank line before", "\n \n# split: Foo\nx = 1", FOO),
    ("after a cell magic", "%%time\n# split: Foo\nx = 1", FOO),
    ("after a cell magic and a blank line", "\n%%capture out\n\n# split: Foo\nx = 1", FOO),
    ("after two cell magics", "%%time\n%%capture\n# split: Foo\nx = 1", FOO),
    ("in a shell cell", "%%bash\n# timeout: 5s\necho it's", {"timeout_s": 5.0}),
    ("between other comments", "# Clean\n# split: Foo\n#\n# by hand\nx = 1", FOO),
    ("directly above a loop", "# split: Foo\nfor x in xs:\n    pass", FOO),
    ("above something broken", "# split: Foo\nif (x = :", FOO),
    ("above a shell line", "# split: Foo\n!ls 'it", FOO),
    ("behind a note in code", "x = 1  # split: Foo", {}),
    ("after the block's end", "# Clean\n\n# split: Foo\nx = 1", {}),
    ("after code", "import numpy\n# split: Foo\nx = 1", {}),
    ("in a string", '"""\n# split: Foo\n"""\nfor x in xs: pass', {}),
    ("in a string that never ends", '"""\n# split: Foo\n', {}),
    ("in a bracket", "xs = [\n# split: Foo\nf(x) for x in ys]", {}),
    ("in a file the cell writes", "%%writefile run.py\n# split: Foo\n# batches: no way", {}),
    ("commented out", "# # split: Foo", {}),
]

DO_NOT_CONTAINERIZE = [
    "# (do not containerize!)",
    "# (do not containerize)",
    "# do not containerize",
    "# do not containerize!",
    "# Do not containerise this cell",
    "# DO NOT CONTAINERIZE THIS CELL!",
    "#(Do Not Containerize This Cell!)",
    "# [do not containerize!]",
    "# don't containerize",
    "# do-not-containerize",
    "# Configuration (do not containerize this cell)",
    "# Parameters (do not containerize!)",
    "# Title: all settings (do not containerize!)",
    "%%time\n# Setup\n# (do not containerize!)",
]

CONTAINERIZED = [
    "# We do not containerize this cell because it is small",
    "# containerize",
    "x = 1\n# (do not containerize!)",
    "'(do not containerize!)'",
]


@pytest.mark.parametrize(("source", "expected"), VALUES)
def test_values(source: str, expected: dict[str, Any]) -> None:
    assert said(source) == expected


@pytest.mark.parametrize("source", SPELLINGS)
def test_spellings_of_a_line(source: str) -> None:
    assert said(source) == FOO


@pytest.mark.parametrize(
    ("source", "expected"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)
def test_where_annotations_stand(source: str, expected: dict[str, Any]) -> None:
    assert {k: v for k, v in said(source).items() if k != "loops"} == expected


@pytest.mark.parametrize("source", DO_NOT_CONTAINERIZE)
def test_do_not_containerize_in_the_spellings_of_the_wild(source: str) -> None:
    assert said(source) == {"containerize": False}


@pytest.mark.parametrize("source", CONTAINERIZED)
def test_other_mentions_of_containers_mean_nothing(source: str) -> None:
    assert said(source) == {}


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_only_code_cells_are_annotated(kind: CellKind) -> None:
    parsed = parse("# split: Foo\n# batches: -3", kind)
    assert (parsed.annotations, parsed.diagnostics) == (Annotations(), ())


def test_every_key_sets_a_field_and_its_example_parses_without_complaint() -> None:
    partner = {"merge": "# over: a\n", "replicas": "# group: g\n"}
    for key, row in ANNOTATION_KEYS.items():
        assert row.sets in {field.name for field in fields(Annotations)}
        function = "\ndef f(xs): pass" if row.scope == "function" else "\nx = 1"
        parsed = parse(f"{partner.get(key, '')}# {row.example}{function}")
        assert {d.code for d in parsed.diagnostics} <= {"NX150"}
        default = asdict(Annotations())[row.sets]
        assert asdict(parsed.annotations)[row.sets] != default, key
