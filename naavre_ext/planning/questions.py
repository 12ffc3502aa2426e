"""Cells that surely ask the user something, which nobody can answer in a workflow."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.walking import children

_ASKING = frozenset({"builtins.input", "getpass.getpass"})


def surely_asked(tree: ast.Module, environment: Environment) -> Iterator[ast.Call]:
    """The calls of ``input`` and ``getpass`` that run whenever the cell does."""
    for statement in tree.body:
        if isinstance(statement, ast.Raise):
            return
        if _is_secret(statement):
            continue
        for part in _certain_parts(statement):
            if isinstance(part, ast.Call) and _asks(part.func, environment):
                yield part


def _is_secret(statement: ast.stmt) -> bool:
    """Whether it sets a secret, whose value the run is given."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return any(isinstance(t, ast.Name) and t.id.startswith("secret_") for t in targets)


def _certain_parts(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a statement that are evaluated for sure."""
    yield node
    if isinstance(node, (ast.If, ast.While)):
        yield from _certain_parts(node.test)
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        yield from _certain_parts(node.iter)
    elif isinstance(node, ast.IfExp):
        yield from _certain_parts(node.test)
    elif isinstance(node, ast.BoolOp):
        yield from _certain_parts(node.values[0])
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        yield from _certain_parts(node.generators[0].iter)
    elif not isinstance(node, _UNCERTAIN):
        for child in children(node):
            yield from _certain_parts(child)


_UNCERTAIN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Try, ast.With,
              ast.AsyncWith, ast.Match)  # fmt: skip


def _asks(function: ast.expr, environment: Environment) -> bool:
    name = ast.unparse(function)
    root, _, rest = name.partition(".")
    bound = environment.bindings.get(root, ())
    if not bound:
        return name == "input" and environment.closed and environment.trusted_builtins
    paths = {f"{b.path}.{rest}" if rest else b.path for b in bound if b.role == "import"}
    return len(bound) == 1 and bool(paths & _ASKING)
