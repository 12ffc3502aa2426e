"""Workflows of all the shapes that exporters have to draw."""

from __future__ import annotations

from typing import Any

from naavre_ext.model.notebook import CellId
from naavre_ext.model.parameter import Parameter
from naavre_ext.model.workflow import Edge, EdgeKind, Split, Step, StepId, Workflow


def step(number: int, title: str | None = None, **fields: Any) -> Step:
    return Step(
        id=StepId(f"s{number}"),
        cell_id=CellId(f"c{number}"),
        cell_number=number,
        execution_count=number,
        source=fields.pop("source", "x = 1"),
        title=title,
        **fields,
    )


def edge(source: int, target: int, *names: str, kind: EdgeKind = "data") -> Edge:
    return Edge(StepId(f"s{source}"), StepId(f"s{target}"), kind, names)


def loop(**fields: Any) -> Split:
    return Split(**{"index": 0, "line": 3, "form": "for", "iterable": "items", **fields})


def wf(name: str, steps: list[Step], edges: list[Edge], **fields: Any) -> Workflow:
    return Workflow(name=name, steps=tuple(steps), edges=tuple(edges), **fields)


PIPELINE = wf(
    "pipeline",
    [
        step(1, source="# numbers\nimport numpy as np", writes=("np",)),
        step(2, "parameters", kind="parameters", writes=("param_n", "param_name")),
        step(3, "load items", writes=("items",), reasons=("it reads files",)),
        step(4, "train the model on everything there is to train on", placement="any"),
        step(
            5,
            "process batches",
            splits=(loop(shared=("model",), reductions=("results",), batches=5),),
            resources={"num_cpus": 2.0},
            retries=1,
            timeout_s=600.0,
        ),
        step(7, "plot", group="viz", cache=False),
        step(9, "save", barrier=True, deletes=("items",), reasons=("exec can change any name",)),
    ],
    [
        edge(1, 3, "np"),
        edge(1, 4, "np"),
        edge(2, 3, "param_n"),
        edge(2, 7, "param_name"),
        edge(4, 5, "model"),
        edge(3, 5, "items"),
        edge(5, 7, "results"),
        edge(3, 7, "items", kind="alias"),
        edge(5, 9, "results"),
        edge(1, 9, kind="opaque"),
        edge(7, 9, kind="outside"),
    ],
    parameters=(
        Parameter("param_n", "param", 28, "int", CellId("c2"), 1),
        Parameter("secret_key", "secret", None, "str", CellId("c2"), 2),
    ),
)

#: Text that means something to Mermaid, SVG or a terminal.
HOSTILE_TITLE = 'a "b" <script>&amp; |x| `c` [d] {e} (f) #quot; \x1b[31m; end 图表 %% $y$'
HOSTILE = wf(
    'hostile "</svg>"',
    [
        step(1, HOSTILE_TITLE),
        step(2, "two\nlines", splits=(loop(iterable='d["a"].items()', title="<x>", batches="n"),)),
        step(3, "w" * 200, splits=(loop(), loop(index=1, form="dict", iterable="range(3)"))),
        step(4, source="# only a comment"),
    ],
    [edge(1, 2, 'a"b', "<c>"), edge(2, 3, "x"), edge(2, 3, "rng", kind="ambient"), edge(3, 4)],
)

WORKFLOWS = {
    "empty": wf("empty", [], []),
    "one_step": wf("one step", [step(1, "alone")], []),
    "chain": wf("chain", [step(n, f"step {n}") for n in (1, 2, 3)], [edge(1, 2, "a"), edge(2, 3)]),
    "diamond": wf(
        "diamond",
        [step(n) for n in (1, 2, 3, 4)],
        [edge(1, 2, "a"), edge(1, 3, "a"), edge(2, 4, "b"), edge(3, 4, "c")],
    ),
    "pipeline": PIPELINE,
    "hostile": HOSTILE,
}
