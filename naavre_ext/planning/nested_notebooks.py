"""Another notebook as a function: which of its cells run, what it can be given, what it gives, what it does.

::

    summarise = notebook_task("summary.ipynb", outputs=["mean", "spread"])
    mean, spread = summarise(param_scale=2)
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from naavre_ext.annotations import parse_annotations
from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.nested import AskedNotebook, NestedFunction, asked_notebook
from naavre_ext.dataflow.other_files import OtherFiles
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.shapes import head, make, stable
from naavre_ext.dataflow.source import CellSource, parse_cell
from naavre_ext.dataflow.summary import Summary
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow, Effect
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.notebook import RAISES_TAG, SKIP_TAG, Cell, Notebook
from naavre_ext.model.parameter import Parameter
from naavre_ext.model.workflow import NestedCell, NestedPlan
from naavre_ext.planning.parameters import (
    check_values,
    find_parameters,
    inject_parameters,
    names_in_force,
    workflow_sources,
)

#: Kinds of results whose shape says the same in the calling notebook.
_SHAPES = frozenset({"int", "float", "num", "bool", "str", "list", "dict", "set", "array", "frame"})
_MAGIC = "A notebook that is called runs without IPython's magics; write Python instead."


@dataclass(frozen=True, slots=True)
class RunCell:
    """A cell as it runs. ``names`` are the parameters whose given values are in force after it."""

    cell: Cell
    source: str
    names: tuple[str, ...] = ()

    @property
    def may_fail(self) -> bool:
        """Whether an error in it doesn't end the notebook."""
        return RAISES_TAG in self.cell.tags


@dataclass(frozen=True, slots=True)
class NestedNotebook:
    """A notebook that another one calls. ``inner`` are those that it calls itself."""

    asked: AskedNotebook
    notebook: Notebook
    cells: tuple[RunCell, ...]
    inner: Mapping[AskedNotebook, NestedNotebook] = field(default_factory=dict)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What a call may give."""
        return tuple(p for p in find_parameters(self.notebook) if p.kind != "secret")


def nest_notebook(notebook: Notebook, asked: AskedNotebook) -> NestedNotebook:
    """The notebook as a function.

    Raises:
        RefusedError: it can't be one.
    """
    notebook, found = inject_parameters(notebook, {})
    diagnostics = [inside(d, asked.path) for d in found if d.severity == "error"]
    in_force = names_in_force(notebook)
    cells: list[RunCell] = []
    bound: set[str] = set()
    running = [cell for cell in notebook.code_cells if SKIP_TAG not in cell.tags]
    whole = [parse_annotations(cell).annotations.containerize for cell in running]
    sources = workflow_sources([(c.source, w) for c, w in zip(running, whole, strict=True)])
    for cell, source in zip(running, sources, strict=True):
        try:
            parsed = parse_cell(source)
            compile(source if parsed.magic is None else "", "cell", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError) as error:
            if _has_magic(source):
                diagnostics.append(_refused(cell, asked, "NX602", "it has a magic.", _MAGIC))
            else:
                text = error.msg if isinstance(error, SyntaxError) else str(error)
                line = error.lineno if isinstance(error, SyntaxError) else None
                diagnostics.append(
                    _refused(cell, asked, "NX601", f"syntax error: {text}.", "Correct it.", line)
                )
            continue
        if parsed.magic is not None:
            diagnostics.append(_refused(cell, asked, "NX602", "it has a magic.", _MAGIC))
        bound |= assigned_names(parsed.tree.body)[0]
        cells.append(RunCell(cell, source, in_force.get(cell.id, ())))
    diagnostics = diagnostics or list(_outputs_missing(asked, bound))
    if diagnostics:
        raise RefusedError(diagnostics)
    return NestedNotebook(asked, notebook, tuple(cells))


def _has_magic(source: str) -> bool:
    return any(line.lstrip().startswith(("%", "!")) for line in source.splitlines())


def _refused(
    cell: Cell, asked: AskedNotebook, code: str, message: str, remedy: str, line: int | None = None
) -> Diagnostic:
    return inside(Diagnostic.at(cell, code, "error", message, remedy=remedy, line=line), asked.path)


def inside(diagnostic: Diagnostic, path: str) -> Diagnostic:
    """The diagnostic of a called notebook as one of its caller's: the place is told in words."""
    place = "" if diagnostic.cell_number is None else f", cell {diagnostic.cell_number}"
    place += "" if diagnostic.line is None else f", line {diagnostic.line}"
    return replace(
        diagnostic,
        message=f"in '{path}'{place}: {diagnostic.message}",
        cell_id=None,
        cell_number=None,
        line=None,
        title=None,
    )


def _outputs_missing(asked: AskedNotebook, bound: set[str]) -> Iterator[Diagnostic]:
    for name in asked.outputs:
        if name in bound:
            continue
        near = difflib.get_close_matches(name, sorted(bound), n=1)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        yield Diagnostic(
            "NX603",
            "error",
            f"'{asked.path}' has no variable '{name}', which is asked for as an output.",
            f"{hint}Name variables that its cells set.",
        )


def asked_in(notebook: Notebook) -> Iterator[tuple[Cell, ast.Call, AskedNotebook]]:
    """The calls of ``notebook_task`` with literal arguments in the notebook's cells."""
    for cell in notebook.code_cells:
        if SKIP_TAG in cell.tags or "notebook_task" not in cell.source:
            continue
        try:
            tree = parse_cell(cell.source).tree
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in walk(tree):
            asked = asked_notebook(node)
            if asked is not None and isinstance(node, ast.Call):
                yield cell, node, asked


def nested_functions(
    nested: Mapping[AskedNotebook, NestedNotebook],
) -> tuple[dict[AskedNotebook, NestedFunction], tuple[Diagnostic, ...]]:
    """What calling each of the notebooks does, for the analysis of their caller; what is wrong in them."""
    made: dict[AskedNotebook, NestedFunction] = {}
    diagnostics: list[Diagnostic] = []
    for asked, found in nested.items():
        dataflow, more = _dataflow(found)
        diagnostics += more
        made[asked] = _as_function(found, dataflow)
    return made, tuple(diagnostics)


def _dataflow(nested: NestedNotebook) -> tuple[NotebookDataflow, list[Diagnostic]]:
    inner, diagnostics = nested_functions(nested.inner)
    sources: list[CellSource] = [
        replace(parse_cell(c.source), may_fail=c.may_fail) for c in nested.cells
    ]
    dataflow = analyse(sources, OtherFiles(nested=inner))
    found = list(diagnostics)
    for run, node in zip(nested.cells, dataflow.cells, strict=True):
        for name, line in sorted(node.undefined.items(), key=lambda pair: (pair[1], pair[0])):
            if not run.may_fail:
                text = f"'{name}' is used, but no earlier cell defines it."
                remedy = (
                    "A called notebook sees none of its caller's variables: give it a parameter."
                )
                found.append(_refused(run.cell, nested.asked, "NX604", text, remedy, line))
    return dataflow, found


def _as_function(nested: NestedNotebook, dataflow: NotebookDataflow) -> NestedFunction:
    """A function that has the effects of all cells, and shares nothing: its arguments are copied."""
    names = [p.name for p in nested.parameters]
    arguments = [ast.arg(name) for name in names]
    stub = ast.FunctionDef(
        name="called_notebook",
        args=ast.arguments([], [], None, arguments, [ast.Constant(None) for _ in names], None, []),
        body=[ast.Pass()],
        decorator_list=[],
        lineno=1,
        col_offset=0,
    )
    effects = {
        Effect(e.kind, f"{e.what} in '{nested.asked.path}'", 0, path=e.path): None
        for cell in dataflow.cells
        for e in cell.facts.effects
    }
    empty = frozenset[str]()
    facts = CellDataflow({}, empty, empty, empty, empty, (), (), tuple(effects))
    shapes = [_shape(dataflow, name) for name in nested.asked.outputs]
    summary = Summary(
        when_called=facts,
        when_escaped=facts,
        parameters={name: f"{name}%nested" for name in names},
        result_node="%nested",
        shape=shapes[0] if len(shapes) == 1 else make("tuple", *shapes),
    )
    return NestedFunction(ast.fix_missing_locations(stub), summary)


def _shape(dataflow: NotebookDataflow, name: str) -> str:
    shape = stable(dataflow.environment.shape(name))
    return shape if head(shape) in _SHAPES else ""


def called_names(
    dataflow: NotebookDataflow, functions: Mapping[AskedNotebook, NestedFunction]
) -> dict[str, AskedNotebook]:
    """The names that stand for one called notebook each, whatever cell one asks."""
    asked = {id(function.node): key for key, function in functions.items()}
    found = {}
    for name in sorted(dataflow.environment.bindings):
        bound = dataflow.environment.lookup(name)
        if len(bound) == 1 and id(bound[0].node) in asked:
            found[name] = asked[id(bound[0].node)]
    return found


def check_calls(
    cell: Cell,
    source: CellSource,
    called: Mapping[str, AskedNotebook],
    nested: Mapping[AskedNotebook, NestedNotebook],
) -> Iterator[Diagnostic]:
    """What is wrong with the names and literal values that a cell's calls give to notebooks."""
    for node in walk(source.tree) if called else ():
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        asked = called.get(node.func.id)
        if asked is None:
            continue
        if node.args:
            yield Diagnostic.at(
                cell, "NX607", "error", f"'{asked.path}' is called without the names of its parameters.",
                remedy=f"Write {node.func.id}(name=value).", line=node.lineno,
            )  # fmt: skip
        known = {p.name for p in nested[asked].parameters}
        given = [(k.arg, _literal(k.value)) for k in node.keywords if k.arg is not None]
        values = {name: value for name, value in given if value is not None or name not in known}
        for found in check_values(nested[asked].notebook, values):
            yield Diagnostic.at(
                cell, found.code, "error", inside(found, asked.path).message,
                remedy=found.remedy, line=node.lineno,
            )  # fmt: skip


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None


def nested_plan(function: str, nested: NestedNotebook) -> NestedPlan:
    """The called notebook's cells as a graph: each with the cells that it needs variables of."""
    dataflow, _ = _dataflow(nested)
    numbers = [run.cell.number for run in nested.cells]
    cells: dict[int, NestedCell] = {}
    for run, node in zip(nested.cells, dataflow.cells, strict=True):
        title = parse_annotations(run.cell).annotations.title
        after = {numbers[position] for position in node.providers.values()} - {run.cell.number}
        cells.setdefault(run.cell.number, NestedCell(run.cell.number, title, tuple(sorted(after))))
    return NestedPlan(function, nested.asked.path, tuple(cells.values()), nested.asked.outputs)


def nested_plans(
    reads: Sequence[str],
    functions: Mapping[str, AskedNotebook],
    nested: Mapping[AskedNotebook, NestedNotebook],
) -> tuple[NestedPlan, ...]:
    """The graphs of the notebooks that a step calls, by the names that it reads."""
    return tuple(nested_plan(name, nested[functions[name]]) for name in reads if name in functions)
