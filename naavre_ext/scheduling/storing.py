"""Whether a result is worth storing: what that costs beside computing it again."""

from __future__ import annotations

#: Storing may cost this share of the time that it can save.
SHARE = 0.03
#: What a file costs whatever its size, and what packing, hashing and writing take for each byte.
_FILE_S = 0.001
_BYTES_PER_S = 250e6
#: No file is made to save less.
_LEAST_S = 0.05


def storing_s(nbytes: int) -> float:
    """About how long it takes to store so many bytes."""
    return _FILE_S + nbytes / _BYTES_PER_S


def is_worth_storing(nbytes: int, seconds: float) -> bool:
    """Whether a result of this size, which took so long to compute, is stored."""
    return seconds >= _LEAST_S and storing_s(nbytes) <= SHARE * seconds


def packing_budget_s(seconds: float) -> float:
    """For how long one may try to pack what took ``seconds`` to compute; 0.0 when it isn't worth a try."""
    return SHARE * seconds if is_worth_storing(0, seconds) else 0.0
