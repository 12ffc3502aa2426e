"""A call's arguments, and what the tables say about the function called."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.expressions import Expressions
from naavre_ext.dataflow.recorder import Value
from naavre_ext.dataflow.walking import walk

T = TypeVar("T")


class Arguments:
    """A call's evaluated arguments."""

    def __init__(self, node: ast.Call, walker: Expressions) -> None:
        self.node = node
        self.positional = [walker.visit(argument) for argument in node.args]
        self.keywords = {keyword.arg: walker.visit(keyword.value) for keyword in node.keywords}

    def none(self) -> Arguments:
        """The same call without arguments."""
        bare = copy.copy(self)
        bare.node = ast.Call(self.node.func, [], [])
        ast.copy_location(bare.node, self.node)
        bare.positional, bare.keywords = [], {}
        return bare

    @property
    def all(self) -> list[Value]:
        """Every argument's value."""
        return [*self.positional, *self.keywords.values()]

    @property
    def spread(self) -> bool:
        """Whether ``*args`` or ``**kwargs`` are given."""
        return None in self.keywords or any(isinstance(a, ast.Starred) for a in self.node.args)

    def expressions(self) -> list[tuple[ast.expr, Value]]:
        """Every argument with its value."""
        nodes = [*self.node.args, *[keyword.value for keyword in self.node.keywords]]
        return list(zip(nodes, [*self.positional, *self.keywords.values()], strict=False))

    def names_given(
        self, parameters: Sequence[str], variadic: Collection[str]
    ) -> dict[str, set[str]]:
        """By parameter, the names in the expression that is surely given for it."""
        if self.spread:
            return {}
        positional = [p for p in parameters if p not in variadic]
        found = {
            name: names_in([node]) for name, node in zip(positional, self.node.args, strict=False)
        }
        for keyword in self.node.keywords:
            if keyword.arg in positional:
                found[str(keyword.arg)] = names_in([keyword.value])
        return found

    def has(self, keyword: str, truth: bool) -> bool:
        """Whether the keyword is given and may have this truth value."""
        for given in self.node.keywords:
            if given.arg == keyword:
                literal = given.value
                return not isinstance(literal, ast.Constant) or bool(literal.value) is truth
        return False


#: Ends the name of a call that makes a folder unless there is one.
IF_MISSING = "(exist_ok=True)"


def told_how(what: str, node: ast.Call) -> str:
    """``what``, with :data:`IF_MISSING` where the call surely says so; with an engine where one is asked for."""
    if what == "pandas.read_json" and any(given.arg in (None, "engine") for given in node.keywords):
        return f"{what}(engine=...)"
    sure = any(
        given.arg == "exist_ok" and isinstance(given.value, ast.Constant) and given.value.value
        for given in node.keywords
    )
    return what + IF_MISSING if sure and what in ("os.makedirs", ".mkdir") else what


@lru_cache(maxsize=4096)
def function_effects(path: str) -> str | None:
    """The effects of a library function: "" when it has none, None when nobody knows.

    A private one that the tables don't name may do anything, and patch its own library.
    """
    parts = path.split(".")
    if path not in tables.FUNCTION_EFFECTS and any(map(_is_private, parts)):
        return "monkeypatch unknown"
    owner = ".".join(parts[:2])
    effects = tables.LAST_PART_EFFECTS.get(f"{owner}.*.{parts[-1]}")
    if effects is None:
        effects = lookup(tables.FUNCTION_EFFECTS, path)
    if effects is not None:
        return effects
    prefixes = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    if prefixes & tables.PURE_MODULES:
        return ""
    if parts[0] in tables.FIGURE_MODULES:
        return "figure"
    return None


def _is_private(name: str) -> bool:
    is_special = name.startswith("__") and name not in ("__dict__", "__setattr__", "__delattr__")
    return name.startswith("_") and not is_special


def lookup(table: Mapping[str, T], path: str) -> T | None:
    """The table's entry for a dotted path: exact, else the longest ``prefix*`` that fits."""
    if path in table:
        return table[path]
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[: length - 1])
        stem = f"{prefix}." if prefix else ""
        last = parts[length - 1]
        for cut in range(len(last), -1, -1):
            entry = table.get(f"{stem}{last[:cut]}*")
            if entry is not None:
                return entry
    return None


def matches(path: str, names: frozenset[str]) -> bool:
    """Whether the path is one of the names, or fits one that ends in ``*``."""
    return lookup(dict.fromkeys(names, "x"), path) is not None


def literal_path(nodes: Sequence[ast.expr]) -> str | None:
    """The path that the first of the nodes says literally, by itself or as ``Path("...")``."""
    node = nodes[0] if nodes else None
    if (
        isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] == "Path"
        and len(node.args) == 1
    ):
        node = node.args[0]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def names_in(nodes: list[ast.expr]) -> set[str]:
    """Every name in the expressions."""
    return {n.id for node in nodes for n in walk(node) if isinstance(n, ast.Name)}
