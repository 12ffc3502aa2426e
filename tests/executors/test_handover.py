"""Which values go from which step to which, and what the main worker takes and keeps."""

from __future__ import annotations

from naavre_ext.executors.handover import Handover
from naavre_ext.model.notebook import CellId
from naavre_ext.model.workflow import Edge, Placement, Step, StepId, Workflow


def step(
    name: str, placement: Placement, reads: str = "", writes: str = "", *, barrier: bool = False
) -> Step:
    bundles = tuple((written,) for written in writes.split())
    return Step(
        id=StepId(name),
        cell_id=CellId(name),
        cell_number=1,
        execution_count=1,
        source="",
        placement=placement,
        barrier=barrier,
        reads=tuple(reads.split()),
        writes=tuple(writes.split()),
        bundles=bundles,
    )


def workflow(*steps: Step) -> Workflow:
    """Edges follow from the names: a reader needs the last writer before it."""
    edges: list[Edge] = []
    for index, target in enumerate(steps):
        for name in target.reads:
            writers = [s for s in steps[:index] if name in s.writes]
            if writers:
                edges.append(Edge(writers[-1].id, target.id, "data", (name,)))
    return Workflow(steps, tuple(edges))


def start(handover: Handover, name: str, placement: Placement) -> tuple[object, ...]:
    """The task and its inputs; exports get handles such as ``a:x``."""
    task, inputs = handover.task(StepId(name), placement, 0)
    handover.started(task, [f"{name}:{'+'.join(bundle)}" for bundle in task.exports])
    return task, inputs


def test_a_main_step_exports_only_what_others_elsewhere_read() -> None:
    handover = Handover(
        workflow(
            step("a", "main", writes="x y"), step("b", "any", "x", "z"), step("c", "main", "y")
        )
    )
    task, _ = start(handover, "a", "main")
    assert task.exports == (("x",),)
    task, inputs = start(handover, "b", "any")
    assert (task.binds, inputs) == ((("x",),), ["a:x"])


def test_the_main_worker_takes_a_value_once() -> None:
    steps = (step("a", "any", "", "x"), step("b", "main", "x"), step("c", "main", "x"))
    handover = Handover(workflow(*steps))
    start(handover, "a", "any")
    assert start(handover, "b", "main")[1] == ["a:x"]
    assert start(handover, "c", "main")[1] == []


def test_a_barrier_takes_everything_made_before_it() -> None:
    steps = (step("a", "any", "", "x"), step("b", "any", "", "y"), step("c", "main", barrier=True))
    handover = Handover(workflow(*steps))
    start(handover, "a", "any")
    start(handover, "b", "any")
    assert start(handover, "c", "main")[1] == ["a:x", "b:y"]


def test_an_older_version_does_not_replace_a_newer_one() -> None:
    steps = (
        step("a", "any", "", "x"),
        step("b", "main", "", "x"),
        step("c", "main", "x", barrier=True),
    )
    handover = Handover(workflow(*steps))
    start(handover, "a", "any")
    start(handover, "b", "main")
    assert start(handover, "c", "main")[1] == []


def test_a_relocated_step_sees_its_own_versions_and_leaves_later_ones_alone() -> None:
    steps = (
        step("a", "main", "", "x"),
        step("b", "any", "x", "y"),
        step("c", "main", "", "x y"),
    )
    handover = Handover(workflow(*steps))
    start(handover, "a", "main")
    start(handover, "b", "any")
    start(handover, "c", "main")  # the main worker goes on meanwhile
    task, inputs = start(handover, "b", "main")
    assert (task.binds, inputs) == ((("x",),), ["a:x"])
    assert task.restore == ("x", "y")


def test_what_the_main_worker_never_took_is_found_at_the_end() -> None:
    handover = Handover(workflow(step("a", "any", "", "x"), step("b", "any", "", "x y")))
    start(handover, "a", "any")
    start(handover, "b", "any")
    assert handover.outside_main() == {"x": "b:x", "y": "b:y"}


def test_a_main_step_is_checked_for_what_the_steps_up_to_the_next_one_read() -> None:
    steps = (
        step("a", "main", writes="x y z"),
        step("b", "main", writes="y"),
        step("c", "any", "x y"),
        step("d", "main"),
        step("e", "any", "x z"),
    )
    handover = Handover(workflow(*steps))
    assert start(handover, "a", "main")[0].checks == ()
    task, inputs = start(handover, "b", "main")
    assert (task.checks, inputs) == ((("x",),), ["a:x"])  # y is its own
    assert start(handover, "d", "main")[0].checks == (("x",), ("z",))


def test_values_that_the_main_worker_never_took_are_not_checked() -> None:
    steps = (step("a", "any", "", "x"), step("b", "main"), step("c", "any", "x"))
    handover = Handover(workflow(*steps))
    start(handover, "a", "any")
    assert start(handover, "b", "main")[0].checks == ()


def test_a_step_that_comes_after_later_ones_is_late() -> None:
    steps = (step("a", "any", "", "x"), step("b", "main"), step("c", "main"))
    handover = Handover(workflow(*steps))
    start(handover, "a", "any")
    assert not start(handover, "b", "main")[0].is_late
    assert start(handover, "a", "main")[0].is_late
    assert not start(handover, "c", "main")[0].is_late


def test_without_guards_nothing_is_checked() -> None:
    steps = (step("a", "main", writes="x"), step("b", "main"), step("c", "any", "x"))
    handover = Handover(workflow(*steps), guards=False)
    start(handover, "a", "main")
    assert start(handover, "b", "main")[0].checks == ()
