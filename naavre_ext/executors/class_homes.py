"""Where classes come from."""

from __future__ import annotations

from typing import Any


def home_of(kind: Any) -> str:
    """The name of the class's module; "" where what the class calls so is no name.

    Of classes that Cython and other generators of C code make, ``__module__`` may be None, or what gives their
    objects' own.
    """
    home = kind.__module__
    return home if isinstance(home, str) else ""


def package_of(kind: Any) -> str:
    """The package of the class's module; "" where that has no name."""
    return home_of(kind).partition(".")[0]
