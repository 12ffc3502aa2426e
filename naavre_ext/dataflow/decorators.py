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

Or ``@timer("s")``, where ``timer()`` returns such a decorator. A function has no state that a call could change
but what is seen in its code.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence

from naavre_ext.dataflow.environment import Environment, FunctionNode
from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.kept_functions import variables_of
from naavre_ext.dataflow.mentions import Mentions, are_literal
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.walking import walk


def decorated_parameters(
    environment: Environment, mentions: Sequence[Mentions]
) -> dict[int, frozenset[str]]:
    """By the ``id`` of a function in a decorator, the name that stands for the decorated function there."""
    if not environment.closed:
        return {}
    uses, decorating, factories, calls = (
        Counter(name for each in mentions for name in getattr(each, names))
        for names in ("handed_on", "decorating", "factories", "bare_calls")
    )
    varied = frozenset().union(*(each.varied for each in mentions))
    found: dict[int, frozenset[str]] = {}
    for name in sorted({*decorating, *factories}):
        bound = environment.bindings.get(name, ())
        node = bound[0].node if len(bound) == 1 else None
        only_decorates = uses[name] == decorating[name] and calls[name] == factories[name]
        if not isinstance(node, ast.FunctionDef) or not only_decorates:
            continue
        if not factories[name]:
            found.update(_given(node))
        elif not decorating[name]:
            made, literal = _made_by(node), name not in varied
            found.update({} if made is None else _given(made, node if literal else None))
    return found


def _made_by(factory: ast.FunctionDef) -> ast.FunctionDef | None:
    """The function in it that is all that calls of the factory return, and that isn't used otherwise."""
    inner = [part for part in factory.body if isinstance(part, ast.FunctionDef)]
    last = factory.body[-1]
    returned = last.value if isinstance(last, ast.Return) else None
    if len(inner) != 1 or not isinstance(returned, ast.Name) or returned.id != inner[0].name:
        return None
    parts = [part for part in walk(factory) if part is not inner[0]]
    named = [
        part
        for part in parts
        if inner[0].name in (getattr(part, "id", ""), getattr(part, "name", ""))
    ]
    inside = set(map(id, walk(inner[0])))
    returns = [p for p in parts if isinstance(p, ast.Return) and id(p) not in inside]
    return inner[0] if named == [returned] and returns == [last] else None


def _given(
    decorator: ast.FunctionDef, factory: ast.FunctionDef | None = None
) -> dict[int, frozenset[str]]:
    """For the functions in the decorator, the names that only ever are its parameter and those of its factory."""
    inner = [n for n in walk(decorator) if isinstance(n, FunctionNode) and n is not decorator]
    parameters = [*decorator.args.posonlyargs, *decorator.args.args]
    if not parameters or decorator.decorator_list:
        return {}
    rebound = set(assigned_names(decorator.body)[0])
    for node in inner:
        body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
        rebound |= variables_of(node) | assigned_names(body)[2]
    names, given = {parameters[0].arg} - rebound, set()
    if factory is not None and are_literal((*factory.args.defaults, *factory.args.kw_defaults)):
        own = set(assigned_names(factory.body)[0]) | variables_of(decorator)
        given = set(argument_names(factory.args)) - rebound - own
    found = {id(node): frozenset(names | given) for node in inner}
    return {**found, id(decorator): frozenset(given)} if names else {}
