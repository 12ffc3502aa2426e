"""Why a worker process died, as far as Ray and what the process wrote at last tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from naavre_ext.executors.ray.ray_internals import logs_folder
from naavre_ext.executors.tasks import ErrorReport, StepReport

#: Where Ray goes on to guess.
_GUESSES = re.compile(r" (There are some potential root causes|Some common causes include).*")
_PID = re.compile(r"^\tpid: (\d+)$", re.MULTILINE)
#: What Python and C libraries write when they give up.
_LAST_WORDS = re.compile(
    r"Fatal Python error|\bSIG[A-Z]{3,4}\b|terminate called|[Aa]bort|Check fail|assert|Error\b"
)
_TAIL_BYTES = 16_384
_LONGEST = 200


def cause_of_death(error: BaseException, logs: Path | None = None) -> str:
    """In one line: the error's kind, why Ray says that the process died, and its last words in ``logs``."""
    text = str(error).strip()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("\t")]
    told = next((line for line in lines if "dead because" in line), lines[0] if lines else "")
    told = _GUESSES.sub("", told)
    found = _PID.search(text)
    words = _last_words(logs, found[1]) if logs is not None and found is not None else ""
    parts = [
        type(error).__name__,
        *([told] if told else []),
        *([f"it wrote {words!r}"] if words else []),
    ]
    return ": ".join(parts[:2]) + "".join(f"; {part}" for part in parts[2:])


def lost_worker(error: BaseException) -> tuple[str, str, tuple[str, ...]]:
    """Name, text and traceback for a worker that died."""
    text = (
        f"a worker process died while running this cell ({cause_of_death(error, logs_folder())}). "
        "Memory may have run out, or a library crashed."
    )
    return "WorkerLost", text, (f"WorkerLost: {text}",)


def lost_report(step: str, error: BaseException, *, in_group: bool) -> StepReport:
    """The report of a step whose worker died."""
    cause = ErrorReport(*lost_worker(error))
    return StepReport(step, "error", 0.0, 0.0, "", error=cause, lost=in_group)


def not_begun(step: str) -> StepReport:
    """The report of a step that wasn't begun, as its group's worker may have gone on to another run."""
    cause = ErrorReport.in_words("WorkerLost", "the worker of its group is another run's by now")
    return StepReport(step, "error", 0.0, 0.0, "", error=cause, lost=True)


def _last_words(logs: Path, pid: str) -> str:
    """What the process wrote to its standard error last that tells of its end; "" where nothing does."""
    for file in sorted(logs.glob(f"worker-*-{pid}.err")):
        for line in _tail(file):
            if _LAST_WORDS.search(line):
                return line.strip()[:_LONGEST]
    return ""


def _tail(file: Path) -> Iterable[str]:
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - _TAIL_BYTES))
            return stream.read().decode("utf-8", "replace").splitlines()
    except OSError:  # gone with its Ray
        return []
