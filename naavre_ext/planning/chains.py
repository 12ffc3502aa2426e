"""Which split loops go on with the batches of the one that builds their list, as nothing comes between.

The batches of such a chain run without waiting for the merge, so the later loop's body runs early: before the
rest of the earlier loop, and before all that stands between the two. It must not be able to tell.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow, EffectKind
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.elementwise import Elementwise, elementwise, lists_beside
from naavre_ext.planning.fresh_objects import value_for
from naavre_ext.planning.loops import Loop, Reduction, changed_place, loops_of
from naavre_ext.planning.replaying import loop_records

#: What code between the loops must not do, as the later body would have run before it.
_BETWEEN: tuple[EffectKind, ...] = (
    "opaque", "unknown", "star-import", "history", "monkeypatch", "settings", "ambient", "import", "rng-seed",
)  # fmt: skip
#: What can't be undone where the earlier loop fails, so that the later one hasn't begun.
_LASTING: tuple[EffectKind, ...] = ("outside-write", "unknown")


_ON, _WAITS = "goes on with", "waits for all batches of"


def _line(split: Split) -> str:
    return f"line {split.line}: "


def flow_of(step: Step, split: Split) -> str | None:
    """What the step's reasons say of where the split's items come from; None when no split makes them."""
    line = _line(split)
    told = (text.removeprefix(line) for text in step.reasons if text.startswith(line))
    return next((text for text in told if text.startswith((_ON, _WAITS))), None)


@dataclass(frozen=True, slots=True)
class _Place:
    """A split loop: in which cell, and which of its top-level statements it is (in)."""

    position: int
    statement: int
    step: Step
    split: Split
    loop: Loop
    body: tuple[ast.stmt, ...]

    @property
    def key(self) -> tuple[str, int]:
        """Names the split in the workflow."""
        return str(self.step.id), self.split.index

    @property
    def flow(self) -> Elementwise:
        """The lists that it goes over, once it is known to."""
        flow = elementwise(self.loop.iterable)
        assert flow is not None
        return flow

    @property
    def node(self) -> ast.stmt:
        return self.body[self.statement]

    @property
    def makes(self) -> set[str]:
        """What its loop builds or assigns."""
        return {*self.split.reductions, *_targets(self.node)}

    @property
    def before(self) -> tuple[ast.stmt, ...]:
        return self.body[: self.statement]


def link_splits(steps: Sequence[Step], dataflow: NotebookDataflow) -> list[Step]:
    """The steps, each split that continues an earlier one saying which; their reasons say it in words.

    Where a split waits for all of the list although another split makes it, they say why.
    """
    places = [place for pair in enumerate(steps) for place in _places(*pair, dataflow)]
    linked = list(steps)
    counted: set[tuple[str, int]] = set()
    latest: dict[str, int] = {}
    for number, then in enumerate(places):
        found = _maker(then, places, latest)
        latest.update(dict.fromkeys(then.makes, number))
        if found is None:
            counted.add(then.key)
            continue
        first, flow = found
        key = first.key
        why = _why_apart(first, then, dataflow)
        if not why and flow.counts and not (key in counted and _adds_each_once(first, flow)):
            why = "nobody knows before which elements of its lists belong together"
        step = linked[then.position]
        text = f"{_line(then.split)}{_ON} cell {first.step.cell_number}'s batches, without waiting for all"
        if why:
            text = f"{_line(then.split)}{_WAITS} cell {first.step.cell_number}: {why}"
        step = linked[then.position] = replace(step, reasons=(*step.reasons, text))
        if why or (key in counted and _adds_each_once(first, flow)):
            counted.add(then.key)
        if why:
            continue
        splits = [
            replace(s, continues=key) if s.index == then.split.index else s for s in step.splits
        ]
        linked[then.position] = replace(step, splits=tuple(splits))
        if first.position != then.position:
            for position in (first.position, then.position):
                linked[position] = _in_main(linked[position])
    return linked


def _in_main(step: Step) -> Step:
    """The step where the batches of a chain wait for their cells; the work is done elsewhere anyway."""
    if step.placement == "main":
        return step
    return replace(
        step, placement="main", reasons=("its batches flow from cell to cell", *step.reasons)
    )


def _places(position: int, step: Step, dataflow: NotebookDataflow) -> Iterator[_Place]:
    if not step.splits or step.splits[0].form == "over":
        return
    body = tuple(dataflow.cells[position].source.tree.body)
    loops = {loop.index: loop for loop in loops_of(dataflow.cells[position].source.tree)}
    for split in step.splits:
        loop = None if split.draws else loops.get(split.index)
        for number, statement in enumerate(body):
            if loop is not None and any(part is loop.node for part in walk(statement)):
                yield _Place(position, number, step, split, loop, body)


def _maker(
    then: _Place, places: Sequence[_Place], latest: Mapping[str, int]
) -> tuple[_Place, Elementwise] | None:
    """The latest split loop before this one that builds the very lists that this one iterates over.

    Beside them may stand the list that the earlier loop itself goes over. ``latest`` are the numbers of the
    places that were the last ones to make something of that name.
    """
    flow = elementwise(then.loop.iterable)
    makers = [] if flow is None else [latest[name] for name in flow.names if name in latest]
    if flow is None or not makers:
        return None
    first = places[max(makers)]
    made = _made_by(first, flow)
    apart = lists_beside(first.split, flow).isdisjoint(made)
    builds = apart and all(_builds(first, name) for name in made)
    known = {*made, *lists_beside(first.split, flow)} == set(flow.names)
    return (first, flow) if builds and known else None


def _made_by(first: _Place, flow: Elementwise) -> tuple[str, ...]:
    makes = first.makes
    return tuple(name for name in flow.names if name in makes)


def _adds_each_once(first: _Place, flow: Elementwise) -> bool:
    return all(_adds_once(first, name) for name in _made_by(first, flow))


def _targets(statement: ast.stmt) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _builds(first: _Place, name: str) -> bool:
    """Whether the list begins empty right before the loop, and all that the loop adds goes to its end."""
    if not isinstance(first.loop.node, ast.For):
        is_all = isinstance(first.node, ast.Assign) and first.node.value is first.loop.node
        return is_all and len(first.node.targets) == 1 and first.split.form == "list"  # type: ignore[attr-defined]
    if name in first.split.replayed or not _starts_as(first, name, ast.List):
        return False
    return all(_adds_at_end(record) for record in _records(first) if record.root == name)


def _records(place: _Place) -> tuple[Reduction, ...]:
    return tuple(loop_records(place.loop.node, place.split.reductions, place.split.replayed)[1])


def _adds_at_end(record: Reduction) -> bool:
    if not isinstance(changed_place(record.statement), ast.Name):
        return False
    if isinstance(record.statement, ast.AugAssign):
        return isinstance(record.statement.op, ast.Add)
    call = record.statement.value if isinstance(record.statement, ast.Expr) else None
    return isinstance(call, ast.Call) and getattr(call.func, "attr", "") in ("append", "extend")


def _starts_as(place: _Place, name: str, *kinds: type[ast.expr]) -> bool:
    """Whether the last statement before the loop that mentions the name sets it to an empty display."""
    for statement in reversed(place.before):
        if any(isinstance(n, ast.Name) and n.id == name for n in walk(statement)):
            value = value_for(statement, name)
            return isinstance(value, kinds) and not (
                value.keys if isinstance(value, ast.Dict) else getattr(value, "elts", ())
            )
    return False


def _adds_once(first: _Place, name: str) -> bool:
    """Whether every item gives exactly one element."""
    node = first.loop.node
    if not isinstance(node, ast.For):
        return len(node.generators) == 1 and not node.generators[0].ifs
    records = [record for record in _records(first) if record.root == name]
    skips = any(isinstance(part, (ast.Continue, ast.Try)) for part in walk(node))
    at_top = any(record.statement is statement for record in records for statement in node.body)
    return len(records) == 1 and at_top and records[0].taking == "keep" and not skips


def _why_apart(first: _Place, then: _Place, dataflow: NotebookDataflow) -> str:
    """Why the later loop must wait for the merge of the earlier one; "" when it need not."""
    return (
        _why_steps(first, then)
        or _why_body(first, then, dataflow)
        or _why_list(first, then, dataflow)
        or _why_shared(first, then, dataflow)
    )


def _why_steps(first: _Place, then: _Place) -> str:
    one, two = first.step, then.step
    if one.raises_exception or two.raises_exception:
        return "one of the cells may fail, and what it has done by then counts"
    ways = ("group", "resources", "concurrency", "retries", "timeout_s")
    if any(getattr(one, way) != getattr(two, way) for way in ways) or one.timeout_s or one.retries:
        return "the cells' batches run in different ways"
    mine, theirs = first.split.batches, then.split.batches
    same = _adds_each_once(first, then.flow) and not then.flow.cuts
    if mine != theirs or (mine != "auto" and not same):
        return "'# batches:' divides its items in another way"
    return ""


def _why_body(first: _Place, then: _Place, dataflow: NotebookDataflow) -> str:
    """What the later body does that it must not do early."""
    if first.split.changes_items or then.split.changes_items:
        return "the items of one of them are changed, which its cell has to do"
    if then.split.items_apart:
        return "an item may be an object that its iterations share, and is to be found there"
    body = dataflow.region([then.node])
    lasting = next((effect for effect in body.effects if effect.kind in _LASTING), None)
    if lasting is not None:
        return f"{lasting.what} may have effects that would remain if cell {first.step.cell_number} failed"
    if then.split.tables:
        return "it reads a table that it fills"
    if then.split.guard_rng:
        return "it may draw from a random number generator that is seeded"
    writes = any(
        facts.has("outside-write", "unknown") for facts in _facts_from(first, then, dataflow)
    )
    if body.has("outside-read") and writes:
        return "it reads files that may be written before it begins"
    if isinstance(then.loop.node, ast.For):
        for record in _records(then):
            for name in _stored_in(record):
                if not _starts_as(then, name, ast.List, ast.Dict):
                    return f"'{name}' may be an array"
    return ""


def _stored_in(record: Reduction) -> list[str]:
    """What the record puts values into that arrays would copy."""
    told = [taking.partition("store ")[2] for taking in record.takings]
    return [record.root] if record.taking == "store" else [name for name in told if name]


def _why_list(first: _Place, then: _Place, dataflow: NotebookDataflow) -> str:
    """What happens to the list on the way."""
    names = then.flow.names
    reach = {n: dataflow.aliases.reach([dataflow.node(first.position, n)]) for n in names}
    for piece in _between(first, then, dataflow):
        for name in names:
            if name in piece.facts.writes | piece.facts.deletes:
                return f"{piece.words} sets '{name}' anew"
            if piece.changed & reach[name]:
                return f"{piece.words} may change '{name}', or what is in it"
        for effect in piece.facts.effects:
            if effect.kind in _BETWEEN:
                return f"{piece.words} must run before it ({effect.what})"
    return ""


def _why_shared(first: _Place, then: _Place, dataflow: NotebookDataflow) -> str:
    """Which variable of the later body gets its value only after the earlier loop has begun."""
    loop = _piece(first.position, (first.node,), dataflow, f"cell {first.step.cell_number}'s loop")
    for piece in (loop, *_between(first, then, dataflow)):
        for name in then.split.shared:
            if name in piece.facts.writes | piece.facts.deletes:
                return f"{piece.words} sets '{name}', which its loop uses"
            reach = dataflow.aliases.reach([dataflow.node(then.position, name)])
            if piece.changed & reach:
                return f"{piece.words} may change '{name}', which its loop uses"
    return ""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Code of one cell: its facts, and the alias classes that it changes in place."""

    words: str
    facts: CellDataflow
    changed: frozenset[Hashable]


def _between(first: _Place, then: _Place, dataflow: NotebookDataflow) -> Iterator[_Piece]:
    """The code that a notebook runs after the earlier loop and before the later one."""
    if first.position == then.position:
        yield _piece(
            first.position, first.body[first.statement + 1 : then.statement], dataflow, "code"
        )
        return
    words = f"cell {first.step.cell_number}"
    yield _piece(first.position, first.body[first.statement + 1 :], dataflow, words)
    for position in range(first.position + 1, then.position):
        cell = dataflow.cells[position]
        yield _Piece("a cell between them", cell.facts, cell.changed)
    yield _piece(then.position, then.before, dataflow, "code before its loop")


def _facts_from(first: _Place, then: _Place, dataflow: NotebookDataflow) -> Iterator[CellDataflow]:
    yield dataflow.region([first.node])
    yield from (piece.facts for piece in _between(first, then, dataflow))


def _piece(
    position: int, statements: Sequence[ast.stmt], dataflow: NotebookDataflow, words: str
) -> _Piece:
    cell = dataflow.cells[position]
    lines = {
        line
        for statement in statements
        for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    }
    changed: set[Hashable] = set()
    for change in cell.facts.changes:
        if change.line in lines:
            local = "%" in change.node
            key = (change.node, position) if local else dataflow.node(position, change.node)
            changed |= dataflow.aliases.changed_by(key, change.deep)
    return _Piece(words, dataflow.region(statements), frozenset(changed))
