"""The edit in the other direction: one annotation set or removed, nothing else touched."""

from __future__ import annotations

from naavre_ext.annotations.comments import AnnotationLine, read_annotation
from naavre_ext.annotations.header import find_header
from naavre_ext.annotations.keys import ANNOTATION_KEYS, DO_NOT_CONTAINERIZE, AnnotationKey
from naavre_ext.annotations.layout import CellLayout, read_layout
from naavre_ext.annotations.lexing import LINE_END, physical_lines
from naavre_ext.annotations.parsing import annotation_comments

_ORDER = {key: place for place, key in enumerate(ANNOTATION_KEYS)}


def written_annotations(source: str) -> dict[str, str]:
    """The values in the cell's first comment block by key, as they are written; of a repeated key the first.

    That of ``do-not-containerize`` is empty.
    """
    written: dict[str, str] = {}
    for _, annotation in _annotations(read_layout(source)):
        key = annotation.key.key
        written.setdefault(key, "" if key == DO_NOT_CONTAINERIZE else annotation.text.strip())
    return written


def set_annotation(source: str, key: str, value: str | None) -> str:
    """``source`` with ``# key: value`` in its first comment block.

    A line that is there keeps its place, spelling, note and line end; a new one comes in the order
    of ``ANNOTATION_KEYS``. ``do-not-containerize`` takes no value; for other keys None removes.

    Raises:
        ValueError: the key is unknown, or the value isn't one that it takes, or the cell takes no
            annotations (``%%writefile`` and the like). The message says what is expected.
    """
    row = _cell_key(key)
    if row.key == DO_NOT_CONTAINERIZE:
        text = ""
    elif value is None:
        return remove_annotation(source, key)
    else:
        text = _checked(row, value)
    layout = read_layout(source)
    if not layout.takes_annotations:
        raise ValueError("the body of this cell belongs to its magic and takes no annotations")
    lines = physical_lines(source)
    for number, annotation in _annotations(layout):
        if annotation.key is row:
            lines[number - 1] = _with_value(annotation, text) + _line_end(lines[number - 1])
            return "".join(lines)
    new = f"# {row.key}: {text}" if row.key != DO_NOT_CONTAINERIZE else f"# {row.example}"
    return _insert(lines, _place(layout, row), new)


def remove_annotation(source: str, key: str) -> str:
    """``source`` without the line or lines of this key in its first comment block.

    Of ``# Settings (do not containerize!)`` the title stays. Where nothing is left of the block,
    comments below it with only blank lines before them become the first block.

    Raises:
        ValueError: the key is unknown.
    """
    row = _cell_key(key)
    lines = physical_lines(source)
    for number, annotation in reversed(_annotations(read_layout(source))):
        if annotation.key is not row:
            continue
        if row.key == DO_NOT_CONTAINERIZE and annotation.head:
            lines[number - 1] = annotation.head + annotation.tail + _line_end(lines[number - 1])
        else:
            _delete(lines, number - 1)
    return "".join(lines)


def _cell_key(key: str) -> AnnotationKey:
    row = ANNOTATION_KEYS.get(key.lower())
    if row is None or row.scope != "cell":
        known = ", ".join(name for name, row in ANNOTATION_KEYS.items() if row.scope == "cell")
        raise ValueError(f"no cell annotation {key!r}; there are {known}")
    return row


def _checked(row: AnnotationKey, value: str) -> str:
    text = value.strip()
    if not text or LINE_END.search(text):
        raise ValueError(f"'# {row.key}' takes one line: {row.expects}")
    try:
        row.parse(text)
    except ValueError as error:
        raise ValueError(f"'# {row.key}': {error}; write {row.expects}") from None
    return text


def _annotations(layout: CellLayout) -> list[tuple[int, AnnotationLine]]:
    return [
        (comment.line, annotation)
        for comment in annotation_comments(layout.first)
        if (annotation := read_annotation(comment.text)) is not None
    ]


def _with_value(annotation: AnnotationLine, text: str) -> str:
    if annotation.key.key == DO_NOT_CONTAINERIZE:
        return annotation.head + annotation.text + annotation.tail
    space = " " if not annotation.text and annotation.head.endswith(":") else ""
    note = annotation.tail
    # An empty value may have left its note's space before the colon's end: '# batches: # note'.
    gap = " " if note.startswith("#") else ""
    return f"{annotation.head}{space}{text}{gap}{note}"


def _place(layout: CellLayout, row: AnnotationKey) -> int:
    """The index of the line that a new annotation becomes."""
    annotations = _annotations(layout)
    for number, annotation in annotations:
        if _ORDER[annotation.key.key] > _ORDER[row.key]:
            return number - 1
    if annotations:
        return annotations[-1][0]
    header = find_header(layout.first.comments)
    if header is not None:
        return header.comments[0].line - 1
    return layout.first.comments[-1].line if layout.first.comments else layout.head


def _insert(lines: list[str], index: int, text: str) -> str:
    """The lines with a new one that ends like its neighbour; no last line end is added."""
    ends = [_line_end(line) for line in lines[max(index - 1, 0) :] + lines]
    end = next((end for end in ends if end), "\n")
    if index < len(lines) or (lines and _line_end(lines[-1])):
        lines.insert(index, text + end)
    else:
        if lines:
            lines[-1] += end
        lines.append(text)
    return "".join(lines)


def _delete(lines: list[str], index: int) -> None:
    deleted = lines.pop(index)
    if lines and index == len(lines) and not _line_end(deleted):
        lines[-1] = lines[-1].removesuffix(_line_end(lines[-1]))


def _line_end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
