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
from collections.abc import Iterable, Sequence

from naavre_ext.dataflow.environment import Environment, FunctionNode
from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.function_syntax import function_body
from naavre_ext.dataflow.kept_functions import variables_of
from naavre_ext.dataflow.mentions import Mentions
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.walking import walk


def decorated_parameters(
    environment: Environment, mentions: Sequence[Mentions]
) -> dict[int, frozenset[str]]:
    """By the ``id`` of a function in a decorator, the names of decorated functions and of literals there."""
    if not environment.closed:
        return {}
    above = [decorator for each in mentions for decorator in each.decorators]
    made = [node for node in above if isinstance(node, ast.Call)]
    decorating = Counter(node.id for node in above if isinstance(node, ast.Name))
    factories = Counter(node.func.id for node in made if isinstance(node.func, ast.Name))
    uses = Counter(name for each in mentions for name in each.handed_on)
    calls = Counter(name for each in mentions for name in each.bare_calls)
    found: dict[int, frozenset[str]] = {}
    for name in sorted(decorating.keys() ^ factories.keys()):
        bound = environment.bindings.get(name, ())
        node = bound[0].node if len(bound) == 1 else None
        only_decorates = uses[name] == decorating[name] and calls[name] == factories[name]
        if not isinstance(node, ast.FunctionDef) or not only_decorates:
            continue
        if name in decorating:
            found.update(_given(node))
        elif (decorator := _made_by(node)) is not None:
            literal = all(map(_is_literal, (c for c in made if ast.unparse(c.func) == name)))
            found.update(_given(decorator, node if literal else None))
    return found


def _is_literal(call: ast.Call) -> bool:
    return _are_literal([*call.args, *(keyword.value for keyword in call.keywords)])


def _are_literal(given: Iterable[ast.expr | None]) -> bool:
    """Whether these are numbers, texts and the like, as far as there are any."""
    parts = (value.operand if isinstance(value, ast.UnaryOp) else value for value in given)
    return all(isinstance(part, ast.Constant) for part in parts if part is not None)


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
        rebound |= variables_of(node) | assigned_names(function_body(node))[2]
    names, given = {parameters[0].arg} - rebound, set()
    if factory is not None and _are_literal((*factory.args.defaults, *factory.args.kw_defaults)):
        own = set(assigned_names(factory.body)[0]) | variables_of(decorator)
        given = set(argument_names(factory.args)) - rebound - own
    found = {id(node): frozenset(names | given) for node in inner}
    return {**found, id(decorator): frozenset(given)} if names else {}
