"""The annotations a cell may carry, as a table: one row per key, in canonical order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from naavre_ext.annotations import values

DO_NOT_CONTAINERIZE = "do-not-containerize"

Scope = Literal["cell", "function"]


@dataclass(frozen=True, slots=True)
class AnnotationKey:
    """One row: how the value of ``# key: value`` is read, and where it goes.

    ``parse`` gives the value or raises ValueError with the reason. ``sets`` is the attribute of
    ``Annotations`` it sets; ``implies`` are others that it sets along with it. ``expects``
    completes the sentence 'write ...'. ``everyday`` keys are ordinary English too: a comment with
    one in the wrong place, or without its colon, isn't worth a warning.
    """

    key: str
    sets: str
    parse: Callable[[str], Any]
    expects: str
    example: str
    summary: str
    scope: Scope = "cell"
    everyday: bool = False
    implies: Mapping[str, Any] = field(default_factory=dict)


_ROWS = (
    AnnotationKey(
        "split",
        "title",
        values.parse_title,
        "a title",
        "split: Clean the images",
        "Name the cell and let its loops be split over workers.",
        everyday=True,
        implies={"split": True},
    ),
    AnnotationKey(
        "over",
        "over",
        values.parse_names,
        "names of input variables, separated by commas",
        "over: images",
        "Run the whole cell once per batch of these inputs.",
        everyday=True,
    ),
    AnnotationKey(
        "merge",
        "merge",
        values.parse_merge,
        "output names, each with =concat, update, sum, min or max if need be",
        "merge: features, total=sum",
        "How the outputs of an 'over' cell are joined.",
        everyday=True,
    ),
    AnnotationKey(
        "batches",
        "batches",
        values.parse_batches,
        "a whole number from 1, a variable's name, or auto",
        "batches: 8",
        "At most this many batches.",
    ),
    AnnotationKey(
        DO_NOT_CONTAINERIZE,
        "containerize",
        values.parse_title,
        "(do not containerize!)",
        "(do not containerize!)",
        "The cell belongs to the notebook only; a workflow doesn't run it.",
    ),
    AnnotationKey(
        "group",
        "group",
        values.parse_group,
        "one word",
        "group: model",
        "Cells of one group share one long-lived worker.",
        everyday=True,
    ),
    AnnotationKey(
        "resources",
        "resources",
        values.parse_resources,
        "NAME=NUMBER pairs, separated by commas",
        "resources: num_cpus=2, memory=2GiB",
        "What Ray must reserve.",
    ),
    AnnotationKey(
        "replicas",
        "replicas",
        values.whole_number(1),
        "a whole number from 1",
        "replicas: 2",
        "Workers of this group, for several jobs at once.",
    ),
    AnnotationKey(
        "concurrency",
        "concurrency",
        values.whole_number(1),
        "a whole number from 1",
        "concurrency: 4",
        "At most this many batches at a time.",
    ),
    AnnotationKey(
        "retries",
        "retries",
        values.whole_number(0),
        "a whole number from 0",
        "retries: 2",
        "How often a failed or too slow cell or batch is tried again.",
    ),
    AnnotationKey(
        "timeout",
        "timeout_s",
        values.parse_duration,
        "a time such as 90s, 10m or 1h30m",
        "timeout: 10m",
        "A cell or batch that takes longer is stopped.",
    ),
    AnnotationKey(
        "cache",
        "cache",
        values.parse_switch,
        "on or off",
        "cache: off",
        "Off: never reuse this cell's earlier result.",
    ),
    AnnotationKey(
        "image",
        "image",
        values.parse_image,
        "the name of a container image",
        "image: python:3.11-slim",
        "Base image when exported as a container.",
        everyday=True,
    ),
    AnnotationKey(
        "task",
        "tasks",
        values.parse_title,
        "nothing, or options such as num_cpus=2, when=len(xs) > 1000",
        "task: num_cpus=2",
        "Above a def: calls of the function may run as nested tasks.",
        scope="function",
    ),
)

#: Every key, in canonical order. Rows of scope 'cell' stand in the cell's first comment block.
ANNOTATION_KEYS: Mapping[str, AnnotationKey] = {row.key: row for row in _ROWS}

#: Annotations that are read and checked, but whose effect a later version brings, and what
#: happens instead.
NOT_YET_IN_EFFECT: Mapping[str, str] = {
    "image": "the cell runs in the Python that is running",
}
