"""What variables a worker holds, told by portraits: values needn't leave their process to be compared."""

from __future__ import annotations

import re
import time
import types
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.collecting import IPYTHON_NAMES
from naavre_ext.executors.packing import Packed, PackingError, unpack
from naavre_ext.executors.portraits import Painter
from naavre_ext.executors.portraits.anatomy import Anatomy
from naavre_ext.model.portrait import NamespacePortrait

if TYPE_CHECKING:
    from naavre_ext.model.workflow import Step

#: Variables that a step's source doesn't name are digested for this long, around every step.
_PATIENCE_S = 0.2
#: Names under which IPython keeps what was entered and shown, and those that every module has.
HISTORY = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_[ido]h|__\w+__")
_WORD = re.compile(r"[^\W\d]\w*")


def variable_names(namespace: dict[str, Any]) -> list[str]:
    """The notebook's variables, private ones too, sorted; without modules and what IPython put there."""
    return sorted(
        name
        for name, value in namespace.items()
        if not (
            name in IPYTHON_NAMES
            or HISTORY.fullmatch(name)
            or issubclass(type(value), types.ModuleType)
        )
    )


def digests(namespace: dict[str, Any], step: Step) -> dict[str, bytes | None]:
    """A digest per variable, of those first that the step is known to use or names in its source."""
    names = variable_names(namespace)
    near = {*step.reads, *step.writes, *_WORD.findall(step.source)}
    painter = Painter()
    found: dict[str, bytes | None] = {}
    until: float | None = None
    for name in sorted(names, key=lambda name: name not in near):
        if name not in near:
            until = until or time.perf_counter() + _PATIENCE_S
            if time.perf_counter() > until:
                found[name] = None
                continue
        found[name] = painter.portray(name, namespace[name]).digest
    return found


def portray_namespace(
    namespace: dict[str, Any],
    bundles: Iterable[tuple[Sequence[str], Packed]],
    only: Collection[str] | None = None,
) -> NamespacePortrait:
    """The portraits of all variables, those in packs from elsewhere included, as a later cell would get them.

    Of a group's worker, ``only`` the live ones.
    """
    lost: dict[str, str] = {}
    for names, packed in bundles:
        try:
            values = unpack(packed, namespace, writable=True)
        except PackingError as error:
            lost.update(dict.fromkeys(names, error.reason))
            continue
        namespace.update({name: values[name] for name in names if name in values})
    painter = Painter(render=True)
    portraits = {}
    wanted = {*variable_names(namespace), *lost}
    for name in sorted(wanted if only is None else wanted.intersection(only)):
        value = Anatomy("lost value", lost[name]) if name in lost else namespace[name]
        portraits[name] = painter.portray(name, value)
    return NamespacePortrait(portraits, tuple(painter.shared))
