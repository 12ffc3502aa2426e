"""Where a notebook may tell an object from an equal copy."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from naavre_ext.dataflow import shapes
from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.functions import Summaries
from naavre_ext.dataflow.region import Region
from naavre_ext.dataflow.walking import KEPT_CELLS, walk

#: What tells an array's memory from a copy of it.
_OF_MEMORY = frozenset({"base", "flags", "setflags", "shares_memory", "may_share_memory"})
#: Kinds of values that pickle may copy though they are one object: texts, numbers, and what may be one.
_PLAIN = frozenset({"", "int", "float", "num", "str", "bytes", "range", "label"})


@lru_cache(maxsize=KEPT_CELLS)
def identity_tests(tree: ast.Module) -> tuple[ast.AST, ...]:
    """The expressions of a cell that tell an object, or an array's memory, from a copy."""
    return tuple(
        node
        for node in walk(tree)
        if any(_compared(node)) or (isinstance(node, ast.Attribute) and node.attr in _OF_MEMORY)
    )


def tests_plain(node: ast.AST, environment: Environment, summaries: Summaries) -> bool:
    """Whether one of them may tell a text or a number from an equal one: each thing compared may be one."""
    compared = list(_compared(node))
    return bool(compared) and all(_may_be_plain(e, environment, summaries) for e in compared)


def _compared(node: ast.AST) -> Iterator[ast.expr]:
    """What is compared by identity; nothing where something takes part that there is one of (``None``)."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id":
        yield from node.args
    if isinstance(node, ast.Compare) and any(isinstance(o, (ast.Is, ast.IsNot)) for o in node.ops):
        parts = [node.left, *node.comparators]
        if not any(isinstance(part, ast.Constant) and _is_single(part.value) for part in parts):
            yield from parts


def _is_enumeration(name: str, environment: Environment) -> bool:
    bases = {
        ast.unparse(base)
        for binding in environment.lookup(name)
        for base in (binding.node.bases if isinstance(binding.node, ast.ClassDef) else ())
    }
    return any(base.endswith(("Enum", "Flag")) for base in bases)


def _is_single(value: object) -> bool:
    return value is None or value is ... or isinstance(value, bool)


def _may_be_plain(node: ast.expr, environment: Environment, summaries: Summaries) -> bool:
    if isinstance(node, ast.Attribute):
        owner = ast.unparse(node.value)  # np.nan and the members of enumerations stay what they are
        is_known = environment.kind(owner) == "module" or _is_enumeration(owner, environment)
        return not is_known and node.attr != "__class__"
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("type", "object"):
        return bool(environment.lookup(ast.unparse(node.func)))
    if isinstance(node, ast.Name):
        bound = environment.lookup(node.id)
        if bound and all(binding.role == "import" for binding in bound):
            return False
    return shapes.head(Region(environment, summaries).visit(node).shape) in _PLAIN
