"""Which functions in functions can be called by nobody but the function around them."""

from __future__ import annotations

import ast
import textwrap

import pytest

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.kept_functions import kept_functions
from naavre_ext.dataflow.source import parse_cell

KEPT = {
    "only called": "root(1)\nreturn 2",
    "called in a loop, a condition and a list comprehension": (
        "for x in xs:\n    if root(x):\n        xs = [root(y) for y in xs]"
    ),
    "what it returned is handed on": "return sorted(xs, key=root(1))",
    "never called": "pass",
}

NOT_KEPT = {
    "returned": "return root",
    "handed on": "return sorted(xs, key=root)",
    "kept in a container": "table = {'f': root}",
    "bound to another name": "again = root",
    "called by a function that is handed on": "return sorted(xs, key=lambda x: root(x))",
    "called by another function": "def other(x):\n    return root(x)\nreturn other",
    "called by a method": "class Box:\n    def put(self):\n        root(1)\nreturn Box",
    "bound anew": "root = print\nroot(1)",
    "called as a generator is drawn from": "return (root(x) for x in xs)",
    "called between what a generator yields": "yield root(1)",
    "found by a text": "return eval('root')",
    "found among the variables": "return locals()",
    "known everywhere": "global root",
    "called as a default is computed": "def other(x=root(1)):\n    return x",
    "a second one of the name": "def root(x):\n    return x\nroot(1)",
}


def kept(rest: str, body: str = "parent[x] = 1") -> bool:
    """Whether ``root`` is kept, in a function that goes on with ``rest``."""
    inner = f"parent = {{}}\ndef root(x):\n    {body}\n{rest}"
    tree = ast.parse("def label(xs):\n" + textwrap.indent(inner, "    "))
    found = kept_functions(tree)
    return any(id(n) in found for n in ast.walk(tree) if getattr(n, "name", "") == "root")


@pytest.mark.parametrize("rest", KEPT.values(), ids=KEPT)
def test_kept(rest: str) -> None:
    assert kept(rest)


@pytest.mark.parametrize("rest", NOT_KEPT.values(), ids=NOT_KEPT)
def test_not_kept(rest: str) -> None:
    assert not kept(rest)


def test_one_that_calls_itself_is_kept() -> None:
    assert kept("root(1)", "return parent[x] or root(x - 1)")


@pytest.mark.parametrize("body", ["yield root(x - 1)", "return lambda: root(x)", "return root"])
def test_one_that_hands_itself_on_is_not_kept(body: str) -> None:
    assert not kept("root(1)", body)


@pytest.mark.parametrize(("rest", "is_called"), [("root(1)", False), ("return root", True)])
def test_unseen_code_calls_only_what_it_may_have(rest: str, is_called: bool) -> None:
    function = (
        f"def label():\n    parent = {{}}\n    def root(x):\n        parent[x] = 1\n    {rest}"
    )
    cells = [parse_cell(f"import unseen\n{function}"), parse_cell("unseen.go()")]
    assert analyse(cells).cells[1].facts.has("ambient") is is_called
