"""Where the comments of a cell stand: its first block, and the blocks further down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from naavre_ext.annotations.lexing import LogicalLine, logical_lines

#: Cell magics whose body is text of another kind: a ``#`` line there is no comment of ours, and a
#: line more would change what the cell does.
_TEXT_MAGICS = frozenset(
    ("file", "html", "javascript", "js", "latex", "markdown", "mermaid", "svg", "writefile")
)
#: Cell magics whose body has comments like Python's, but no Python loops and functions.
_FOREIGN_MAGICS = frozenset(
    [
        *("!", "bash", "bigquery", "cmd", "julia", "perl", "pypy", "python", "python2", "python3"),
        *("r", "ruby", "script", "sh", "sql", "sx", "system"),
    ]
)
_MAGIC_NAME = re.compile(r"\s*%%\s*(!|\w+)")
_DEF = re.compile(r"\s*(?:async\s+)?def\s+(\w+)")
_DECORATOR = re.compile(r"\s*@")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a line of its own; ``text`` is the line without its end."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class CommentBlock:
    """Comments on lines that follow each other, and what stands directly below them.

    ``loop_line`` is the line of the loop below, ``function`` the name and line of the ``def`` below
    (decorators may stand between); None when there is none.
    """

    comments: tuple[Comment, ...]
    loop_line: int | None = None
    function: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class CellLayout:
    """The comment blocks of a cell.

    ``first`` holds the cell annotations: only blank lines and cell magics stand before it.
    ``head`` is the number of lines up to and with the cell magics. Without ``takes_annotations``
    the cell is text for its magic, and no ``#`` in it is looked at.
    """

    head: int = 0
    first: CommentBlock = CommentBlock(())
    others: tuple[CommentBlock, ...] = ()
    takes_annotations: bool = True


@lru_cache(maxsize=1024)  # while one types, all cells but one are as they were
def read_layout(source: str) -> CellLayout:
    """The layout of a cell with this source; any text has one."""
    lines = logical_lines(source)
    start = _after_blanks(lines, 0)
    head = 0
    magics = []
    while start < len(lines) and (magic := _MAGIC_NAME.match(lines[start].text)):
        magics.append(magic.group(1).lower())
        head = lines[start].last
        start += 1
        if magics[-1] in _TEXT_MAGICS:
            return CellLayout(head, takes_annotations=False)
    start = _after_blanks(lines, start)
    blocks = _comment_blocks(lines, start)
    first = CommentBlock(())
    if blocks and blocks[0].comments[0].line == lines[start].first:
        first = blocks.pop(0)
    foreign = not _FOREIGN_MAGICS.isdisjoint(magics)
    return CellLayout(head, first, () if foreign else tuple(blocks))


def _after_blanks(lines: tuple[LogicalLine, ...], start: int) -> int:
    while start < len(lines) and lines[start].kind == "blank":
        start += 1
    return start


def _comment_blocks(lines: tuple[LogicalLine, ...], start: int) -> list[CommentBlock]:
    blocks = []
    while start < len(lines):
        end = start
        while end < len(lines) and lines[end].kind == "comment":
            end += 1
        if end > start:
            comments = tuple(
                Comment(line.first, line.text.rstrip("\r\n")) for line in lines[start:end]
            )
            loop_line = lines[end].loop_line if end < len(lines) else None
            blocks.append(CommentBlock(comments, loop_line, _function_at(lines, end)))
        start = max(end, start + 1)
    return blocks


def _function_at(lines: tuple[LogicalLine, ...], start: int) -> tuple[str, int] | None:
    """Name and line of the ``def`` at ``start``, past its decorators and comments among them."""
    decorated = False
    for line in lines[start:]:
        if _DECORATOR.match(line.text):
            decorated = True
        elif not (decorated and line.kind != "code"):
            match = _DEF.match(line.text)
            return (match.group(1), line.first) if match else None
    return None
