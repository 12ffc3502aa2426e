"""Finds what code changes of modules that it imports: ``np.linalg.solve = mine``, ``setattr(pd.DataFrame, ...)``.

Such a change is so in the process that made it, and nowhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from naavre_ext.dataflow.ambient_objects import is_setting
from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.table_lookup import function_effects

#: What changes an attribute by its name: built-in functions, and methods of ``object`` and ``type``.
_SETTERS, _SPECIAL_SETTERS = ("setattr", "delattr"), ("__setattr__", "__delattr__")
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def patches_in(tree: ast.Module) -> tuple[str, ...]:
    """The changes of imported modules, or of what belongs to them, by dotted paths, in source order.

    Code in functions counts, as somebody may call them.
    """
    return tuple(dict.fromkeys(_Patches(tree).in_nodes(tree.body)))


def executed_script(code: ast.expr) -> str | None:
    """The file of ``exec(open("script.py").read())``; None when something else is executed."""
    match code:
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Name("open"), args=[ast.Constant(str(name)), *_]),
                attr="read",
            )
        ):
            return name
    return None


def may_patch(code: ast.expr) -> bool:
    """Whether text that is executed may change modules: only what is written out is known not to."""
    parts = code.values if isinstance(code, ast.JoinedStr) else [code]
    text = "".join(
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "_"
        for part in parts
    )
    if not isinstance(code, (ast.JoinedStr, ast.Constant)):
        return True
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return True
    return any(
        _sets_attribute(node.func)
        if isinstance(node, ast.Call)
        else isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
        for node in ast.walk(tree)
    )


class _Patches:
    """Looks through one file, whose imports count wherever they stand in it."""

    def __init__(self, tree: ast.Module) -> None:
        self._imports = dict(_imports(tree))

    def in_nodes(self, nodes: Sequence[ast.AST]) -> Iterator[str]:
        """The changes in source order, but for those of a function's own variables."""
        for node in nodes:
            own = set(argument_names(node.args)) if isinstance(node, _Function) else set()
            hidden = {name: self._imports.pop(name) for name in own & self._imports.keys()}
            if isinstance(node, (ast.Attribute, ast.Subscript)):
                yield from self._by_assignment(node)
            elif isinstance(node, ast.Call):
                yield from self._by_call(node)
            yield from self.in_nodes(list(ast.iter_child_nodes(node)))
            self._imports.update(hidden)

    def _by_assignment(self, part: ast.Attribute | ast.Subscript) -> Iterator[str]:
        path = self._path(part) or ""
        if not isinstance(part.ctx, ast.Load) and "." in path and not is_setting(path):
            yield path

    def _by_call(self, call: ast.Call) -> Iterator[str]:
        path = self._path(call.func) or ""
        if _sets_attribute(call.func) and call.args:
            path = self._path(call.args[0]) or ""
            if path and not is_setting(path):
                yield path
        elif path and "monkeypatch" in (function_effects(path) or "").split():
            yield f"{path}()"

    def _path(self, node: ast.expr) -> str | None:
        chain: list[str] = []
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            if isinstance(node, ast.Attribute):
                chain.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._imports:
            return None
        return ".".join([self._imports[node.id], *reversed(chain)])


def _sets_attribute(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return sets_attribute(function)
    return isinstance(function, ast.Name) and function.id in _SETTERS


def sets_attribute(function: ast.Attribute) -> bool:
    """Whether it is ``object.__setattr__`` or a like of it, which changes what it is given first."""
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    return function.attr in _SPECIAL_SETTERS and owner in ("object", "type")


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Name → dotted path, of imports that aren't relative."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.split(".")[0]
                yield alias.asname or path, path
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
