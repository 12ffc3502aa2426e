"""A call's arguments."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Sequence

from naavre_ext.dataflow.expressions import Expressions
from naavre_ext.dataflow.recorder import Value
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import EffectKind


class Arguments:
    """A call's evaluated arguments."""

    def __init__(self, node: ast.Call, walker: Expressions) -> None:
        self.node = node
        self.positional = [walker.visit(argument) for argument in node.args]
        self.keywords: dict[str | None, Value] = {}
        for keyword in node.keywords:
            value = walker.visit(keyword.value)
            if keyword.arg is None:  # f(**a, **b) gets what the dictionaries hold
                before = self.keywords.get(None)
                value = walker.entry(value)
                value = value if before is None else walker.merged([before, value])
            self.keywords[keyword.arg] = value

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


def opened_for(call: ast.Call, default: str) -> tuple[EffectKind, bool]:
    """The effect of opening a file, whose mode is the second argument, and whether what is there is changed.

    A mode that isn't told by the text is taken for one that changes.
    """
    mode = call.args[1] if len(call.args) > 1 else None
    for keyword in call.keywords:
        if keyword.arg in ("mode", "flag"):
            mode = keyword.value
    text = mode.value if isinstance(mode, ast.Constant) else (default if mode is None else "a")
    reading = isinstance(text, str) and not set(text) & set("wax+cn")
    return ("outside-read" if reading else "outside-write"), bool(set(str(text)) & set("a+c"))


def names_in(nodes: list[ast.expr]) -> set[str]:
    """Every name in the expressions."""
    return {n.id for node in nodes for n in walk(node) if isinstance(n, ast.Name)}
