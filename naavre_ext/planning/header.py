"""Checks what a cell's NaaVRE header declares against what its code says."""

from __future__ import annotations

from collections.abc import Iterable

from naavre_ext.dataflow.graph import CellNode
from naavre_ext.model.annotation import Annotations
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import Cell


def check_header(cell: Cell, notes: Annotations, node: CellNode) -> list[Diagnostic]:
    """A warning for each declared name that the code doesn't read (inputs ...) or write (outputs)."""
    header = notes.header
    if header is None:
        return []
    reads, writes = set(node.facts.reads), node.facts.writes | node.changed_names
    declared = [
        ("inputs", header.inputs, reads, "doesn't read it"),
        ("params", header.params, reads | writes, "doesn't use it"),
        ("confs", header.confs, reads | writes, "doesn't use it"),
        ("secrets", header.secrets, reads | writes, "doesn't use it"),
        ("outputs", header.outputs, writes, "doesn't set it"),
    ]
    return [
        _warning(cell, notes, part, name, verdict)
        for part, names, known, verdict in declared
        for name in _missing(names, known)
    ]


def _missing(names: Iterable[str], known: Iterable[str]) -> list[str]:
    return sorted(set(names) - set(known))


def _warning(cell: Cell, notes: Annotations, part: str, name: str, verdict: str) -> Diagnostic:
    return Diagnostic.at(
        cell,
        "NX303",
        "warning",
        f"the header declares '{name}' among its {part}, but the code {verdict}.",
        remedy="The code counts; correct the header.",
        title=notes.title,
    )
