"""A batch: many jobs, each a run of one notebook with parameters of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

JobStatus = Literal["ok", "failed", "cancelled", "refused", "not run"]


@dataclass(frozen=True, slots=True)
class Row:
    """One job's parameters as a table gives them; ``place`` says where: ``row 3``, ``line 4 of sweep.csv``.

    ``output`` is where its executed notebook goes, if that isn't said for all of them.
    """

    place: str
    values: Mapping[str, Any]
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A run to be done. ``number`` counts from 1; ``output`` is where its executed notebook goes."""

    number: int
    parameters: Mapping[str, Any]
    output: str | None = None


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended. ``run_id`` is None where it never began; ``reason`` says why it isn't ok."""

    number: int
    status: JobStatus
    run_id: str | None = None
    duration_s: float = 0.0
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON object with every field."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How a batch ended: each job's end, in the order of the jobs.

    ``shared`` are the numbers of the cells that ran once for all jobs; ``reasons`` tell of the others, in order,
    why they ran for each.
    """

    batch_id: str
    jobs: tuple[Job, ...]
    ends: tuple[JobEnd, ...]
    duration_s: float = 0.0
    shared: tuple[int, ...] = ()
    reasons: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        """Whether every job ended well."""
        return all(end.status == "ok" for end in self.ends)

    def to_json(self) -> dict[str, Any]:
        """A JSON object with every field but what the jobs were."""
        return {
            "batch_id": self.batch_id,
            "duration_s": self.duration_s,
            "shared_cells": list(self.shared),
            "reasons": {str(cell): reason for cell, reason in self.reasons.items()},
            "jobs": [end.to_json() for end in self.ends],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], jobs: tuple[Job, ...]) -> BatchResult:
        """The result of these jobs that :meth:`to_json` wrote."""
        return cls(
            data["batch_id"],
            jobs,
            tuple(JobEnd(**end) for end in data["jobs"]),
            data["duration_s"],
            tuple(data["shared_cells"]),
            {int(cell): reason for cell, reason in data["reasons"].items()},
        )
