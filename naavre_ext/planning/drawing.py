"""Whether a loop's items may be drawn from an iterator before the iterations before them have run."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.region import Region
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow, EffectKind
from naavre_ext.planning.loops import Loop, Reduction
from naavre_ext.planning.own_rows import own_rows
from naavre_ext.planning.reduction_changes import changed_by, is_alone
from naavre_ext.planning.refusal import ITEMS

#: What making items must not do, as others would see when it is done.
_LOUD: tuple[EffectKind, ...] = (
    "opaque", "unknown", "star-import", "history", "monkeypatch", "settings", "figure", "ambient", "rng-seed",
    "outside-write", "import",
)  # fmt: skip
#: Magics under which a cell's output goes where it goes without them.
_PLAIN_MAGICS = (None, "time")


def may_draw_ahead(
    loop: Loop,
    body: CellDataflow,
    reductions: Sequence[Reduction],
    notebook: NotebookDataflow,
    position: int,
    filled: frozenset[str] = frozenset(),
) -> bool:
    """Whether making the items neither sees nor changes anything that the body changes or sees.

    Each item must also be an object of its own: one that is changed while later items are made would be
    seen in a later state.
    """
    if notebook.cells[position].source.magic not in _PLAIN_MAGICS:
        return False
    region = Region(notebook.environment, notebook.summaries)
    items = region.visit(loop.iterable)
    region.consume(items, loop.iterable)
    region.operate(items, loop.node.lineno)
    item = region.element(items)
    making = region.dataflow()
    if making.has(*_LOUD) or making.writes or making.deletes:
        return False
    if making.has("rng-draw") and body.has("rng-draw", "rng-seed", "unknown"):
        return False
    if making.has("outside-read") and body.has("outside-write"):
        return False
    targets = {n.id for n in walk(loop.target) if isinstance(n, ast.Name)}
    if set(making.reads) & (body.writes | targets):
        return False
    others = [r for r in reductions if r.root not in filled]
    return not _changes_others(making, item.node) and not _sees_merge(
        making, others, loop, notebook, position
    )


def _changes_others(making: CellDataflow, item: str | None) -> bool:
    """Whether making an item changes an object of the notebook, or an item that was made before."""
    graph = AliasGraph()
    share(graph, making.sharing)
    outer = [name for name in making.reads if name != ITEMS]
    watched = graph.reach([*outer, *([] if item is None else [item])])
    changed = {
        root for change in making.changes for root in graph.changed_by(change.node, change.deep)
    }
    return bool(changed & watched)


def _sees_merge(
    making: CellDataflow,
    reductions: Sequence[Reduction],
    loop: Loop,
    notebook: NotebookDataflow,
    position: int,
) -> bool:
    """Whether making the items reads something that the merge changes."""
    graph = notebook.aliases_until(position)
    seen = graph.reach(notebook.node(position, name) for name in making.reads)
    rows = own_rows(loop, reductions)
    return any(
        changed_by(r, notebook, position, graph) & seen
        for r in reductions
        if r.root != rows and not is_alone(r, loop, notebook, position)
    )
