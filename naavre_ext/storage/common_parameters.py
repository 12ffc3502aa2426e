"""A notebook in which parameters that all jobs of a batch have in common are set, in cells of their own.

So the cell that sets a job's own parameters is the only one that differs, and what needs just the common ones is
the same for all jobs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from naavre_ext.model.jobs import Job
from naavre_ext.model.notebook import Notebook
from naavre_ext.planning.parameters import inject_parameters
from naavre_ext.storage.notebook_file import NotebookFile, apply_injection

#: Of the cells that set them. Not papermill's tag: what is injected takes the place of what was injected before.
COMMON_TAG = "common-parameters"


def with_common(file: NotebookFile, values: Mapping[str, Any]) -> NotebookFile:
    """The notebook with these values in force; the file itself where they are wrong, or there are none.

    Outputs that count cells, as ``Out[5]``, count the new ones too.
    """
    if not values:
        return file
    notebook, _ = inject_parameters(file.notebook, dict(values))
    known = {cell.id for cell in file.notebook.cells}
    cells = tuple(
        cell if cell.id in known else replace(cell, tags=(COMMON_TAG,)) for cell in notebook.cells
    )
    notebook = replace(notebook, cells=cells)
    settings = tuple(replace(one, cell=_by_id(one.cell, file.notebook)) for one in file.settings)
    node = apply_injection(file.node, file.notebook, notebook)
    return replace(file, notebook=notebook, node=node, settings=settings)


def _by_id(name: str, notebook: Notebook) -> str:
    """What a setting calls a cell, by its id where that is its number: there will be more cells."""
    found = (str(c.id) for c in notebook.code_cells if name.lower() == f"cell {c.number}")
    return next(found, name)


def common_parameters(jobs: Sequence[Job], varying: Sequence[str]) -> dict[str, Any]:
    """The parameters that are the same for all jobs, where others differ."""
    return {n: v for n, v in jobs[0].parameters.items() if varying and n not in varying}
