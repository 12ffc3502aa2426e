"""A file that says of a notebook's cells what annotations would: YAML → values, with the lines of the file.

``steps:`` has an entry per cell, by its title, its id, or ``cell 3``; keys and values are those of annotations.
``null`` takes an annotation away.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from naavre_ext.annotations.headings import cell_heading
from naavre_ext.annotations.keys import ANNOTATION_KEYS, DO_NOT_CONTAINERIZE, NOT_YET_IN_EFFECT
from naavre_ext.annotations.yaml_lines import NULL, Place, entries, read_yaml, written
from naavre_ext.model.annotation import Annotations
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.notebook import Cell, CellId

#: What is wrong with a file of settings.
CODE = "NX545"
KEYS = tuple(
    k for k, row in ANNOTATION_KEYS.items() if k != DO_NOT_CONTAINERIZE and row.scope == "cell"
)

#: Settings that say nothing of a cell that hasn't got another one, in the file or by annotation.
_PARTNERS = {"replicas": "group", "merge": "over"}
_NOT_ANNOTATED = Annotations()


@dataclass(frozen=True, slots=True)
class Setting:
    """One value: of which cell, what, as an annotation would write it, and where it stands in the file.

    None is the value of a cell without the annotation. ``named`` is where the file names the cell, if that is
    another place.
    """

    cell: str
    key: str
    value: str | None
    place: Place
    named: Place | None = None


def read_overlay(text: str, file: str) -> tuple[Setting, ...]:
    """The file's settings, whose values have all been understood.

    Raises:
        RefusedError: with everything that is wrong, each with the file and line.
    """
    root = read_yaml(text, file, CODE)
    wrong: list[Diagnostic] = []
    found: list[Setting] = []
    for name, place, node in entries(root, file, CODE):
        if name not in ("steps", "version"):
            wrong.append(_problem(place, f"'{name}' isn't known here.", "Write 'steps:'."))
        if name != "steps":
            continue
        for cell, named, settings in entries(node, file, CODE):
            for key, where, value in entries(settings, file, CODE):
                key = key.replace("_s", "") if key == "timeout_s" else key
                given = None if value.tag == NULL else written(value)
                found.append(Setting(cell, key, given, where, named))
                if (problem := wrong_value(CODE, found[-1])) is not None:
                    wrong.append(problem)
    if wrong:
        raise RefusedError(wrong)
    return tuple(found)


def wrong_value(code: str, setting: Setting) -> Diagnostic | None:
    """What is wrong with the setting's value, told with this code; None if nothing is."""
    problem = _check(setting.key, setting.value)
    if not problem:
        return None
    text = f"{setting.place}: '{setting.key}' of '{setting.cell}': {problem}"
    return Diagnostic(code, "error", text, _remedy(setting.key))


def _check(key: str, value: str | None) -> str:
    """Why the value isn't one of the key's; "" if it is."""
    if key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, n=1)
        return f"there is no such setting{f' (did you mean {near[0]!r}?)' if near else ''}."
    try:
        if value is not None:
            ANNOTATION_KEYS[key].parse(value)
    except ValueError as error:
        return f"{error}."
    return ""


def _remedy(key: str) -> str:
    if key in KEYS:
        return f"Write {ANNOTATION_KEYS[key].expects}, as in '{ANNOTATION_KEYS[key].example}'."
    return f"Settings are {', '.join(KEYS)}."


def _problem(place: Place, message: str, remedy: str) -> Diagnostic:
    return Diagnostic(CODE, "error", f"{place}: {message}", remedy)


@dataclass(frozen=True, slots=True)
class Overlaid:
    """``annotations`` as they hold, what can't be used, and where the file says so of which cell and key."""

    annotations: Sequence[Annotations]
    diagnostics: Sequence[Diagnostic]
    places: Mapping[tuple[CellId, str], Place]


def overlaid(
    cells: Sequence[tuple[Cell, Annotations]],
    settings: Iterable[Setting],
    numbers: Mapping[str, int],
) -> Overlaid:
    """Each cell's annotations with what the settings say of it instead.

    ``numbers`` are the cells' numbers in the user's notebook, by id.
    """
    made = [annotations for _, annotations in cells]
    found: list[Diagnostic] = []
    used: list[tuple[Setting, int]] = []
    places: dict[tuple[CellId, str], Place] = {}
    for setting in settings:
        named = setting.named or setting.place
        matching = [
            n
            for n, (cell, notes) in enumerate(cells)
            if _is_meant(setting.cell, cell, notes, numbers)
        ]
        if not matching:
            titles = [title for cell, notes in cells if (title := _title(cell, notes))]
            near = difflib.get_close_matches(setting.cell, titles, n=1)
            hint = (
                f"Did you mean '{near[0]}'?"
                if near
                else "Name a cell by its title, its id, or as 'cell 3'."
            )
            found.append(_problem(named, f"no cell is called '{setting.cell}'.", hint))
        elif len(matching) > 1:
            told = ", ".join(str(numbers.get(cells[n][0].id)) for n in matching)
            found.append(
                _problem(
                    named,
                    f"the cells {told} are all called '{setting.cell}'.",
                    "Name one as 'cell 3'.",
                )
            )
        else:
            place = matching[0]
            made[place] = replace(made[place], **_fields(setting))
            used.append((setting, place))
            before = places.get((cells[place][0].id, setting.key))
            if before is not None and before.file == setting.place.file:
                text = f"'{setting.key}' of this cell stands in line {before.line} already."
                found.append(_problem(setting.place, text, "Leave out one of the two."))
            places[cells[place][0].id, setting.key] = setting.place
            if setting.key in NOT_YET_IN_EFFECT and setting.value is not None:
                text = f"{setting.place}: '{setting.key}' is not yet in effect: {NOT_YET_IN_EFFECT[setting.key]}."
                found.append(Diagnostic("NX150", "warning", text))
    found += [
        _problem(
            setting.place,
            f"'{setting.key}' of '{setting.cell}' needs '{_PARTNERS[setting.key]}', which the cell hasn't got.",
            f"Give '{_PARTNERS[setting.key]}', too, here or in the notebook.",
        )
        for setting, place in used
        if setting.key in _PARTNERS
        and setting.value is not None
        and not getattr(made[place], _PARTNERS[setting.key])
    ]
    return Overlaid(made, list(dict.fromkeys(found)), places)


def _fields(setting: Setting) -> Mapping[str, Any]:
    row = ANNOTATION_KEYS[setting.key]
    if setting.value is None:
        return {name: getattr(_NOT_ANNOTATED, name) for name in (row.sets, *row.implies)}
    return {row.sets: row.parse(setting.value), **row.implies}


def _is_meant(name: str, cell: Cell, annotations: Annotations, numbers: Mapping[str, int]) -> bool:
    if cell.kind != "code":
        return False
    names = _title(cell, annotations), cell.id
    return name in names or name.lower() == f"cell {numbers.get(cell.id)}"


def _title(cell: Cell, annotations: Annotations) -> str | None:
    """What plans call the cell."""
    return annotations.title or cell_heading(cell.source)
