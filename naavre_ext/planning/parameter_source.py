"""Where a cell's source assigns parameters: syntax only, nothing is run."""

from __future__ import annotations

import ast
import functools
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from naavre_ext.model.parameter import prefixed_kind
from naavre_ext.planning.parameter_needs import kept_statements

#: Cell magics that run the rest of the cell in the notebook's own namespace.
_TRANSPARENT_MAGICS = frozenset({"%%time", "%%capture", "%%prun"})
_MAGIC_LINE = re.compile(r"\s*[%!?]|\s*[\w.]+\?{1,2}\s*$|\s*[\w\s,]+=\s*[%!]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_NON_FINITE = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity"})


@dataclass(frozen=True, slots=True)
class Definition:
    """One name bound by a top-level assignment.

    ``is_literal`` says that the right side can be known without running it; ``value`` is that
    value, else None. ``source`` is the right side as Python writes it, "" where an unpacking hides it.
    ``statement`` is the index of the assignment in the cell's body.
    """

    name: str
    line: int
    is_literal: bool
    value: Any
    annotation: str | None
    statement: int
    source: str = ""


def _split_lines(source: str) -> list[str]:
    """The lines as Python's parser counts them, without their ends."""
    return _LINE_END.split(source)


def parse_cell(source: str) -> ast.Module | None:
    """The cell's syntax tree with magic and shell lines left out; None when it isn't Python.

    A line is taken for a magic only where Python's parser stops at it, so ``%`` inside a
    string or an expression stays what it is. Line numbers are the cell's.
    """
    lines = _split_lines(source)
    _blank_cell_magic(lines)
    for _ in range(len(lines) + 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse("\n".join(lines))
        except SyntaxError as error:
            if not _blank_magic(lines, (error.lineno or 0) - 1):
                return None
        except (ValueError, RecursionError, MemoryError):
            return None
    return None


def _blank_cell_magic(lines: list[str]) -> None:
    """Blanks a cell magic's line, and the body too when it isn't the notebook's own Python."""
    for index, line in enumerate(lines):
        if line.strip():
            if line.startswith("%%"):
                transparent = line.split()[0] in _TRANSPARENT_MAGICS
                lines[index:] = ["", *(lines[index + 1 :] if transparent else ())]
            return


def _blank_magic(lines: list[str], index: int) -> bool:
    """Whether the line at ``index`` was a magic; it and its continuations then do nothing."""
    if not 0 <= index < len(lines) or not _MAGIC_LINE.match(lines[index]):
        return False
    indent = lines[index][: len(lines[index]) - len(lines[index].lstrip())]
    last = index
    while lines[last].endswith("\\") and last + 1 < len(lines):
        last += 1
    lines[index : last + 1] = [f"{indent}pass", *[""] * (last - index)]
    return True


def _literal(node: ast.expr) -> tuple[bool, Any]:
    """``(True, value)`` when ``node`` is a literal, ``float('nan')`` and the like included."""
    try:
        return True, ast.literal_eval(_NonFinite().visit(node))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False, None


class _NonFinite(ast.NodeTransformer):
    """Turns ``float('inf')``, which is how papermill writes it, into a constant."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(
                func=ast.Name(id="float"), args=[ast.Constant(value=str(text))], keywords=[]
            ) if text.lower() in _NON_FINITE:
                return ast.Constant(float(text))
        return node


def definitions(tree: ast.Module) -> Iterator[Definition]:
    """Every name bound by a top-level assignment, in source order."""
    for index, statement in enumerate(tree.body):
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from _bound(target, statement.value, None, index)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            annotation = _annotation_text(statement.annotation)
            yield from _bound(statement.target, statement.value, annotation, index)


def _bound(
    target: ast.expr, value: ast.expr | None, annotation: str | None, index: int
) -> Iterator[Definition]:
    if isinstance(target, ast.Name):
        is_literal, default = _literal(value) if value is not None else (False, None)
        source = ast.unparse(value) if value is not None else ""
        yield Definition(target.id, target.lineno, is_literal, default, annotation, index, source)
    elif isinstance(target, ast.Starred):
        yield from _bound(target.value, None, None, index)
    elif isinstance(target, (ast.Tuple, ast.List)):
        values: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, (ast.Tuple, ast.List)) and _same_shape(target, value):
            values = list(value.elts)
        for part, part_value in zip(target.elts, values, strict=True):
            yield from _bound(part, part_value, None, index)


def _same_shape(target: ast.Tuple | ast.List, value: ast.Tuple | ast.List) -> bool:
    starred = any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
    return not starred and len(target.elts) == len(value.elts)


def _annotation_text(annotation: ast.expr) -> str:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return ast.unparse(annotation)


def _keep_statements(source: str, kept: list[ast.stmt]) -> str:
    """``source`` with only these statements left, each on the lines where it stood."""
    lines = [line.encode() for line in _split_lines(source)]
    out = [b""] * len(lines)
    for statement in kept:
        first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
        for number in range(first, last + 1):
            start = statement.col_offset if number == first else 0
            end = statement.end_col_offset if number == last else None
            glue = b"; " if number == first and out[number] else b""
            out[number] += glue + lines[number][start:end]
    return b"\n".join(out).decode()


def nodes_run_at_once(node: ast.AST) -> Iterator[ast.AST]:
    """``node`` and what is below it, without what runs only when a function is called."""
    yield node
    for name, field in ast.iter_fields(node):
        if name == "body" and isinstance(node, _FUNCTIONS):
            continue
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.AST):
                yield from nodes_run_at_once(child)


def _bound_here(node: ast.AST) -> Iterator[ast.Name]:
    """The names that ``node`` binds or deletes in the cell's own scope, at any depth."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node
    if not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.comprehension)):
        for child in ast.iter_child_nodes(node):
            yield from _bound_here(child)


def parameter_assignments(cell_source: str, used_elsewhere: Set[str] = frozenset()) -> str:
    """What a workflow runs of a cell that isn't to be containerized, on its own lines; all others are blank.

    These are the top-level ``param_*``, ``conf_*`` and ``secret_*`` assignments, what they are computed
    from, and the imports of names in ``used_elsewhere``, which other cells use: NaaVRE, too, takes the
    imports of the whole notebook.
    """
    tree = parse_cell(cell_source)
    return _keep_statements(cell_source, kept_statements(tree, used_elsewhere) if tree else [])


def workflow_sources(cells: Sequence[tuple[str, bool]]) -> list[str]:
    """What a workflow runs of each cell, given its source and whether it is to be containerized."""
    if all(whole for _, whole in cells):
        return [source for source, _ in cells]
    used = _names_used(
        source if whole else parameter_assignments(source) for source, whole in cells
    )
    return [source if whole else parameter_assignments(source, used) for source, whole in cells]


def _names_used(sources: Iterable[str]) -> frozenset[str]:
    """The names that the code of these cells mentions, that of their magics included."""
    found: set[str] = set()
    for source in sources:
        tree = parse_cell(source)
        nodes = ast.walk(tree) if tree else ()
        found |= {node.id for node in nodes if isinstance(node, ast.Name)}
        for line in source.splitlines():
            if _MAGIC_LINE.match(line):
                found |= set(re.findall(r"\w+", line))
    return frozenset(found)


def nested_parameter_bindings(cell_source: str) -> tuple[tuple[str, int], ...]:
    """``(name, line)`` of prefixed names that the cell binds, or deletes, in another way.

    These are what :func:`parameter_assignments` leaves out: ``if c: param_x = 2``.
    """
    tree = parse_cell(cell_source)
    kept = kept_statements(tree, frozenset()) if tree else []
    others = [s for s in tree.body if s not in kept] if tree else []
    names = [name for statement in others for name in _bound_here(statement)]
    return tuple((name.id, name.lineno) for name in names if prefixed_kind(name.id))


@functools.lru_cache(maxsize=2048)  # each run's record asks for all cells
def secret_literals(cell_source: str) -> tuple[str, ...]:
    """The texts that the cell assigns to ``secret_*`` names, so that they can be masked."""
    tree = parse_cell(cell_source)
    found = definitions(tree) if tree else ()
    values = [d.value for d in found if prefixed_kind(d.name) == "secret"]
    return tuple(value for value in values if isinstance(value, str) and value)
