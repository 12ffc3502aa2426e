"""Loops that look for files and make those that aren't there: ``if not os.path.exists(path): make(path)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from naavre_ext.dataflow.table_lookup import matches
from naavre_ext.dataflow.tables import FILE_QUESTIONS, FOLDER_READERS
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow

_LOOKS = frozenset(name.rpartition(".")[2] for name in FILE_QUESTIONS)


def makes_missing(loop: ast.AST, facts: CellDataflow) -> bool:
    """Whether code that can't be seen runs where a file wasn't there: it makes that file, most likely."""
    if not any(e.kind == "outside-read" and matches(e.what, FOLDER_READERS) for e in facts.effects):
        return False
    unseen = {e.line for e in facts.effects if e.kind == "unknown" and e.what.endswith("()")}
    return any(not unseen.isdisjoint(lines) for lines in _run_when_missing(loop))


def asks_files(facts: CellDataflow) -> bool:
    """Whether it asks for files and writes some, all of which can be watched."""
    asks = any(e.kind == "outside-read" and matches(e.what, FILE_QUESTIONS) for e in facts.effects)
    return asks and facts.has("outside-write")


def _run_when_missing(loop: ast.AST) -> Iterator[range]:
    """The lines that run where a look for a file has found nothing."""
    for node in walk(loop):
        found = getattr(node, "body", None)
        body: list[ast.stmt] = found if isinstance(found, list) else []
        for position, statement in enumerate(body):
            if not isinstance(statement, ast.If) or not _looks(statement.test):
                continue
            negated = any(isinstance(part, ast.Not) for part in walk(statement.test))
            missing, there = (statement.body, statement.orelse)[:: 1 if negated else -1]
            yield _lines(missing)
            if there and isinstance(there[-1], ast.Continue):
                yield _lines(body[position + 1 :])


def _looks(test: ast.expr) -> bool:
    calls = [part.func for part in walk(test) if isinstance(part, ast.Call)]
    return any(
        (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")) in _LOOKS
        for func in calls
    )


def _lines(statements: list[ast.stmt]) -> range:
    if not statements:
        return range(0)
    return range(statements[0].lineno, (statements[-1].end_lineno or statements[-1].lineno) + 1)
