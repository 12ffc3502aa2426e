"""Where a notebook may tell an object from an equal copy."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from functools import lru_cache

from naavre_ext.dataflow import shapes
from naavre_ext.dataflow.class_state import definite_parts
from naavre_ext.dataflow.environment import Environment, FunctionNode
from naavre_ext.dataflow.expressions import is_id
from naavre_ext.dataflow.functions import FunctionRegion, Summaries
from naavre_ext.dataflow.recorder import Value
from naavre_ext.dataflow.walking import KEPT_CELLS, children, walk

#: What tells an array's memory from a copy of it.
_OF_MEMORY = frozenset({"base", "flags", "setflags", "shares_memory", "may_share_memory"})
#: Kinds of values that pickle may copy though they are one object: texts, numbers, and what may be one.
PLAIN_KINDS = frozenset({"", "int", "float", "num", "str", "bytes", "range", "label"})


@lru_cache(maxsize=KEPT_CELLS)
def identity_tests(tree: ast.Module) -> tuple[ast.AST, ...]:
    """The expressions of a cell that tell an object, or an array's memory, from a copy."""
    return tuple(
        node
        for node in walk(tree)
        if any(_compared(node)) or (isinstance(node, ast.Attribute) and node.attr in _OF_MEMORY)
    )


def plain_tests(
    tree: ast.Module, environment: Environment, summaries: Summaries
) -> Iterator[ast.AST]:
    """Those of the cell's tests that may tell a text or a number from an equal one: all they compare may be one.

    A test in a function is looked at with what is known of the function's variables.
    """
    tests = [test for test in identity_tests(tree) if any(_compared(test))]
    if not tests:
        return
    seen = _Comparisons(environment, summaries)
    seen.walk(tree.body)
    found = seen.plain
    for function in _outermost_functions(tree):
        if any(id(node) not in found for node in walk(function) if node in tests):
            inside = _Comparisons(environment, summaries)
            summaries.walk_body(function, inside)
            found = {**inside.plain, **found}
    yield from (test for test in tests if found.get(id(test), True))


class _Comparisons(FunctionRegion):
    """Says of each comparison of identities that it walks whether it may be one of texts or numbers."""

    def __init__(self, environment: Environment, summaries: Summaries) -> None:
        super().__init__(environment, summaries)
        self.plain: dict[int, bool] = {}

    def _visit_compare(self, node: ast.Compare) -> Value:
        self._note(node)
        return super()._visit_compare(node)

    def visit_call(self, node: ast.Call) -> Value:
        self._note(node)
        return super().visit_call(node)

    def _note(self, node: ast.expr) -> None:
        compared = list(_compared(node))
        if compared:  # a loop's variable may be another thing on a second walk
            found = all(map(self._may_be_plain, compared))
            self.plain[id(node)] = found or self.plain.get(id(node), False)

    def _may_be_plain(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute):
            return not (
                node.attr == "__class__"
                or self.module_path(node) == "numpy.ma.masked"
                or self._stays(node.value)
                or self._is_of_class(node)
            )
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("type", "object"):
            return bool(self.environment.lookup(ast.unparse(node.func)))
        if isinstance(node, ast.Name) and self._is_global(node):
            bound = self.environment.lookup(node.id)
            if bound and all(binding.role == "import" for binding in bound):
                return False
            if not bound and isinstance(vars(builtins).get(node.id), type):
                return False  # kind is ValueError
        return shapes.head(self.visit(node).shape) in PLAIN_KINDS

    def _stays(self, owner: ast.expr) -> bool:
        """Whether what it has stays what it is: np.nan, and the members of enumerations."""
        name = ast.unparse(owner)
        is_known = self.environment.kind(name) == "module" or _is_enumeration(
            name, self.environment
        )
        return is_known and self._is_global(owner)

    def _is_of_class(self, node: ast.Attribute) -> bool:
        """Whether it is a method of one of the notebook's classes, or a container that the class's body makes."""
        if node.attr in self.environment.set_attributes or not self._is_global(node.value):
            return False
        bound = self.environment.lookup(ast.unparse(node.value))
        classes = [b.node for b in bound if isinstance(b.node, ast.ClassDef)]
        return (
            bool(bound)
            and len(classes) == len(bound)
            and all(node.attr in definite_parts(definition) for definition in classes)
        )

    def _is_global(self, node: ast.expr) -> bool:
        return all(self.local_node(n.id) is None for n in walk(node) if isinstance(n, ast.Name))


def _outermost_functions(tree: ast.AST) -> Iterator[FunctionNode]:
    for node in children(tree):
        if isinstance(node, FunctionNode):
            yield node
        else:
            yield from _outermost_functions(node)


def _compared(node: ast.AST) -> Iterator[ast.expr]:
    """What is compared by identity; nothing where something takes part that there is one of (``None``)."""
    if isinstance(node, ast.Call) and is_id(node):
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
