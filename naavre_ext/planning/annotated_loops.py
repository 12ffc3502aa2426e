"""The verdicts on the loops that have a ``# split:`` of their own."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.model.annotation import Annotations, LoopAnnotation
from naavre_ext.model.workflow import Split
from naavre_ext.planning.inner_legality import flat_functions, judge_inner
from naavre_ext.planning.inner_loops import InnerLoop, all_loops, loops_at
from naavre_ext.planning.legality import judge_loop
from naavre_ext.planning.loops import Loop, find_loops
from naavre_ext.planning.refusal import Refusal
from naavre_ext.planning.task_loops import loops_calling


@dataclass(frozen=True, slots=True)
class AnnotatedLoop:
    """A loop below its annotation, with its Split or why it runs whole.

    ``is_top`` loops are among those that a ``# split:`` of the cell would split.
    """

    inner: InnerLoop
    annotation: LoopAnnotation
    verdict: Split | Refusal
    is_top: bool

    @property
    def reason(self) -> str:
        """In words, why it runs whole; "" when it doesn't."""
        if isinstance(self.verdict, Split):
            return ""
        return f"line {self.inner.loop.node.lineno}: not split: {self.verdict.reason}"


def annotated_loops(
    notes: Sequence[Annotations],
    notebook: NotebookDataflow,
    rng_seeded: Sequence[str | None],
    tasks: Collection[str] = (),
) -> tuple[tuple[AnnotatedLoop, ...], ...]:
    """The annotated loops of each cell, in source order.

    Loops that call one of the ``tasks`` count as annotated, if they can be split.
    """
    found = [
        list(_below(cell.source.tree, note.loops)) if note.loops else []
        for note, cell in zip(notes, notebook.cells, strict=True)
    ]
    asked_for = {id(inner.loop.node) for pairs in found for inner, _, _ in pairs}
    for pairs, note, cell in zip(found, notes, notebook.cells, strict=True) if tasks else ():
        if not note.over:
            calling = loops_calling(cell.source.tree, tasks, is_split=note.split)
            pairs += [
                p
                for p in _with_tops(cell.source.tree, calling)
                if id(p[0].loop.node) not in asked_for
            ]
    inner_loops = [inner for pairs in found for inner, top, _ in pairs if top is None]
    functions = flat_functions(inner_loops, notebook)

    def judged(
        inner: InnerLoop, top: Loop | None, note: LoopAnnotation, position: int
    ) -> AnnotatedLoop:
        verdict: Split | Refusal
        source = notebook.cells[position].source
        if source.magic not in (None, "time", "capture"):
            line, what = inner.loop.node.lineno, f"it stands in a %%{source.magic} cell"
            verdict = Refusal(line, what, "Take the magic away.")
        elif top is not None:
            verdict = judge_loop(top, notebook, position, rng_seeded[position])
        else:
            verdict = judge_inner(inner, notebook, position, functions, rng_seeded)
        if isinstance(verdict, Split):
            verdict = replace(verdict, title=note.title, batches=note.batches)
        return AnnotatedLoop(inner, note, verdict, top is not None)

    every = [[judged(*parts, position) for parts in pairs] for position, pairs in enumerate(found)]
    return tuple(
        tuple(
            loop
            for loop in loops
            if isinstance(loop.verdict, Split) or id(loop.inner.loop.node) in asked_for
        )
        for loops in every
    )


def _with_tops(
    tree: ast.Module, loops: Sequence[InnerLoop]
) -> Iterator[tuple[InnerLoop, Loop | None, LoopAnnotation]]:
    tops = find_loops(tree)
    for inner in loops:
        top = next((t for t in tops if t.original is inner.loop.node), None)
        yield inner, top, LoopAnnotation(inner.loop.node.lineno, "tasks")


def _below(
    tree: ast.Module, notes: Sequence[LoopAnnotation]
) -> Iterator[tuple[InnerLoop, Loop | None, LoopAnnotation]]:
    """The loops below annotations, with what a cell-wide ``# split:`` knows them as."""
    loops, tops = all_loops(tree), find_loops(tree)
    for note in notes:
        here = loops_at(loops, note)
        for inner in here:
            top = next((t for t in tops if t.original is inner.loop.node), None)
            yield inner, top, note
        for top in tops if not here else ():  # a call that maps a function, say
            if top.mapping is not None and top.original.lineno == note.line:
                yield InnerLoop(top, (), ast.Pass()), top, note


def with_annotated(
    splits: Sequence[Split], loops: Sequence[AnnotatedLoop]
) -> tuple[tuple[Split, ...], tuple[Split, ...]]:
    """The cell's splits at top level with those of annotated loops among them, and the inner ones."""
    top = {split.index: split for split in splits}
    inner: dict[int, Split] = {}
    for loop in loops:
        if isinstance(loop.verdict, Split):
            (top if loop.is_top else inner)[loop.verdict.index] = loop.verdict
    return tuple(top[i] for i in sorted(top)), tuple(inner[i] for i in sorted(inner))
