"""Outputs with a display id, which any cell may update."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from nbformat import NotebookNode

#: The data and the metadata of an output.
_Shown = tuple[Mapping[str, Any], Mapping[str, Any]]


class Displays:
    """Outputs of a display id show what the last of the ``cells``, in their order, that wrote to it has written.

    Cells that run side by side may write in any order, also before the output is there.
    """

    def __init__(self, cells: Iterable[str]) -> None:
        self._place = {cell_id: place for place, cell_id in enumerate(cells)}
        self._written: dict[str, dict[int, _Shown]] = {}
        self._outputs: dict[str, list[tuple[str, NotebookNode]]] = {}

    def write(
        self, cell_id: str, display_id: str, data: Mapping[str, Any], metadata: Mapping[str, Any]
    ) -> None:
        """The cell has the outputs of this id show something."""
        self._written.setdefault(display_id, {})[self._place[cell_id]] = data, metadata
        self._refresh(display_id)

    def add(self, cell_id: str, display_id: str, output: NotebookNode) -> None:
        """The cell has another output of this id, to which it has written."""
        self._outputs.setdefault(display_id, []).append((cell_id, output))
        self._refresh(display_id)

    def clear(self, cell_id: str) -> None:
        """The cell's outputs are gone."""
        for outputs in self._outputs.values():
            outputs[:] = [entry for entry in outputs if entry[0] != cell_id]

    def forget(self, cell_id: str) -> None:
        """The cell's outputs are gone, and what it wrote to others doesn't count."""
        self.clear(cell_id)
        for display_id, written in self._written.items():
            if written.pop(self._place[cell_id], None) is not None:
                self._refresh(display_id)

    def _refresh(self, display_id: str) -> None:
        written = self._written.get(display_id)
        if written:
            last = written[max(written)]
            for _, output in self._outputs.get(display_id, ()):
                output["data"], output["metadata"] = copy.deepcopy(last)
