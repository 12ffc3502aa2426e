"""Rules for SymPy's expressions, which never change: equal ones mean the same, one object or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from naavre_ext.executors.portraits.anatomy import Anatomy
from naavre_ext.executors.portraits.code import RULES as CODE


def _expression(value: Any) -> Anatomy:
    parts = [(".__class__", type(value)), (".args", value._hashable_content())]
    return Anatomy(type(value).__qualname__, parts=parts, tracked=False)


def _undefined_function(value: Any) -> Anatomy:
    """``Function("f")``: a class that has no home, of which any two with one name and assumptions are equal."""
    if value.__module__ is not None:
        return CODE["builtins.type"](value)
    parts = [(".assumptions", tuple(sorted(value._kwargs.items())))]
    return Anatomy("class", value.__name__, parts=parts, tracked=False)


RULES: dict[str, Callable[[Any], Anatomy]] = {
    "sympy.core.basic.Basic": _expression,
    "sympy.core.function.UndefinedFunction": _undefined_function,
}
