"""Says why an object can't travel to another process, and what would work instead."""

from __future__ import annotations

from typing import Any

from naavre_ext.executors.class_homes import home_of
from naavre_ext.executors.packing_live import Live
from naavre_ext.executors.packing_making import NOTEBOOK
from naavre_ext.executors.packing_modules import is_importable

KEEP_TEXT = "Keep its text: repr(error), or traceback.format_exc()."


class NotPackable(Exception):
    """An object can't be packed; ``reason`` says why, ``kind`` is its type, ``remedy`` what would work."""

    def __init__(self, reason: str, kind: str = "", remedy: str = "") -> None:
        self.reason, self.kind, self.remedy = reason, kind, remedy
        super().__init__(reason)


def refusal(obj: Any, live: Live | None = None) -> NotPackable:
    """The error that says that ``obj`` stays where it is, in the words of ``live`` if it is a known kind."""
    name = type_name(type(obj))
    if live is None:
        return NotPackable(f"{kind_of(obj)} can't be copied to another process", name)
    reason = f"{live.words} ({name}) can't be copied to another process"
    return NotPackable(reason, name, live.remedy)


def refuse_unimportable(name: str | None) -> None:
    """Raises NotPackable for what is found by the name of a module that other processes can't import."""
    if name is not None and not is_importable(name):
        raise NotPackable(f"module {name!r} can't be imported by name in another process")


def kind_of(obj: Any) -> str:
    """``a dict object``, ``an io.TextIOWrapper object``."""
    name = type_name(type(obj))
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name} object"


def type_name(kind: type) -> str:
    """The type's name as the notebook's author knows it."""
    home = home_of(kind)
    is_known = home in ("", "builtins", NOTEBOOK)
    return kind.__qualname__ if is_known else f"{home}.{kind.__qualname__}"
