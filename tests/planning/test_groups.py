"""Which cells run in the worker of their group, and why others don't."""

from __future__ import annotations

import textwrap

import nbformat
import pytest

from naavre_ext.api import prepare_notebook


def planned(text: str) -> tuple[str, list[str]]:
    """A letter per cell (g: in its group's worker, m: in the main worker, .: anywhere), and what NX161 says."""
    cells = textwrap.dedent(text).strip("\n").split("\n---\n")
    made = [nbformat.v4.new_code_cell(cell, id=f"c{n}") for n, cell in enumerate(cells)]
    prepared = prepare_notebook(nbformat.v4.new_notebook(cells=made))
    steps = prepared.require_workflow().steps
    places = ("m" if s.placement == "main" else "g" if s.group else "." for s in steps)
    return "".join(places), [d.message for d in prepared.diagnostics if d.code == "NX161"]


#: ``lib`` is a module that nobody knows. The text is part of the first message.
CASES = {
    "a result that a cell elsewhere prints": (
        """
        import lib
        ---
        # group: g
        model = lib.load("x")
        ---
        # group: g
        n = float(model.size())
        ---
        print(n)
        """,
        "mggm",
        "",
    ),
    "several results of one object, of kinds that can't change": (
        """
        import lib
        ---
        # group: g
        model = lib.load("x")
        ---
        # group: g
        a = float(model.size())
        ---
        # group: g
        b = str(model.name())
        ---
        print(a, b)
        """,
        "mgggm",
        "",
    ),
    "a result of unseen code that later unseen code may change": (
        """
        import lib
        ---
        # group: g
        model = lib.load("x")
        ---
        # group: g
        a = model.predict()
        ---
        # group: g
        b = model.predict()
        ---
        print(a, b)
        """,
        "mmmmm",
        "'a', handed out here, may be changed by code that can't be seen in cell 4",
    ),
    "an input that later unseen code may change": (
        """
        import lib
        xs = [1, 2]
        ---
        # group: g
        model = lib.load(xs)
        ---
        # group: g
        n = float(model.size())
        ---
        print(n, xs)
        """,
        "mmmm",
        "'xs', given here, may be changed by code that can't be seen in cell 3",
    ),
    "an input that a cell elsewhere changes later": (
        """
        import lib
        xs = [1, 2]
        ---
        # group: g
        n = float(lib.size(xs))
        ---
        xs.append(3)
        ---
        print(n, xs)
        """,
        "mmmm",
        "may keep 'xs', which a cell elsewhere changes later",
    ),
    "an input that nobody changes": (
        """
        import lib
        xs = [1, 2]
        ---
        # group: g
        n = float(lib.size(xs))
        ---
        print(n, xs)
        """,
        "mgm",
        "",
    ),
    "the same module called elsewhere": (
        """
        import lib
        ---
        # group: g
        r = lib.choose(3)
        ---
        print(lib.current(), r)
        """,
        "mmm",
        "cell 3, which calls such code, too",
    ),
    "the same module looked at elsewhere": (
        """
        import lib
        ---
        # group: g
        r = lib.choose(3)
        ---
        print(lib.MODE, r)
        """,
        "mmm",
        "cell 3",
    ),
    "an object of the module looked at elsewhere": (
        """
        from lib import choose, CONF
        ---
        # group: g
        r = choose(3)
        ---
        n = len(CONF) + 1
        ---
        print(n, r)
        """,
        "mmmm",
        "uses 'lib'",
    ),
    "another unknown module looked at elsewhere, in a helper": (
        """
        import lib, other
        def look():
            return other.MODE
        ---
        # group: g
        r = lib.choose(3)
        ---
        print(look(), r)
        """,
        "mmm",
        "cell 3",
    ),
    "unseen code in a helper and in a method": (
        """
        import lib
        def choose(x):
            return lib.choose(x)
        class Chooser:
            def now(self):
                return lib.current()
        ---
        # group: g
        r = choose(3)
        ---
        print(Chooser().now(), r)
        """,
        "mmm",
        "cell 3",
    ),
    "a helper's unseen code, used in one group only": (
        """
        import lib
        def choose(x):
            return float(lib.choose(x))
        ---
        # group: g
        r = choose(3)
        ---
        # group: g
        s = choose(4)
        ---
        print(r, s)
        """,
        "mggm",
        "",
    ),
    "unseen code in two groups": (
        """
        import lib
        ---
        # group: one
        a = float(lib.choose(3))
        ---
        # group: two
        b = float(lib.current())
        ---
        print(a, b)
        """,
        "mmmm",
        "cell 3, which calls such code, too",
    ),
    "known modules elsewhere": (
        """
        import lib, math, time
        import numpy as np
        ---
        # group: g
        a = float(lib.choose(3))
        ---
        time.sleep(0)
        b = math.sqrt(2) + np.arange(3).sum()
        ---
        print(a, b)
        """,
        "mgmm",
        "",
    ),
    "an unknown module imported later": (
        """
        import lib
        ---
        # group: g
        a = float(lib.choose(3))
        ---
        import other
        ---
        print(a)
        """,
        "mmmm",
        "cell 3, which imports a module that isn't known",
    ),
    "a call for its effect": (
        """
        import lib
        ---
        # group: g
        lib.choose(3)
        ---
        print("x")
        """,
        "mmm",
        "it calls lib.choose() for what that does",
    ),
    "a cached function that hands out its list, called in two groups": (
        """
        import functools
        @functools.cache
        def table(n):
            return [n]
        ---
        # group: one
        a = table(1)
        ---
        # group: two
        b = table(1)
        ---
        a.append(2)
        print(b)
        """,
        "mmmm",
        "",
    ),
    "a counter that two groups draw from": (
        """
        import itertools
        numbers = itertools.count()
        ---
        # group: one
        a = next(numbers)
        ---
        # group: two
        b = next(numbers)
        ---
        print(a, b)
        """,
        "mmmm",
        "",
    ),
    "a closure, a default argument and a class that count": (
        """
        def counter():
            n = 0
            def more():
                nonlocal n
                n += 1
                return n
            return more
        more = counter()
        def note(x, seen=[]):
            seen.append(x)
            return len(seen)
        class Box:
            made = 0
            def __init__(self):
                Box.made += 1
        ---
        # group: g
        a = more()
        ---
        # group: g
        b = note(1)
        ---
        # group: g
        c = [Box()]
        ---
        print(more(), note(2), Box.made, a, b)
        """,
        "mmmmm",
        "",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_place_of_the_cells_of_a_group(name):
    text, places, message = CASES[name]
    found, told = planned(text)
    assert found == places, told
    assert len(told) == text.count("# group:") - places.count("g")
    assert not message or any(message in text for text in told)
