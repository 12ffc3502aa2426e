"""Memory that a program gets and hasn't written to yet (``numpy.empty``): zeros often enough to seem steady."""

from __future__ import annotations

import ctypes
import sys

#: glibc's number for the byte that memory is filled with when it is handed out and given back.
_M_PERTURB = -6
_BYTE = 0xA5

_is_filled = False


def fill_unwritten(wanted: bool) -> None:
    """From here on such memory holds bytes that nobody expects, or whatever is there; where the C library can."""
    global _is_filled
    if wanted == _is_filled:
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_PERTURB, _BYTE if wanted else 0)
        _is_filled = wanted


def spoil_kept_arrays() -> None:
    """The same for small arrays, whose memory NumPy keeps and gives to the next array of that size."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and _is_filled:
        # All at once, so that each piece of memory that is kept is among them.
        [numpy.full(size, _BYTE, "u1") for size in range(1, _SMALL_BYTES) for _ in range(_KEPT)]


#: Arrays of fewer bytes are kept, so many of each size.
_SMALL_BYTES, _KEPT = 1024, 7
