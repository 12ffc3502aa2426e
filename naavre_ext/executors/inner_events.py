"""Where code of the package that the notebook's own code calls tells what happened: a light module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Tell = Callable[[Mapping[str, Any]], None]

_teller: ContextVar[tuple[Tell, str] | None] = ContextVar("naavre_teller", default=None)


@contextmanager
def telling(tell: Tell, worker: str) -> Iterator[None]:
    """In the block, :func:`told` hands messages to ``tell``, :func:`told_here` as those of this worker."""
    token = _teller.set((tell, worker))
    try:
        yield
    finally:
        _teller.reset(token)


def inside_batch(split: int, batch: int, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message that came from a batch; one of a loop that ran there says so (``within``)."""
    if "split" not in message:
        return message
    deeper = message.get("within")
    return {**message, "within": f"{split}.{batch}" + (f"/{deeper}" if deeper else "")}


def told(message: Mapping[str, Any]) -> None:
    """Hand the message on; in plain Jupyter nobody listens."""
    found = _teller.get()
    if found is not None:
        found[0](message)


def told_here(message: Mapping[str, Any]) -> None:
    """Hand the message on, with the worker that this is."""
    found = _teller.get()
    if found is not None:
        tell, worker = found
        tell({"worker": worker, **message})
