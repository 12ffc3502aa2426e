"""Which statements of a cell that isn't to be containerized a workflow needs nevertheless."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

from naavre_ext.model.parameter import prefixed_kind

_IMPORTS = (ast.Import, ast.ImportFrom)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
#: Calls that only show something.
_SHOWING = frozenset({"print", "display"})


def kept_statements(tree: ast.Module, used_elsewhere: Set[str]) -> list[ast.stmt]:
    """The assignments of parameters, what they are computed from, and the imports of what is used elsewhere.

    What a parameter is computed from may be changed by any statement before it that mentions it
    (``folder = base()``, ``if test: folder = '/tmp'``), so all of these are kept, with what they need in turn.
    """
    body = tree.body
    parameters = [n for n, statement in enumerate(body) if _sets_parameters(statement)]
    imported = {name for statement in body for name in _imported(statement)}
    needed = set(used_elsewhere)
    kept = set(parameters)
    for position in parameters:
        kept |= _slice(body[:position], _mentioned(body[position]), imported, needed)
    for n, statement in enumerate(body):
        names = set(_imported(statement))
        if "*" in names or not needed.isdisjoint(names):
            kept.add(n)
    return [body[n] for n in sorted(kept)]


def _slice(
    before: list[ast.stmt], names: set[str], imported: set[str], needed: set[str]
) -> set[int]:
    """The statements in ``before`` that mention ``names`` or what these need; adds to ``needed``.

    Modules and parameters are no reason to keep a statement: ``os.makedirs(conf_folder)`` isn't needed for them.
    """
    found: set[int] = set()
    wanted = set(names)
    while True:
        own = {name for name in wanted if name not in imported and prefixed_kind(name) is None}
        more = {
            n
            for n, statement in enumerate(before)
            if n not in found
            and not isinstance(statement, _IMPORTS)
            and not _only_shows(statement)
            and own & _mentioned(statement)
        }
        if not more:
            break
        found |= more
        wanted = wanted.union(*(_mentioned(before[n]) for n in more))
    needed |= wanted
    return found


def _sets_parameters(statement: ast.stmt) -> bool:
    return any(map(prefixed_kind, _target_names(statement)))


def _target_names(statement: ast.stmt) -> tuple[str, ...]:
    """The plain names that an assignment statement binds; none for any other statement."""
    targets: list[ast.expr]
    match statement:
        case ast.Assign():
            targets = statement.targets
        case ast.AnnAssign(value=ast.expr()) | ast.AugAssign():
            targets = [statement.target]
        case _:
            return ()
    nodes = (node for target in targets for node in ast.walk(target))
    return tuple(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _imported(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, _IMPORTS):
        for alias in statement.names:
            yield alias.asname or alias.name.split(".")[0]


def _mentioned(statement: ast.stmt) -> set[str]:
    nodes = list(ast.walk(statement))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.name for node in nodes if isinstance(node, _DEFINITIONS)}


def _only_shows(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name in _SHOWING
        case ast.Expr(value=ast.Name() | ast.Attribute() | ast.Constant()):
            return True
        case _:
            return False
