"""What ``# resources``, ``# retries`` and ``# timeout`` ask of the place where a cell runs."""

from __future__ import annotations

from naavre_ext.model.annotation import Annotations


def needs_own_worker(notes: Annotations) -> bool:
    """Whether the cell is better off in a worker of its own, which has what it claims and can be stopped."""
    if notes.split or notes.over or not notes.containerize:
        return False  # its batches have workers of their own; parameters take no time
    return bool(notes.resources or notes.retries or notes.timeout_s)
