"""How much order the analysis puts on notebooks, and why: nothing is run, no Ray is needed."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rows import aligned
from naavre_ext import Workflow, check_notebook
from naavre_ext.planning.summary import PlanSummary, summarise_plan

EXAMPLES = Path(__file__).parents[1] / "notebooks"
#: Folders of more notebooks, divided as in PATH.
FOLDERS_VARIABLE = "NAAVRE_PRECISION_FOLDERS"
MOST_FREQUENT = 12


@dataclass(frozen=True, slots=True)
class Planned:
    """One notebook's plan in numbers, and why its steps stay in the main worker."""

    name: str
    summary: PlanSummary
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A notebook that can't be run, and the first thing that is wrong with it."""

    name: str
    code: str
    reason: str


def notebooks_in(folders: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Every notebook in the folders (or given itself), by a name that says where it is."""
    for folder in folders:
        if folder.is_file():
            yield folder.name, folder
        for path in sorted(folder.rglob("*.ipynb")):
            inside = path.relative_to(folder)
            if not any(part.startswith(".") for part in inside.parts):
                yield str(inside), path


def plan_all(notebooks: Iterable[tuple[str, Path]]) -> Iterator[Planned | Refused]:
    """The plan of each notebook."""
    for name, path in notebooks:
        workflow, diagnostics = check_notebook(path)
        if workflow is None:
            error = next(d for d in diagnostics if d.severity == "error")
            yield Refused(name, error.code, error.message)
        else:
            yield Planned(name, summarise_plan(workflow), tuple(_reasons(workflow)))


def _reasons(workflow: Workflow) -> Iterator[str]:
    """Why each main step stays where it is, without the names in it."""
    for step in workflow.steps:
        if step.placement == "main":
            own = (reason for reason in step.reasons if not reason.startswith("line "))
            yield from dict.fromkeys(re.sub(r"'[^']*'|%%\w+", "…", reason) for reason in own)


def report(plans: Sequence[Planned | Refused]) -> str:
    """The table of all plans, the sum of them, and the most frequent reasons."""
    planned = [plan for plan in plans if isinstance(plan, Planned)]
    kinds = list(dict.fromkeys(kind for plan in planned for kind in plan.summary.edges))
    heading = ("notebook", "steps", "anywhere", "chain", "of steps", "by data", "splits", *kinds)
    rows = [heading, *(_row(plan.name, [plan.summary], kinds) for plan in planned)]
    if len(planned) > 1:
        rows.append(_row(f"all {len(planned)}", [plan.summary for plan in planned], kinds))
    lines = [aligned(rows)]
    refused = [plan for plan in plans if isinstance(plan, Refused)]
    empty = sum(plan.code == "NX010" for plan in refused)
    lines += [f"{plan.name}: {plan.code} {plan.reason}" for plan in refused if plan.code != "NX010"]
    lines += [f"left out, as they have no code: {empty}"] * bool(empty)
    counts = Counter(reason for plan in planned for reason in plan.reasons)
    mains = sum(plan.summary.steps - plan.summary.steps_anywhere for plan in planned)
    lines += ["", f"why {mains} steps stay in the main worker (a step may have several reasons):"]
    lines += [f"{count:>6}  {reason}" for reason, count in counts.most_common(MOST_FREQUENT)]
    return "\n".join(lines)


def _row(name: str, summaries: Sequence[PlanSummary], kinds: Sequence[str]) -> tuple[str, ...]:
    steps = sum(s.steps for s in summaries)
    chain = sum(s.longest_chain for s in summaries)
    data = sum(s.longest_data_chain for s in summaries)
    numbers = (
        str(sum(s.steps_anywhere for s in summaries)),
        str(chain),
        f"{chain / max(1, steps):.0%}",
        f"{data / max(1, steps):.0%}",
        str(sum(s.splits for s in summaries)),
    )
    edges = (sum(s.edges.get(kind, 0) for s in summaries) for kind in kinds)
    return (name, str(steps), *numbers, *(str(count or "") for count in edges))


def main(arguments: Sequence[str]) -> int:
    """Prints the report on the notebooks in these folders, else on the examples; 0, or 2 for no folder."""
    named = arguments or os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    folders = [Path(name) for name in named if name] or [EXAMPLES]
    missing = [folder for folder in folders if not folder.exists()]
    if missing:
        print(f"there is no '{missing[0]}'", file=sys.stderr)
        return 2
    print(report(list(plan_all(notebooks_in(folders)))))
    return 0
