"""Which comparisons of identities may be of texts or numbers, of which other processes get equal copies."""

from __future__ import annotations

import pytest

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell

BODY = "class Body:\n    def __init__(self, x):\n        self.x = x\n"

#: Cells, divided by ``---``: none of their comparisons is one of texts or numbers.
OF_OBJECTS = {
    "a method's own object": (
        f"{BODY}    def others(self, bodies):\n        return [b for b in bodies if b is not self]"
    ),
    "in a function in a method": (
        f"{BODY}    def others(self, bodies):\n        def other(b):\n            return b is not self\n"
        "        return [b for b in bodies if other(b)]"
    ),
    "by its number": f"{BODY}    def number(self):\n        return id(self)",
    "an object of a class that holds texts": (
        "class Label(str):\n    def same(self, other):\n        return self is other"
    ),
    "what a function is given, if all its calls are seen": (
        "def same(xs, ys):\n    return xs is ys\n---\nprint(same([1], [2]))"
    ),
    "elements of lists of lists": (
        "rows = [[1], [2]]\n---\nprint([a is b for a in rows for b in rows])"
    ),
    "one of both is no text": "words = ['a', 'b']\n---\nxs = [1]\n---\nprint([w is xs for w in words])",
    "arrays": "import numpy as np\na = np.zeros(3)\n---\nprint(a is a.T, id(a))",
    "members of enumerations": (
        "from enum import Enum\nclass Hue(Enum):\n    RED = 1\n---\ndef is_red(hue):\n    return hue is Hue.RED"
    ),
    "what there is only one of": "def f(x):\n    return x is None or x is not True",
    "modules and their constants": (
        "import numpy as np\nimport math\n---\ndef f(x):\n    return x is np or x is np.nan or x is math"
    ),
    "numpy's masked element": "import numpy as np\n---\ndef f(x):\n    return x is np.ma.masked",
    "instances in a list": (
        f"{BODY}bodies = [Body(k) for k in range(3)]\n---\nbodies[0].x = 4\nprint(bodies[0] is bodies[1])"
    ),
    "a class's methods and containers": (
        "class Body:\n    kinds = []\n    def run(self):\n        pass\n---\ndef f(x):\n"
        "    return x is Body.run or x is Body.kinds"
    ),
}

#: The cells, and the comparison.
OF_TEXTS = {
    "texts": ("a = 'u'\n---\nprint(a is a)", "a is a"),
    "anything": ("def same(x, y):\n    return x is y\nhandlers = [same]", "x is y"),
    "a lambda's arguments": ("same = lambda p, q: p is q", "p is q"),
    "what a function is given": (
        "def same(x, y):\n    return x is y\n---\nprint(same('a', 'b'))",
        "x is y",
    ),
    "a parameter with the name of a list": (
        "x = []\n---\ndef same(x, y):\n    return x is y\nhandlers = [same]",
        "x is y",
    ),
    "a parameter with the name of a module": (
        "import math\n---\ndef same(math, y):\n    return math is y\nhandlers = [same]",
        "math is y",
    ),
    "a variable of a comprehension with the name of a list": (
        "x = []\n---\nwords = ['u', 'v']\nprint([x is y for x in words for y in words])",
        "x is y",
    ),
    "a method that has no object": (
        f"{BODY}    @staticmethod\n    def same(a, b):\n        return a is b",
        "a is b",
    ),
    "attributes": (
        f"{BODY}    def same(self, other):\n        return self.x is other.x",
        "self.x is other.x",
    ),
    "a class's constants": (
        "class Body:\n    kind = 'u'\ndef f(x):\n    return x is Body.kind",
        "x is Body.kind",
    ),
    "a class's container that is set later": (
        "class Body:\n    kinds = []\nBody.kinds = load()\n---\ndef f(x):\n    return x is Body.kinds",
        "x is Body.kinds",
    ),
    "instances in a list that was changed": (
        f"{BODY}bodies = [Body(k) for k in range(3)]\n---\nbodies[0] = load()\nprint(bodies[0] is bodies[1])",
        "bodies[0] is bodies[1]",
    ),
    "a variable that is an object at first": (
        "def f(words, xs):\n    last = xs\n    for word in words:\n        if last is word:\n            break\n"
        "        last = word\n---\nprint(f(['u', 'v'], [1]))",
        "last is word",
    ),
    "numbers by their number": ("total = 1\n---\nprint(id(total))", "id(total)"),
}


def compared(text: str) -> str:
    return analyse([parse_cell(cell) for cell in text.split("\n---\n")]).plain_compared()


@pytest.mark.parametrize("text", OF_OBJECTS.values(), ids=OF_OBJECTS)
def test_objects_are_compared(text: str) -> None:
    assert compared(text) == ""


@pytest.mark.parametrize(("text", "expected"), OF_TEXTS.values(), ids=OF_TEXTS)
def test_texts_or_numbers_may_be_compared(text: str, expected: str) -> None:
    assert compared(text) == expected
