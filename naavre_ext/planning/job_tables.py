"""Tables of parameters: texts and grids → rows, with every value of its parameter's type. Pure functions."""

from __future__ import annotations

import ast
import csv
import io
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.jobs import Row
from naavre_ext.model.notebook import Notebook
from naavre_ext.model.parameter import Parameter
from naavre_ext.planning.parameter_values import (
    accepted_types,
    parse_parameter_text,
    read_yaml_values,
)
from naavre_ext.planning.parameters import inject_parameters

#: A table that isn't one, a row whose value doesn't fit, two jobs with one output, a batch that can't go on.
TABLE, VALUE, COLLISION, BATCH = "NX540", "NX541", "NX542", "NX543"

_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


def read_table(text: str, ending: str, parameters: Sequence[Parameter]) -> tuple[Row, ...]:
    """The rows of a table of parameters: ``csv``, ``tsv``, ``json``, or ``yaml`` (a list of mappings).

    Texts of a CSV file are read as its column's parameter wants them; an empty field keeps the notebook's value.

    Raises:
        RefusedError: it is no such table, or values don't fit; with row and column.
    """
    if ending in ("csv", "tsv"):
        return _read_csv(text, "\t" if ending == "tsv" else ",", parameters)
    data = _parse(text, ending)
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise refused(TABLE, "The table isn't a list of rows, each with names and values.",
                      'Write [{"param_a": 1}, {"param_a": 2}], or a CSV file with a line of names.')  # fmt: skip
    for number, row in enumerate(data, start=1):
        for name in row:
            if not isinstance(name, str):
                raise refused(TABLE, f"Row {number} has the name {name!r}, which isn't text.", "")
    return tuple(Row(f"row {number}", row) for number, row in enumerate(data, start=1))


def _parse(text: str, ending: str) -> Any:
    if ending == "json":
        try:
            return json.loads(text, object_pairs_hook=_without_doubles)
        except ValueError as error:
            raise refused(TABLE, f"The table isn't JSON: {error}.", "") from None
        except RecursionError:
            raise refused(TABLE, "The table is nested too deeply.", "") from None
    return read_yaml_values(text.removeprefix("\ufeff"), "The table isn't YAML")


def _without_doubles(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these names and values.

    Raises:
        ValueError: a name is given twice.
    """
    made = dict(pairs)
    for name in made if len(made) < len(pairs) else ():
        if sum(name == other for other, _ in pairs) > 1:
            raise ValueError(f"'{name}' is given twice in one row")
    return made


def _read_csv(text: str, delimiter: str, parameters: Sequence[Parameter]) -> tuple[Row, ...]:
    known = {parameter.name: parameter for parameter in parameters}
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    try:
        lines = [(reader.line_num, fields) for fields in reader if any(map(str.strip, fields))]
    except csv.Error as error:
        raise refused(TABLE, f"Line {reader.line_num} of the table: {error}.", "") from None
    if not lines:
        raise refused(TABLE, "The table is empty.", "Its first line has the parameters' names.")
    names = [name.strip() for name in lines[0][1]]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise refused(TABLE, f"Two columns are called '{doubled[0]}'.", "Delete one of them.")
    rows, wrong = [], []
    for line, fields in lines[1:]:
        place = f"line {line}"
        if len(fields) != len(names):
            message = f"{place}: {len(fields)} fields for {len(names)} columns."
            wrong.append(Diagnostic(TABLE, "error", message))
            continue
        values = {}
        for name, field in zip(names, fields, strict=True):
            if field.strip():
                try:
                    values[name] = typed(field, known.get(name))
                except ValueError as error:
                    wrong.append(Diagnostic(VALUE, "error", f"{place}, column '{name}': {error}."))
        rows.append(Row(place, values))
    if wrong:
        raise RefusedError(wrong)
    return tuple(rows)


def typed(text: str, parameter: Parameter | None) -> Any:
    """The value that the text means for the parameter.

    Raises:
        ValueError: it means none of the type that the parameter takes.
    """
    accepted = None if parameter is None else accepted_types(parameter)
    if accepted is None:
        return parse_parameter_text(text.strip())
    if accepted == {"str"}:
        return text
    stripped = text.strip()
    if "bool" in accepted and stripped.lower() in _TRUE | _FALSE and "int" not in accepted:
        return stripped.lower() in _TRUE
    value = parse_parameter_text(stripped)
    if isinstance(value, str):
        try:
            value = ast.literal_eval(stripped)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = text
    kind = type(value).__name__
    if kind in accepted:
        return value
    if kind == "float" and "int" in accepted and value.is_integer() and "e" in stripped.lower():
        return int(value)
    if "str" in accepted:
        return text
    name = "" if parameter is None else parameter.name
    raise ValueError(f"'{name}' takes {' or '.join(sorted(accepted))}, not {stripped!r}")


def read_grid(axes: Sequence[str], parameters: Sequence[Parameter]) -> tuple[Row, ...]:
    """A row for each combination of ``param_a=1,2,3`` ...; the last one changes fastest.

    Raises:
        RefusedError: an axis isn't NAME=VALUE,VALUE..., or a value doesn't fit.
    """
    known = {parameter.name: parameter for parameter in parameters}
    found: dict[str, list[Any]] = {}
    wrong = []
    for axis in axes:
        name, sign, texts = axis.partition("=")
        name = name.strip()
        if not sign or not name.isidentifier() or not texts.strip():
            raise refused(TABLE, f"'{axis}' isn't understood.", "Write param_a=1,2,3.")
        if name in found:
            raise refused(TABLE, f"'{name}' is given twice.", "Give all its values at once.")
        found[name] = []
        parts = _split(texts)
        if parts is None:
            raise refused(TABLE, f"In '{axis}' a quote or a bracket isn't closed.",
                          "Put a value with one in quotes of the other kind.")  # fmt: skip
        for text in parts:
            try:
                found[name].append(typed(text, known.get(name)))
            except ValueError as error:
                wrong.append(Diagnostic(VALUE, "error", f"--grid: {error}."))
    if wrong:
        raise RefusedError(wrong)
    return tuple(
        Row(f"row {number}", dict(zip(found, values, strict=True)))
        for number, values in enumerate(itertools.product(*found.values()), start=1)
    )


def _split(text: str) -> list[str] | None:
    """The parts between commas that stand in no brackets or quotes; quotes around a part are taken off.

    Quotes are those that a part begins with, or that stand in brackets. None where one isn't closed.
    """
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and (depth or not parts[-1].strip()):
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}" and depth:
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append("")
            continue
        parts[-1] += letter
    if quote or depth:
        return None
    bare = [part.strip() for part in parts]
    return [p[1:-1] if len(p) > 1 and p[0] == p[-1] and p[0] in "'\"" else p for p in bare]


def check_rows(notebook: Notebook, rows: Sequence[Row]) -> None:
    """Returns when every row's values are ones that the notebook takes.

    Raises:
        RefusedError: all that is wrong, each with its row and column.
    """
    if not rows:
        raise refused(TABLE, "The table has no rows.", "Each row is a job.")
    wrong: dict[Diagnostic, str] = {}
    for row in rows:
        for name, value in row.values.items():
            for found in inject_parameters(notebook, {name: value})[1]:
                if found.severity == "error":  # a wrong name is told once, of the first row
                    wrong.setdefault(found, f"{row.place}, column '{name}': {found.message}")
    if wrong:
        told = (Diagnostic(f.code, "error", text, f.remedy) for f, text in wrong.items())
        raise RefusedError(list(told)[:_MOST_TOLD])


_MOST_TOLD = 20


def varying_names(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The parameters that aren't the same in all rows, in the order of their first appearance."""
    names = dict.fromkeys(name for row in rows for name in row)
    missing = object()
    return tuple(n for n in names if len({repr(row.get(n, missing)) for row in rows}) > 1)


@dataclass(frozen=True, slots=True)
class _JobNumber:
    """A job's number in a file's name, with as many digits as the largest one has unless a format is asked for."""

    number: int
    width: int

    def __str__(self) -> str:
        return format(self)

    def __format__(self, spec: str) -> str:
        return format(self.number, spec or f"0{self.width}")


def output_paths(pattern: str, rows: Sequence[Row], parameters: Sequence[Parameter]) -> list[str]:
    """Each row's output: the pattern with ``{param_a}`` and ``{job}`` filled in.

    Raises:
        RefusedError: the pattern has a name that is no parameter, or two jobs would write one file.
    """
    width = len(str(len(rows)))
    defaults = {p.name: p.default for p in parameters if p.kind != "secret"}
    paths: list[str] = []
    for number, row in enumerate(rows, start=1):
        values = {n: _in_a_name(v) for n, v in {**defaults, **row.values}.items()}
        try:
            paths.append(pattern.format(job=_JobNumber(number, width), **values))
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise refused(
                COLLISION, f"'-o {pattern}' can't be filled in: {error}.",
                f"Its braces may have {{job}} and {', '.join('{' + n + '}' for n in defaults)}.",
            ) from None  # fmt: skip
    first: dict[str, int] = {}
    for number, path in enumerate(paths):
        other = first.setdefault(path.casefold(), number)
        if other != number:
            names = [f"{{{n}}}" for n in varying_names([row.values for row in rows])]
            raise refused(
                COLLISION,
                f"{rows[other].place} and {rows[number].place} would both be written to '{path}'.",
                f"Put {' or '.join((', '.join(names), '{job}') if names else ('{job}',))} into -o.",
            )
    return paths


def _in_a_name(value: Any) -> Any:
    """The value as part of a file's name; numbers, which a format may be asked for, stay numbers."""
    if type(value) in (int, float):
        return value
    text = str(value)
    for letter in '/\\:*?"<>|\0\n\r\t':
        text = text.replace(letter, "-")
    return text.strip(". ") or "-" if text in (".", "..") else text


def refused(code: str, message: str, remedy: str) -> RefusedError:
    """The error that says so."""
    return RefusedError([Diagnostic(code, "error", message, remedy)])
