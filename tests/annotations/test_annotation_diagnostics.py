"""What is refused, what is warned about, and what is left alone."""

from __future__ import annotations

import pytest

from naavre_ext.annotations import NOT_YET_IN_EFFECT, parse_annotations
from naavre_ext.model.annotation import Annotations
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import Cell, CellId


def diagnostics(source: str) -> tuple[Diagnostic, ...]:
    return parse_annotations(Cell(CellId("cell"), 6, "code", source)).diagnostics


def found(source: str) -> list[tuple[str, str, int | None]]:
    """Code, severity and line, without the notes on what a later version brings."""
    return [(d.code, d.severity, d.line) for d in diagnostics(source) if d.code != "NX150"]


MALFORMED = [
    "# batches: -3",
    "# batches: 0",
    "# batches: two words",
    "# batches: 1.5",
    "# batches: lambda",
    "# batches: 99999999999999999999",
    "# over: a b",
    "# over: a, b, a",
    "# over: a,, b",
    "# over: df['x']",
    "# over: 2x",
    "# group: two words",
    "# group: -",
    "# resources: num_cpus=lots",
    "# resources: num_cpus=-1",
    "# resources: num_cpus",
    "# resources: num_cpus=",
    "# resources: num_cpus=2, num_cpus=3",
    "# resources: cpus=2",
    "# resources: CPU=2",
    "# resources: num_cpu=2",
    "# resources: num_gpus=1.5",
    "# resources: telescope=0.00001",
    "# resources: num_cpus=nan",
    "# resources: num_cpus=1e999",
    "# resources: memory=lots",
    "# resources: memory=2GX",
    "# resources: memory=0",
    "# resources: =2",
    "# concurrency: 0",
    "# concurrency: all",
    "# retries: x",
    "# retries: -1",
    "# timeout: soon",
    "# timeout: 0",
    "# timeout: 10x",
    "# timeout: -5s",
    "# timeout: 9999999999999d",
    "# cache: maybe",
    "# image: two words",
]

ERRORS = [
    ("# over: a\n# merge: a=foo", [("NX101", "error", 2)]),
    ("# over: a\n# merge: b, b=sum", [("NX101", "error", 2)]),
    ("# batches:", [("NX102", "error", 1)]),
    ("# split:", [("NX102", "error", 1)]),
    ("# timeout:   ", [("NX102", "error", 1)]),
    ("# batches: 2\n# retries: 1\n# batches: 3", [("NX103", "error", 3)]),
    ("# split: a\n# Split: b", [("NX103", "warning", 2)]),
    ("# Load\n# merge: a", [("NX104", "error", 2)]),
    ("# replicas: 2", [("NX105", "error", 1)]),
    ("# over: 1\n# merge: a", [("NX101", "error", 1)]),
    ("# retries: x\n# timeout: soon", [("NX101", "error", 1), ("NX101", "error", 2)]),
    ("# (do not containerize!)\n# do not containerize", []),
]

NEAR_MISSES = [
    ("# splt: Foo", "# split: Foo"),
    ("# spilt: Foo", "# split: Foo"),
    ("# split", "# split: TITLE"),
    ("# batch: 5", "# batches: 5"),
    ("# Batchs: 5", "# batches: 5"),
    ("# resource: num_cpus=2", "# resources: num_cpus=2"),
    ("# retry: 3", "# retries: 3"),
    ("# replica: 3", "# replicas: 3"),
    ("# concurency: 3", "# concurrency: 3"),
    ("# time-out: 10m", "# timeout: 10m"),
    ("# timout: 10m", "# timeout: 10m"),
    ("# merg: a", "# merge: a"),
    ("# batches 5", "# batches: 5"),
    ("# retries = 3", "# retries: 3"),
    ("# cache off", "# cache: off"),
    ("# (do not contanerize!)", "# (do not containerize!)"),
    ("# do_not_containerize: true", "# (do not containerize!)"),
]

#: First lines of cells as people write them: not one of them may cost a warning.
ORDINARY = [
    "# Note: this takes a while",
    "# TODO: x",
    "# FIXME: 3",
    "# over time: the mean rises",
    "# over the last ten years",
    "# image of the sky",
    "# images: 20",
    "# cache the results, they are slow to get",
    "# cache",
    "# merge",
    "# merge both frames",
    "# split data into train and test",
    "# splits: 80/20",
    "# Group by station",
    "# groupby: station",
    "# groups: control",
    "# Resources: https://docs.python.org/3/",
    "# resources: see https://docs.python.org/3/",
    "# Resources: the manual, chapter 3",
    "# Source: NOAA",
    "# Sources: NOAA",
    "# Output: a table",
    "# Task 1: load the data",
    "# Task: compute the mean of each column",
    "# Task",
    "# Task:",
    "# tasks: 3",
    "# batch size: 32",
    "# batch_size: 32",
    "# Batch processing starts here",
    "# retries are handled below",
    "# timeout in seconds",
    "# Timeout: seconds to wait for the server",
    "# time: 10",
    "# times: 10",
    "# entries: 100",
    "# series: 3",
    "# patches: 16",
    "# currency: 5",
    "# order: x",
    "# cover: x",
    "# page: 3",
    "# usage: run",
    "# image2: sky",
    "# 1. split: the data",
    "# -*- coding: utf-8 -*-",
    "# type: ignore",
    "# pylint: disable=all",
    "# noqa: E501",
    "# mypy: strict",
    "# fmt: off",
    "# vim: set ts=4 :",
    "# %% Load",
    "#%%",
    "#!/usr/bin/env python",
    "# ---",
    "# --- load ---",
    "# ...",
    "#",
    "# http://example.org",
    "# a = b: c",
    "# x: int",
]

#: Prose behind a key. It is left alone, but said to be.
TAKEN_FOR_PROSE = [
    "# over: the last ten years",
    "# cache: stores what was downloaded",
    "# group: patients over 65",
    "# Cache: results",
    "# Timeout: soon",
    "# Resources:",
]


@pytest.mark.parametrize("source", MALFORMED)
def test_malformed_value_is_refused(source: str) -> None:
    assert found(f"# Load\n{source}\nx = 1") == [("NX101", "error", 2)]


@pytest.mark.parametrize(("source", "expected"), ERRORS)
def test_errors(source: str, expected: list[tuple[str, str, int]]) -> None:
    assert found(source) == expected


@pytest.mark.parametrize(("comment", "meant"), NEAR_MISSES)
def test_near_miss_names_the_likely_annotation(comment: str, meant: str) -> None:
    (diagnostic,) = diagnostics(f"{comment}\nx = 1")
    assert (diagnostic.code, diagnostic.severity) == ("NX110", "warning")
    assert diagnostic.remedy == f"Did you mean '{meant}'?"


@pytest.mark.parametrize("comment", ORDINARY)
@pytest.mark.parametrize("code", ["x = 1", "for x in xs:\n    pass"])
def test_ordinary_comment_is_just_a_comment(comment: str, code: str) -> None:
    for source in (f"{comment}\n{code}", f"import numpy\n\n{comment}\n{code}"):
        parsed = parse_annotations(Cell(CellId("cell"), 0, "code", source))
        assert (parsed.annotations, parsed.diagnostics) == (Annotations(), ())


@pytest.mark.parametrize("comment", TAKEN_FOR_PROSE)
def test_prose_behind_a_key_is_never_an_error(comment: str) -> None:
    assert found(f"{comment}\nx = 1") == [("NX111", "warning", 1)]


@pytest.mark.parametrize(
    "comment", ["# Group: controls", "# Merge: both", "# Image: 1", "# Over: x"]
)
def test_capitalised_key_never_gives_an_error(comment: str) -> None:
    severities = {d.severity for d in diagnostics(f"{comment}\n{comment}\nx = 1")}
    assert severities == {"warning"}


@pytest.mark.parametrize(
    "comment", ["# batches: 5", "# cache: off", "# retries: 3", "# do not containerize this cell"]
)
def test_annotation_too_far_down_gives_a_warning(comment: str) -> None:
    assert found(f"x = 1\n{comment}\ny = 2") == [("NX112", "warning", 2)]


IN_EFFECT_LATER = [
    ("# over: a\n# merge: b", ["over", "merge"]),
    ("# group: g\n# replicas: 2", ["replicas"]),
    ("# resources: num_cpus=2", ["resources"]),
    ("# concurrency: 2\n# retries: 1\n# timeout: 5", ["concurrency", "retries", "timeout"]),
    ("# cache: off", []),
    ("# image: python", ["image"]),
    ("# split: a\n# batches: 3\n# (do not containerize!)", []),
    ("# task\ndef f(): pass", ["task"]),
    ("x = 1\n# split: a\nfor x in xs: pass", []),
]


@pytest.mark.parametrize(("source", "keys"), IN_EFFECT_LATER)
def test_annotation_without_effect_says_what_happens_instead(source: str, keys: list[str]) -> None:
    notes = [d for d in diagnostics(source) if d.code == "NX150"]
    expected = [NOT_YET_IN_EFFECT[key] for key in keys if key in NOT_YET_IN_EFFECT]
    assert [note.severity for note in notes] == ["warning"] * len(expected)
    for note, instead in zip(notes, expected, strict=True):
        assert note.message.endswith(f"is not yet in effect: {instead}.")


def test_diagnostic_names_cell_title_line_reason_and_remedy() -> None:
    (diagnostic,) = diagnostics("# split: Clean\n# batches: -3\nx = 1")
    assert diagnostic.describe() == (
        "NX101 cell 7 (\"Clean\"), line 2: '# batches' isn't understood: -3 is less than 1. "
        "Write a whole number from 1, a variable's name, or auto, as in '# batches: 8', "
        "or delete the line: the results stay the same."
    )


def test_long_comment_is_cut_in_the_message() -> None:
    (diagnostic,) = diagnostics(f"# image: {'x' * 5000} y\nx = 1")
    assert len(diagnostic.describe()) < 400
