"""What a pool of workers offers to a split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from naavre_ext.executors.packing import Packed
from naavre_ext.executors.tasks import BatchReport, BatchTask
from naavre_ext.model.workflow import Step


class ResultLost(Exception):
    """The machine that kept a batch's result is gone; the message says more."""


class BatchPool(Protocol):
    """Runs batches on workers. Handles are opaque and hashable.

    ``is_concurrent`` pools run batches while the cell goes on. Of the others some run calls of tasks as well
    (``runs_calls``), to show that nothing depends on where they run.
    """

    is_concurrent: bool
    runs_calls: bool

    @property
    def slots(self) -> int:
        """How many batches can run at once."""
        ...

    def claiming(self, step: Step) -> BatchPool:
        """The same pool for batches that claim what this step says."""
        ...

    def share(self, packed: Packed) -> Any:
        """A token for values that all batches of a split read."""
        ...

    def fetch(self, shared: Any) -> Packed:
        """The values that were shared, as the batches see them."""
        ...

    def submit(self, task: BatchTask, shared: Any, items: Packed) -> Any:
        """Start a batch; returns its handle."""
        ...

    def wait(self, handles: Sequence[Any]) -> Any:
        """One of the handles whose batch has ended."""
        ...

    def report(self, handle: Any) -> BatchReport:
        """How the batch ended; it says so when its worker died or was stopped."""
        ...

    def result(self, handle: Any) -> Packed:
        """The batch's pack. Raises :class:`ResultLost` when it was there, and isn't any more."""
        ...

    def following(self, handle: Any) -> Any:
        """The handle of the batch that went on with this one's elements; None where none did."""
        ...

    def cancel(self, handles: Sequence[Any]) -> None:
        """Stop batches whose results aren't needed."""
        ...
