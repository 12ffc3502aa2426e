"""What cells read and change outside the notebook, and which of them must therefore keep their order."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.graph import BARRIER_EFFECTS, CellNode, NotebookDataflow
from naavre_ext.dataflow.table_lookup import matches
from naavre_ext.model.dataflow import CellDataflow, Effect, EffectKind

#: Effects that may come with changes of files that nobody sees.
_PERHAPS_WRITING: tuple[EffectKind, ...] = ("ambient", "import", "figure", *BARRIER_EFFECTS)

#: Calls after which relative paths mean other files.
_MOVING = frozenset(
    {"os.chdir", "os.fchdir", "contextlib.chdir", "%cd", "%pushd", "%popd", "%bookmark"}
)


@dataclass(frozen=True, slots=True)
class Places:
    """Paths of files and folders; ``anywhere`` adds all others."""

    paths: frozenset[str] = frozenset()
    anywhere: bool = False

    def __bool__(self) -> bool:
        return self.anywhere or bool(self.paths)

    def meets(self, other: Places) -> bool:
        """Whether both may hold the same file."""
        if self.anywhere or other.anywhere:
            return bool(self) and bool(other)
        return any(_may_be_same(one, two) for one in self.paths for two in other.paths)


@dataclass(frozen=True, slots=True)
class _Access:
    reads: Places
    writes: Places


def outside_order(dataflow: NotebookDataflow) -> tuple[tuple[int, ...], ...]:
    """For each cell the earlier cells that it must wait for, as one of the two may write what the other uses.

    Literal paths that differ are independent; whatever else may be the same place counts as the same.
    """
    moves = any(e.what in _MOVING for cell in dataflow.cells for e in cell.facts.effects)
    waits: list[tuple[int, ...]] = []
    earlier: list[tuple[int, _Access]] = []
    files: set[str] = set()
    for position, node in enumerate(dataflow.cells):
        access = _access(node, files, moves)
        files |= {name for name in node.facts.writes if _may_hold_file(dataflow, name)}
        waits.append(tuple(p for p, other in earlier if _conflict(other, access)))
        if (
            access.writes.anywhere
        ):  # whoever uses anything later waits for it, and so for all before it
            earlier = [(position, access)]
        elif access.reads or access.writes:
            earlier.append((position, access))
    return tuple(waits)


def _may_hold_file(dataflow: NotebookDataflow, name: str) -> bool:
    return any("file" in b.shape for b in dataflow.environment.bindings.get(name, ()))


def reads_only_files(facts: CellDataflow) -> bool:
    """Whether all that the region reads outside are files, which are the same for all workers."""
    return all(
        matches(effect.what, tables.FILE_READERS) and "://" not in (effect.path or "")
        for effect in facts.effects
        if effect.kind == "outside-read"
    )


def _conflict(first: _Access, then: _Access) -> bool:
    return (
        first.writes.meets(then.reads)
        or first.writes.meets(then.writes)
        or first.reads.meets(then.writes)
    )


def _access(node: CellNode, files: set[str], moves: bool) -> _Access:
    """What the cell uses; ``files`` are the names of file objects that earlier cells opened."""
    facts = node.facts
    unseen = any(e.kind in _PERHAPS_WRITING and not e.what.startswith("%%") for e in facts.effects)
    if unseen or files & {*facts.reads, *facts.writes, *facts.deletes}:
        return _Access(Places(anywhere=True), Places(anywhere=True))
    writes = _places((e for e in facts.effects if e.kind == "outside-write"), moves)
    reads = _places((e for e in facts.effects if e.kind == "outside-read"), moves)
    if writes.anywhere:  # a command may read as well
        reads = writes
    return _Access(reads, writes)


def _places(effects: Iterable[Effect], moves: bool) -> Places:
    found = [_normalised(effect.path, moves) for effect in effects]
    paths = frozenset(path for path in found if path is not None)
    return Places(paths, None in found)


def _normalised(path: str | None, moves: bool) -> str | None:
    """The path in one spelling; None when it may be any file."""
    if path is None:
        return None
    plain = posixpath.normpath(path.replace("\\", "/"))
    if plain.startswith(("..", "~")) or (moves and not plain.startswith("/")):
        return None
    return "" if plain == "." else plain.casefold()


def _may_be_same(one: str, other: str) -> bool:
    """Equal, the one in the other's folder, or the other with an ending that its writer adds (``.npy``)."""
    if one.startswith("/") != other.startswith("/"):
        return True
    return one.startswith(other) or other.startswith(one)
