"""Texts that libraries evaluate where they are called: ``df.query("x > @limit")``, ``ols("y ~ scaled(x)", df)``.

Such a text may be put together while the notebook runs. What it can mention then is written in the notebook's
texts all the same, so their names count as read.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

_NAME = re.compile(r"(?<![\w.])([A-Za-z_]\w*)")
_MARKED = re.compile(r"@([A-Za-z_]\w*)")
#: What tells a formula, or a part of one, from a text that is only shown.
_SIGNS = re.compile(r"[@~<>=*+\-/(|&^]")
#: Names of the parameter that comes first.
_FIRST = frozenset({"expr", "ex"})
#: The end of a text that a marked name is put behind.
_OPEN_MARK = re.compile(r"@\s*$")


def literal_formula(node: ast.Call) -> list[str] | None:
    """The literal texts of a call that evaluates one; None where that one is made at run time."""
    keywords = [(k.arg or "formula", k.value) for k in node.keywords]
    named = [value for name, value in keywords if name in _FIRST or "formula" in name]
    evaluated = [*node.args[:1], *named]
    if not evaluated or None in map(_text, evaluated):
        return None
    given = map(_text, [*node.args, *(value for _, value in keywords)])
    return [text for text in given if text is not None]


def _text(node: ast.expr) -> str | None:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else None  # type: ignore[attr-defined]


def names_in_formula(texts: Iterable[str], *, marked: bool) -> list[str]:
    """The names in texts that are evaluated, of which ``marked`` ones follow an ``@``."""
    pattern = _MARKED if marked else _NAME
    return sorted({name for text in texts for name in pattern.findall(text)})


def names_in_some_formula(texts: Iterable[str], *, marked: bool) -> list[str]:
    """The names in any text that is made of these."""
    known = list(texts)
    if marked and any(map(_OPEN_MARK.search, known)):
        return sorted({*names_in_formula(known, marked=True), *_words(known)})
    parts = known if marked else filter(_SIGNS.search, known)
    return names_in_formula(parts, marked=marked)


def _words(texts: Iterable[str]) -> Iterator[str]:
    return (text for text in texts if text.isidentifier())
