"""Global random number generators that nobody has seeded begin anew in each job, by chance."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable

#: The libraries whose global generators are known here.
GENERATORS = ("random", "numpy", "torch")


def reseed(libraries: Iterable[str] = GENERATORS) -> None:
    """The generators of these libraries go on from where no other job's do."""
    wanted = frozenset(libraries)
    if "random" in wanted:
        random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if "numpy" in wanted and numpy_random is not None:
        numpy_random.seed()
    torch = sys.modules.get("torch")
    if "torch" in wanted and hasattr(torch, "seed"):
        torch.seed()  # type: ignore[union-attr]
