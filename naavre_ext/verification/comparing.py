"""Compares two sequential runs and a workflow run of one notebook."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from naavre_ext.executors.portraits import portray
from naavre_ext.executors.portraits.anatomy import Anatomy, Leaf
from naavre_ext.model.portrait import (
    Mismatch,
    NamespacePortrait,
    Portrait,
    StepObservation,
    first_mismatch,
    mismatches,
)
from naavre_ext.model.workflow import Edge, Step, StepId, Workflow
from naavre_ext.verification.ends import common_end, end_alike, other_end, unlike_ends
from naavre_ext.verification.report import Difference, Unsteady, VerifyReport, Where


@dataclass(frozen=True, slots=True)
class StepRun:
    """How a step ran: where, its loops with the number of batches, and why it was moved or not split."""

    placement: str = "main"
    batches: tuple[tuple[int, int], ...] = ()
    relocated: str = ""
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """All that can be seen of one run. ``cells`` are the outputs by cell number, ``files`` those it changed."""

    status: str
    failure: Mapping[str, Any] | None
    cells: Mapping[int, Portrait]
    namespace: NamespacePortrait
    steps: Mapping[StepId, StepObservation]
    files: Mapping[str, Portrait] = field(default_factory=dict)
    ran: Mapping[StepId, StepRun] = field(default_factory=dict)
    duration_s: float = 0.0


def sequential(workflow: Workflow) -> Workflow:
    """The same cells one after the other in the main worker, nothing split or tried again, as in a notebook."""
    steps = [_whole(step) for step in workflow.steps]
    edges = tuple(
        Edge(before.id, after.id, "opaque") for before, after in itertools.pairwise(steps)
    )
    return replace(workflow, steps=tuple(steps), edges=edges)


def _whole(step: Step) -> Step:
    return replace(
        step.unsplit(),
        placement="main",
        barrier=True,
        settings_from=None,
        writes_settings=False,
        retries=None,
        timeout_s=None,
    )


def compare(
    workflow: Workflow,
    first: Observation,
    again: Observation,
    parallel: Observation,
    *more: Observation,
    draws: bool = False,
) -> VerifyReport:
    """The report on two sequential runs, in fresh processes, and a run as a workflow.

    What differs between the first two, or ``more`` sequential runs, isn't compared, but listed with the likely
    reason. With ``draws``, where the notebook draws without a seed, or beside many that differ, neither are the
    elements beside it in a list or an array, nor the lines beside it in an output: they may have been the same by
    chance. Where the sequential runs don't end alike, it's undecided.
    """
    from naavre_ext.verification.causes import find_causes
    from naavre_ext.verification.reasons import likely_reason

    parts = _parts(workflow, parallel)
    views = [_view(each, workflow, parts) for each in (first, parallel, again, *more)]
    differences: list[Difference] = []
    unsteady: list[Unsteady] = []
    drawn_pairs = _unsteady_pairs([views[0], *views[2:]])
    ends = tuple(unlike_ends((first, again, *more), parallel))
    for where, name in sorted({key for view in views for key in view}, key=_order(views[0])):
        one, third, *others = (view.get((where, name), _absent(where, name)) for view in views)
        unlike = itertools.chain.from_iterable(mismatches(other, one) for other in others)
        drawn: set[str] = set()
        if (found := next(unlike, None)) is not None:
            reason = likely_reason(workflow, (first.steps, again.steps), where, name, found)
            unsteady.append(Unsteady(where, name, found.path, reason))
            around = Counter(map(_around, {each.path for each in (found, *unlike)}))
            drawn = {place for place, count in around.items() if draws or count >= _MANY}
        if where == "sharing" and _around_both(name) in drawn_pairs:
            continue
        found = _steady_mismatch(third, one, others, drawn)
        if where == "end" and not (found or ends or end_alike(parallel, first)):
            found = other_end(parallel, first)  # whatever varies in what the errors say
        if found is not None:
            text = f"{found.describe()} (workflow, then sequential)"
            differences.append(Difference(where, name, found.path, text))
    return VerifyReport(
        equal=not differences and not ends,
        differences=tuple(differences),
        causes=(
            *ends,
            *(find_causes(workflow, first, again, parallel) if differences else ()),
        ),
        unsteady=tuple(unsteady),
        uncompared=_uncompared(first, parts),
        compared_cells=len(parallel.cells),
        compared_names=len({*first.namespace.variables} & {*parallel.namespace.variables}),
        compared_files=len({*first.files, *parallel.files}),
        workflow_s=parallel.duration_s,
        sequential_s=first.duration_s,
        end=common_end((first, again, *more, parallel)),
    )


def _steady_mismatch(
    parallel: Portrait, first: Portrait, others: Sequence[Portrait], drawn: Collection[str]
) -> Mismatch | None:
    """The first place, not beside what is ``drawn``, where the workflow's differs and all sequential runs agree.

    It isn't enough that each agrees with the first one somewhere: some of what is drawn is alike by chance.
    """
    unlike = [list(mismatches(parallel, first, other)) for other in others]
    steady = set[str].intersection(*({each.path for each in some} for some in unlike))
    return next((m for m in unlike[0] if m.path in steady and _around(m.path) not in drawn), None)


#: Where so many elements differ between sequential runs, those beside them are as little to be relied on.
_MANY = 10
#: The place of an element in the sequences or arrays around it, or of a line in an output.
_PLACE = re.compile(r"(\[[\d:, ]+\])+$|, line \d+$")


def _around(path: str) -> str:
    """What the element or line at ``path`` is one of many in."""
    return _PLACE.sub("", path)


def _unsteady_pairs(views: Sequence[Mapping[_Key, Portrait]]) -> set[str]:
    """Pairs of variables of which other elements are one object in each sequential run."""
    pairs = [{name for where, name in view if where == "sharing"} for view in views]
    return {_around_both(name) for name in set().union(*pairs) - set(pairs[0]).intersection(*pairs)}


def _around_both(pair: str) -> str:
    return _AND.join(_around(path) for path in pair.split(_AND))


_AND = " and "
_Key = tuple[Where, str]
_RANK = {"end": 0, "cell": 1, "variable": 2, "sharing": 3, "file": 4}


def _order(_: Any) -> Any:
    return lambda key: (_RANK[key[0]], int(key[1]) if key[0] == "cell" else 0, key[1])


def _parts(workflow: Workflow, parallel: Observation) -> frozenset[str]:
    """Names that the batches of an ``# over`` cell had for themselves, and that nothing bound later."""
    own = {name for step in workflow.steps for split in step.splits for name in split.discarded}
    return frozenset(own - set(parallel.namespace.variables))


def _uncompared(first: Observation, parts: frozenset[str]) -> dict[str, str]:
    variables = first.namespace.variables
    opaque = {name: portrait.opaque for name, portrait in variables.items() if portrait.opaque}
    why = "each batch of an '# over' cell has its own, and '# merge' doesn't name it"
    return {**opaque, **dict.fromkeys(sorted(parts & set(variables)), why)}


def _view(
    observation: Observation, workflow: Workflow, parts: frozenset[str]
) -> dict[_Key, Portrait]:
    """Everything that is compared, by what it is and its name."""
    view: dict[_Key, Portrait] = {("end", ""): _end(observation)}
    view.update((("cell", str(n)), cell) for n, cell in observation.cells.items())
    view.update(
        (("variable", n), p) for n, p in _variables(observation, workflow) if n not in parts
    )
    view.update((("file", path), p) for path, p in observation.files.items())
    for pair in observation.namespace.shared:
        if parts.intersection(pair):
            continue
        name = _AND.join(pair)
        view["sharing", name] = portray(Anatomy("one object"), name)
    return view


def _absent(where: Where, name: str) -> Portrait:
    """Stands for what a run doesn't have."""
    kind = {
        "cell": "cell without outputs",
        "variable": "missing variable",
        "sharing": "pair of objects",
        "file": "file that the run left alone",
    }
    labels = {"cell": f"cell {name}", "variable": f"variable {name}", "file": f"file {name}"}
    return portray(Anatomy(kind.get(where, where)), labels.get(where, name))


def _end(observation: Observation) -> Portrait:
    failure = observation.failure
    text = f"one that ends {observation.status}"
    if failure is not None:
        error = f"{failure['ename']}: {failure['evalue']}"
        text = f"one that fails in cell {failure['cell_number']} with {error}"
    return portray(Leaf("run", text, text), "the run")


def _variables(observation: Observation, workflow: Workflow) -> Iterator[tuple[str, Portrait]]:
    """The variables at the end; of a run that failed, as the last step before the failure left them."""
    if observation.failure is None:
        for name, portrait in observation.namespace.variables.items():
            yield name, replace(portrait, label=f"variable {name}")
        return
    left: dict[str, bytes] = {}
    for step in workflow.steps:
        if step.cell_number >= observation.failure["cell_number"]:
            break
        seen = observation.steps.get(step.id)
        if seen is not None:
            after = ((name, seen.after.get(name)) for name in step.writes)
            left.update((name, digest) for name, digest in after if digest is not None)
    for name, digest in left.items():
        yield name, Portrait(f"variable {name}", "value", "", digest)


__all__ = ["Observation", "StepRun", "compare", "first_mismatch", "sequential"]
