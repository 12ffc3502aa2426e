"""The plans of a batch's jobs: a job that differs from an earlier one in plain values only has that one's plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from naavre_ext.preparing import PLANNING, PreparedNotebook, prepare_notebook
from naavre_ext.scheduling.sharing import Sharing, find_sharing

#: So many plans are kept for the jobs to come.
_MOST_PLANS = 8


class JobPlans:
    """Plans jobs of one notebook, which is prepared with the ``first`` one's parameters. For several threads."""

    def __init__(self, source: Any, varying: Sequence[str], first: PreparedNotebook) -> None:
        self._source, self._varying = source, varying
        self._known = [(first, sharing_of(first, varying, 2))]

    def of(self, parameters: Mapping[str, Any]) -> tuple[PreparedNotebook, Sharing]:
        """The notebook with the job's own parameters, and what its steps share with other jobs'.

        Raises:
            RefusedError: it can't be planned with them.
        """
        with PLANNING:
            like = [prepared for prepared, _ in self._known]
            prepared = prepare_notebook(self._source, parameters, like=like)
            prepared.require_workflow()
            for known, sharing in self._known:
                if known.basis is prepared.basis:
                    return prepared, sharing
            sharing = sharing_of(prepared, self._varying, 2)
            self._known = [(prepared, sharing), *self._known[:_MOST_PLANS]]
            return prepared, sharing


def sharing_of(prepared: PreparedNotebook, varying: Sequence[str], jobs: int) -> Sharing:
    """What the steps of so many jobs share that differ in the ``varying`` parameters."""
    workflow = prepared.require_workflow()
    assert prepared.basis is not None
    with PLANNING:
        found = find_sharing(workflow, prepared.basis, frozenset(varying))
    return found if jobs > 1 else replace(found, steps=())
