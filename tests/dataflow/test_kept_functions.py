"""Which functions in functions can be called by nobody but the function around them.

Or by those that let go of what they are given, of which the tables say that they do: here they are asked.
"""

from __future__ import annotations

import ast
import gc
import importlib
import textwrap
import weakref

import pytest

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.kept_functions import kept_functions
from naavre_ext.dataflow.letting_go import LETTING_GO
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
    "handed on": "return xs.take(key=root)",
    "kept in a container": "table = {'f': root}",
    "bound to another name": "again = root",
    "called by a function that is handed on": "return xs.take(key=lambda x: root(x))",
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
    assert _unseen_code_has_state(function) is is_called


def _unseen_code_has_state(code: str) -> bool:
    """Whether code that can't be seen may call a function that keeps state, after a cell with this code."""
    cells = [parse_cell(f"import other\n{code}"), parse_cell("other.go()")]
    return analyse(cells).cells[1].facts.has("ambient")


#: What a function does with a function of its own, where the cell has imported what stands in ``IMPORTS``.
IMPORTS = "import functools as ft\nfrom scipy.integrate import odeint\n"
LET_GO = {
    "a key": "return max(xs, key=root)",
    "by an imported name": "return odeint(root, xs, xs)",
    "by its module's name": "return ft.reduce(root, xs)",
    "an iterator that is used up": "return sum(map(root, xs))",
    "one that is joined": "return ', '.join(map(root, xs))",
    "called in a generator that is used up": "return list(root(x) for x in xs)",
    "called by another one that is let go of": "def other(x):\n    return root(x)\nreturn max(xs, key=other)",
    "called by another one that is only called": "def other(x):\n    return root(x)\nreturn other(xs)",
}
NOT_LET_GO = {
    "one of what is compared": "return max(root, xs)",
    "an iterator that is returned": "return map(root, xs)",
    "an iterator among others": "return list([map(root, xs)])",
    "what is used up": "return list(root)",
    "at an unknown place": "return ft.reduce(*xs, root)",
    "by a variable of the name": "max = xs\nreturn max(xs, key=root)",
    "by another module": "import unseen as ft\nreturn ft.reduce(root, xs)",
    "called by one that is returned": "def other(x):\n    return root(x)\nreturn [max(xs, key=other), other]",
}


def _has_state(rest: str, before: str) -> bool:
    """Whether unseen code may call what the function has made, which changes a variable of it."""
    inner = f"parent = {{}}\ndef root(x, y=0):\n    parent[x] = 1\n{rest}"
    return _unseen_code_has_state(before + "def label(xs):\n" + textwrap.indent(inner, "    "))


@pytest.mark.parametrize("rest", LET_GO.values(), ids=LET_GO)
def test_those_who_let_go_of_it_count_as_the_function_around(rest: str) -> None:
    assert not _has_state(rest, IMPORTS)


@pytest.mark.parametrize("rest", NOT_LET_GO.values(), ids=NOT_LET_GO)
def test_others_do_not(rest: str) -> None:
    assert _has_state(rest, IMPORTS)


def test_nobody_knows_what_a_name_means_after_a_star_import() -> None:
    assert _has_state(LET_GO["a key"], f"{IMPORTS}from unseen import *\n")


def test_lambda_that_is_let_go_of_is_kept() -> None:
    rest = "return max(xs, key=lambda x: parent.pop(x))"
    assert not _has_state(rest, "")
    assert _has_state("return lambda x: parent.pop(x)", "")


#: What a function does that another one has made, which keeps ``counts`` for all calls of it.
COUNTS = {
    "a key changes it": "return max(xs, key=lambda x: counts.setdefault(x, 0))",
    "a key of its own changes it": "def note(x):\n    counts[x] = 1\nreturn max(xs, key=note)",
    "a key binds it anew": "def note(x):\n    nonlocal counts\n    counts = x\nreturn max(xs, key=note)",
    "what is only called binds it anew": "def note(x):\n    nonlocal counts\n    counts = x\nnote(xs)",
}
NO_COUNTS = {
    "a key reads it": "return max(xs, key=lambda x: len(counts))",
    "a key binds a variable between": "n = 0\ndef note(x):\n    nonlocal n\n    n = x\nreturn max(xs, key=note)",
}


def _has_counts(rest: str) -> bool:
    inner = "def count(xs):\n" + textwrap.indent(rest, "    ") + "\nreturn count"
    function = "def factory():\n    counts = {}\n" + textwrap.indent(inner, "    ")
    return _unseen_code_has_state(f"{function}\ntick = factory()")


@pytest.mark.parametrize("rest", COUNTS.values(), ids=COUNTS)
def test_state_further_out_stays(rest: str) -> None:
    assert _has_counts(rest)


@pytest.mark.parametrize("rest", NO_COUNTS.values(), ids=NO_COUNTS)
def test_state_within_the_call_does_not(rest: str) -> None:
    assert not _has_counts(rest)


def _quadratic(x, *_others):
    return (x - 1.0) ** 2


def _line(x, *_others):
    return x - 1.0


#: How each is called, with ``f`` for what it is to let go of; and what ``f`` does.
CALLS = {
    "sorted": ("sorted([2.0, 1.0], key=f)", _line),
    "min": ("min([2.0, 1.0], key=f)", _line),
    "max": ("max([2.0, 1.0], key=f)", _line),
    "functools.reduce": ("reduce(f, [1.0, 2.0])", _line),
    "heapq.nlargest": ("nlargest(1, [1.0, 2.0], f)", _line),
    "heapq.nsmallest": ("nsmallest(1, [1.0, 2.0], key=f)", _line),
    "re.sub": ("sub('a', f, 'banana')", lambda match: match[0]),
    "re.subn": ("subn('a', f, 'banana')", lambda match: match[0]),
    "numpy.fromfunction": ("fromfunction(f, (2, 2))", _line),
    "numpy.apply_along_axis": ("apply_along_axis(f, 0, np.ones((2, 2)))", _line),
    "scipy.integrate.odeint": ("odeint(f, [1.0], [0.0, 1.0], full_output=True)", _line),
    "scipy.integrate.quad": ("quad(f, 0, 1, full_output=1)", _line),
    "scipy.integrate.dblquad": ("dblquad(f, 0, 1, 0, 1)", _line),
    "scipy.integrate.nquad": ("nquad(f, [(0, 1)], full_output=True)", _line),
    "scipy.integrate.fixed_quad": ("fixed_quad(f, 0, 1)", _line),
    "scipy.integrate.solve_ivp": ("solve_ivp(f, (0, 1), [1.0], dense_output=True)", lambda t, y: -y),
    "scipy.optimize.curve_fit": ("curve_fit(f, [1.0, 2.0], [1.0, 2.0], [1.0])", lambda x, a: a * x),
    "scipy.optimize.minimize": ("minimize(f, 2.0)", lambda x: float(_quadratic(x[0]))),
    "scipy.optimize.minimize_scalar": ("minimize_scalar(f)", _quadratic),
    "scipy.optimize.least_squares": ("least_squares(f, 2.0, jac='3-point')", _line),
    "scipy.optimize.root": ("root(f, 2.0)", _line),
    "scipy.optimize.fsolve": ("fsolve(f, 2.0, full_output=True)", _line),
    "scipy.optimize.brentq": ("brentq(f, 0, 3, full_output=True)", _line),
    "scipy.optimize.bisect": ("bisect(f, 0, 3, full_output=True)", _line),
    "scipy.optimize.newton": ("newton(f, 2.0, full_output=True)", _line),
    "scipy.optimize.root_scalar": ("root_scalar(f, bracket=(0, 3))", _line),
    "scipy.optimize.fmin": ("fmin(f, 2.0, full_output=True, disp=False)", lambda x: float(_quadratic(x[0]))),
    "scipy.optimize.leastsq": ("leastsq(f, 2.0, full_output=True)", _line),
    "scipy.optimize.brute": ("brute(f, ((0, 2),), full_output=True)", lambda x: float(_quadratic(np_first(x)))),
    "scipy.optimize.basinhopping": ("basinhopping(f, 2.0, niter=1)", lambda x: float(_quadratic(x[0]))),
    "scipy.optimize.differential_evolution": (
        "differential_evolution(f, [(0, 2)], maxiter=1)", lambda x: float(_quadratic(x[0]))),
}  # fmt: skip


def np_first(x):
    """The number, or the first of several."""
    import numpy as np

    return np.atleast_1d(x)[0]


@pytest.mark.parametrize("path", LETTING_GO)
def test_nothing_is_left_of_what_they_were_given(path: str) -> None:
    import numpy as np

    call, does = CALLS[path]
    module, _, name = path.rpartition(".")
    found = getattr(importlib.import_module(module or "builtins"), name)

    def given(*arguments):
        return does(*arguments)

    left = weakref.ref(given)
    result = eval(call, {name: found, "np": np, "f": given})
    del given
    gc.collect()
    assert result is not None
    assert left() is None
