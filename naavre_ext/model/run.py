"""A run's options and its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any, Literal, get_args

from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.event import RunStatus

ExecutorName = Literal["ray", "local"]

#: An option that has no such value.
OPTION = "NX544"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run. Validated once, at the edge; the core reads no environment.

    ``cwd`` is the folder that cells see as theirs (default: the notebook's). ``address`` is a Ray
    cluster's ``host:port``; None means a local Ray. ``timeout_s`` bounds each cell.
    ``environment`` replaces the variables that cells see in ``os.environ`` (None: those of the process
    that runs them). ``secrets`` never reach an event, a record or an output. ``keep`` names the
    variables whose final values the result carries (``None``: all that can be pickled; ``()``: none).
    ``guards`` checks while running that nothing changes which analysis expected not to. ``eager`` lets cells with
    effects outside the notebook start before earlier ones, which could still fail, have finished.
    ``resume`` is the id of an earlier run of the notebook that didn't end well: of what it has stored, all that
    is still valid is taken over. ``store_results`` has results stored that a later run may resume from.
    ``observe`` has variables digested around every step and portrayed at the end, for ``verify``; with
    ``scramble``, memory that nothing was written to holds other bytes than usual.
    ``notebook`` is the file that a notebook given as a document belongs to. ``labels``, JSON-safe, are kept in the
    run's record for whoever started it; with ``keep_notebook`` it has the executed notebook, too. Values beyond
    ``keep_most_bytes`` together aren't kept.

    Raises:
        RefusedError: all values that an option can't have.
    """

    executor: ExecutorName = "ray"
    address: str | None = None
    resident: bool = True
    cwd: str | None = None
    store: str | None = None
    timeout_s: float | None = None
    max_parallelism: int | None = None
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    keep: tuple[str, ...] | None = ()
    guards: bool = True
    eager: bool = False
    resume: str | None = None
    store_results: bool = True
    observe: bool = False
    scramble: bool = False
    notebook: str | None = None
    labels: Mapping[str, Any] = field(default_factory=dict)
    keep_notebook: bool = False
    keep_most_bytes: int | None = None

    def __post_init__(self) -> None:
        shown = {f.name: repr(getattr(self, f.name)) for f in fields(self) if f.repr}
        wrong = [
            Diagnostic(
                OPTION, "error", f"'{name}' can't be {shown.get(name, 'this')}.", f"Give {wanted}."
            )
            for is_right, wanted, names in _RIGHT
            for name in names.split()
            if not is_right(getattr(self, name))
        ]
        if wrong:
            raise RefusedError(wrong)
        for name in _PATHS.split():  # options go to other processes as JSON
            if isinstance(path := getattr(self, name), os.PathLike):
                object.__setattr__(self, name, os.fspath(path))


def _is_positive(value: Any, kind: type) -> bool:
    is_number = isinstance(value, kind) and not isinstance(value, bool)
    return value is None or (is_number and 0 < value < float("inf"))


def _are_texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(text, str) for pair in value.items() for text in pair
    )


def _are_names(value: Any) -> bool:
    is_list = isinstance(value, Collection) and not isinstance(value, str)
    return is_list and all(isinstance(name, str) and name.isidentifier() for name in value)


_PATHS = "cwd store notebook"
#: What values options may have: whether one is right, what is wanted, and the options' names.
_RIGHT: tuple[tuple[Callable[[Any], bool], str, str], ...] = (
    (lambda v: v in get_args(ExecutorName), "'ray' or 'local'", "executor"),
    (lambda v: v is None or isinstance(v, str), "a text, or None", "address resume"),
    (lambda v: v is None or isinstance(v, str | os.PathLike), "a path, or None", _PATHS),
    (lambda v: _is_positive(v, Real), "seconds above 0, or None", "timeout_s"),
    (lambda v: _is_positive(v, Integral), "a number from 1, or None", "max_parallelism"),
    (lambda v: v == 0 or _is_positive(v, Integral), "a number from 0, or None", "keep_most_bytes"),
    (
        lambda v: isinstance(v, bool),
        "True or False",
        "resident guards eager store_results observe scramble keep_notebook",
    ),
    (
        lambda v: v is None or _are_names(v),
        "a tuple of variables' names, such as ('total',), or None for all",
        "keep",
    ),
    (
        lambda v: v is None or _are_texts(v),
        "a dict of texts by names, or None",
        "environment",
    ),
    (_are_texts, "a dict of texts by names", "secrets"),
    (lambda v: isinstance(v, Mapping), "a dict", "labels"),
)


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended; ``values`` are the kept variables.

    ``failure`` has ``cell_number``, ``ename``, ``evalue`` and ``traceback`` when a cell raised.
    """

    run_id: str
    status: RunStatus
    duration_s: float
    values: Mapping[str, Any] = field(default_factory=dict)
    failure: Mapping[str, Any] | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    batches: Mapping[str, int] = field(default_factory=dict)
    output_path: str | None = None

    def __getitem__(self, name: str) -> Any:
        """The final value of variable ``name``; KeyError when it wasn't kept."""
        return self.values[name]

    def __contains__(self, name: object) -> bool:
        """Whether the variable was kept."""
        return name in self.values

    def __iter__(self) -> Iterator[str]:
        """The names of the kept variables."""
        return iter(self.values)
