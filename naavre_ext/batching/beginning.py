"""A batch from what was asked for: a new one, whose rows are checked first, or an earlier one to go on with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naavre_ext.batching.batch import Batch
from naavre_ext.job_plans import sharing_of
from naavre_ext.model.jobs import Job, Row
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import Workflow
from naavre_ext.planning.job_tables import (
    BATCH,
    COLLISION,
    TABLE,
    check_rows,
    output_paths,
    refused,
    varying_names,
)
from naavre_ext.planning.parameter_values import typed_values
from naavre_ext.planning.parameters import find_parameters
from naavre_ext.preparing import PLANNING, prepare_notebook
from naavre_ext.scheduling.sharing import Sharing
from naavre_ext.storage.batch_store import create_batch, find_batch
from naavre_ext.storage.common_parameters import common_parameters, with_common

if TYPE_CHECKING:
    from naavre_ext.storage.notebook_file import NotebookFile


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What to run: a row per job. ``output`` is a pattern with ``{param_a}`` and ``{job}`` in it.

    ``keep`` are the variables whose final values the batch's table has; None: small ones of cells that run for
    each job. At most ``max_jobs`` run at once (None: as many as the cluster has CPUs).
    """

    source: Any
    rows: Sequence[Row]
    output: str | None = None
    keep: tuple[str, ...] | None = None
    max_jobs: int | None = None


def begin_batch(request: BatchRequest, options: RunOptions) -> Batch:
    """A new batch, whose rows have all been checked.

    Raises:
        RefusedError: with everything that is wrong; nothing was run.
    """
    from naavre_ext.storage.notebook_file import read_notebook

    file = read_notebook(request.source, options.notebook)
    notebook = file.notebook
    paths: Sequence[str | None] = [row.output for row in request.rows]
    with PLANNING:
        check_rows(notebook, request.rows)
        if request.output is not None:
            paths = output_paths(request.output, request.rows, find_parameters(notebook))
    jobs = tuple(
        Job(number, dict(row.values), path)
        for number, (row, path) in enumerate(zip(request.rows, paths, strict=True), start=1)
    )
    _make_folders(jobs, notebook.path)
    varying = varying_names([row.values for row in request.rows])
    common = common_parameters(jobs, varying)
    own = {name: value for name, value in jobs[0].parameters.items() if name not in common}
    first = prepare_notebook(with_common(file, common), own)
    sharing = sharing_of(first, varying, len(jobs))
    keep = _kept(first.require_workflow(), sharing, request.keep)
    record = create_batch(
        _root(options, notebook.path), notebook=notebook.path, jobs=jobs, varying=varying, keep=keep,
        keeps_all=request.keep is not None, settings=None if file.files is None else file.files.settings,
    )  # fmt: skip
    batch = Batch(file, record, jobs, options, request.max_jobs)
    batch.warnings = tuple(d for d in first.diagnostics if d.severity == "warning")
    return batch


def resume_batch(
    batch_id: str, options: RunOptions, source: Any = None, max_jobs: int | None = None
) -> Batch:
    """An earlier batch, to go on with the jobs that didn't end well, with the settings that it was given.

    Raises:
        RefusedError: there is none, it is another notebook's, or its notebook is no file.
    """
    record = find_batch(_root(options, source), batch_id)
    source = source or record.info["notebook"]
    if source is None:
        raise refused(BATCH, f"Batch {record.batch_id} was no file's.", "Name the notebook.")
    file = _read(source, options.notebook, record.info.get("settings"))
    if _are_two(file.notebook.path, own := record.info["notebook"]):
        text = f"Batch {record.batch_id} is of another notebook, {own}, whose outputs would be replaced."
        raise refused(BATCH, text, "Begin a batch of this one without --resume.")
    parameters = find_parameters(file.notebook)
    jobs = [replace(j, parameters=typed_values(parameters, j.parameters)) for j in record.jobs]
    return Batch(file, record, jobs, options, max_jobs)


def _are_two(one: str | None, other: str | None) -> bool:
    """Whether both files are there, and aren't the same; one that was moved is."""
    try:
        return one is not None and other is not None and not os.path.samefile(one, other)
    except OSError:  # one of them isn't there
        return False


def _read(source: Any, path: str | None, settings: Sequence[str] | None) -> NotebookFile:
    """What is to run, with these settings of its cells unless it comes with others."""
    from naavre_ext.storage.source_files import SourceFiles, read_file

    file = read_file(source, path)
    if settings is None or (file.files is not None and file.files.settings is not None):
        return file
    name, text = settings
    return replace(file.files or SourceFiles(source), settings=(name, text)).read()


def _kept(workflow: Workflow, sharing: Sharing, keep: tuple[str, ...] | None) -> tuple[str, ...]:
    """The names of the variables that each job keeps."""
    written = dict.fromkeys(name for step in workflow.steps for name in step.writes)
    if keep is None:
        shared = frozenset(sharing.steps)
        own = (s for s in workflow.steps if s.id not in shared)
        return tuple(dict.fromkeys(n for s in own for n in s.writes if not n.startswith("_")))
    unknown = [name for name in keep if name not in written]
    if unknown:
        raise refused(BATCH, f"No cell sets '{unknown[0]}', which --keep names.", "")
    return keep


def _make_folders(jobs: Sequence[Job], notebook: str | None) -> None:
    from naavre_ext.storage.notebook_file import check_writable

    folders: dict[Path, str] = {}
    for job in jobs:
        if job.output is not None:
            if notebook is not None and Path(job.output).resolve() == Path(notebook).resolve():
                raise refused(COLLISION, f"Job {job.number} would be written over the notebook itself.",
                              "Put {job} into -o.")  # fmt: skip
            folders.setdefault(Path(job.output).parent, job.output)
    for folder, output in folders.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(BATCH, f"'{folder}' can't be made: {error.strerror}.", "") from None
        check_writable(output)


def _root(options: RunOptions, notebook: Any) -> Path:
    from naavre_ext.storage.run_store import RunStore

    read = getattr(getattr(notebook, "notebook", None), "path", None)
    path = notebook if isinstance(notebook, (str, Path)) else read
    return (RunStore(options.store) if options.store else RunStore.beside(path)).root


def batch_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[Row, ...]:
    """Rows given in Python.

    Raises:
        RefusedError: they are no list of mappings.
    """
    given = rows if isinstance(rows, Sequence) and not isinstance(rows, str) else [None]
    if not all(isinstance(row, Mapping) for row in given):
        raise refused(TABLE, f"The rows are {type(rows).__name__}, not a list of mappings.",
                      "Give [{'param_a': 1}, ...]; of a DataFrame, df.to_dict('records').")  # fmt: skip
    return tuple(Row(f"row {number}", dict(row)) for number, row in enumerate(rows, start=1))
