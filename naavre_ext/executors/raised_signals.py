"""Signals of decimal arithmetic that code raises apart from its cell, raised in the cell as well.

A flag of the decimal context stays up until somebody takes it down, so what a batch has raised can be seen later.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from naavre_ext.executors.warning_replay import Note

#: The type of the messages between a batch and the merge; no notebook's output has it.
SIGNALS = "naavre-ext signals"

#: Code that may look at flags. A context that is only given a precision, say, isn't looked at.
_LOOK = re.compile(
    r"\b(?:clear_)?flags\b|getcontext\(\)(?!\s*\.\s*(?:prec|rounding|E(?:min|max)|capitals|clamp|traps)\b)"
)


@contextmanager
def noted_signals(note: Note) -> Iterator[None]:
    """In the block all flags are down at first; ``note`` gets what is raised. Afterwards they are as before."""
    before = signals_raised()
    lower_signals()
    try:
        yield
    finally:
        raised = signals_raised()
        lower_signals()
        raise_signals(before)
        if raised:
            note({"output_type": SIGNALS, "names": raised})


def raise_signals(names: Iterable[str]) -> None:
    """Puts these flags up, as arithmetic in this thread would."""
    if names:
        import decimal

        flags = decimal.getcontext().flags
        for kind in flags:
            flags[kind] = flags[kind] or kind.__name__ in names


def lower_signals() -> None:
    """Takes all flags down, as in a fresh process."""
    if "decimal" in sys.modules:
        import decimal

        decimal.getcontext().clear_flags()


def are_looked_at(sources: Iterable[str]) -> bool:
    """Whether one of these cells may see which flags are up."""
    return any(_LOOK.search(source) for source in sources)


def signals_raised() -> list[str]:
    """The names of the flags that are up."""
    if "decimal" not in sys.modules:
        return []
    import decimal

    return [kind.__name__ for kind, is_up in decimal.getcontext().flags.items() if is_up]
