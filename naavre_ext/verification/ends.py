"""How runs end, and what is said where the sequential ones don't end alike: then nothing is proven either way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from naavre_ext.executors.portraits.anatomy import shortened
from naavre_ext.model.portrait import Mismatch
from naavre_ext.verification.report import Cause

if TYPE_CHECKING:
    from naavre_ext.verification.comparing import Observation

_TIMEOUT = "CellTimeoutError"


def end_alike(one: Observation, other: Observation) -> bool:
    """Whether both ended well, or with an error of one name in one cell; what it says may vary."""
    return _ending(one) == _ending(other)


def common_end(runs: Sequence[Observation]) -> str:
    """How all of the runs end, where that is alike and not well; else ""."""
    is_alike = all(end_alike(runs[0], each) for each in runs)
    return _told(runs[0]) if is_alike and _ending(runs[0])[0] != "ok" else ""


def other_end(parallel: Observation, first: Observation) -> Mismatch:
    """That the workflow ends otherwise, whatever the errors say."""
    return Mismatch("the run", f"is one that {_brief(parallel)}, not one that {_brief(first)}")


def unlike_ends(runs: Sequence[Observation], parallel: Observation) -> Iterator[Cause]:
    """How each run ended and what to do about it, where the sequential ``runs`` don't end alike; else nothing."""
    if all(end_alike(runs[0], each) for each in runs):
        return
    for number, run in enumerate(runs, 1):
        yield Cause("ends", _ending(run)[1], "", f"sequential run {number} {_told(run)}")
    yield Cause("ends", _ending(parallel)[1], "", f"the run as a workflow {_told(parallel)}")
    yield Cause("ends", 0, "", _advice(runs))


def _ending(run: Observation) -> tuple[str, int, str]:
    if run.failure is None:
        return run.status, 0, ""
    return run.status, run.failure["cell_number"], run.failure["ename"]


def _brief(run: Observation) -> str:
    status, cell, error = _ending(run)
    return f"fails in cell {cell} with {error}" if error else f"ends {status}"


def _told(run: Observation) -> str:
    lines = str(run.failure["evalue"]).splitlines() if run.failure is not None else []
    return _brief(run) + (f": {shortened(lines[0])}" if lines else "")


def _advice(runs: Sequence[Observation]) -> str:
    """What to do before verifying again."""
    errors = {(cell, error) for _, cell, error in map(_ending, runs) if error}
    late = any(error == _TIMEOUT for _, error in errors)
    cells = sorted({cell for cell, error in errors if error != _TIMEOUT})
    todo = ["give the cells more time (a longer --timeout)"] if late else []
    if cells:
        named = f"cell{'s' if len(cells) > 1 else ''} {', '.join(map(str, cells))}"
        todo.append(f"have {named} end in the same way each time (seeds, files, services)")
    return f"to do: {', and '.join(todo)}; then verify again"
