"""Iterables whose items belong to the elements of lists one by one: ``a``, ``zip(xs, a)``, ``enumerate(a[2:])``.

Of a part of the lists they give a part of their items. So a batch of what makes the lists can go on with them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from naavre_ext.model.workflow import Split
from naavre_ext.planning.mapping_calls import BARS


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A list by its ``name``, or what is made of the items of other ones.

    ``start`` is the number that ``enumerate`` begins with; a slice goes from ``start`` to ``stop``. That a
    progress bar is one, and that ``zip`` is Python's own, is for those to check who have the items.
    """

    kind: Literal["list", "enumerate", "zip", "slice"]
    name: str = ""
    parts: tuple[Elementwise, ...] = ()
    start: int = 0
    stop: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The lists, in the order in which they are mentioned."""
        own = (self.name,) if self.name else ()
        return tuple(dict.fromkeys((*own, *(name for part in self.parts for name in part.names))))

    @property
    def counts(self) -> bool:
        """Whether it matters where in their lists the elements are."""
        return self.kind != "list"

    @property
    def cuts(self) -> bool:
        """Whether it leaves elements out."""
        return self.kind == "slice" or any(part.cuts for part in self.parts)


def elementwise(iterable: ast.expr) -> Elementwise | None:
    """The iterable as items of lists; None where it is anything else."""
    if isinstance(iterable, ast.Name):
        return Elementwise("list", iterable.id)
    if isinstance(iterable, ast.Subscript):
        return _slice(iterable)
    if not isinstance(iterable, ast.Call) or not iterable.args:
        return None
    function = iterable.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if called in BARS:
        return elementwise(iterable.args[0])
    if not isinstance(function, ast.Name) or called not in ("enumerate", "zip"):
        return None
    if called == "enumerate":
        return _enumerate(iterable)
    parts = [elementwise(argument) for argument in iterable.args]
    strict = all(
        k.arg == "strict" and isinstance(k.value, ast.Constant) and not k.value.value
        for k in iterable.keywords
    )
    if not strict or None in parts or any(part.cuts for part in parts if part):
        return None
    return Elementwise("zip", parts=tuple(part for part in parts if part))


def _enumerate(call: ast.Call) -> Elementwise | None:
    part = elementwise(call.args[0])
    given = [*call.args[1:], *(k.value for k in call.keywords)]
    start = given[0].value if given and isinstance(given[0], ast.Constant) else 0
    known = not given or (len(given) == 1 and isinstance(given[0], ast.Constant))
    if part is None or not known or type(start) is not int:
        return None
    return Elementwise("enumerate", parts=(part,), start=start)


def _slice(node: ast.Subscript) -> Elementwise | None:
    part = elementwise(node.value)
    cut = node.slice
    if part is None or part.kind != "list" or not isinstance(cut, ast.Slice) or cut.step:
        return None
    bounds = [
        bound.value if isinstance(bound, ast.Constant) else (None if bound is None else "?")
        for bound in (cut.lower, cut.upper)
    ]
    if any(bound is not None and type(bound) is not int for bound in bounds):
        return None
    lower, upper = bounds
    return Elementwise("slice", parts=(part,), start=lower or 0, stop=upper)  # type: ignore[arg-type]


@lru_cache(maxsize=256)
def items_by_lists(split: Split) -> Elementwise:
    """What a chained split goes over."""
    found = elementwise(ast.parse(split.iterable, mode="eval").body)
    assert found is not None
    return found


def items_of(
    flow: Elementwise, parts: Mapping[str, Sequence[Any]], first: int
) -> tuple[Sequence[Any], int]:
    """The items that belong to parts of the lists, and the position of the first one.

    ``first`` is the position that the parts have in their lists.
    """
    if flow.kind == "list":
        return parts[flow.name], first
    inner = [items_of(part, parts, first) for part in flow.parts]
    items, start = inner[0]
    if flow.kind == "enumerate":
        return list(enumerate(items, flow.start + start)), start
    if flow.kind == "zip":
        return list(zip(*(found for found, _ in inner), strict=False)), start
    lower = max(flow.start - start, 0)
    upper = len(items) if flow.stop is None else max(flow.stop - start, lower)
    return items[lower:upper], max(start - flow.start, 0)


def are_same(found: Sequence[Any], expected: Sequence[Any]) -> bool:
    """Whether both hold the very same elements; tuples and numbers may be made anew."""
    if found is expected:
        return True
    return len(found) == len(expected) and all(map(_is_same, found, expected))


def _is_same(one: Any, two: Any) -> bool:
    if one is two:
        return True
    if type(one) is not type(two):
        return False
    return type(one) is int and one == two if type(one) is not tuple else are_same(one, two)


@lru_cache(maxsize=256)
def lists_beside(split: Split, flow: Elementwise) -> frozenset[str]:
    """Those lists of ``flow`` that the split itself goes over; the others it makes."""
    own = elementwise(ast.parse(split.iterable, mode="eval").body)
    if own is None or own.counts or (split.form != "for" and len(flow.names) == 1):
        return frozenset()
    return frozenset(flow.names).intersection(own.names).difference(split.reductions)
