"""From the first cell that differs to what was seen: which version of what it read, and what the plan lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from naavre_ext.model.portrait import StepObservation, mismatches
from naavre_ext.model.workflow import Step, StepId, Workflow
from naavre_ext.verification.comparing import Observation, StepRun
from naavre_ext.verification.report import Cause

_WORD = re.compile(r"[^\W\d]\w*")
_MOST_FOLLOWERS = 10

#: A digest, None where it isn't known, or that the variable isn't there.
_Seen = bytes | None
_MISSING = b""


def find_causes(
    workflow: Workflow, first: Observation, again: Observation, parallel: Observation
) -> Iterator[Cause]:
    """The chain, beginning with the first step in notebook order that differs."""
    history = _History(workflow, first.steps, again.steps)
    wrong: dict[str, Step] = {}
    explained: set[str] = set()
    followers = 0
    for position, step in enumerate(workflow.steps):
        observed = parallel.steps.get(step.id)
        if observed is None or step.id not in first.steps:
            continue
        names = history.wrong_after(position, observed)
        shows_other = _shows_other(step, first, again, parallel)
        if not names and not shows_other:
            continue
        inputs = history.wrong_before(position, observed)
        if not wrong:
            yield _first(step, names, shows_other=shows_other)
            yield from _explain(history, position, inputs, parallel.ran.get(step.id, StepRun()))
            explained |= {*inputs}
        elif followers < _MOST_FOLLOWERS:
            followers += 1
            yield from _follow(history, position, inputs, wrong)
        wrong.update(dict.fromkeys(names, step))
        wrong.setdefault("", step)
    yield from _lost(history, parallel, {*wrong, *explained})


@dataclass(frozen=True, slots=True)
class _History:
    """What each variable was after each step of the sequential runs."""

    workflow: Workflow
    first: Mapping[StepId, StepObservation]
    again: Mapping[StepId, StepObservation]

    def before(self, position: int, name: str) -> _Seen:
        """The digest that the step should find; None where it isn't known or not the same in both runs."""
        step = self.workflow.steps[position].id
        return _steady(self.first[step].before, self.again, step, name, before=True)

    def after(self, position: int, name: str) -> _Seen:
        """The digest that the step should leave."""
        step = self.workflow.steps[position].id
        if step not in self.first:
            return None
        return _steady(self.first[step].after, self.again, step, name, before=False)

    def wrong_after(self, position: int, observed: StepObservation) -> list[str]:
        """The variables that the step makes and left otherwise than it should."""
        step = self.workflow.steps[position]
        made = {n for n in observed.after if observed.after[n] != observed.before.get(n, _MISSING)}
        return [
            name
            for name in sorted({*step.writes, *made})
            if _differ(self._seen(observed.after, name), self.after(position, name))
        ]

    def wrong_before(self, position: int, observed: StepObservation) -> dict[str, _Seen]:
        """The variables that the step names or is known to read, and found otherwise than it should."""
        step = self.workflow.steps[position]
        near = {*step.reads, *_WORD.findall(step.source)} & {
            *self.first[step.id].before,
            *observed.before,
        }
        found = {name: self._seen(observed.before, name) for name in sorted(near)}
        return {n: seen for n, seen in found.items() if _differ(seen, self.before(position, n))}

    def _seen(self, digests: Mapping[str, bytes | None], name: str) -> _Seen:
        """What the workflow has; not known of names that each batch of a whole cell has for itself."""
        unset = any(name in s.discarded for step in self.workflow.steps for s in step.splits)
        return digests.get(name, None if unset else _MISSING)

    def writer(self, position: int, name: str) -> Step | None:
        """The last step before ``position`` after which the variable was another than before."""
        for earlier in reversed(range(position)):
            found = self.after(earlier, name)
            if found is not None and found != self.before(earlier, name):
                return self.workflow.steps[earlier]
        return None

    def version(self, position: int, name: str, digest: _Seen) -> Step | None:
        """The step that left the variable like this, the latest before ``position`` if there are several."""
        makers = [
            n
            for n in range(len(self.workflow.steps))
            if self.workflow.steps[n].id in self.first
            and self.after(n, name) == digest
            and self.before(n, name) != digest
        ]
        earlier = [n for n in makers if n < position]
        chosen = earlier[-1:] or makers[:1]
        return self.workflow.steps[chosen[0]] if chosen else None


def _steady(
    seen: Mapping[str, bytes | None],
    again: Mapping[StepId, StepObservation],
    step: StepId,
    name: str,
    *,
    before: bool,
) -> _Seen:
    other = again.get(step)
    if other is None:
        return None
    digest = seen.get(name, _MISSING)
    return (
        digest if digest == (other.before if before else other.after).get(name, _MISSING) else None
    )


def _differ(one: _Seen, other: _Seen) -> bool:
    return one is not None and other is not None and one != other


def _shows_other(step: Step, first: Observation, again: Observation, parallel: Observation) -> bool:
    cells = [each.cells.get(step.cell_number) for each in (parallel, first, again)]
    if any(cell is None for cell in cells):
        return False
    return any(True for _ in mismatches(*(cell for cell in cells if cell is not None)))


def _first(step: Step, names: list[str], *, shows_other: bool) -> Cause:
    what = [f"it leaves another {_quoted(names)}"] if names else []
    what += ["it shows something else"] if shows_other else []
    text = f"{_cell(step)} is the first that differs: {' and '.join(what)}"
    return Cause("first", step.cell_number, names[0] if names else "", text)


def _explain(
    history: _History, position: int, inputs: Mapping[str, _Seen], run: StepRun
) -> Iterator[Cause]:
    step = history.workflow.steps[position]
    for name, seen in inputs.items():
        writer = history.writer(position, name)
        if seen == _MISSING:
            made = f", which {_cell(writer)} makes" if writer else ""
            text = f"{_cell(step)} didn't get '{name}'{made}{_plan(history, writer, step, name)}"
            yield Cause("missing", step.cell_number, name, text)
            continue
        text = f"{_cell(step)} read '{name}' {_version(history, position, name, seen)}"
        if writer is not None:
            text += f", but {_cell(writer)} had changed it"
        text += _plan(history, writer, step, name)
        yield Cause("stale", step.cell_number, name, text)
    if not inputs:
        text = f"all that {_cell(step)} names was as it should be, so it's how it ran: {_how(step, run)}"
        yield Cause("inside", step.cell_number, "", text)


def _version(history: _History, position: int, name: str, seen: _Seen) -> str:
    maker = history.version(position, name, seen)
    if maker is None:
        return "with a value that it never has from top to bottom"
    later = maker.cell_number >= history.workflow.steps[position].cell_number
    return f"as {_cell(maker)} left it" + (", which comes later" if later else "")


def _plan(history: _History, writer: Step | None, step: Step, name: str) -> str:
    """What the plan says of the dependency."""
    if writer is None:
        return ""
    edges = [e for e in history.workflow.edges if (e.source, e.target) == (writer.id, step.id)]
    pair = f"from {_cell(writer)} to {_cell(step)}"
    if any(name in edge.names for edge in edges):
        text = f"; the plan has the edge {pair} with '{name}'"
    elif edges:
        text = f"; the plan's edge {pair} doesn't carry '{name}'"
    else:
        text = f"; the plan has no edge {pair}"
    if name not in writer.writes:
        text += f", as {_cell(writer)} isn't known to change '{name}'"
    elif name not in step.reads:
        text += f", as {_cell(step)} isn't known to read '{name}'"
    return text


def _part(step: Step, line: int | None) -> str:
    over = next((split.iterable for split in step.splits if split.form == "over"), None)
    if over is None:
        return f"its loop in line {line}" if line else "a loop in a function that it calls"
    return f"'# over: {over}' says that it works on each item apart, and it"


def _how(step: Step, run: StepRun) -> str:
    lines = {split.index: split.line for split in step.splits}
    ways = [
        f"{_part(step, lines.get(index))} was split into {batches} batches"
        for index, batches in run.batches
        if batches
    ]
    if run.placement == "any":
        ways.append("it ran in another worker, on copies of its inputs")
    if run.relocated:
        ways.append(f"it was run again in the main worker, as {run.relocated}")
    if step.guard_rng:
        ways.append("random number generators may be seeded, and then the order of draws counts")
    if not ways:
        ways = ["in the main worker, whole, but other cells ran before it or beside it"]
    return "; ".join(ways)


def _follow(
    history: _History, position: int, inputs: Mapping[str, _Seen], wrong: Mapping[str, Step]
) -> Iterator[Cause]:
    step = history.workflow.steps[position]
    names = [name for name in inputs if name in wrong]
    if names:
        text = f"{_cell(step)} differs as it read '{names[0]}' from {_cell(wrong[names[0]])}"
        yield Cause("follows", step.cell_number, names[0], text)
    else:
        yield from _explain(history, position, inputs, StepRun())


def _lost(history: _History, parallel: Observation, known: set[str]) -> Iterator[Cause]:
    """Variables that are wrong in the end and that nothing else was said of."""
    end = len(history.workflow.steps)
    for name, portrait in parallel.namespace.variables.items():
        writer = history.writer(end, name)
        if writer is None or name in known:
            continue
        right = history.after(end - 1, name)
        maker = history.version(end, name, portrait.digest)
        if right is None or maker is None or right == portrait.digest or maker is writer:
            continue
        text = (
            f"in the end '{name}' is as {_cell(maker)} left it, but {_cell(writer)} had changed it"
        )
        if name not in writer.writes:
            text += f"; {_cell(writer)} isn't known to change '{name}'"
        yield Cause("lost", writer.cell_number, name, text)


def _quoted(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _cell(step: Step | None) -> str:
    if step is None:
        return "no cell"
    return f"cell {step.cell_number}" + (f' ("{step.title}")' if step.title else "")
