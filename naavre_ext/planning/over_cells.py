"""Whether an ``# over`` cell may run once per batch, and what its outputs are.

That batches give what the whole cell gives is the user's word. What can be seen to contradict it is an error;
what the analysis knows to go wrong elsewhere makes the cell run whole, as loops do.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from naavre_ext.annotations.report import Finding
from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.dataflow.graph import CellNode, NotebookDataflow
from naavre_ext.dataflow.walking import children
from naavre_ext.model.annotation import Annotations
from naavre_ext.model.dataflow import CellDataflow, Change, EffectKind
from naavre_ext.model.workflow import Split
from naavre_ext.planning.loops import loops_of
from naavre_ext.planning.over_rewriting import divide
from naavre_ext.planning.patched_modules import REMEDY, patched_module, told_library

#: Kinds of values that have no slices, with the rewrite that gives them some.
_NOT_CUTTABLE = {
    **dict.fromkeys(("int", "float", "num", "bool", "none"), "Name a list, an array or a table."),
    **dict.fromkeys(("function", "module", "class"), "Name a list, an array or a table."),
    **dict.fromkeys(("set", "iterator", "items", "view", "file"), "Make a list of it: {0} = list({0})."),
}  # fmt: skip

_WHOLE_EFFECTS: dict[EffectKind, tuple[str, str]] = {
    "opaque": ("{} may do anything to the notebook's names", "Take that out of the cell."),
    "star-import": ("it imports names that can't be seen", "Import by name, in another cell."),
    "history": ("'{}' means the notebook's output history", "Use a name of your own."),
    "monkeypatch": ("it changes a module", "Change the module in another cell."),
    "settings": ("{} changes settings that later code sees", "Change settings in another cell."),
    "figure": ("{} draws on figures that later code sees", "Draw in the next cell."),
    "ambient": ("{} uses process-wide state", "Take that out of the cell."),
    "rng-seed": ("{}() seeds the global random number generator", "Seed it in another cell."),
    "outside-write": ("{} writes to the same place in every batch", "Write in the next cell."),
}


RUNS_WHOLE, LOOPS_WHOLE = "NX420", "NX416"


def _error(code: str, message: str, remedy: str, line: int | None = None) -> Finding:
    return Finding(line, code, "error", message, remedy)


@dataclass(frozen=True, slots=True)
class OverCell:
    """What the rules look at: ``facts`` of the part that runs per batch, ``tail`` of what comes after the join."""

    notes: Annotations
    node: CellNode
    notebook: NotebookDataflow
    position: int
    facts: CellDataflow
    tail: CellDataflow
    rng_seeded: str | None

    @property
    def merged(self) -> frozenset[str]:
        """The names that are joined."""
        return frozenset(clause.name for clause in self.notes.merge)

    @property
    def tree(self) -> ast.Module:
        """The cell's syntax tree."""
        return self.node.source.tree

    def is_definition(self, name: str) -> bool:
        """Whether the name stands for a function, class or module, which is the same in every batch."""
        return self.notebook.environment.kind(name) in ("function", "class", "module")


def judge_over(
    notes: Annotations, notebook: NotebookDataflow, position: int, rng_seeded: str | None
) -> tuple[Split | None, tuple[Finding, ...]]:
    """The Split of the cell at this position, None when it runs whole or can't be run; and what is to be said."""
    node = notebook.cells[position]
    body, tail = divide(node.source.tree)
    facts = notebook.region(body)
    cell = OverCell(notes, node, notebook, position, facts, notebook.region(tail), rng_seeded)  # fmt: skip
    errors = tuple(found for rule in _RULES for found in rule(cell))
    if errors:
        return None, errors
    whole = next(_why_whole(cell), None)
    if whole is not None:
        return None, (whole,)
    return _split(cell), tuple(_unsplit_loops(cell))


# What contradicts the annotation


def _unsplit_loops(cell: OverCell) -> Iterator[Finding]:
    loops = loops_of(cell.tree) if cell.notes.split else ()
    lines = [loop.node.lineno for loop in loops if isinstance(loop.node, ast.For)]
    for line in [*lines, *(loop.line for loop in cell.notes.loops)][:1]:
        yield Finding(
            line,
            LOOPS_WHOLE,
            "warning",
            "'# over' runs the whole cell once per batch, so '# split:' doesn't split this loop.",
            "Put the loop into a cell of its own, or delete '# over'.",
        )


def _check_inputs(cell: OverCell) -> Iterator[Finding]:
    for name in cell.notes.over:
        kind = cell.notebook.environment.kind(name)
        if name not in cell.facts.reads:
            yield _error(
                "NX411",
                f"'# over' names '{name}', which the cell doesn't read.",
                "Name the lists, arrays or tables that the cell works on item by item.",
            )
        elif kind in _NOT_CUTTABLE:
            yield _error(
                "NX412",
                f"'# over' names '{name}', which is a {kind} and can't be cut into batches.",
                _NOT_CUTTABLE[kind].format(name),
                cell.facts.reads[name],
            )


def _check_outputs(cell: OverCell) -> Iterator[Finding]:
    for name in sorted(cell.merged - cell.facts.writes):
        yield _error(
            "NX413",
            f"'# merge' names '{name}', which the cell doesn't assign.",
            "Name what the cell makes for each batch; what it changes in place can't be joined.",
        )


def _check_unmerged(cell: OverCell) -> Iterator[Finding]:
    for name in sorted(cell.facts.writes - cell.merged):
        if name in cell.notes.over:
            yield _error(
                "NX414",
                f"'{name}' is cut into batches, and set anew in each of them, which would be lost.",
                f"Add it to '# merge', or use another name than '{name}' for the result.",
            )
            continue
        if cell.is_definition(name):
            continue
        if name in cell.tail.reads:
            reader = "the cell's last line"
        else:
            number = _reader(name, cell)
            if number is None:
                continue
            reader = f"a later cell ('{_first_line(cell.notebook.cells[number])}')"
        yield _error(
            "NX414",
            f"'{name}' is made for each batch, and {reader} needs the whole.",
            f"Add it to '# merge' ({name}, or {name}=sum, min or max), or make it in another cell.",
        )


def _reader(name: str, cell: OverCell) -> int | None:
    """The first later cell that may see what the cell binds to the name."""
    for number in range(cell.position + 1, len(cell.notebook.cells)):
        node = cell.notebook.cells[number]
        if node.providers.get(name) != cell.position:
            continue
        changed = name in node.changed_names and not node.facts.has("opaque")
        partly = name in node.facts.writes and name not in node.facts.sure
        if name in node.facts.reads or changed or partly:
            return number
    return None


def _first_line(node: CellNode) -> str:
    text = ast.unparse(node.source.tree).partition("\n")[0]
    return text if len(text) <= 40 else text[:39] + "…"


def _check_carried(cell: OverCell) -> Iterator[Finding]:
    for name in sorted(cell.merged & set(cell.facts.reads) - set(cell.notes.over)):
        yield _error(
            "NX415",
            f"'{name}' is read before it is set, so that every batch would begin with its earlier value.",
            f"Begin anew in the cell, under a name of its own, and add that to '{name}' in the next cell.",
            cell.facts.reads[name],
        )


def _check_changes(cell: OverCell) -> Iterator[Finding]:
    for name, change in _changes(cell):
        if (
            change.node == name and not change.suspected
        ):  # else it may be a copy: watched while it runs
            yield _error(
                "NX415",
                f"'{name}' is {change.how}, but each batch works on a copy of its own.",
                f"Change a copy ({name} = {name}.copy()) under '# merge', or change it in another cell.",
                change.line,
            )
            return


def _changes(cell: OverCell) -> Iterator[tuple[str, Change]]:
    """Names from outside whose objects the cell may change in place, and how."""
    graph = AliasGraph()
    share(graph, cell.facts.sharing)
    outer = (set(cell.facts.reads) - cell.facts.writes) | set(cell.notes.over)
    reached: dict[str, set[Hashable]] = {name: graph.reach([name]) for name in sorted(outer)}
    for change in cell.facts.changes:
        classes = graph.changed_by(change.node, change.deep)
        for name, reach in reached.items():
            if classes & reach:
                yield name, change


_RULES = (
    _check_inputs,
    _check_outputs,
    _check_carried,
    _check_changes,
    _check_unmerged,
)


# What makes the cell run whole


def _whole(reason: str, remedy: str, line: int | None = None) -> Finding:
    message = f"'# over' has no effect, the cell runs whole: {reason}."
    return Finding(line, RUNS_WHOLE, "warning", message, remedy)


def may_fail() -> Finding:
    """What is said of a cell tagged ``raises-exception``."""
    return _whole("it may fail, and what it has done by then counts", "Take the tag away.")


def _why_whole(cell: OverCell) -> Iterator[Finding]:
    magic = cell.node.source.magic
    if magic not in (None, "time", "capture"):
        yield _whole(f"%%{magic} cells do", "Take the magic away.")
    for node in _own_nodes(cell.tree.body):
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            yield _whole("it awaits something", "Await it in another cell.", node.lineno)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            yield _whole("it imports from __future__", "Do that in another cell.", node.lineno)
    for effect in cell.facts.effects:
        if effect.kind in _WHOLE_EFFECTS:
            reason, remedy = _WHOLE_EFFECTS[effect.kind]
            yield _whole(reason.format(effect.what), remedy, effect.line)
        if effect.kind == "rng-draw" and cell.rng_seeded == "surely":
            yield _whole(
                f"{effect.what}() draws from the global random number generator, which is seeded",
                "Draw in another cell.",
                effect.line,
            )
    patched = patched_module(cell.notebook.cells[: cell.position])
    if not patched and cell.facts.has("unknown"):
        patched = told_library(cell.notebook.cells[: cell.position + 1])
    if patched:
        yield _whole(patched, REMEDY)
    for name in sorted(set(cell.facts.reads) & cell.facts.writes - set(cell.notes.over)):
        yield _whole(
            f"'{name}' may be read before it is set, so that it may carry a value between batches",
            f"Set '{name}' first, or use another name.",
            cell.facts.reads[name],
        )
    for name in sorted(cell.facts.deletes):
        if any(name in node.facts.writes for node in cell.notebook.cells[: cell.position]):
            yield _whole(f"it deletes '{name}'", f"Delete '{name}' in another cell.")


def _own_nodes(statements: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All nodes but those of functions and classes."""
    for node in statements:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from _own_nodes(children(node))


# The plan


def _split(cell: OverCell) -> Split:
    notes, facts, bindings = cell.notes, cell.facts, cell.notebook.environment.bindings
    shared = set(facts.reads) | cell.notebook.method_globals()
    shared -= facts.writes | set(notes.over)
    own = facts.writes - cell.merged
    private = {name for name in own if cell.is_definition(name)}
    return Split(
        index=0,
        line=cell.tree.body[0].lineno,
        form="over",
        iterable=", ".join(notes.over),
        title=notes.title,
        batches=notes.batches,
        over=notes.over,
        merges=notes.merge,
        shared=tuple(sorted(name for name in shared if name in bindings)),
        private=tuple(sorted(private)),
        discarded=tuple(sorted(own - private - set(notes.over))),
        guarded=tuple(sorted({name for name, _ in _changes(cell)})),
        guard_rng=cell.rng_seeded is not None
        and any(effect.kind in ("unknown", "rng-draw") for effect in facts.effects),
        identity_matters=_identity_matters(cell),
        files_apart=facts.has("outside-write", "unknown"),
    )


def _identity_matters(cell: OverCell) -> bool:
    """Whether later code could tell that an output is (or shares memory with) an input or another output."""
    aliases, notebook = cell.notebook.aliases, cell.notebook
    incoming = aliases.reach(
        notebook.node(cell.position, name) for name in sorted(cell.facts.reads)
    )
    reached = [aliases.reach([notebook.node(cell.position, name)]) for name in sorted(cell.merged)]
    shared: set[Hashable] = set()
    for number, reach in enumerate(reached):
        shared |= reach & incoming
        for other in reached[:number]:
            shared |= reach & other
    if notebook.compares_identity():
        return bool(shared)
    return any(shared & node.changed for node in notebook.cells[cell.position + 1 :])
