"""What the code of a cell mentions, whatever that means: found once, however often the meaning is worked out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from naavre_ext.dataflow.arguments import names_in
from naavre_ext.dataflow.environment import FunctionNode
from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.function_syntax import function_body
from naavre_ext.dataflow.kept_functions import kept_functions
from naavre_ext.dataflow.letting_go import dotted
from naavre_ext.dataflow.rebinding import LOOKING
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.walking import KEPT_CELLS, children, walk

#: Functions that set attributes of their first argument.
_SETTING = frozenset({"setattr", "delattr", "update_wrapper"})


@dataclass(frozen=True)
class Mentions:
    """What one cell's code mentions.

    ``handed_on`` are the names that are used otherwise than to call them or for an attribute, ``owners`` those
    whose attributes are set, ``attributes`` all that are named, of whatever, ``of_names`` those of names, each
    with its name. ``bases`` are the names that classes are derived from, ``makes_classes`` says that some are made
    by a call.
    ``called`` are the dotted names of all that is called, where there are functions; ``enclosing`` are, by the
    ``id`` of a function in a function, the names that it finds in those around it. ``texts`` are the literal ones,
    and those between the values of f-strings. ``decorators`` are those that stand alone above a function,
    ``bare_calls`` the names that are called, as often as they are.
    """

    handed_on: tuple[str, ...]
    owners: frozenset[str]
    attributes: frozenset[str]
    of_names: frozenset[tuple[str, str]]
    bases: frozenset[str]
    makes_classes: bool
    called: frozenset[str]
    enclosing: dict[int, frozenset[str]]
    texts: frozenset[str]
    decorators: tuple[ast.expr, ...]
    bare_calls: tuple[str, ...]
    _functions_in: ast.Module | None

    def unnamed(
        self, letting_go: frozenset[tuple[str, str]]
    ) -> tuple[tuple[FunctionNode, bool], ...]:
        """Functions that code elsewhere may call without their name, and whether each is inside another one.

        Those aren't among them which only get to code that is ``letting_go`` of them.
        """
        return () if self._functions_in is None else _unnamed_in(self._functions_in, letting_go)


@lru_cache(maxsize=KEPT_CELLS)
def mentioned(tree: ast.Module) -> Mentions:
    """What the cell's code mentions."""
    used: set[int] = set()
    handed_on: list[str] = []
    owners: set[str] = set()
    attributes: set[str] = set()
    of_names: set[tuple[str, str]] = set()
    bases: set[str] = set()
    called: set[str] = set()
    texts: set[str] = set()
    decorators: list[ast.expr] = []
    bare_calls: list[str] = []
    has_functions = makes_classes = False
    for node in walk(tree):  # a call comes before the name in it
        if isinstance(node, ast.Name):
            if id(node) not in used:
                handed_on.append(node.id)
        elif isinstance(node, ast.Attribute):
            used.add(id(node.value))
            attributes.add(node.attr)
            if isinstance(node.value, ast.Name):
                of_names.add((node.value.id, node.attr))
        elif isinstance(node, ast.Call):
            used.add(id(node.func))
            called.add(dotted(node.func))
            if isinstance(node.func, ast.Name):
                bare_calls.append(node.func.id)
            made_of = _bases_given(node)
            makes_classes = makes_classes or made_of is None
            bases.update(names_in(made_of or []))
        elif isinstance(node, ast.ClassDef):
            bases.update(names_in(node.bases))
        elif isinstance(node, FunctionNode):
            has_functions = True
            if isinstance(node, ast.FunctionDef) and len(node.decorator_list) == 1:
                decorators += node.decorator_list
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        owner = _owner(node)
        if isinstance(owner, ast.Name):
            owners.add(owner.id)
    return Mentions(
        tuple(handed_on),
        frozenset(owners),
        frozenset(attributes),
        frozenset(of_names),
        frozenset(bases),
        makes_classes,
        frozenset(called if has_functions else ()),
        _enclosing_names(tree) if has_functions else {},
        frozenset(texts),
        tuple(decorators),
        tuple(bare_calls),
        tree if has_functions else None,
    )


@lru_cache(maxsize=KEPT_CELLS)
def _unnamed_in(
    tree: ast.Module, letting_go: frozenset[tuple[str, str]]
) -> tuple[tuple[FunctionNode, bool], ...]:
    return tuple(_unnamed(tree, False, kept_functions(tree, letting_go)))


def _bases_given(node: ast.Call) -> list[ast.expr] | None:
    """The bases in ``type("Name", (Base,), {})``; none of other calls; None where it may be any class."""
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    given = node.args[1] if name == "type" and len(node.args) == 3 else None
    if isinstance(given, ast.Tuple) and all(isinstance(base, ast.Name) for base in given.elts):
        return given.elts
    makes_any = (name == "type" and len(node.args) != 1) or name in ("new_class", "make_dataclass")
    return None if makes_any else []


def _owner(node: ast.AST) -> ast.expr | None:
    """Whose attributes the node sets."""
    if isinstance(node, ast.Call):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return node.args[0] if called in _SETTING and node.args else None
    if not isinstance(node, (ast.Attribute, ast.Subscript)):
        return None
    if isinstance(node.ctx, ast.Load):
        changes = isinstance(node, ast.Attribute) and node.attr not in LOOKING
        return _whose_attributes(node.value) if changes else None
    return node.value if isinstance(node, ast.Attribute) else _whose_attributes(node.value)


def _whose_attributes(node: ast.expr) -> ast.expr | None:
    """The object whose dictionary of attributes this is, if it is one: ``x.__dict__`` or ``vars(x)``."""
    if isinstance(node, ast.Attribute):
        return node.value if node.attr == "__dict__" else None
    is_call = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "vars"
    return node.args[0] if is_call and node.args else None  # type: ignore[attr-defined]


def _unnamed(
    node: ast.AST, inner: bool, kept: frozenset[int]
) -> Iterator[tuple[FunctionNode, bool]]:
    """Lambdas, methods, decorated functions, and functions in functions, but for those ``kept`` there."""
    for child in children(node):
        if isinstance(child, ast.Lambda):
            if id(child) not in kept:
                yield child, inner
            yield from _unnamed(child, True, kept)
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            escapes = inner or isinstance(node, ast.ClassDef) or child.decorator_list
            if escapes and id(child) not in kept:
                yield child, inner
            yield from _unnamed(child, True, kept)
        else:
            yield from _unnamed(child, inner, kept)


def _enclosing_names(tree: ast.Module) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    pending: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]
    while pending:
        node, names = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found[id(node)] = names
            body = function_body(node)
            bound, global_names, _ = assigned_names(body)
            inside = (names - global_names) | bound | set(argument_names(node.args))
            pending += [(part, inside) for part in body]
            # Defaults and decorators are evaluated outside.
            pending += [(part, names) for part in (node.args, *getattr(node, "decorator_list", ()))]
            continue
        pending += [(child, names) for child in children(node)]
    return {key: names for key, names in found.items() if names}
