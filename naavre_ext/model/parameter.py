"""Workflow parameters: ``param_*``, ``conf_*``, ``secret_*`` and papermill's ``parameters``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from naavre_ext.model.notebook import CellId

ParameterKind = Literal["param", "conf", "secret"]
_KINDS: tuple[ParameterKind, ...] = ("param", "conf", "secret")


def prefixed_kind(name: str) -> ParameterKind | None:
    """``param``, ``conf`` or ``secret`` for a name with that prefix, else None."""
    for kind in _KINDS:
        if name.startswith(f"{kind}_") and len(name) > len(kind) + 1:
            return kind
    return None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name that a run may set.

    ``type_name`` is the default's Python type (``int``, ``list`` ...) or the annotation
    where one is written; ``"NoneType"`` accepts any value. ``default`` is a literal, and ``source`` is
    what the notebook assigns, literal or not, as Python writes it. Of a secret neither is kept.
    """

    name: str
    kind: ParameterKind
    default: Any
    type_name: str
    cell_id: CellId
    line: int
    source: str = ""
