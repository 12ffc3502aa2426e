"""A batch as a table: for each job its parameters and the final values of variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.model.jobs import Job, JobEnd
from naavre_ext.storage.batch_store import BatchRecord, find_batch
from naavre_ext.storage.run_store import RunStore


class OpenedBatch:
    """An earlier batch. It is a sequence of rows, one per job, in the jobs' order."""

    def __init__(self, record: BatchRecord) -> None:
        self.batch_id = record.batch_id
        self._record = record
        self._jobs, self._ends = record.jobs, record.ends()
        self._runs = RunStore(record.path.parent.parent)

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.table())

    def __getitem__(self, name: str) -> list[Any]:
        """Each job's final value of variable ``name``, or its parameter; None for jobs that aren't ok.

        Raises:
            KeyError: no job kept it.
        """
        return [row[name] for row in self.table(name)]

    def table(self, *names: str, status: bool = False) -> list[dict[str, Any]]:
        """A row per job: its parameters, then the variables ``names`` (none given: all that were kept).

        A variable is None where the job didn't end well. With ``status`` each row says how the job ended, too.

        Raises:
            KeyError: no job kept a variable of this name.
        """
        kept = [self._values(job) for job in self._jobs]
        known = dict.fromkeys(name for values in kept for name in values)
        wanted = names or tuple(known)
        for name in names:
            if name not in known and not any(name in job.parameters for job in self._jobs):
                have = ", ".join(known) or "none"
                raise KeyError(f"no job kept '{name}' (kept: {have}); name it with --keep")
        rows = []
        for job, values in zip(self._jobs, kept, strict=True):
            row = dict(job.parameters)
            row.update({name: values.get(name) for name in wanted if name not in job.parameters})
            if status:
                end = self._ends.get(job.number, JobEnd(job.number, "not run"))
                row["status"] = end.status
            rows.append(row)
        return rows

    def to_pandas(self, *names: str, status: bool = False) -> Any:
        """:meth:`table` as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.table(*names, status=status))

    def _values(self, job: Job) -> Mapping[str, Any]:
        import pickle

        from naavre_ext.kept_values import unpacked

        end = self._ends.get(job.number)
        if end is None or end.status != "ok" or end.run_id is None:
            return {}
        try:
            packs = pickle.loads(self._runs.open(end.run_id).load_values())
        except RefusedError:  # it kept nothing, or was deleted
            return {}
        kept = self._record.info["keep"]
        return unpacked({name: pack for name, pack in packs.items() if name in kept})


def open_batch(
    batch_id: str | None = None,
    *,
    notebook: str | Path | None = None,
    store: str | Path | None = None,
) -> OpenedBatch:
    """An earlier batch, by its id or the start of it (None: the latest), of this folder or that of ``notebook``.

    Raises:
        RefusedError: no such batch.
    """
    root = RunStore(store) if store else RunStore.beside(notebook)
    return OpenedBatch(find_batch(root.root, batch_id))
