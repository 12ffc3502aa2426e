"""What a cluster has room for: ``# resources`` × nodes → how many at once, or why never. Pure arithmetic.

A *claim* has the annotation's names (``num_cpus``, ``num_gpus``, ``memory`` in bytes, custom resources), a *node*
has Ray's (``CPU``, ``GPU``, ``memory``, the same custom ones).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.workflow import Step, StepId, TaskFunction, Workflow
from naavre_ext.scheduling.groups import replicas_of

Claim = Mapping[str, float]
Node = Mapping[str, float]
#: Whose worker holds a claim as long as it lives, in words, and the claim.
Holder = tuple[str, Claim]

_MAIN = "the main worker"

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

    ``main`` is what the main worker holds for as long as it lives, ``groups`` what each group's worker does.
    ``slots`` is how many batches of a step (or how many such steps) there is room for at once, ``refused`` are the
    claims that can never be met. ``wants_more`` says that several hold something, or others claim more of it.
    """

    main: Claim = field(default_factory=dict)
    groups: Mapping[str, Claim] = field(default_factory=dict)
    replicas: Mapping[str, int] = field(default_factory=dict)
    wants_more: bool = False
    slots: Mapping[StepId, int] = field(default_factory=dict)
    refused: tuple[Diagnostic, ...] = ()


def plan_claims(workflow: Workflow, nodes: Sequence[Node], *, jobs: bool = False) -> ClaimPlan:
    """The plan of a workflow's claims on these nodes; for several ``jobs`` with all replicas of its groups."""
    main, groups = main_claim(workflow), group_claims(workflow)
    replicas = replicas_of(workflow) if jobs else dict.fromkeys(groups, 1)
    held_by = [(group, claim) for group, claim in groups.items() for _ in range(replicas[group])]
    refused = _refused_groups(workflow, held_by, nodes)
    if refused:
        return ClaimPlan(main, groups, replicas, refused=tuple(refused))
    in_groups = [(_whose(group), claim) for group, claim in held_by if claim]
    holders = [(_MAIN, main), *in_groups] if main else in_groups
    slots: dict[StepId, int] = {}
    for step in workflow.steps:
        if _has_group_worker(step):
            continue
        if not step.resources:
            if _sends(step) and not _room_beside(holders, NOTHING, nodes):
                refused.append(_refusal(step, {"num_cpus": 1}, nodes, holders))
            continue
        in_main = _is_whole_in_main(step)
        claim = step.resources if not in_main else {"num_cpus": 0, **step.resources}
        slots[step.id] = room_for(claim, nodes)
        if not slots[step.id]:
            refused.append(_refusal(step, claim, nodes))
        elif holders and not (in_main and len(holders) == bool(main)):
            beside = in_groups if in_main else holders
            slots[step.id] = _room_beside(beside, claim, nodes)
            if not slots[step.id]:
                refused.append(_refusal(step, claim, nodes, beside))
    refused += [
        _refused_task(step, task, nodes, holders)
        for step in workflow.steps
        for task in step.tasks
        if task.resources and not _room_beside(holders, task.resources, nodes)
    ]
    held = {name for _, claim in holders for name in claim}
    wants_more = len(holders) > 1 or any(held & set(claim) for claim in _others(workflow))
    return ClaimPlan(main, groups, replicas, bool(holders) and wants_more, slots, tuple(refused))


def group_claims(workflow: Workflow) -> dict[str, Claim]:
    """For each group what its worker holds: the most that a cell of it claims."""
    found: dict[str, dict[str, float]] = {}
    for step in workflow.steps:
        if step.group is not None and step.placement == "any":
            claim = found.setdefault(step.group, {})
            for name, amount in ({} if step.splits else step.resources).items():
                claim[name] = max(amount, claim.get(name, 0.0))
    return dict(found)


def _whose(group: str) -> str:
    return f"the worker of group '{group}'"


def _has_group_worker(step: Step) -> bool:
    return step.group is not None and step.placement == "any" and not step.splits


def _sends(step: Step) -> bool:
    """Whether something of the step surely runs in workers of which nobody says what they claim."""
    return bool(step.splits) or (step.placement == "any" and not step.group)


def _others(workflow: Workflow) -> Iterable[Claim]:
    """What is claimed by what doesn't run in the main worker or a group's."""
    for step in workflow.steps:
        if _sends(step) or step.inner_splits:
            yield {"num_cpus": 1.0, **step.resources}
        elif _is_whole_in_main(step):
            yield {name: amount for name, amount in step.resources.items() if name != "num_gpus"}
        yield from ({"num_cpus": 1.0, **task.resources} for task in step.tasks)


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


def _beside(holders: Sequence[Holder], nodes: Sequence[Node]) -> list[list[Node]]:
    """What may be left of the nodes when each of these claims is held on one of them."""
    found = [[dict(node) for node in nodes]]
    for _, claim in holders:
        need = demand({"num_cpus": 0, **claim})
        if not need:
            continue
        kinds: dict[tuple[tuple[tuple[str, float], ...], ...], list[dict[str, float]]] = {}
        for left in found:
            for place, host in enumerate(left):
                if _times(need, host):
                    less = {name: much - need.get(name, 0.0) for name, much in host.items()}
                    rest = [*left[:place], less, *left[place + 1 :]]
                    kinds[tuple(sorted(tuple(sorted(node.items())) for node in rest))] = rest
        found = list(kinds.values())
    return [list(left) for left in found]


def _refused_groups(
    workflow: Workflow, held_by: Sequence[tuple[str, Claim]], nodes: Sequence[Node]
) -> list[Diagnostic]:
    """The group whose worker can't be had, beside those of the groups before it."""
    holders: list[Holder] = [(_MAIN, main_claim(workflow))]
    for group, claim in held_by:
        members = [s for s in workflow.steps if s.group == group and s.placement == "any"]
        step = next((s for s in members if s.resources), members[0])
        whose = _whose(group)
        if not room_for({"num_cpus": 0, **claim}, nodes):
            return [_refusal(step, claim, nodes, whose=whose)]
        if not _beside([*holders, (whose, claim)], nodes):
            return [_refusal(step, claim, nodes, holders, whose)]
        holders.append((whose, claim))
    return []


def _refusal(
    step: Step,
    claim: Claim,
    nodes: Sequence[Node],
    holders: Sequence[Holder] = (),
    whose: str = "",
) -> Diagnostic:
    whose = whose or ("a batch of this cell" if step.splits else "this cell")
    return Diagnostic(
        CODE,
        "error",
        f"{whose} claims {claim_phrase(claim)}{_kept(holders)}, which no node of the cluster can ever give: "
        f"{cluster_phrase(nodes)}.",
        "Lower the claim in '# resources', or run on a cluster that has it (--address HOST:PORT).",
        step.cell_id,
        step.cell_number,
        None,
        step.title,
    )


def _room_beside(holders: Sequence[Holder], claim: Claim, nodes: Sequence[Node]) -> int:
    """How many tasks with this claim there is room for, wherever the holders of others are."""
    found = [room_for(claim, rest) for rest in _beside(holders, nodes)] if holders else []
    return min([room_for(claim, nodes), *found])


def _refused_task(
    step: Step, task: TaskFunction, nodes: Sequence[Node], holders: Sequence[Holder]
) -> Diagnostic:
    return Diagnostic(
        CODE,
        "error",
        f"a call of '{task.function}' claims {claim_phrase(task.resources)}{_kept(holders)}, which no node "
        f"of the cluster can ever give: {cluster_phrase(nodes)}.",
        "Lower the claim in '# task:', or run on a cluster that has it (--address HOST:PORT).",
        step.cell_id,
        step.cell_number,
        task.line,
        step.title,
    )


def _kept(holders: Sequence[Holder]) -> str:
    """What is left of the cluster, in words: what isn't, and who holds it."""
    counts = Counter(f"{claim_phrase(claim)} for {whose}" for whose, claim in holders if claim)
    kept = " and ".join(f"{n} times {text}" if n > 1 else text for text, n in counts.items())
    return f" beside {kept}" if kept else ""


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
