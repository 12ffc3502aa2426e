"""NaaVRE's YAML comment header: ``# ---``, ``# NaaVRE:`` ..., ``# ...``.

A header stands in any comment block of a cell. ``params`` and ``confs`` map each name to its
properties as written: ``{}``, ``{"type": "Integer"}``, ``{"type": "String", "default_value": "x"}``
or ``{"assignation": "conf_x = 1"}``. The other sections map names to types, ``""`` for none.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from naavre_ext.annotations.layout import Comment
from naavre_ext.model.annotation import HeaderDeclaration

_START = re.compile(r"\s*#\s*---\s*")
_NAAVRE = re.compile(r"\s*#\s*NaaVRE\s*:\s*")
_END = re.compile(r"\s*#\s*\.\.\.\s*")
_EMPTY = re.compile(r"[\s#]*")

#: What PyYAML's loader raises for text that isn't a document of plain values.
_YAML_FAILURES = (
    yaml.YAMLError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class HeaderText:
    """The comments of one header, its marks included."""

    comments: tuple[Comment, ...]
    closed: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a header, and on which line of the cell."""

    line: int
    message: str


def find_header(comments: tuple[Comment, ...]) -> HeaderText | None:
    """The first header in a block of comments; one without an end takes all that follows."""
    for start, comment in enumerate(comments):
        if _START.fullmatch(comment.text) and _is_naavre(comments[start + 1 :]):
            break
    else:
        return None
    for end in range(start + 1, len(comments)):
        if _END.fullmatch(comments[end].text):
            return HeaderText(comments[start : end + 1], closed=True)
    return HeaderText(comments[start:], closed=False)


def _is_naavre(comments: tuple[Comment, ...]) -> bool:
    for comment in comments:
        if not _EMPTY.fullmatch(comment.text):
            return _NAAVRE.fullmatch(comment.text) is not None
    return False


def parse_header(header: HeaderText) -> tuple[HeaderDeclaration | None, tuple[Problem, ...]]:
    """What the header declares, as far as it can be read, and what is wrong with it."""
    first = header.comments[0].line
    if not header.closed:
        return None, (Problem(first, "the NaaVRE header isn't closed by a line '# ...'"),)
    # Line n of the document is line first + n of the cell, n counted from 1.
    text = "\n".join(comment.text.lstrip()[1:] for comment in header.comments[1:-1])
    try:
        document = yaml.safe_load(text)
    except _YAML_FAILURES as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or type(error).__name__
        line = first + 1 + min(mark.line, len(header.comments) - 2) if mark else first
        return None, (Problem(line, f"the NaaVRE header isn't valid YAML ({reason})"),)
    return _Reader(first).declaration(document)


class _Reader:
    """Reads one document and collects what is wrong with it."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._problems: list[Problem] = []

    def declaration(self, document: Any) -> tuple[HeaderDeclaration | None, tuple[Problem, ...]]:
        naavre = document.get("NaaVRE") if isinstance(document, dict) else None
        cell = naavre.get("cell") if isinstance(naavre, dict) else None
        if not isinstance(cell, dict):
            self._report("the NaaVRE header has no 'cell:' with inputs, outputs ... below it")
            return None, tuple(self._problems)
        sections: dict[str, Any] = {}
        for name, items in cell.items():
            if name in _SECTIONS:
                sections[name] = _SECTIONS[name](self, name, items)
            else:
                close = difflib.get_close_matches(str(name), _SECTIONS, 1)
                hint = f" (did you mean {close[0]!r}?)" if close else ""
                self._report(f"the NaaVRE header has an unknown section {str(name)!r}{hint}")
        return HeaderDeclaration(**sections), tuple(self._problems)

    def types(self, section: str, items: Any) -> dict[str, str]:
        """Names with their types, ``""`` for none."""
        properties = self.properties(section, items)
        return {name: str(values.get("type") or "") for name, values in properties.items()}

    def properties(self, section: str, items: Any) -> dict[str, dict[str, Any]]:
        """Names with what is written about them."""
        found: dict[str, dict[str, Any]] = {}
        for name, value in self._entries(section, items):
            if not isinstance(name, str) or not name.isidentifier():
                self._report(f"the NaaVRE header's {section} has {name!r}, which isn't a name")
            elif isinstance(value, dict):
                found[name] = {str(key): _plain(item) for key, item in value.items()}
            elif value is None or isinstance(value, str):
                found[name] = {"type": value} if value else {}
            else:
                self._report(f"the NaaVRE header's {section} gives {name!r} no type but {value!r}")
        return found

    def dependencies(self, section: str, items: Any) -> tuple[str, ...]:
        """Module names: ``name``, or ``module.name`` where a module is given."""
        names = []
        for item in self._items(section, items):
            properties = item if isinstance(item, dict) else {"name": item}
            name, module = properties.get("name"), properties.get("module")
            if isinstance(name, str) and name:
                names.append(f"{module}.{name}" if module else name)
            else:
                self._report(f"the NaaVRE header's {section} has an entry without a name")
        return tuple(names)

    def _entries(self, section: str, items: Any) -> list[tuple[Any, Any]]:
        entries: list[tuple[Any, Any]] = []
        for item in self._items(section, items):
            entries.extend(item.items() if isinstance(item, dict) else [(item, None)])
        return entries

    def _items(self, section: str, items: Any) -> list[Any]:
        if items is None:
            return []
        if isinstance(items, dict):
            return [items]
        if isinstance(items, list):
            return items
        self._report(f"the NaaVRE header's {section} isn't a list")
        return []

    def _report(self, message: str) -> None:
        self._problems.append(Problem(self._line, message))


_SECTIONS: dict[str, Callable[[_Reader, str, Any], Any]] = {
    "inputs": _Reader.types,
    "outputs": _Reader.types,
    "params": _Reader.properties,
    "secrets": _Reader.types,
    "confs": _Reader.properties,
    "dependencies": _Reader.dependencies,
}


def _plain(value: Any) -> Any:
    """``value`` with YAML's dates as text: NaaVRE's types have none."""
    return str(value) if isinstance(value, (datetime.date, bytes)) else value
