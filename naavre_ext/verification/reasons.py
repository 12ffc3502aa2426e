"""Why something isn't the same in two runs of the same cells, as far as the code tells."""

from __future__ import annotations

import re
from collections.abc import Mapping

from naavre_ext.model.portrait import Mismatch, StepObservation
from naavre_ext.model.workflow import StepId, Workflow
from naavre_ext.verification.report import Where

#: What the code of a cell speaks of, and what that means; the first that fits counts.
_SIGNS = (
    (
        r"\b(time|perf_counter\w*|monotonic\w*|time_ns|datetime|now|today|utcnow|strftime|timeit)\b",
        "the time",
    ),
    (
        r"\b(random|randn?|randint|shuffle|choices?|sample|default_rng|permutation|normal|"
        r"random_state)\b",
        "a draw from a generator without a seed",
    ),
    (r"\b(empty|empty_like|resize)\(", "memory that nothing was written to"),
    (r"\b(uuid\d?|secrets|urandom|token_\w+)\b", "an id made anew"),
    (r"\b(id|hash)\(|\bobject at\b", "an address or a hash"),
    (r"\b(getpid|gettempdir|mkd?temp|tempfile|TemporaryDirectory|gethostname|psutil)\b",
     "the process or a temporary file"),
    (r"\b(set|frozenset)\(|\{[^:{}]+\}", "the order of a set"),
    (r"\b(listdir|glob|scandir|requests|urlopen|urlretrieve|read_html|socket|subprocess)\b|^\s*!",
     "the world outside"),
    (r"\b(Thread|threading|concurrent|asyncio|multiprocessing)\b", "threads or processes"),
)  # fmt: skip
_TIMED = re.compile(r"\b\d+(\.\d+)?( |&nbsp;)?([nµm]?s|sec\w*|it/s|min)\b")


_WORD = re.compile(r"[^\W\d]\w*")


def likely_reason(
    workflow: Workflow,
    runs: tuple[Mapping[StepId, StepObservation], Mapping[StepId, StepObservation]],
    where: Where,
    name: str,
    found: Mismatch,
) -> str:
    """In words, why this place isn't steady: what the code that made it speaks of.

    ``runs`` are the two runs' observations, which tell where a variable became unsteady.
    """
    if where == "end":
        return "how it ends, or what its error says"
    if where == "cell" and _TIMED.search(found.text):
        return "probably the time"
    steps = workflow.steps
    waiting = _makers(workflow, runs, where, name)
    seen: set[int] = set()
    while waiting:
        position = waiting.pop(0)
        if position in seen:
            continue
        seen.add(position)
        source = steps[position].source
        sign = _sign(_assignments(source, name)) or _sign(source)
        if sign:
            return f"probably {sign}, in cell {steps[position].cell_number}"
        for word in sorted({*_WORD.findall(steps[position].source)}):
            waiting += _became_unsteady(workflow, runs, word, position)
    return "the reason isn't seen in the code"


def _sign(code: str) -> str:
    return next(
        (reason for pattern, reason in _SIGNS if re.search(pattern, code, re.MULTILINE)), ""
    )


def _assignments(source: str, name: str) -> str:
    """The statements that begin with ``name =``, as far as one line tells."""
    lines = (line.strip() for line in re.split(r"[\n;]", source))
    return "\n".join(line for line in lines if re.match(rf"{re.escape(name)}\s*\W?=", line))


def _makers(
    workflow: Workflow,
    runs: tuple[Mapping[StepId, StepObservation], Mapping[StepId, StepObservation]],
    where: Where,
    name: str,
) -> list[int]:
    steps = list(enumerate(workflow.steps))
    if where == "cell":
        return [n for n, step in steps if str(step.cell_number) == name]
    if where == "variable":
        return _became_unsteady(workflow, runs, name, len(steps))
    if where == "file":
        file = name.rsplit("/", 1)[-1]
        return [n for n, step in reversed(steps) if file in step.source]
    return []


def _became_unsteady(
    workflow: Workflow,
    runs: tuple[Mapping[StepId, StepObservation], Mapping[StepId, StepObservation]],
    name: str,
    end: int,
) -> list[int]:
    """The last step before ``end`` that changed the variable, if it isn't the same in both runs by then."""
    for position in reversed(range(end)):
        pair = [run.get(workflow.steps[position].id) for run in runs]
        if any(each is None for each in pair):
            continue
        before, after = (
            [getattr(each, when).get(name) for each in pair] for when in ("before", "after")
        )
        if after[0] == after[1]:
            return []
        if before != after:
            return [position]
    return []
