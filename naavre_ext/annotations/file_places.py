"""Where in a file of settings or in a workflow's file stands what a diagnostic of a cell is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from naavre_ext.annotations.yaml_lines import Place
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import CellId


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """Where a step's source begins; in one that isn't ``by_line`` lines of the file aren't lines of the source."""

    start: Place
    by_line: bool

    def at(self, line: int | None) -> Place:
        """The place of the source's line, from 1."""
        further = line - 1 if line is not None and self.by_line else 0
        return replace(self.start, line=self.start.line + further)


def placed(
    diagnostics: Iterable[Diagnostic],
    settings: Mapping[tuple[CellId, str], Place],
    sources: Mapping[CellId, SourcePlace],
) -> list[Diagnostic]:
    """The diagnostics, each with its place in the file: that of the setting it names, or of its line's source."""
    return [_placed(each, settings, sources) for each in diagnostics]


def _placed(
    diagnostic: Diagnostic,
    settings: Mapping[tuple[CellId, str], Place],
    sources: Mapping[CellId, SourcePlace],
) -> Diagnostic:
    cell = diagnostic.cell_id
    if cell is None:
        return diagnostic
    told = [
        place
        for (of, key), place in settings.items()
        if of == cell and f"# {key}" in diagnostic.message
    ]
    place = told[0] if told else sources[cell].at(diagnostic.line) if cell in sources else None
    if place is None:
        return diagnostic
    return replace(diagnostic, message=f"{place}: {diagnostic.message}")
