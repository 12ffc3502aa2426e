"""A run's options and its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.event import RunStatus

ExecutorName = Literal["ray", "local"]


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
