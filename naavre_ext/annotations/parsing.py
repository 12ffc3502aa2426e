"""A cell's comments → annotations and diagnostics.

Codes: NX101 malformed value, NX102 no value, NX103 said twice, NX104 merge without over, NX105
replicas without group, NX106 malformed task options, NX107 task above no function, NX108 split
above no loop, NX110 probably meant as an annotation, NX111 reads like prose, NX112 in the wrong
place, NX120 header, NX150 not yet in effect.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from naavre_ext.annotations.comments import (
    AnnotationLine,
    explain_prose,
    likely_annotation,
    read_annotation,
)
from naavre_ext.annotations.header import find_header, parse_header
from naavre_ext.annotations.keys import ANNOTATION_KEYS, DO_NOT_CONTAINERIZE, NOT_YET_IN_EFFECT
from naavre_ext.annotations.layout import Comment, CommentBlock, read_layout
from naavre_ext.annotations.places import find_loops, find_misplaced, find_tasks, is_task
from naavre_ext.annotations.report import Finding, brief, near_miss
from naavre_ext.model.annotation import Annotations, HeaderDeclaration
from naavre_ext.model.diagnostic import Diagnostic, Severity
from naavre_ext.model.notebook import Cell

_NO_HARM = "or delete the line: the results stay the same"

#: Keys that say nothing without another one.
_PARTNERS = (
    ("merge", "over", "NX104", "joins the outputs of an '# over' cell"),
    ("replicas", "group", "NX105", "counts the workers of a group"),
)


@dataclass(frozen=True, slots=True)
class ParsedCell:
    """What the comments of one cell say, and what is wrong with them, in source order."""

    annotations: Annotations
    diagnostics: tuple[Diagnostic, ...] = ()


def parse_annotations(cell: Cell) -> ParsedCell:
    """The cell's annotations; never raises.

    A malformed annotation leaves its default and gives an error. A cell that isn't code has none.
    """
    if cell.kind != "code":
        return ParsedCell(Annotations())
    layout = read_layout(cell.source)
    blocks = (layout.first, *layout.others)
    header, header_findings = _read_headers(blocks)
    lines = [
        (comment.line, annotation)
        for comment in annotation_comments(layout.first)
        if (annotation := read_annotation(comment.text)) is not None
    ]
    values, value_findings = _read_values(lines)
    tasks, task_findings = find_tasks(blocks)
    loops, loop_findings = find_loops(layout.others)
    annotations = Annotations(**values, tasks=tasks, loops=loops, header=header)
    findings = [
        *header_findings,
        *value_findings,
        *_unread_comments(layout.first),
        *task_findings,
        *loop_findings,
        *find_misplaced(layout.others),
        *_not_yet_in_effect(lines, annotations),
    ]
    findings.sort(key=lambda finding: (finding.line, finding.code))
    return ParsedCell(
        annotations, tuple(finding.at(cell, annotations.title) for finding in findings)
    )


def annotation_comments(block: CommentBlock) -> tuple[Comment, ...]:
    """The comments of a cell's first block that may be annotations: all outside of a header."""
    header = find_header(block.comments)
    inside = {comment.line for comment in header.comments} if header else set()
    return tuple(comment for comment in block.comments if comment.line not in inside)


def _read_values(
    lines: Iterable[tuple[int, AnnotationLine]],
) -> tuple[dict[str, Any], list[Finding]]:
    """Fields of ``Annotations`` by name; of a key said twice the first line counts."""
    values: dict[str, Any] = {}
    seen: dict[str, tuple[int, AnnotationLine]] = {}
    findings = []
    for line, annotation in lines:
        key = annotation.key
        if key.key in seen:
            if key.key != DO_NOT_CONTAINERIZE:
                findings.append(_said_twice(line, annotation, seen[key.key][0]))
            continue
        seen[key.key] = (line, annotation)
        if annotation.problem is not None:
            findings.append(_malformed(line, annotation))
            continue
        values[key.sets] = annotation.value
        values.update(key.implies)
    return values, findings + _missing_partners(seen)


def _severity(annotation: AnnotationLine) -> Severity:
    return "warning" if annotation.like_a_sentence else "error"


def _said_twice(line: int, annotation: AnnotationLine, first: int) -> Finding:
    return Finding(
        line,
        "NX103",
        _severity(annotation),
        f"'# {annotation.key.key}' stands here and on line {first}.",
        "Keep one of them.",
    )


def _malformed(line: int, annotation: AnnotationLine) -> Finding:
    key = annotation.key
    return Finding(
        line,
        "NX101" if annotation.text else "NX102",
        _severity(annotation),
        f"'# {key.key}' isn't understood: {brief(annotation.problem or '')}.",
        f"Write {key.expects}, as in '# {key.example}', {_NO_HARM}.",
    )


def _missing_partners(seen: dict[str, tuple[int, AnnotationLine]]) -> list[Finding]:
    findings = []
    for key, partner, code, reason in _PARTNERS:
        if key in seen and partner not in seen:
            line, annotation = seen[key]
            findings.append(
                Finding(
                    line,
                    code,
                    _severity(annotation),
                    f"'# {key}' {reason}, and this cell has no '# {partner}'.",
                    f"Add '# {ANNOTATION_KEYS[partner].example}', {_NO_HARM}.",
                )
            )
    return findings


def _unread_comments(block: CommentBlock) -> list[Finding]:
    """Warnings for ordinary comments of the first block that look like annotations."""
    findings = []
    for comment in annotation_comments(block):
        if read_annotation(comment.text) is not None or is_task(comment.text):
            continue
        likely, prose = likely_annotation(comment.text), explain_prose(comment.text)
        if likely is not None:
            findings.append(near_miss(comment.line, comment.text, likely))
        elif prose is not None:
            findings.append(
                Finding(
                    comment.line,
                    "NX111",
                    "warning",
                    f"'{brief(comment.text.strip())}' is taken for an ordinary comment.",
                    f"If '# {prose.key.key}' is meant, write {prose.key.expects}.",
                )
            )
    return findings


def _read_headers(
    blocks: tuple[CommentBlock, ...],
) -> tuple[HeaderDeclaration | None, list[Finding]]:
    for block in blocks:
        header = find_header(block.comments)
        if header is not None:
            declaration, problems = parse_header(header)
            remedy = "The header is ignored there; the code decides."
            return declaration, [
                Finding(problem.line, "NX120", "warning", f"{brief(problem.message)}.", remedy)
                for problem in problems
            ]
    return None, []


def _not_yet_in_effect(
    lines: list[tuple[int, AnnotationLine]], annotations: Annotations
) -> list[Finding]:
    found: list[tuple[int, str, str]] = []
    for line, annotation in lines:
        if annotation.problem is not None:
            continue
        key = annotation.key.key
        found.append((line, key, key))
    return [
        Finding(
            line,
            "NX150",
            "warning",
            f"'# {shown}' is not yet in effect: {NOT_YET_IN_EFFECT[key]}.",
        )
        for line, key, shown in found
        if key in NOT_YET_IN_EFFECT
    ]
