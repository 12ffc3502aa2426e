"""Examples with less to do, where that shows as much."""

from __future__ import annotations

import re
from collections.abc import Mapping


def smaller(text: str, values: Mapping[str, int]) -> str:
    """The text of a cell or a whole notebook, with these values of its parameters."""
    parameters = "|".join(values)
    return re.sub(rf"\b({parameters}) = [0-9_]+", lambda m: f"{m[1]} = {values[m[1]]}", text)
