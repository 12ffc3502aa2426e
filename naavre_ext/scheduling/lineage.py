"""What a step's result depends on, as a key: its code, the steps before it, and the environment.

The main worker's namespace is the result of all steps that ran in it, so the key of a main step contains
that of the main step before it.
"""

from __future__ import annotations

import hashlib
import json
import re

from naavre_ext.model.workflow import Step, StepId, Workflow

_SECRET = "secret_"


def step_keys(workflow: Workflow, environment: str, *, by_edges: bool = False) -> dict[StepId, str]:
    """A key for each step's result; equal keys mean equal results, as far as code decides them.

    ``environment`` stands for everything outside the notebook that counts. Keys ``by_edges`` are of what the step
    itself does, not of all that the main worker holds then.
    """
    before = predecessors(workflow)
    keys: dict[StepId, str] = {}
    main = ""
    for step in workflow.steps:
        basis = [environment, _own(step), sorted(keys[source] for source in before[step.id])]
        if step.placement == "main" and not by_edges:
            basis.append(main)
        key = hashlib.sha256(json.dumps(basis).encode()).hexdigest()[:32]
        keys[step.id] = key
        if step.placement == "main":
            main = key
    return keys


def _own(step: Step) -> list[object]:
    """What of the step itself decides its result, or the packs that hold it."""
    packs = [step.bundles, step.settings_from] if step.placement == "any" else []
    return [
        step.source,
        step.execution_count,
        step.placement,
        step.kind,
        step.raises_exception,
        packs,
    ]


def predecessors(workflow: Workflow) -> dict[StepId, tuple[StepId, ...]]:
    """For each step those that it waits for, whatever the reason."""
    found: dict[StepId, dict[StepId, None]] = {step.id: {} for step in workflow.steps}
    for edge in workflow.edges:
        found[edge.target][edge.source] = None
    return {step: tuple(sources) for step, sources in found.items()}


def unkeepable(workflow: Workflow) -> dict[StepId, str]:
    """For each step whose result must not be stored, why; results of all main steps before it are part of it."""
    before = predecessors(workflow)
    found: dict[StepId, str] = {}
    main = "the notebook uses the output history" if _uses_history(workflow) else ""
    for step in workflow.steps:
        reason = main if step.placement == "main" else ""
        sources = (found[source] for source in before[step.id] if source in found)
        reason = _own_reason(step) or reason or next(sources, "")
        if reason:
            found[step.id] = reason
            if step.placement == "main":
                main = reason
    return found


_HISTORY = re.compile(
    r"(?<![\w.])(?:Out|In|_oh|_ih|_dh|_i{1,3}|_i?\d+|_{1,3})(?!\w|\s*(?:=[^=]|,|in\b))"
)


def _uses_history(workflow: Workflow) -> bool:
    """Whether some step looks at what earlier cells showed; one that may do anything does if it names it."""
    return any(edge.kind == "history" for edge in workflow.edges) or any(
        step.barrier and step.lasting and _HISTORY.search(step.source) for step in workflow.steps
    )


def _own_reason(step: Step) -> str:
    if not step.cache:
        return f"cell {step.cell_number} has '# cache: off'"
    if step.live and step.placement == "any":
        return f"cell {step.cell_number} uses live objects of its group, which aren't stored"
    if _uses_secrets(step):
        return f"cell {step.cell_number} uses a secret, and secrets aren't stored"
    if step.lasting:
        return f"cell {step.cell_number}: {step.lasting}"
    return ""


def private_steps(workflow: Workflow) -> frozenset[StepId]:
    """Steps of which not even a batch may be stored: it says '# cache: off', or it may know a secret."""
    needs: dict[StepId, set[StepId]] = {}
    for edge in workflow.edges:
        if edge.names:
            needs.setdefault(edge.target, set()).add(edge.source)
    knowing: set[StepId] = set()
    for step in workflow.steps:
        if _uses_secrets(step) or needs.get(step.id, set()) & knowing:
            knowing.add(step.id)
    return frozenset(knowing | {step.id for step in workflow.steps if not step.cache})


def _uses_secrets(step: Step) -> bool:
    return bool(step.secrets) or any(n.startswith(_SECRET) for n in (*step.reads, *step.writes))
