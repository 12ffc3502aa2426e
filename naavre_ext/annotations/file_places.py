"""Where in a file of settings or in a workflow's file stands what a diagnostic of a cell is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

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


@dataclass(frozen=True, slots=True)
class FilePlaces:
    """Where files say something of cells: by ``settings``, and by ``sources``, which a workflow's file has."""

    settings: Mapping[tuple[CellId, str], Place] = field(default_factory=dict)
    sources: Mapping[CellId, SourcePlace] = field(default_factory=dict)

    def placed(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The diagnostics, each with its place in the file: of the setting it names, or of its line's source."""
        return [self._placed(each) for each in diagnostics]

    def _placed(self, diagnostic: Diagnostic) -> Diagnostic:
        cell = diagnostic.cell_id
        if cell is None:
            return diagnostic
        text = diagnostic.message
        if diagnostic.line is None:  # what of the cell is to be changed, the remedy may say
            text += diagnostic.remedy
        told = [
            where for (of, key), where in self.settings.items() if of == cell and f"# {key}" in text
        ]
        source = self.sources.get(cell)
        place = told[0] if told else source and source.at(diagnostic.line)
        if place is None:
            return diagnostic
        return replace(diagnostic, message=f"{place}: {diagnostic.message}")
