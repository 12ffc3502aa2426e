"""What analysis says that a cell changes."""

from __future__ import annotations

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell


def changed_names(*cells: str) -> frozenset[str]:
    """The names of earlier cells whose objects the last cell changes."""
    return analyse([parse_cell(cell) for cell in cells]).cells[-1].changed_names
