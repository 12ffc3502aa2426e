"""Decorators of the notebook's own, and what they are sure to be given.

::

    def timer(f):
        def wrapper(*args):
            began = time.time()
            result = f(*args)          # a function of the notebook, whatever is done with wrapper
            print(time.time() - began)
            return result
        return wrapper

    @timer
    def simulate(x): ...

A function has no state that a call could change but what is seen in its code.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from naavre_ext.dataflow.environment import Environment, FunctionNode
from naavre_ext.dataflow.kept_functions import variables_of
from naavre_ext.dataflow.mentions import Mentions
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.walking import walk


def decorated_parameters(
    environment: Environment, mentions: Sequence[Mentions]
) -> dict[int, frozenset[str]]:
    """By the ``id`` of a function in a decorator, the name that stands for the decorated function there."""
    if not environment.closed:
        return {}
    uses = Counter(name for each in mentions for name in each.handed_on)
    decorating = Counter(name for each in mentions for name in each.decorating)
    called = frozenset().union(*(each.bare_calls for each in mentions))
    found: dict[int, frozenset[str]] = {}
    for name, count in decorating.items():
        bound = environment.bindings.get(name, ())
        node = bound[0].node if len(bound) == 1 else None
        if isinstance(node, ast.FunctionDef) and uses[name] == count and name not in called:
            found.update({id(inner): frozenset({given}) for inner, given in _given(node)})
    return found


def _given(decorator: ast.FunctionDef) -> Iterator[tuple[FunctionNode, str]]:
    """The functions in the decorator, each with the name that only ever is its parameter."""
    parameters = [*decorator.args.posonlyargs, *decorator.args.args]
    inner = [n for n in walk(decorator) if isinstance(n, FunctionNode) and n is not decorator]
    if not parameters or decorator.decorator_list:
        return
    given = parameters[0].arg
    rebound = set(assigned_names(decorator.body)[0])
    for node in inner:
        body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
        rebound |= variables_of(node) | assigned_names(body)[2]
    if given not in rebound:
        yield from ((node, given) for node in inner)
