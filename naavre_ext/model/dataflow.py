"""What one cell does with names, objects and the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: ``opaque``: may touch any name. ``unknown``: calls code that no table knows.
#: ``ambient``/``figure``: uses process-wide state that stays in the main worker.
#: ``history``: uses ``_``, ``Out`` or ``In``. ``monkeypatch``: changes a module.
EffectKind = Literal[
    "opaque", "unknown", "outside-read", "outside-write", "settings", "figure", "ambient",
    "rng-seed", "rng-draw", "history", "star-import", "monkeypatch", "import",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effect:
    """Something a cell does beyond its names; ``what`` names the call or statement.

    ``names`` are the variables that its first argument (a file's path, say) is made of; ``path`` is the one file
    or folder that it concerns, as written, where that is known.
    """

    kind: EffectKind
    what: str
    line: int
    names: frozenset[str] = frozenset()
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An in-place change of the object that ``node`` stands for.

    A shallow change (``xs.append``) alters the object itself, a ``deep`` one (a call that
    can't be seen into) perhaps also what it holds. ``suspected`` changes come from unknown code.
    """

    node: str
    deep: bool
    line: int
    how: str
    suspected: bool = False


@dataclass(frozen=True, slots=True)
class Sharing:
    """``same``: both nodes may be one object (or views of it). ``holds``: the first may hold the second.

    In its attribute ``field``, where that is surely the only one; "": anywhere.
    """

    relation: Literal["same", "holds"]
    first: str
    second: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class CellDataflow:
    """One region of code (a cell, a loop body): all names are the notebook's globals.

    ``reads`` maps a name that is read before it is surely written to the first such line;
    ``required`` are those read unconditionally at top level. ``writes`` may be bound, ``sure`` surely are.
    Nodes in ``changes`` and ``sharing`` are global names, or local ones with a ``%`` in them.
    ``costly`` says that the region calls or loops, so that it may take time.
    """

    reads: dict[str, int]
    required: frozenset[str]
    writes: frozenset[str]
    sure: frozenset[str]
    deletes: frozenset[str]
    changes: tuple[Change, ...]
    sharing: tuple[Sharing, ...]
    effects: tuple[Effect, ...]
    costly: bool = True

    def has(self, *kinds: EffectKind) -> bool:
        """Whether an effect of one of these kinds is among the effects."""
        return any(effect.kind in kinds for effect in self.effects)
