"""Warnings of code that runs apart from its cell, shown where and as often as in the cell itself.

Python shows a warning once per place, and remembers that in the process. A batch's process knows
nothing of what the cell's has module. So a batch notes every warning, and the merge issues it again.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from naavre_ext.model.event import OutputMessage

if TYPE_CHECKING:
    from naavre_ext.executors.session import CellSession

#: The type of the messages between a batch and the merge; no notebook's output has it.
WARNING = "naavre-ext warning"

#: Where Python remembers what code with these variables has warned of.
REGISTRY = "__warningregistry__"

Note = Callable[[OutputMessage], None]

_ALWAYS = ("always", None, Warning, None, 0)


@contextmanager
def noted_warnings(note: Note, at_end: Note) -> Iterator[None]:
    """In the block, hands warnings that filters let pass to ``note`` instead of showing them.

    A place's second warning is left out as long as nothing touched the filters in between, which
    makes Python forget what it has shown; a message without a text stands for such a touch. ``at_end`` gets
    one behind the last warning.
    """
    plain, told = list(warnings.filters), [*map(_always, warnings.filters), _ALWAYS]
    noting = _Noting(note, repeats=any(entry[0] == "always" for entry in plain))
    module: Any = warnings
    show, touch = module.showwarning, module._filters_mutated

    def touched() -> None:
        noting.touched = True
        noting.seen.clear()
        touch()

    module.filters[:] = told
    touch()
    module.showwarning, module._filters_mutated = noting.show, touched
    try:
        yield
    finally:
        noting.note = at_end
        noting.tell_touch()
        module._filters_mutated = touch
        if module.showwarning == noting.show:
            module.showwarning = show
        added = len(module.filters) - len(told)
        if added >= 0 and list(module.filters[added:]) == told:
            module.filters[added:] = plain
            touch()


def warn_again(message: OutputMessage, namespace: dict[str, Any]) -> None:
    """Issue a noted warning as if the code at its place did so in this process, now."""
    if "text" not in message:
        warnings._filters_mutated()  # type: ignore[attr-defined]
        return
    filename = message["filename"]
    module = None if os.path.exists(filename) else "__main__"  # a cell's name is no file's
    registry: dict[Any, Any] = namespace.setdefault(REGISTRY, {})
    for name, loaded in list(sys.modules.items()):
        if getattr(loaded, "__file__", None) == filename:
            module, registry = name, vars(loaded).setdefault(REGISTRY, {})
            break
    warnings.warn_explicit(
        message["text"],
        _category(message["category"], namespace),
        filename,
        message["line"],
        module,
        registry,
    )


@contextmanager
def one_registry(namespace: dict[str, Any], session: CellSession) -> Iterator[None]:
    """In the block, code in the session shows a warning as often as if it ran with these variables.

    That is for sessions of one process, which needs nothing noted. Python remembers there what it has shown.
    """

    def share() -> None:
        session.namespace[REGISTRY] = namespace.setdefault(REGISTRY, {})

    session.shell.events.register("pre_execute", share)  # behind IPython's own, which clears it
    try:
        yield
    finally:
        session.shell.events.unregister("pre_execute", share)


class _Noting:
    """Stands in for ``warnings.showwarning``."""

    def __init__(self, note: Note, repeats: bool) -> None:
        self.note, self.repeats = note, repeats
        self.seen: set[Any] = set()
        self.touched = False

    def tell_touch(self) -> None:
        if self.touched:
            self.note({"output_type": WARNING})
            self.touched = False

    def show(
        self, text: Any, category: Any, filename: str, line: int, file: Any = None, _: Any = None
    ) -> None:
        place = (str(text), category, filename, line)
        if place in self.seen and not self.repeats:
            return
        self.tell_touch()
        self.seen.add(place)
        self.note(
            {
                "output_type": WARNING,
                "text": str(text),
                "category": (category.__module__, category.__qualname__),
                "filename": filename,
                "line": line,
            }
        )


def _always(entry: Any) -> Any:
    return entry if entry[0] in ("ignore", "error") else ("always", *entry[1:])


def _category(name: tuple[str, str], namespace: dict[str, Any]) -> type[Warning]:
    """The class of that name; a plain Warning where it isn't to be found here."""
    module, qualified = name
    try:
        found: Any = (
            namespace[qualified]
            if module == "__main__"
            else getattr(importlib.import_module(module), qualified)
        )
    except (ImportError, AttributeError, KeyError):
        return Warning
    return found if isinstance(found, type) and issubclass(found, Warning) else Warning
