"""Names of runs and of batches: whatever begins later sorts behind, and no two are alike."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

#: What they look like, as a regular expression.
ID = "[0-9]{8}-[0-9]{6}-[a-z0-9]{4}"
#: In the order in which they sort, without those that are easily mistaken for others.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(now: float) -> str:
    """``YYYYMMDD-HHMMSS-abcd``, in UTC: ``abc`` counts the second's 32,768 parts, ``d`` is drawn."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    part, base = int(now % 1 * len(_LETTERS) ** 3), len(_LETTERS)
    counted = (part // base**2, part // base % base, part % base)
    return f"{stamp}-{''.join(_LETTERS[n] for n in counted)}{secrets.choice(_LETTERS)}"


def new_folder(parent: Path, now: float, prefix: str = "") -> Path:
    """A new, empty folder in ``parent``, with an id for its name, that only its owner can read.

    Raises:
        OSError: it can't be made; FileNotFoundError where there is no ``parent``.
    """
    while True:
        path = parent / f"{prefix}{new_id(now)}"
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return path
