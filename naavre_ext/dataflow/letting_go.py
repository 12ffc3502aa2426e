"""Functions that call what they are given only while they run: none of it is kept when they have returned.

So a function that is made within another one, and only ever given to such, is gone with each call of the one
around it; and what it changes there, too::

    def best(words, scores):
        return max(words, key=lambda word: scores[word])
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from naavre_ext.dataflow.environment import Environment

#: By path, the positions and keywords of what is called. From Python 3.13, NumPy 2.4, SciPy 1.17.
LETTING_GO: dict[str, tuple[int | str, ...]] = {
    "sorted": ("key",), "min": ("key",), "max": ("key",),
    "functools.reduce": (0,), "heapq.nlargest": (2, "key"), "heapq.nsmallest": (2, "key"),
    "re.sub": (1, "repl"), "re.subn": (1, "repl"),
    "numpy.fromfunction": (0, "function"), "numpy.apply_along_axis": (0, "func1d"),
    **dict.fromkeys(
        ("scipy.integrate.odeint", "scipy.integrate.quad", "scipy.integrate.dblquad", "scipy.integrate.nquad",
         "scipy.integrate.fixed_quad", "scipy.optimize.curve_fit"), (0, "func", "f")),
    **dict.fromkeys(
        ("scipy.integrate.solve_ivp", "scipy.optimize.minimize", "scipy.optimize.minimize_scalar",
         "scipy.optimize.least_squares", "scipy.optimize.root"), (0, "fun", "jac")),
    **dict.fromkeys(
        ("scipy.optimize.fsolve", "scipy.optimize.brentq", "scipy.optimize.bisect", "scipy.optimize.newton",
         "scipy.optimize.root_scalar", "scipy.optimize.fmin", "scipy.optimize.leastsq", "scipy.optimize.brute",
         "scipy.optimize.basinhopping", "scipy.optimize.differential_evolution"), (0, "func", "f")),
}  # fmt: skip
#: Built-ins that use up an iterator while they run, and those that make one which calls what it was given.
_USING_UP = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "sum", "sorted", "min", "max", "any", "all"}
)
_LAZY = frozenset({"map", "filter"})
_KNOWN = LETTING_GO.keys() | _USING_UP | _LAZY


def letting_go(environment: Environment, called: frozenset[str]) -> frozenset[tuple[str, str]]:
    """Of what code calls by these dotted names, each that is in the tables, with its path there."""
    return frozenset(
        (text, path) for text in called if (path := _path(environment, text)) in _KNOWN
    )


def _path(environment: Environment, text: str) -> str:
    """What the dotted name stands for wherever no function has a variable of its name; "" if that isn't sure."""
    root, dot, rest = text.partition(".")
    bound = environment.lookup(root)
    if not bound:
        return text if environment.trusted_builtins and environment.closed and not dot else ""
    paths = {f"{b.path}{dot}{rest}" if b.role == "import" else "" for b in bound}
    return paths.pop() if len(paths) == 1 else ""


def dotted(node: ast.expr) -> str:
    """``a.b.c`` as it is written; "" for other expressions."""
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return node.id if isinstance(node, ast.Name) else ""


class Callers:
    """Calls in one function, whose own ``variables`` are none of the ``known`` names."""

    def __init__(self, known: frozenset[tuple[str, str]], variables: frozenset[str]) -> None:
        self._paths = {t: path for t, path in known if t.partition(".")[0] not in variables}

    def called_back(self, call: ast.Call) -> Iterator[ast.expr]:
        """The arguments that the call may call, and of which nothing is left when it has returned."""
        yield from self._at(call, LETTING_GO.get(self._path(call), ()))
        for iterator in self._used_up(call):
            if isinstance(iterator, ast.Call) and self._path(iterator) in _LAZY:
                yield from iterator.args[:1]

    def run_now(self, call: ast.Call) -> Iterator[ast.GeneratorExp]:
        """The generator expressions that are over when the call has returned."""
        for iterator in self._used_up(call):
            if isinstance(iterator, ast.GeneratorExp):
                yield iterator

    def _used_up(self, call: ast.Call) -> list[ast.expr]:
        joins = isinstance(call.func, ast.Attribute) and call.func.attr == "join"
        is_text = joins and isinstance(getattr(call.func, "value", None), ast.Constant)
        return call.args[:1] if is_text or self._path(call) in _USING_UP else []

    def _path(self, call: ast.Call) -> str:
        return self._paths.get(dotted(call.func), "")

    @staticmethod
    def _at(call: ast.Call, places: tuple[int | str, ...]) -> Iterator[ast.expr]:
        starred = any(isinstance(argument, ast.Starred) for argument in call.args)
        for place in places:
            if isinstance(place, str):
                yield from (keyword.value for keyword in call.keywords if keyword.arg == place)
            elif not starred:
                yield from call.args[place : place + 1]
