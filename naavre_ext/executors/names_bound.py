"""Finds names of the notebook that code has bound although analysis didn't foresee it.

A method that Python calls by itself (``__repr__`` of what is formatted, a property) may say ``global n``. What it
binds in another worker is nobody's there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from naavre_ext.model.workflow import Split, Step

#: What a shell binds for itself, what we do, and variables of functions, which have other names here.
_NOT_THE_NOTEBOOKS = re.compile(r"__|_i?\d*$|_i+$|_[oid]h$|\W|\w+\W")


def why_bound(
    before: Mapping[str, Any], namespace: Mapping[str, Any], expected: Collection[str]
) -> str:
    """Which name other than the ``expected`` ones was bound anew since ``before``, or deleted; "" if none was."""
    missing = object()
    changed = [
        name
        for name in dict.fromkeys((*namespace, *before))
        if namespace.get(name, missing) is not before.get(name, missing)
    ]
    for name in changed:
        if name not in expected and not _NOT_THE_NOTEBOOKS.match(name):
            return f"'{name}' was bound by code that Python calls by itself"
    return ""


def names_bound_by(step: Step, split: Split) -> frozenset[str]:
    """The names that a batch of the step's split may bind."""
    own = (*split.private, *split.sure, *split.reductions, *split.replayed, *split.discarded)
    return frozenset((*own, *(step.writes if split.over else ())))
