"""Which attributes only ever are lists, dictionaries, sets, numbers or texts, as the notebook's text tells."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from naavre_ext.dataflow import shapes
from naavre_ext.dataflow.rebinding import LOOKING
from naavre_ext.dataflow.tables import Kind
from naavre_ext.dataflow.walking import KEPT_CELLS, walk

_DISPLAYS: dict[type[ast.expr], Kind] = {
    ast.List: "list", ast.ListComp: "list", ast.Dict: "dict", ast.DictComp: "dict", ast.Set: "set",
    ast.SetComp: "set", ast.JoinedStr: "str",
}  # fmt: skip
_CONSTANTS: dict[type, Kind] = {
    bool: "bool", int: "int", float: "float", str: "str", type(None): "none"
}  # fmt: skip
#: What sets attributes without naming them.
_UNNAMED = frozenset({"setattr", "vars", "__dict__", "__setattr__", "__setstate__", "__slots__"})
#: Stands for a value that ``+=`` has changed: a list, a dictionary or a set is one still.
_CHANGED = "changed"


def attribute_kinds(trees: Iterable[ast.Module]) -> dict[str, Kind]:
    """The kinds of those attributes, by name: of whatever object, as long as the notebook's own code sets it."""
    found: dict[str, set[Kind]] = {}
    for tree in trees:
        for name, kind in _stores(tree):
            found.setdefault(name, set()).add(kind)
    if not found.keys().isdisjoint(_UNNAMED):
        return {}
    joined = {name: _joined(kinds) for name, kinds in found.items()}
    # Who sets an attribute to None alone has others set it.
    return {name: kind for name, kind in joined.items() if kind not in ("", "none")}


def _joined(kinds: set[Kind]) -> Kind:
    kind = shapes.join(kinds - {_CHANGED})
    return "" if _CHANGED in kinds and kind not in ("list", "dict", "set") else kind


@lru_cache(maxsize=KEPT_CELLS)
def _stores(tree: ast.Module) -> frozenset[tuple[str, Kind]]:
    """Each attribute that the cell's code sets, with the kind of what it gets; "" where that isn't evident."""
    found: set[tuple[str, Kind]] = set()
    known: set[int] = set()
    for node in walk(tree):  # what is set or looked at comes after what does so
        known.update(id(part) for part in _looked_at(node))
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for part, value in _pairs(target, node.value):
                    found.add((part.attr, _kind(value)))
                    known.add(id(part))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute):
            found.add((node.target.attr, "none" if node.value is None else _kind(node.value)))
            known.add(id(node.target))
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
            counts = isinstance(node.op, (ast.Add, ast.Sub)) and _kind(node.value) in shapes.NUMBERS
            found.add((node.target.attr, _kind(node.value) if counts else _CHANGED))
            known.add(id(node.target))
        elif isinstance(node, ast.ClassDef):
            found.update((name, "") for name in _defined(node))
        elif isinstance(node, ast.Attribute):
            is_set = not isinstance(node.ctx, ast.Load) or node.attr in _UNNAMED
            if is_set and id(node) not in known:
                found.add((node.attr, ""))
        elif isinstance(node, ast.Name) and node.id in _UNNAMED and id(node) not in known:
            found.add((node.id, ""))
    return frozenset(found)


def _looked_at(node: ast.AST) -> Iterator[ast.AST]:
    """What mentions an object's dictionary only to show it, or to ask for its entries."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name) and node.func.id == "print":
        for argument in node.args:
            yield from _dictionary(argument.elt if isinstance(argument, ast.ListComp) else argument)
    elif isinstance(node.func, ast.Attribute) and node.func.attr in LOOKING:
        yield from _dictionary(node.func.value)


def _dictionary(node: ast.expr) -> Iterator[ast.AST]:
    """What says that this is an object's dictionary, if it is one: ``vars(x)`` or ``x.__dict__``."""
    named = node.func if isinstance(node, ast.Call) else node
    if getattr(named, "id", getattr(named, "attr", "")) in ("vars", "__dict__"):
        yield named


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.Attribute, ast.expr]]:
    """The attributes that the assignment sets each to a value of its own."""
    if isinstance(target, ast.Attribute):
        yield target, value
    elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        parts = [*target.elts, *value.elts]
        if len(target.elts) == len(value.elts) and not any(
            isinstance(p, ast.Starred) for p in parts
        ):
            for each, given in zip(target.elts, value.elts, strict=True):
                yield from _pairs(each, given)


def _kind(value: ast.expr) -> Kind:
    if isinstance(value, ast.Constant):
        return _CONSTANTS.get(type(value.value), "")
    return _DISPLAYS.get(type(value), "")


def _defined(definition: ast.ClassDef) -> Iterator[str]:
    """The names that the class's body binds itself: an instance may have them from there, or as a field."""
    for statement in definition.body:
        for node in walk(statement):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield node.name
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
