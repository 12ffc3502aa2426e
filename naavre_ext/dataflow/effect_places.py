"""Which of a function's parameters decide where its effects happen: in ``save(k)`` the file ``f"{k}.npy"``."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import Effect


def by_parameters(
    effects: Iterable[Effect], function: ast.AST, parameters: Collection[str]
) -> tuple[Effect, ...]:
    """The effects with the parameters that their places are made of, in place of the function's own names.

    Several of one kind by one call become one, whose place is known as far as they all have it.
    """
    effects = tuple(effects)
    made_of = _made_of(function, parameters) if effects else {}
    found: dict[tuple[str, str], Effect] = {}
    for effect in effects:
        names = frozenset().union(*(made_of.get(name, frozenset()) for name in effect.names))
        key = effect.kind, effect.what
        before = found.get(key)
        path = effect.path if before is None or before.path == effect.path else None
        names = names if before is None else names & before.names
        found[key] = replace(before or effect, names=names, path=path)
    return tuple(found.values())


def _made_of(function: ast.AST, parameters: Collection[str]) -> dict[str, frozenset[str]]:
    """For each name that has one value in a call: the parameters that it was computed from."""
    bindings = Counter([*parameters, *_stored(function)])
    found = {name: frozenset({name}) for name in parameters if bindings[name] == 1}
    for node in walk(function):  # in source order, block by block
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target = node.targets[0]
        if isinstance(target, ast.Name) and bindings[target.id] == 1:
            used = [n.id for n in walk(node.value) if isinstance(n, ast.Name)]
            found[target.id] = frozenset().union(*(found.get(name, frozenset()) for name in used))
    return found


def _stored(function: ast.AST) -> Iterator[str]:
    for node in walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
