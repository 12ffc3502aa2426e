"""Source text → logical lines and option lists, whatever the text is.

The standard ``tokenize`` stops at the first thing that isn't Python, which a cell may well
hold: ``!ls it's``, ``%%bash``, or a half-written line. It also refuses ``2GiB`` from Python
3.12 on. This reader knows only strings, comments, brackets and line ends, and never fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

LineKind = Literal["blank", "comment", "code"]

#: What Python takes for the end of a line; ``str.splitlines`` takes more.
LINE_END = re.compile(r"\r\n|\r|\n")

_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\r\n]*)
    | (?P<string> \"\"\" (?:\\.|[^\\])*? (?:\"\"\"|\Z)
                | ''' (?:\\.|[^\\])*? (?:'''|\Z)
                | " (?:\\(?:\r\n|.)|[^"\\\r\n])* "?
                | ' (?:\\(?:\r\n|.)|[^'\\\r\n])* '? )
    | (?P<joined>\\(?:\r\n|\r|\n))
    | (?P<end>\r\n|\r|\n)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<word>\w+)
    | (?P<space>[^\S\r\n]+)
    | (?P<equals>[=!<>:]=|=)
    | (?P<comma>,)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

#: ``%magic``, ``!command``, ``?help`` and ``name = !command`` at the start of a statement.
_MAGIC = re.compile(
    r"[^\S\r\n]*(?:[%!?]|[^\W\d][\w.,\[\] \t]*=[ \t]*[%!](?!=))"
    r"(?:\\(?:\r\n|\r|\n)|[^\r\n])*(?:\r\n|\r|\n)?"
)

_FOR = re.compile(r"\s*(?:async\s+)?for\b")
_COMPOUND = re.compile(r"\s*(?:@|(?:async|class|def|elif|else|except|finally|if|try|while|with)\b)")


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """A statement, a comment or a blank line, over lines ``first`` to ``last`` (from 1).

    ``loop_line`` is where its loop stands: the line of the ``for``, or of the bracket that
    opens the outermost comprehension of a simple statement.
    """

    first: int
    last: int
    kind: LineKind
    text: str
    loop_line: int | None = None


def physical_lines(source: str) -> list[str]:
    """The lines of ``source`` with their line ends; joined they give ``source`` again."""
    ends = [match.end() for match in LINE_END.finditer(source)]
    starts = [0, *ends]
    lines = [source[start:end] for start, end in zip(starts, [*ends, len(source)], strict=True)]
    return lines if lines[-1] else lines[:-1]


def logical_lines(source: str) -> tuple[LogicalLine, ...]:
    """The logical lines of ``source``, which together cover it.

    A comment inside a bracket or a string belongs to the statement around it.
    """
    lines = []
    position, number = 0, 1
    while position < len(source):
        line, position = _read_line(source, position, number)
        lines.append(line)
        number = line.last + 1
    return tuple(lines)


def _read_line(source: str, start: int, first: int) -> tuple[LogicalLine, int]:
    magic = _MAGIC.match(source, start)
    if magic is not None:
        text = magic.group()
        return LogicalLine(first, first + _inner_line_ends(text), "code", text), magic.end()
    kind: LineKind = "blank"
    brackets: list[int] = []
    comprehension: tuple[int, int] | None = None
    position, number = start, first
    while position < len(source):
        token = _TOKEN.match(source, position)
        assert token is not None  # the last alternative takes any character
        position = token.end()
        if token.lastgroup == "end" and not brackets:
            break
        if token.lastgroup == "open":
            brackets.append(number)
        elif token.lastgroup == "close" and brackets:
            brackets.pop()
        elif (
            token.group() == "for"
            and brackets
            and (comprehension is None or len(brackets) < comprehension[0])
        ):
            comprehension = (len(brackets), brackets[-1])
        if token.lastgroup == "comment" and kind == "blank":
            kind = "comment"
        elif token.lastgroup not in ("comment", "space", "end"):
            kind = "code"
        number += len(LINE_END.findall(token.group()))
    text = source[start:position]
    loop = _loop_line(text, first, comprehension)
    # A last line that ends in a line end inside a bracket has no further line after it.
    last = first + _inner_line_ends(text)
    return LogicalLine(first, last, kind, text, loop), position


def _inner_line_ends(text: str) -> int:
    ends = [match.end() for match in LINE_END.finditer(text)]
    return len(ends) - bool(ends and ends[-1] == len(text))


def _loop_line(text: str, first: int, comprehension: tuple[int, int] | None) -> int | None:
    if _FOR.match(text):
        return first
    if comprehension is None or _COMPOUND.match(text):
        return None
    return comprehension[1]


def split_options(text: str) -> list[tuple[str, str | None]]:
    """``a=1, when=len(x, y) > 2`` as names and values: cut at commas outside of brackets.

    The value is None where there is no ``=``; both are stripped.
    """
    options = []
    depth, start = 0, 0
    equals: int | None = None
    for token in [*_TOKEN.finditer(text), None]:
        kind = token.lastgroup if token else "comma"
        depth += {"open": 1, "close": -1}.get(kind or "", 0) if token else -depth
        if kind == "equals" and token and token.group() == "=" and not depth and equals is None:
            equals = token.start()
        if kind == "comma" and depth <= 0:
            end = token.start() if token else len(text)
            options.append(_option(text, start, equals, end))
            start, equals = (token.end() if token else end), None
    return options


def _option(text: str, start: int, equals: int | None, end: int) -> tuple[str, str | None]:
    if equals is None:
        return text[start:end].strip(), None
    return text[start:equals].strip(), text[equals + 1 : end].strip()
