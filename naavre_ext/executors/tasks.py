"""What goes to a worker and what comes back: versioned by the package, picklable, no live objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from naavre_ext.executors.packing import PACK_VERSION, Packed, PackingError
from naavre_ext.executors.touched_files import NO_FILES, Touched
from naavre_ext.model.event import OutputMessage
from naavre_ext.model.portrait import StepObservation
from naavre_ext.model.workflow import Placement, Split, Step, StepId, TaskFunction

#: What goes to every batch beside the variables that its iterations share.
KEEPS, SETTINGS, TOKEN = "__naavre_keeps__", "__naavre_settings__", "__naavre_token__"

ReportStatus = Literal["ok", "error", "relocate"]


class Violation(Exception):
    """A batch did something that makes its result unusable."""


@dataclass(frozen=True, slots=True)
class ResultPlace:
    """A folder for results. ``environment`` stands for all outside the notebook that decides them.

    ``has_earlier`` says that an earlier run's results are in it already.
    """

    folder: str
    environment: str
    has_earlier: bool = False


@dataclass(frozen=True, slots=True)
class RunContext:
    """What every worker of a run has to know.

    ``slots`` is how many batches can run at once, ``step_slots`` how many of a step that claims resources.
    ``channel`` is where live messages go (None: nowhere).
    ``is_parallel`` says that the run may use other workers than the main one. ``sources`` are the cells by
    execution count, for tracebacks. ``guards`` says that what analysis has proven is checked all the same;
    ``attempt`` counts how often the run was started over.
    ``inner`` are the loops in functions and blocks that are split wherever they run: by cell and the loop's index,
    the step that has them in its source and the split.
    ``results`` is where results go that a later run may resume from, None when none are stored.
    With ``observe``, steps tell what variables they found and left; with ``scramble``, memory that nothing was
    written to holds other bytes than usual.
    ``tasks`` are the functions whose calls may run as tasks, with the steps that define them. ``one_machine`` says
    that all workers see the same files. ``tells_starts`` says that the driver wants to hear when a step has begun.
    """

    run_id: str
    cwd: str | None = None
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    slots: int = 1
    step_slots: Mapping[str, int] = field(default_factory=dict)
    max_parallelism: int | None = None
    is_parallel: bool = True
    sources: Mapping[int, str] = field(default_factory=dict, repr=False)
    channel: Any = field(default=None, repr=False)
    guards: bool = True
    attempt: int = 0
    observe: bool = False
    scramble: bool = False
    inner: Mapping[tuple[str, int], tuple[Step, Split]] = field(default_factory=dict, repr=False)
    results: ResultPlace | None = None
    tasks: Mapping[str, tuple[Step, TaskFunction]] = field(default_factory=dict, repr=False)
    one_machine: bool = True
    tells_starts: bool = True


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a step's result is stored: ``key`` is the name of its file.

    Of a main step, ``covers`` are the steps whose effects the main worker has then, and ``in_main`` tells which
    step the names are from that it took over. A result that ``is_wanted`` is stored whatever that costs.
    """

    key: str
    covers: tuple[StepId, ...] = ()
    in_main: Mapping[str, StepId] = field(default_factory=dict)
    is_wanted: bool = False


@dataclass(frozen=True, slots=True)
class StepTask:
    """A step to run. ``binds`` lists, per input pack handed over with it, the names to bind from it.

    ``checks`` lists, per pack handed over after those, the names whose values must afterwards still be what
    that pack holds, as steps elsewhere work with it; ``check_settings`` says the same of settings. An
    ``is_late`` step runs after later ones have run in the same worker, so that whatever it changes
    unexpectedly is a change that they missed.

    ``exports`` are the bundles of names to pack afterwards. ``restore`` names get their present values
    back after the step, because later steps have run already. ``with_settings`` says that the last input
    holds the settings to take over; ``send_settings`` that the settings go out as the last export.
    A ``visiting`` step was to run elsewhere, and finds in the main worker the settings of later steps: it gets
    those that it would have found, and theirs are put back. ``chains`` are the splits that continue one of
    the step's, by its index. What an ``is_repeatable`` step has done is undone when it fails.

    In a ``group``'s worker the step's ``live`` names stay when it is done; ``fresh`` ones are unset before it.
    An ``is_common`` step is the same for all jobs that the worker serves.

    ``keep`` says where the result is stored if it is worth it, ``background`` stands for what earlier steps have
    done that batches of this one may find. With ``checkpoint`` nothing is run: the worker
    takes over what that file holds, but for the global generators of libraries in ``reseed``, which begin anew.
    """

    step: Step
    placement: Placement
    binds: tuple[tuple[str, ...], ...] = ()
    checks: tuple[tuple[str, ...], ...] = ()
    check_settings: bool = False
    is_late: bool = False
    exports: tuple[tuple[str, ...], ...] = ()
    restore: tuple[str, ...] = ()
    with_settings: bool = False
    send_settings: bool = False
    visiting: bool = False
    chains: Mapping[int, tuple[tuple[Step, Split, int], ...]] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    attempt: int = 0
    is_repeatable: bool = False
    group: str | None = None
    live: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    is_common: bool = False
    keep: Keeping | None = None
    background: str = ""
    checkpoint: str | None = None
    reseed: tuple[str, ...] = ()

    @property
    def pack_count(self) -> int:
        """How many packs the worker gives back: one per bundle, then the settings where they are asked for."""
        return len(self.exports) + self.send_settings


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """What a cell raised, as Jupyter shows it; in a split, in which batch and at which item.

    One that ``is_ours`` says that the run can't end as the sequential one: code that catches it doesn't help.
    """

    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()
    batch: int | None = None
    item: int | None = None
    item_repr: str | None = None
    is_ours: bool = False

    @classmethod
    def in_words(cls, ename: str, text: str, *, is_ours: bool = False) -> ErrorReport:
        """An error that no line of the notebook raised: it has its words instead of a traceback."""
        return cls(ename, text, (f"{ename}: {text}",), is_ours=is_ours)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A variable (or what a loop hands over, in words) that can't be copied.

    ``type_name`` is the type of the object in it that can't, ``remedy`` the rewrite that would work.
    """

    name: str
    type_name: str
    reason: str
    remedy: str

    @classmethod
    def of(cls, error: PackingError, name: str | None = None) -> Stuck:
        """What the error says, of the variable ``name`` if the error doesn't know it."""
        return cls(error.name if name is None else name, error.kind, error.reason, error.remedy)


@dataclass(frozen=True, slots=True)
class StepReport:
    """How a step ended in a worker.

    ``unpackable`` maps names that can't leave it to the reason, ``stuck`` says more of them.

    ``changes`` are the names whose objects it changed in place, unexpectedly, so that others have used them
    as they were; ``changes_settings`` says the same of settings.

    ``outputs`` are all outputs in order, ``messages`` all other live messages (splits, batches).
    A failed step that ``is_undone`` left no trace, so that it can be tried again; ``why_final`` says why not.
    ``unkept`` says why its result couldn't be stored though that was worth it; ``is_reused`` that it is an
    earlier run's, or that of the run ``reused_from``. ``lost`` says that the worker of its group died. A step that
    is relocated ``had_copies`` where it was given copies of objects that can change; one that ran late in the main
    worker where what it made holds objects of such copies. One that ``is_plain`` ended in its group's worker as
    foreseen, with few bytes to export: the step that was sent there ahead begins.
    """

    step: str
    status: ReportStatus
    started_at: float
    duration_s: float
    worker: str
    outputs: tuple[OutputMessage, ...] = ()
    messages: tuple[Mapping[str, Any], ...] = ()
    error: ErrorReport | None = None
    reason: str = ""
    unpackable: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    changes_settings: bool = False
    stuck: tuple[Stuck, ...] = ()
    observed: StepObservation | None = None
    is_undone: bool = False
    why_final: str = ""
    unkept: str = ""
    is_reused: bool = False
    reused_from: str = ""
    lost: bool = False
    had_copies: bool = False
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A split that goes on with what a batch made; ``shared`` are its variables, as the pool knows them.

    Stages stand in a row, one below another in depth-first order. ``source`` is the place in that row of the one
    whose elements it takes, counted from 1; 0 is the batch itself.
    """

    step: Step
    split: Split
    source: int
    shared: Any


@dataclass(frozen=True, slots=True)
class BatchTask:
    """Iterations ``start`` to ``stop`` of a split. The last batch sends all names that leak.

    After ``limit_s`` it begins no more items. ``then`` are the loops that go on with the batch's elements.
    ``slots`` is how many batches may run at once for this one, itself among them: more than one where the split
    has fewer batches than there are workers. Its result ``is_kept`` where that is worth it, under a name that
    ``background`` is part of. What it changes of its items it ``sends_back``.
    """

    step: Step
    split: Split
    batch: int
    start: int
    stop: int
    is_last: bool
    limit_s: float | None = None
    then: tuple[Stage, ...] = ()
    slots: int = 1
    is_kept: bool = True
    background: str = ""
    sends_back: bool = False


@dataclass(frozen=True, slots=True)
class BatchReport:
    """How a batch ended, having run ``done`` items. ``violation`` says why its result must not be used.

    Its worker may be ``lost``; an ``overdue`` batch took longer than it may. Both come with an error.
    The loops that went on with what it made got ``fed`` items each; they and those behind them took ``then_s``.
    ``handling_s`` is the part of the time in which the worker got ready, and looked at what the items had left.
    ``full`` says why results can't be stored any more. ``messages`` tell what happened in the batch. ``touched``
    are its files, where another batch might touch them, too.
    """

    batch: int
    started_at: float
    duration_s: float
    worker: str
    outputs: tuple[OutputMessage, ...] = ()
    error: ErrorReport | None = None
    violation: str = ""
    done: int = 0
    stuck: Stuck | None = None
    fed: tuple[int, ...] = ()
    then_s: float = 0.0
    handling_s: float = 0.0
    lost: bool = False
    overdue: bool = False
    full: str = ""
    messages: tuple[Mapping[str, Any], ...] = ()
    touched: Touched = NO_FILES


def values_of(names: Iterable[str], variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables with these names, but for those that aren't set."""
    return {name: variables[name] for name in names if name in variables}


#: A pack that holds nothing: stands in for a bundle that couldn't be packed.
NOTHING = Packed(PACK_VERSION, (), b"")
