"""The generators that libraries' own functions draw from, as ``random.random`` and ``np.random.rand`` do.

There is one in each process, and its state is handed on with the settings. What refers to it (a frozen
distribution of SciPy, a bound method) has to find it again wherever it is used.
"""

from __future__ import annotations

import sys
from typing import Any

#: Module and name of each, by the name of its type.
_HOMES = {
    "Random": ("random", "_inst"),
    "RandomState": ("numpy.random.mtrand", "_rand"),
}


def home_of_generator(obj: Any) -> tuple[Any, str] | None:
    """The module that has ``obj`` as its global generator, and the name there; None for all other objects."""
    module, name = _HOMES.get(type(obj).__name__, ("", ""))
    home = sys.modules.get(module)
    return (home, name) if home is not None and getattr(home, name, None) is obj else None
