"""Notes names of the notebook that code looks up by their text and that a worker hasn't got.

A pickle finds its classes so. Analysis can't foresee all of that, and the notebook may catch the error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

#: What a module is asked for what it doesn't have (PEP 562).
_HOOK = "__getattr__"


def why_not_used(asked: Sequence[str]) -> str:
    """Why nothing counts that code has made which asked for these names; "" where there are none."""
    return f"it looks '{asked[0]}' up by its name, which it wasn't given" if asked else ""


@contextmanager
def noting_names(namespace: dict[str, Any]) -> Iterator[list[str]]:
    """In the block, the list gets the names that are looked for in the notebook's module and aren't there."""
    asked: list[str] = []

    def look(name: str) -> NoReturn:
        if not name.startswith("__"):
            asked.append(name)
        raise AttributeError(f"module '__main__' has no attribute '{name}'", name=name)

    if _HOOK in namespace:  # the notebook's own
        yield asked
        return
    namespace[_HOOK] = look
    try:
        yield asked
    finally:
        if namespace.get(_HOOK) is look:
            del namespace[_HOOK]
