"""Calls of other notebooks: ``f = notebook_task("other.ipynb", outputs=["x"])`` makes ``f`` a known function."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naavre_ext.dataflow.summary import Summary

#: The dotted name of what makes a notebook a function.
MAKER = "naavre_ext.notebook_task"


@dataclass(frozen=True, slots=True)
class AskedNotebook:
    """The file and the variables that a call of ``notebook_task`` names."""

    path: str
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NestedFunction:
    """A called notebook for the analysis: a function without a body, and what calling it does."""

    node: ast.FunctionDef
    summary: Summary


def asked_notebook(node: ast.AST | None) -> AskedNotebook | None:
    """What ``notebook_task(...)`` asks for; None where it is something else, or isn't written out."""
    if not isinstance(node, ast.Call):
        return None
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name != MAKER.rpartition(".")[2]:
        return None
    given = dict(zip(("path", "outputs"), node.args, strict=False))
    given.update((k.arg, k.value) for k in node.keywords if k.arg is not None)
    if set(given) != {"path", "outputs"} or len(node.args) + len(node.keywords) != 2:
        return None
    try:
        path, outputs = (ast.literal_eval(given[key]) for key in ("path", "outputs"))
    except ValueError:
        return None
    names = (outputs,) if isinstance(outputs, str) else outputs
    if not isinstance(path, str) or not isinstance(names, (list, tuple)) or not names:
        return None
    if not all(isinstance(name, str) for name in names):
        return None
    return AskedNotebook(path, tuple(names))
