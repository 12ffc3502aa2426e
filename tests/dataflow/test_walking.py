"""Syntax trees gone through and copied."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path

import pytest

from naavre_ext.dataflow.walking import copied, walk

SOURCES = {
    "this file": Path(__file__).read_text(),
    "every kind of statement": Path(inspect.getfile(textwrap)).read_text(),
    "an expression without a value": "x: int\nf(**{**a, 'b': None})\ndel x[1:], y.z\nawait g()\n",
    "a match": "match p:\n    case {'a': [1, *_], **rest} if rest: ...\n    case str() | None: pass\n",
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_copies_are_alike_and_their_own(source: str) -> None:
    tree = ast.parse(source)
    again = copied(tree)
    assert ast.dump(again, include_attributes=True) == ast.dump(tree, include_attributes=True)
    both = {id(node) for node in walk(tree)} & {id(node) for node in walk(again)}
    shared = {type(node) for node in walk(tree) if id(node) in both}
    assert all(not kind._fields and not kind._attributes for kind in shared)


def test_what_others_have_attached_is_left_out() -> None:
    tree = ast.parse("a = b")
    assign = tree.body[0]
    assert isinstance(assign, ast.Assign)
    for node in ast.walk(tree):  # as the library does that finds the place of an error
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    again = copied(assign)
    assert not hasattr(again, "parent")
    assert not hasattr(again.value, "parent")
    del assign.targets[0].ctx.parent, assign.value.ctx.parent  # type: ignore[attr-defined]
