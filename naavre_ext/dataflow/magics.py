"""Walks ``%magic`` and ``!command``, as IPython's transformer writes them."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Sequence

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.callbacks import CallBacks
from naavre_ext.dataflow.environment import pylab_arguments
from naavre_ext.dataflow.recorder import FRESH
from naavre_ext.dataflow.source import pylab_names, script_in
from naavre_ext.dataflow.walking import walk

#: Magics whose arguments are names of the notebook, or hold some.
_NAMING = frozenset({"pinfo", "pinfo2", "pdoc", "pdef", "pfile", "psource", "config"})


class Magics(CallBacks):
    """Library, method and function calls with those of magics."""

    def magic_call(self, method: str, node: ast.Call) -> None:
        """What the magic or command reads, binds and does."""
        texts = [str(a.value) for a in node.args if isinstance(a, ast.Constant)]
        name = texts[0] if texts else ""
        if name not in ("time", "timeit"):
            for word in re.findall(r"\w+", " ".join(texts)):
                self.called_elsewhere(word)
        self._interpolate(texts, node.lineno)
        if name == "run":
            patch = self.environment.files.patches.get(script_in(texts[1:]), "%run")
            if patch:
                self.effect("monkeypatch", patch, node.lineno)
        if method in ("system", "getoutput", "getoutputs"):
            self.effect("outside-write", f"!{name}", node.lineno)
        elif (arguments := pylab_arguments(node)) is not None:
            self._pylab(arguments, node.lineno)
        elif method != "run_line_magic" or name not in tables.HARMLESS_MAGICS:
            self.effect("opaque", f"%{name}" if method == "run_line_magic" else method, node.lineno)
        elif name in ("time", "timeit"):
            if not self.timed(node):
                self.effect("opaque", f"%{name}", node.lineno)
        elif name in tables.LOOKING_MAGICS or _loads_names(name, texts[1:]):
            self.effect("opaque", f"%{name}", node.lineno)
        elif name in tables.SETTING_MAGICS:
            self.effect("settings", f"%{name}", node.lineno)
        else:
            command = name in tables.COMMAND_MAGICS
            self.effect("outside-write" if command else "unknown", f"%{name}", node.lineno)

    def _interpolate(self, texts: Sequence[str], line: int) -> None:
        """What IPython replaces in the text: ``$name`` and ``{expression}``."""
        naming = bool(texts) and texts[0] in _NAMING
        for text in texts:
            names = re.findall(r"\w+" if naming else r"\$\{?([A-Za-z_]\w*)", text)
            for expression in re.findall(r"\{([^{}]+)\}", text):
                tree = _parsed(expression)
                used = _names(tree) if tree is not None else re.findall(r"[A-Za-z_]\w*", expression)
                known = all(n in self.environment.bindings or hasattr(builtins, n) for n in used)
                if tree is not None and known:
                    self.visit(_at_line(tree, line))
                names += used
            for name in dict.fromkeys(names):
                if name in self.environment.bindings:
                    self.read(name, line)

    def _pylab(self, arguments: str, line: int) -> None:
        exports = self.environment.star_names("pylab")
        for name in pylab_names(arguments, exports or {}):
            self.write(name, FRESH, line)
        self.effect("settings" if exports is not None else "opaque", "%pylab", line)

    def timed(self, node: ast.Call) -> bool:
        """Overridden by :class:`Region`: the statement after ``%time``; False when it isn't Python."""
        raise NotImplementedError


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _at_line(tree: ast.expr, line: int) -> ast.expr:
    for node in walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = line
    return tree


def _names(tree: ast.expr) -> list[str]:
    return [node.id for node in walk(tree) if isinstance(node, ast.Name)]


def _loads_names(magic: str, arguments: Sequence[str]) -> bool:
    """Whether the magic loads an extension that may bind names."""
    names = arguments[0].split() if arguments else []
    return magic in ("load_ext", "reload_ext") and not set(names) <= tables.QUIET_EXTENSIONS
