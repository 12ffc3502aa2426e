"""What is known of a value: its kind, and for containers what they hold.

A shape is text: ``int``, ``list<float>``, ``tuple<float,str>``, ``dict<str,list<int>>``, ``array<num>``
(one-dimensional, of numbers). The empty shape is an unknown value.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache

from naavre_ext.dataflow import tables

NUMBERS = frozenset({"int", "float", "num", "bool"})
_TEXTS = frozenset({"str", "bytes"})
_MAX_DEPTH = 4


@lru_cache(maxsize=4096)
def head(shape: str) -> str:
    """The shape's kind: what stands before the brackets."""
    return shape.partition("<")[0]


@lru_cache(maxsize=4096)
def parts(shape: str) -> tuple[str, ...]:
    """The shapes of what a container holds; empty when nothing is known."""
    if not shape.endswith(">"):
        return ()
    found, depth, start = [], 0, shape.index("<") + 1
    for position in range(start, len(shape) - 1):
        letter = shape[position]
        depth += (letter == "<") - (letter == ">")
        if letter == "," and not depth:
            found.append(shape[start:position])
            start = position + 1
    return (*found, shape[start:-1])


def make(kind: str, *held: str) -> str:
    """A container's shape; plainly its kind where nothing is known of what it holds."""
    if not any(held):
        return kind
    if any(depth(part) >= _MAX_DEPTH - 1 for part in held) or len(held) > 8:
        return kind
    return f"{kind}<{','.join(held)}>"


def depth(shape: str) -> int:
    """How many containers the shape has within each other of which it tells what they hold."""
    return 1 + max(map(depth, parts(shape))) if parts(shape) else 0


def ends(shape: str) -> frozenset[str]:
    """The kinds of what is in the innermost of those containers."""
    held = parts(shape)
    return frozenset().union(*map(ends, held)) if held else frozenset({head(shape)})


@lru_cache(maxsize=4096)
def is_immutable(shape: str) -> bool:
    """Whether such values can't change in place, nor hold one that can."""
    if head(shape) in tables.IMMUTABLE:
        return True
    held = parts(shape)
    return head(shape) == "tuple" and bool(held) and all(is_immutable(part) for part in held)


@lru_cache(maxsize=4096)
def element(shape: str) -> str:
    """The shape of what iterating over the value gives."""
    kind, held = head(shape), parts(shape)
    if kind in ("range", "bytes"):
        return "int"
    if kind == "str":
        return "str"
    if kind == "tuple":
        return join(held) if held else ""
    if kind == "grouping":
        return "tuple<label,frame>"
    return held[0] if held else ""


@lru_cache(maxsize=4096)
def stable(shape: str) -> str:
    """The shape without what an in-place change could make untrue."""
    if head(shape) == "tuple":
        return make("tuple", *[stable(part) for part in parts(shape)])
    return head(shape)


def join(shapes: Iterable[str]) -> str:
    """The one shape that covers all; unknown when they differ too much. A value may always be None, too."""
    distinct = set(shapes)
    if len(distinct) > 1:  # what holds for a value holds for a None in its place: it has no methods
        distinct.discard("none")
    if len(distinct) == 1:
        return distinct.pop()
    if distinct and distinct <= NUMBERS:
        return "num"
    kinds = {head(shape) for shape in distinct}
    if len(kinds) != 1:
        return ""
    kind = kinds.pop()
    held = [parts(shape) for shape in distinct]
    if len({len(each) for each in held}) != 1:
        return kind
    return make(kind, *[join(column) for column in zip(*held, strict=True)])


def binary(left: str, op: ast.operator, right: str) -> str:
    """The shape of ``left op right``; unknown when it may be anything."""
    first, second = head(left), head(right)
    if "array" in (first, second) and {first, second} <= {"array", *NUMBERS}:
        flat = {left, right} <= {"array<num>", *NUMBERS} and not isinstance(op, ast.MatMult)
        return "array<num>" if flat else "array"
    if "frame" in (first, second) and {first, second} <= {"frame", "array", "str", *NUMBERS}:
        return "frame"
    if "expr" in (first, second) and {first, second} <= {"expr", *NUMBERS}:
        return "expr"
    if first in NUMBERS and second in NUMBERS:
        return _number(first, op, second)
    if isinstance(op, ast.Mod) and first in _TEXTS:
        return first
    if isinstance(op, ast.Add) and first == second and first in ("str", "bytes", "list"):
        return join((left, right)) if first == "list" else first
    if isinstance(op, ast.Add) and first == second == "tuple":
        return "tuple"
    if isinstance(op, ast.Mult) and "int" in (first, second):
        other = right if first == "int" else left
        if head(other) in ("list", "str"):
            return other
        return "tuple" if head(other) == "tuple" else ""
    if isinstance(op, ast.Div) and first == "path":
        return "path"
    return ""


def _number(left: str, op: ast.operator, right: str) -> str:
    if isinstance(op, ast.Div):
        return "float" if "num" not in (left, right) else "num"
    if isinstance(op, ast.Pow):
        return "num"
    if "float" in (left, right):
        return "float" if "num" not in (left, right) else "num"
    return "int" if {left, right} <= {"int", "bool"} else "num"
