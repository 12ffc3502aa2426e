"""Workflow → one Python program in which every split loop stands as its three parts.

The parts are those that a run executes, by :mod:`naavre_ext.planning.rewriting`, with plainer names. The program
runs by itself, one batch after the other.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import itertools
import re
from collections.abc import Iterator, Sequence

from naavre_ext.dataflow.automagic import own_magics
from naavre_ext.dataflow.source import PYTHON_MAGICS, CellSource, parse_cell
from naavre_ext.dataflow.walking import copied
from naavre_ext.exporters import program_helpers
from naavre_ext.exporters.inner_program import with_inner_loops
from naavre_ext.exporters.over_program import over_helpers, over_parts
from naavre_ext.exporters.takings import AUTO_BATCHES, taking_texts
from naavre_ext.model.workflow import Split, Step, Workflow
from naavre_ext.planning.cutting import cut
from naavre_ext.planning.loops import Loop
from naavre_ext.planning.mapping_calls import ARGUMENT
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.rewriting import (
    COLLECT,
    LOG,
    RECORD_HOOK,
    batch_tree,
    find_loop,
    merge_loop,
    operations,
    split_cell,
)

#: Modules that the helpers use.
_MODULES = ("math", "copy", "io", "sys")
_HELPERS = ("batch_items", "Record", "take", "keeps", "replay", "join", "collected", "cut")
_OWN = {
    ITEMS: "batch", RECORD_HOOK: "record", LOG: "log", COLLECT: "elements",
    "__naavre_number__": "number", "__naavre_operands__": "operands", ARGUMENT: "argument",
}  # fmt: skip
_EMPTY = {"list": "[]", "set": "set()", "dict": "{}"}


def render_program(workflow: Workflow, cell_number: int | None = None) -> str:
    """The program of all cells, or of one, as Python text."""
    names = _Names(workflow)
    steps = [step for step in workflow.steps if cell_number in (None, step.cell_number)]
    parts = [_cell(step, names) for step in steps]
    forms = [split.form for step in steps for split in (*step.splits, *step.inner_splits)]
    if "over" in forms:
        parts.insert(0, over_helpers())
    if set(forms) - {"over"}:
        parts.insert(0, names.renamed(_helpers()))
    head = (
        f"# {workflow.name}: the program that naavre-ext makes of it. Here batches run one after the other;\n"
        "# in a run they run on workers, each with copies of what it reads."
    )
    return "\n\n\n".join([head, *parts]) + "\n"


class _Names:
    """Names for the program's own things that no cell binds, and what the cells' texts mean."""

    def __init__(self, workflow: Workflow) -> None:
        self._magics = own_magics(step.source for step in workflow.steps)
        used = {name for step in workflow.steps for name in _used(self.parse(step).tree)}
        self._used = used
        wanted = [*_HELPERS, *_MODULES, *_OWN.values(), "split", "merge", "batches"]
        self._chosen = {name: _free(name, used) for name in wanted}

    def __getitem__(self, name: str) -> str:
        return self._chosen[name]

    def parse(self, step: Step) -> CellSource:
        """The step's cell."""
        return parse_cell(step.source, self._magics)

    def renamed(self, text: str) -> str:
        """The helpers' text with the chosen names."""
        for name in _HELPERS:
            text = re.sub(rf"(?<![.\w]){name}(?=[\W])", self[name], text)
        for name in _MODULES:
            if self[name] != name:
                text = text.replace(f"import {name}\n", f"import {name} as {self[name]}\n")
                text = re.sub(rf"(?<![.\w]){name}\.", f"{self[name]}.", text)
        shadowed = sorted(name for name in dir(builtins) if name in self._used or "*" in self._used)
        for name in shadowed:
            text = re.sub(rf"(?<![.\w]){name}(?=[(\[,)])", f"builtins.{name}", text)
        return text.replace("import math", "import builtins\nimport math", 1) if shadowed else text

    def rename(self, statements: Sequence[ast.stmt]) -> None:
        """Give the things in these statements the chosen names."""
        for part in ast.walk(ast.Module(list(statements), [])):
            if isinstance(part, ast.Name) and part.id in _OWN:
                part.id = self[_OWN[part.id]]

    def plain(self, node: ast.AST) -> ast.AST:
        """The tree with the chosen names for those that a run gives the things."""
        again = copied(node)
        self.rename([again])  # type: ignore[list-item]
        return again


def _used(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and (_is_stored(node) or node.id not in dir(builtins)):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]


def _free(name: str, used: set[str]) -> str:
    while name in used:
        name += "_"
    return name


def _helpers() -> str:
    module = inspect.getsource(program_helpers)
    imports = "\n".join(
        line
        for line in module.splitlines()
        if line.startswith(("import ", "from ")) and "naavre_ext" not in line
    )
    parts = [getattr(program_helpers, name) for name in _HELPERS if name != "cut"]
    texts = ["import math\n" + imports, *map(inspect.getsource, (cut, *parts))]
    return "\n\n\n".join(text.strip("\n") for text in texts)


def _cell(step: Step, names: _Names) -> str:
    title = f" {step.title}" if step.title else ""
    lines = [f"# %% cell {step.cell_number}{title}"]
    lines += [f"# {reason}" for reason in step.reasons if ": not split:" in reason]
    source = names.parse(step)
    if source.magic is not None and source.magic not in PYTHON_MAGICS:
        body = step.source.partition("\n")[2]
        call = f"run_cell_magic({source.magic!r}, {source.magic_line!r}, {body!r})"
        return "\n".join([*lines, f"get_ipython().{call}"])
    if source.magic is not None:
        lines.append(f"# under %%{source.magic} {source.magic_line}".rstrip())
    if any(split.form == "over" for split in step.splits):
        return "\n".join([*lines, over_parts(step, step.splits[0], f"_{step.cell_number}")])
    parts = [_parts(find_loop(step.source, split), split, step, names) for split in step.splits]
    spaced = ["\n".join(lines), *parts] if parts else lines
    return ("\n\n\n" if parts else "\n").join([*spaced, _body(step, names)])


def _named(kind: str, split: Split, step: Step, names: _Names) -> str:
    number = f"{step.cell_number}" + (f"_{split.index + 1}" if len(step.splits) > 1 else "")
    return f"{names[kind]}_{number}"


def _parts(loop: Loop, split: Split, step: Step, names: _Names) -> str:
    """The splitter, the batch function and the merger as three functions."""
    parts = (_splitter, _batch, _merger)
    return "\n\n\n".join(part(loop, split, step, names) for part in parts)


def _splitter(loop: Loop, split: Split, step: Step, names: _Names) -> str:
    auto = split.batches == "auto"
    count = AUTO_BATCHES if auto else split.batches
    note = "  # a run sizes the batches as it goes" if auto else ""
    return (
        f"def {_named('split', split, step, names)}():{note}\n"
        f"    return {names['batch_items']}({ast.unparse(loop.iterable)}, {count})"
    )


def _batch(loop: Loop, split: Split, step: Step, names: _Names) -> str:
    tree = names.plain(batch_tree(step.source, split))
    assert isinstance(tree, ast.Module)
    node = _without_annotations(tree).body[0]
    record = names["record"]
    shared = f"  # reads {', '.join(split.shared)}" if split.shared else ""
    lines = [f"def {_named('batch', split, step, names)}({names['batch']}):{shared}"]
    if split.form == "for" and split.private:
        lines.append(f"    global {', '.join(split.private)}")
    takings = (
        ", ".join(taking_texts(operations(step.source, split), names["keeps"]))
        if split.form == "for"
        else ""
    )
    lines.append(f"    with {names['Record']}({takings}) as {record}:")
    if isinstance(node, ast.Assign):
        lines.append(f"        {record}.elements = {ast.unparse(node.value)}")
    else:
        lines += _indented(ast.unparse(node), 2)
    return "\n".join([*lines, f"    return {record}"])


def _merger(loop: Loop, split: Split, step: Step, names: _Names) -> str:
    head = f"def {_named('merge', split, step, names)}({names['batches']}):"
    if not isinstance(loop.node, ast.For):
        return f"{head}\n    return {names['join']}({names['batches']}, {_EMPTY[split.form]})"
    node = names.plain(merge_loop(loop, split))
    assert isinstance(node, ast.For)
    node.iter = ast.parse(f"{names['replay']}({names['batches']})", mode="eval").body
    _drop_last_branch(node)
    own = {names["number"], names["operands"]}
    stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _is_stored(n)} - own
    lines = [head, f"    global {', '.join(sorted(stored))}"] if stored else [head]
    return "\n".join([*lines, *_indented(ast.unparse(node), 1)])


def _drop_last_branch(node: ast.For) -> None:
    """Take away the ``else: pass`` after the operations."""
    branch = node.body[0]
    while isinstance(branch, ast.If):
        if isinstance(branch.orelse[0], ast.Pass):
            branch.orelse = []
            return
        branch = branch.orelse[0]


def _is_stored(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)


def _indented(text: str, depth: int) -> list[str]:
    return ["    " * depth + line if line else line for line in text.split("\n")]


def _without_annotations(tree: ast.Module) -> ast.Module:
    """``x: int = 1`` as ``x = 1``: a global name can't be annotated in a function."""

    class Plain(ast.NodeTransformer):
        def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
            if node.value is None:
                return ast.copy_location(ast.Pass(), node)
            return ast.copy_location(ast.Assign([node.target], node.value), node)

        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
            return node

    plain: ast.Module = ast.fix_missing_locations(Plain().visit(tree))
    return plain


def _body(step: Step, names: _Names) -> str:
    """The cell's own text with calls in the places of its split loops."""
    tree = names.parse(step).tree
    before = list(tree.body)
    dumps = {id(statement): ast.dump(statement) for statement in before}

    def call(loop: Loop, split: Split) -> list[ast.stmt] | ast.expr:
        merge, batch, splitter = (
            _named(kind, split, step, names) for kind in ("merge", "batch", "split")
        )
        part = names["batch"]
        value = ast.parse(f"{merge}({batch}({part}) for {part} in {splitter}())", mode="eval").body
        if not isinstance(loop.node, ast.For):
            return ast.copy_location(value, loop.node)
        return [ast.Expr(value), *loop.node.orelse]

    inner = with_inner_loops(tree, step, names)
    after = inner.visit(split_cell(tree, step.splits, step.source, call)).body
    ast.fix_missing_locations(ast.Module(after, []))
    names.rename(after)
    known = set(dumps)
    changed: list[tuple[ast.stmt, list[ast.stmt]]] = []
    rest = iter(after)
    pending = next(rest, None)
    for statement in before:
        new: list[ast.stmt] = []
        if pending is statement:
            new.append(statement)
            pending = next(rest, None)
        while new != [statement] and pending is not None and id(pending) not in known:
            new.append(pending)
            pending = next(rest, None)
        if new != [statement] or ast.dump(statement) != dumps[id(statement)]:
            changed.append((statement, new))
    return _text(step, before, changed, after)


def _text(
    step: Step,
    before: Sequence[ast.stmt],
    changed: Sequence[tuple[ast.stmt, list[ast.stmt]]],
    after: Sequence[ast.stmt],
) -> str:
    """The cell's lines with those of the changed statements replaced; all anew where that can't be told apart."""
    lines = step.source.split("\n")
    own = [(s.lineno, s.end_lineno or s.lineno) for s in before]
    crowded = any(first <= last for (_, last), (first, _) in itertools.pairwise(own))
    try:
        ast.parse(step.source)
    except SyntaxError:
        crowded = True
    if crowded:
        return ast.unparse(ast.Module(list(after), []))
    for statement, new in reversed(changed):
        text = ast.unparse(ast.Module(new, []))
        lines[statement.lineno - 1 : statement.end_lineno] = text.split("\n")
    return "\n".join(lines).strip("\n")
