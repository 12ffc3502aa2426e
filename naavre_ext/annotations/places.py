"""Annotations below the cell's first block: ``# task`` above a def, ``# split:`` above a loop."""

from __future__ import annotations

import ast
import re

from naavre_ext.annotations.comments import is_unmistakable, likely_annotation, read_annotation
from naavre_ext.annotations.keys import ANNOTATION_KEYS, DO_NOT_CONTAINERIZE
from naavre_ext.annotations.layout import Comment, CommentBlock
from naavre_ext.annotations.lexing import split_options
from naavre_ext.annotations.report import Finding, brief, near_miss
from naavre_ext.annotations.values import parse_resource
from naavre_ext.model.annotation import LoopAnnotation, TaskAnnotation

_TASK = re.compile(r"\s*#\s*(?P<key>task)\s*(?::\s*(?P<options>.*?))?\s*", re.IGNORECASE)
_NEARLY_TASK = re.compile(r"\s*#\s*tasks?\b.*\b(?:num_cpus|num_gpus|memory|when)\b")
_OPTION = re.compile(r"\w+\s*=(?!=)")


def is_task(line: str) -> bool:
    """Whether this is ``# task`` or ``# task: NAME=VALUE, ...``; ``# Task: sum up`` isn't."""
    match = _TASK.fullmatch(line)
    return match is not None and (
        not match["options"] or _OPTION.match(match["options"]) is not None
    )


def find_tasks(
    blocks: tuple[CommentBlock, ...],
) -> tuple[tuple[TaskAnnotation, ...], list[Finding]]:
    """The marked functions in source order, each once."""
    tasks: dict[int, TaskAnnotation] = {}
    findings = []
    for block in blocks:
        for comment in block.comments:
            if not is_task(comment.text):
                if block.function is not None and _NEARLY_TASK.match(comment.text):
                    findings.append(near_miss(comment.line, comment.text, "# task: NAME=VALUE"))
                continue
            if block.function is None:
                findings.extend(_task_above_nothing(comment))
                continue
            name, line = block.function
            if line in tasks:
                findings.append(_second_task(comment, name))
                continue
            try:
                tasks[line] = _read_task(comment.text, name, line)
            except ValueError as error:
                findings.append(_malformed_task(comment, str(error)))
    return tuple(tasks.values()), findings


def _read_task(text: str, name: str, line: int) -> TaskAnnotation:
    match = _TASK.fullmatch(text)
    options = match["options"] if match else None
    resources: dict[str, float] = {}
    when: str | None = None
    for option, value in split_options(options) if options else ():
        if option in resources or (option == "when" and when is not None):
            raise ValueError(f"{option!r} stands twice")
        if option == "when":
            when = _expression(value)
        else:
            resources[option] = parse_resource(option, value)
    return TaskAnnotation(line, name, resources, when)


def _expression(text: str | None) -> str:
    if not text:
        raise ValueError("'when' has no condition")
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"when={text} isn't an expression") from None
    return text


def _task_above_nothing(comment: Comment) -> list[Finding]:
    match = _TASK.fullmatch(comment.text)
    options = match is not None and bool(match["options"])
    if match is not None and match["key"][0].isupper():
        return []  # '# Task' heads many an exercise
    return [
        Finding(
            comment.line,
            "NX107",
            "error" if options else "warning",
            "'# task' marks a function, and no 'def' stands directly below.",
            "Put it on the line above the def or its decorators, or delete it.",
        )
    ]


def _second_task(comment: Comment, function: str) -> Finding:
    message = f"'# task' stands twice above {function!r}."
    return Finding(comment.line, "NX103", "error", message, "Keep one of them.")


def _malformed_task(comment: Comment, problem: str) -> Finding:
    key = ANNOTATION_KEYS["task"]
    return Finding(
        comment.line,
        "NX106",
        "error",
        f"'# task' isn't understood: {brief(problem)}.",
        f"Write {key.expects}, or delete the line: the results stay the same.",
    )


def find_loops(
    blocks: tuple[CommentBlock, ...],
) -> tuple[tuple[LoopAnnotation, ...], list[Finding]]:
    """The loops that ``# split:`` marks below the cell's first block, in source order."""
    loops: dict[int, LoopAnnotation] = {}
    findings = []
    for block in blocks:
        for comment in block.comments:
            annotation = read_annotation(comment.text)
            if annotation is None or annotation.key.key != "split":
                likely = likely_annotation(comment.text) or ""
                if block.loop_line is not None and likely.startswith("# split"):
                    findings.append(near_miss(comment.line, comment.text, likely))
                continue
            if block.loop_line is None:
                findings.append(_split_above_nothing(comment))
            elif block.loop_line in loops:
                message = "'# split' stands twice above one loop."
                findings.append(
                    Finding(comment.line, "NX103", "error", message, "Keep one of them.")
                )
            elif annotation.problem is not None:
                message = "'# split:' has no title."
                remedy = "Write '# split: TITLE', or delete the line: the results stay the same."
                findings.append(Finding(comment.line, "NX102", "error", message, remedy))
            else:
                batches, more = _read_batches(block)
                findings.extend(more)
                loops[block.loop_line] = LoopAnnotation(block.loop_line, annotation.value, batches)
    return tuple(loops.values()), findings


def _read_batches(block: CommentBlock) -> tuple[int | str, list[Finding]]:
    """What ``# batches`` beside a loop's ``# split`` says."""
    found = [
        (comment.line, annotation)
        for comment in block.comments
        if (annotation := read_annotation(comment.text)) is not None
        and annotation.key.key == "batches"
    ]
    if not found:
        return "auto", []
    (line, first), *others = found
    if others:
        message = "'# batches' stands twice above one loop."
        return "auto", [Finding(others[0][0], "NX103", "error", message, "Keep one of them.")]
    if first.problem is None:
        return first.value, []
    key = first.key
    return "auto", [
        Finding(
            line,
            "NX101" if first.text else "NX102",
            "error",
            f"'# batches' isn't understood: {brief(first.problem)}.",
            f"Write {key.expects}, or delete the line: the results stay the same.",
        )
    ]


def _split_above_nothing(comment: Comment) -> Finding:
    return Finding(
        comment.line,
        "NX108",
        "warning",
        f"'{brief(comment.text.strip())}' has no effect: no loop stands directly below.",
        "Move it to the top of the cell to split all of its loops, or directly above one loop.",
    )


def _is_above_split_loop(block: CommentBlock) -> bool:
    keys = (read_annotation(comment.text) for comment in block.comments)
    return block.loop_line is not None and any(k and k.key.key == "split" for k in keys)


def find_misplaced(blocks: tuple[CommentBlock, ...]) -> list[Finding]:
    """Warnings for cell annotations that stand too far down to have an effect."""
    findings = []
    for block in blocks:
        for comment in block.comments:
            annotation = read_annotation(comment.text)
            if annotation is None:
                continue
            key = annotation.key.key
            if key == "batches" and _is_above_split_loop(block):
                continue
            whole_comment = key == DO_NOT_CONTAINERIZE and not annotation.head
            if whole_comment or is_unmistakable(key, annotation.text):
                findings.append(
                    Finding(
                        comment.line,
                        "NX112",
                        "warning",
                        f"'{brief(comment.text.strip())}' has no effect this far down.",
                        "Cell annotations stand at the top of the cell, before any code.",
                    )
                )
    return findings
