"""Matplotlib's figures and what is in them: by what they show."""

from __future__ import annotations

import warnings
from typing import Any

from naavre_ext.executors.portraits.anatomy import Anatomy

_DPI = 50


def is_artist(kind: type) -> bool:
    """Whether values of the type are drawn by matplotlib."""
    return any(
        base.__module__ == "matplotlib.artist" and base.__name__ == "Artist"
        for base in kind.__mro__
    )


def anatomy(value: Any, *, render: bool) -> Anatomy:
    """A figure by its pixels; an artist by its figure and its place in it.

    Without ``render`` only by what kinds of things there are, as drawing changes a figure.
    """
    kind = type(value).__name__
    figure = value.get_figure()
    if figure is None:
        return Anatomy(kind, "in no figure")
    if figure is not value:
        place = next((n for n, each in enumerate(figure.findobj()) if each is value), None)
        return Anatomy(kind, f"number {place} of its figure", parts=[(".figure", figure)])
    kinds = ", ".join(type(each).__name__ for each in value.findobj())
    if not render:
        return Anatomy(kind, f"{len(value.axes)} axes", kinds)
    try:
        return Anatomy(kind, f"{len(value.axes)} axes", pixels(value))
    except Exception as error:  # noqa: BLE001  (matplotlib draws with the user's data and callbacks)
        return Anatomy(kind, f"{len(value.axes)} axes", kinds, opaque=f"can't be drawn: {error}")


def pixels(figure: Any) -> bytes:
    """What the figure shows."""
    import io

    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure.savefig(stream, format="rgba", dpi=_DPI)
    return stream.getvalue()
