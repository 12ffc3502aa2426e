"""What ``check`` tells of each cell: data for people's text, for ``--json`` and for a front end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from naavre_ext.model.dataflow import EffectKind
from naavre_ext.model.notebook import CellId
from naavre_ext.model.plain import plain
from naavre_ext.model.workflow import EdgeKind, Placement, SplitForm

#: ``main-order``: only because the main worker runs one step at a time, in notebook order.
#: ``held``: only because it changes things outside, and the earlier one may still fail.
WaitKind = EdgeKind | Literal["main-order", "held"]

#: ``add-split``: a loop could be split. ``drop-split``: a run showed that splitting gains nothing.
#: ``rewrite``: a loop of a ``# split:`` cell could be split if it were written in another way.
SuggestionKind = Literal["add-split", "drop-split", "rewrite"]


@dataclass(frozen=True, slots=True)
class CellRef:
    """A cell of the notebook; ``cell_number`` counts from 1, as in diagnostics."""

    cell_id: CellId
    cell_number: int


@dataclass(frozen=True, slots=True)
class NameRead:
    """A name that the cell reads; ``cell`` last (perhaps) set or changed it. ``line`` is the first read."""

    name: str
    cell: CellRef
    line: int


@dataclass(frozen=True, slots=True)
class NameChange:
    """A name whose object the cell changes in place; None for ``line`` when it can't be told.

    ``how`` ends the sentence "NAME is ...". ``through`` is the name under which the cell
    changes it, when it is another one. ``suspected``: by code that can't be seen, so perhaps not at all.
    """

    name: str
    line: int | None
    how: str
    through: str | None = None
    suspected: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that a cell does, in words: ``it calls code that can't be seen``.

    ``effect`` and ``what`` name it (``unknown``, ``lib.f()``), ``line`` says where in the cell; None where no
    single place is to blame.
    """

    text: str
    effect: EffectKind | None = None
    what: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """The cell waits for ``cell``, because of ``names`` or of what one of the two does (``cause``).

    ``by_other`` says that the cause lies in the other cell.
    """

    cell: CellRef
    kind: WaitKind
    names: tuple[str, ...] = ()
    cause: Cause | None = None
    by_other: bool = False


@dataclass(frozen=True, slots=True)
class LoopCheck:
    """A loop of the cell, or (form ``over``) the whole cell: whether it may be split, and if not why.

    The loops are those at top level, and those with an annotation of their own.

    ``split`` says that it is split, ``splittable`` that it could be. ``costly``: its body may take time.
    ``doubtful``: it may be there to change objects, which shows only when it runs; then it runs whole.
    ``reason``, ``reason_line``, ``variable`` and ``remedy`` say what stops it; None where nothing does.
    ``batches``, ``shared``, ``reductions`` and ``replayed`` are as in a workflow's split. ``flow`` says whether it
    goes on with the batches of an earlier split or waits for all of them. ``merges`` are as in ``# merge:``.
    """

    index: int
    line: int
    form: SplitForm
    iterable: str
    split: bool
    splittable: bool
    costly: bool
    doubtful: bool
    batches: int | str | None = None
    shared: tuple[str, ...] = ()
    reductions: tuple[str, ...] = ()
    replayed: tuple[str, ...] = ()
    merges: tuple[str, ...] = ()
    reason: str | None = None
    reason_line: int | None = None
    variable: str | None = None
    remedy: str | None = None
    flow: str | None = None


@dataclass(frozen=True, slots=True)
class SplitTiming:
    """What became of a split in a run; ``batches`` is 0 when it ran whole, with the ``reason``.

    ``work_s`` is the time of all batches together, ``workers`` how many took part.
    """

    index: int
    items: int
    batches: int
    work_s: float
    workers: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CellTiming:
    """How long the cell took in the latest run in which it had the same source; ``slots`` workers were there."""

    run_id: str
    duration_s: float
    slots: int
    splits: tuple[SplitTiming, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """Sets an annotation of the cell (``value`` None: removes it); ``source`` is the cell after that."""

    annotation: str
    value: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that would make a run faster or the notebook simpler.

    ``took_s`` is from an earlier run, ``estimate_s`` what the cell might take with ``workers`` workers: the
    time divided, so what the cell does beside the loop makes it longer.
    """

    kind: SuggestionKind
    line: int
    text: str
    edit: Edit | None = None
    took_s: float | None = None
    estimate_s: float | None = None
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class CellCheck:
    """What was understood of one cell that a workflow runs.

    ``reads`` come from earlier cells, ``changes`` are made in place, ``waits`` are for cells before it.
    ``reasons`` say why it runs where it runs, ``beside`` are the cells that may run at the same time.
    ``limits`` say what its resources, retries and time limit mean for it.
    """

    cell_id: CellId
    cell_number: int
    title: str | None
    kind: Literal["cell", "parameters"]
    reads: tuple[NameRead, ...]
    writes: tuple[str, ...]
    changes: tuple[NameChange, ...]
    deletes: tuple[str, ...]
    effects: tuple[Cause, ...]
    waits: tuple[Wait, ...]
    placement: Placement
    group: str | None
    barrier: bool
    reasons: tuple[Cause, ...]
    beside: tuple[CellRef, ...]
    loops: tuple[LoopCheck, ...]
    suggestions: tuple[Suggestion, ...]
    timing: CellTiming | None = None
    limits: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON object with every field, as ``check.schema.json`` says."""
        data: dict[str, Any] = plain(self)
        return data
