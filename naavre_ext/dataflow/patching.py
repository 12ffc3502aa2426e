"""Finds what code changes of modules that it imports: ``np.linalg.solve = mine``, ``setattr(pd.DataFrame, ...)``.

Such a change is so in the process that made it, and nowhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from naavre_ext.dataflow.table_lookup import function_effects

#: What is assigned to in these is carried to other workers; other modules are changed in their process only.
SETTINGS = (
    "os.environ", "matplotlib.rcParams", "matplotlib.pyplot.rcParams", "matplotlib.pylab.rcParams",
    "pylab.rcParams", "pandas.options", "sys.path",
    "IPython.core.interactiveshell.InteractiveShell.ast_node_interactivity",
)  # fmt: skip

#: What changes an attribute by its name: built-in functions, and methods of ``object`` and ``type``.
_SETTERS, _SPECIAL_SETTERS = ("setattr", "delattr"), ("__setattr__", "__delattr__")
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def is_setting(path: str) -> bool:
    """Whether what has this dotted path goes along to other workers."""
    return any(path == name or path.startswith(f"{name}.") for name in SETTINGS)


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
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    stores = (part for node in ast.walk(tree) for part in _changed_parts(node))
    return any(isinstance(s, ast.Attribute) for s in stores) or any(map(_sets_attribute, calls))


class _Patches:
    """Looks through one file, whose imports count wherever they stand in it."""

    def __init__(self, tree: ast.Module) -> None:
        self._imports = dict(_imports(tree))

    def in_nodes(self, nodes: Sequence[ast.AST]) -> Iterator[str]:
        """The changes in source order, but for those of a function's own variables."""
        for node in nodes:
            own = {a.arg for a in _arguments(node)} if isinstance(node, _Function) else set()
            hidden = {name: self._imports.pop(name) for name in own & self._imports.keys()}
            yield from filter(None, map(self._changed, _changed_parts(node)))
            if isinstance(node, ast.Call):
                yield from self._by_call(node)
            yield from self.in_nodes(list(ast.iter_child_nodes(node)))
            self._imports.update(hidden)

    def _changed(self, part: ast.expr) -> str:
        """The dotted path that an assignment to the part changes; "" when it belongs to no imported module."""
        path = self._path(part)
        return "" if path is None or "." not in path or is_setting(path) else path

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


def _arguments(function: _Function) -> list[ast.arg]:
    found = function.args
    more = [one for one in (found.vararg, found.kwarg) if one is not None]
    return [*found.posonlyargs, *found.args, *found.kwonlyargs, *more]


def _changed_parts(node: ast.AST) -> Iterator[ast.expr]:
    """The attributes and items that a statement assigns to or deletes."""
    targets: list[ast.expr] = []
    if isinstance(node, (ast.Assign, ast.Delete)):
        targets = list(node.targets)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.For, ast.AsyncFor)):
        targets = [node.target]
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        targets = [node.optional_vars]
    for target in targets:
        for part in ast.walk(target):
            stored = getattr(part, "ctx", None)
            if isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(
                stored, ast.Load
            ):
                yield part
