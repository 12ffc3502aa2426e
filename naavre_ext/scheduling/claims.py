"""What a cluster has room for: ``# resources`` × nodes → how many at once, or why never. Pure arithmetic.

A *claim* has the annotation's names (``num_cpus``, ``num_gpus``, ``memory`` in bytes, custom resources), a *node*
has Ray's (``CPU``, ``GPU``, ``memory``, the same custom ones).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.workflow import Step, StepId, TaskFunction, Workflow

Claim = Mapping[str, float]
Node = Mapping[str, float]

CODE = "NX515"

#: The claim of a cell that claims nothing.
NOTHING: Claim = MappingProxyType({})

_RAY_NAMES = {"num_cpus": "CPU", "num_gpus": "GPU"}
#: What Ray calls part of a node, but nobody claims by name.
_NOT_TOLD = ("node:", "accelerator_type:", "object_store_memory")
#: Ray counts resources in steps of 1/10,000.
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """What a workflow's claims mean on a cluster.

    ``main`` is what the main worker holds for as long as it lives, ``slots`` how many batches of a step (or
    how many such steps) there is room for at once, ``refused`` the claims that can never be met.
    ``wants_more`` says that other steps claim more of what the main worker holds meanwhile.
    """

    main: Claim = field(default_factory=dict)
    wants_more: bool = False
    slots: Mapping[StepId, int] = field(default_factory=dict)
    refused: tuple[Diagnostic, ...] = ()


def plan_claims(workflow: Workflow, nodes: Sequence[Node]) -> ClaimPlan:
    """The plan of a workflow's claims on a cluster of these nodes."""
    main = main_claim(workflow)
    refused: list[Diagnostic] = []
    slots: dict[StepId, int] = {}
    for step in workflow.steps:
        if not step.resources:
            continue
        in_main = _is_whole_in_main(step)
        claim = step.resources if not in_main else {"num_cpus": 0, **step.resources}
        slots[step.id] = room_for(claim, nodes)
        if not slots[step.id]:
            refused.append(_refusal(step, claim, nodes))
        elif main and not in_main:
            slots[step.id] = min(room_for(claim, rest) for rest in _beside_main(main, nodes))
            if not slots[step.id]:
                refused.append(_refusal(step, claim, nodes, main))
    refused += [
        _refused_task(step, task, nodes)
        for step in workflow.steps
        for task in step.tasks
        if task.resources and not _room_beside(main, task.resources, nodes)
    ]
    others = [_gpus(step) for step in workflow.steps if not _is_whole_in_main(step)]
    others += [task.resources.get("num_gpus", 0.0) for s in workflow.steps for task in s.tasks]
    return ClaimPlan(main, bool(main) and any(others), slots, tuple(refused))


def main_claim(workflow: Workflow) -> Claim:
    """The GPUs that the main worker needs for its cells: a process is given its GPUs when it starts."""
    gpus = max((_gpus(step) for step in workflow.steps if _is_whole_in_main(step)), default=0.0)
    return {"num_gpus": gpus} if gpus else {}


def held_during(step: Step) -> dict[str, float]:
    """What is reserved, by Ray's names, while the main worker runs this cell: all but the GPUs."""
    claim = {name: amount for name, amount in step.resources.items() if name != "num_gpus"}
    return {_RAY_NAMES.get(name, name): amount for name, amount in claim.items() if amount}


def keeps_claim(step: Step, *, in_main: bool) -> bool:
    """Whether what is reserved while the step (or a batch of it) runs stays so while it waits for batches.

    They claim the same, so that all who run could wait for each other. Ray takes a waiting task's CPUs back, but
    nothing else, and from the main worker nothing.
    """
    if in_main and step.splits:
        return False  # its batches claim, not the cell
    return any(n for name, n in step.resources.items() if in_main or name != "num_cpus")


def ray_options(claim: Claim) -> dict[str, object]:
    """The claim as the options of a Ray task or actor."""
    known = ("num_cpus", "num_gpus", "memory")
    options: dict[str, object] = {name: claim[name] for name in known if name in claim}
    custom = {name: amount for name, amount in claim.items() if name not in known and amount}
    if custom:
        options["resources"] = custom
    return options


def room_for(claim: Claim, nodes: Iterable[Node]) -> int:
    """How many tasks with this claim the nodes hold at once; a task that doesn't say so takes one CPU.

    A claim of nothing at all is counted as one CPU: nobody gains from more processes than that.
    """
    need = demand(claim) or {"CPU": 1.0}
    return sum(_times(need, node) for node in nodes)


def demand(claim: Claim) -> dict[str, float]:
    """What a task with this claim takes from its node, by Ray's names."""
    need = {_RAY_NAMES.get(n, n): amount for n, amount in {"num_cpus": 1.0, **claim}.items()}
    return {name: amount for name, amount in need.items() if amount > 0}


def at_once(slots: int, *limits: int | None) -> int:
    """How many batches may run at once: as many as there is room for, within the limits that are set."""
    return min([slots, *(limit for limit in limits if limit is not None)])


def _times(need: Mapping[str, float], node: Node) -> int:
    return min(math.floor(node.get(name, 0.0) / much + _EPSILON) for name, much in need.items())


def _is_whole_in_main(step: Step) -> bool:
    return step.placement == "main" and not step.splits


def _gpus(step: Step) -> float:
    return step.resources.get("num_gpus", 0.0)


def _beside_main(main: Claim, nodes: Sequence[Node]) -> Iterable[list[Node]]:
    """What is left of the nodes, for each that the main worker may be on."""
    need = demand({"num_cpus": 0, **main})
    for place, host in enumerate(nodes):
        if _times(need, host):
            left = {name: amount - need.get(name, 0.0) for name, amount in host.items()}
            yield [*nodes[:place], left, *nodes[place + 1 :]]


def _refusal(step: Step, claim: Claim, nodes: Sequence[Node], main: Claim = NOTHING) -> Diagnostic:
    whose = "a batch of this cell" if step.splits else "this cell"
    kept = f" beside {claim_phrase(main)} for the main worker" if main else ""
    return Diagnostic(
        CODE,
        "error",
        f"{whose} claims {claim_phrase(claim)}{kept}, which no node of the cluster can ever give: "
        f"{cluster_phrase(nodes)}.",
        "Lower the claim in '# resources', or run on a cluster that has it (--address HOST:PORT).",
        step.cell_id,
        step.cell_number,
        None,
        step.title,
    )


def _room_beside(main: Claim, claim: Claim, nodes: Sequence[Node]) -> int:
    """How many tasks with this claim there is room for, wherever the main worker is."""
    found = [room_for(claim, rest) for rest in _beside_main(main, nodes)] if main else []
    return min([room_for(claim, nodes), *found])


def _refused_task(step: Step, task: TaskFunction, nodes: Sequence[Node]) -> Diagnostic:
    return Diagnostic(
        CODE,
        "error",
        f"a call of '{task.function}' claims {claim_phrase(task.resources)}, which no node of the cluster can "
        f"ever give: {cluster_phrase(nodes)}.",
        "Lower the claim in '# task:', or run on a cluster that has it (--address HOST:PORT).",
        step.cell_id,
        step.cell_number,
        task.line,
        step.title,
    )


def claim_phrase(claim: Claim) -> str:
    """``num_cpus=2, memory=2 GiB``."""
    parts = (f"{name}={_amount(name, much)}" for name, much in sorted(claim.items()) if much)
    return ", ".join(parts) or "nothing"


def cluster_phrase(nodes: Sequence[Node]) -> str:
    """``it has one node with num_cpus=2, memory=4 GiB and no GPU``; equal nodes are counted."""
    counts: dict[str, int] = {}
    for node in nodes:
        names = {ours: name for name, ours in _RAY_NAMES.items()}
        has = {
            names.get(name, name): amount
            for name, amount in node.items()
            if not name.startswith(_NOT_TOLD)
        }
        text = claim_phrase(has) + ("" if node.get("GPU") else " and no GPU")
        counts[text] = counts.get(text, 0) + 1
    parts = [f"{n} nodes with {text} each" if n > 1 else f"one node with {text}"
             for text, n in counts.items()]  # fmt: skip
    return "it has " + (", ".join(parts) or "no node")


def _amount(name: str, much: float) -> str:
    if name != "memory":
        return f"{much:g}"
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if much >= size:
            return f"{much / size:.3g} {unit}"
    return f"{much:g} B"
