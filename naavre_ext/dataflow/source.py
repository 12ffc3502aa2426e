"""Cell text → Python syntax tree, through IPython's own input transformer."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from naavre_ext.dataflow.automagic import LINE_MAGICS, OwnMagics, automagic
from naavre_ext.dataflow.walking import walk

#: Cell magics whose body is Python that runs in the notebook's namespace.
PYTHON_MAGICS = frozenset({"time", "capture", "timeit", "prun", "memray", "debug"})
#: Of those, the ones under which a cell does just what it does without them.
TRANSPARENT_MAGICS = frozenset({"time", "capture"})
#: Cell magics that only show their text.
DISPLAY_MAGICS = frozenset({"html", "HTML", "markdown", "latex", "svg", "SVG", "javascript", "js"})

#: Standard modules without side effects, whose names can be listed.
STAR_MODULES = frozenset(
    {
        "math", "cmath", "random", "itertools", "functools", "collections", "statistics", "operator",
        "datetime", "typing", "fractions", "decimal", "string", "dataclasses"
    }
)  # fmt: skip

_STAR = re.compile(r"^\s*from\s+(\w[\w.]*)\s+import\s+\(?\s*\*", re.MULTILINE)
_PYLAB = re.compile(r"^\s*%pylab\b", re.MULTILINE)
_PYLAB_MODULES = {
    "np": "numpy", "numpy": "numpy", "plt": "matplotlib.pyplot", "pyplot": "matplotlib.pyplot",
    "matplotlib": "matplotlib", "mlab": "matplotlib.mlab", "pylab": "pylab",
    "display": "IPython.display.display", "figsize": "IPython.core.pylabtools.figsize",
    "getfigs": "IPython.core.pylabtools.getfigs",
}  # fmt: skip
_OPTIONS = re.compile(r"\A(\s*-\w+(\s*\d+)?)+\s")
_CELL_MAGIC = re.compile(r"\A(\s*\n)*%%(\w+)[ \t]*([^\n]*)\n?")


#: Of a notebook that adds none to IPython's.
NO_MAGICS = OwnMagics()


@dataclass(frozen=True, slots=True)
class CellSource:
    """A cell's tree, and the cell magic around it.

    ``tree`` has the notebook's line numbers. ``magic`` is the cell magic's name or None, ``magic_line`` the rest
    of its line. A body that isn't Python gives an empty tree. ``automagic`` is what the cell means where no
    variable has the name of the magic that it begins with: that name, and the tree. A cell that
    ``may_fail`` doesn't end the notebook by it, so that nothing in it surely runs.
    """

    tree: ast.Module
    magic: str | None = None
    magic_line: str = ""
    automagic: tuple[str, ast.Module] | None = None
    may_fail: bool = False


def parse_cell(source: str, own: OwnMagics = NO_MAGICS) -> CellSource:
    """The cell's syntax tree with the line numbers of the cell; ``own`` are the notebook's own line magics.

    Raises:
        SyntaxError: with the line number in the cell.
    """
    match = _CELL_MAGIC.match(source)
    if match is None:
        return _parse_plain(source, own)
    name, rest = match.group(2), match.group(3)
    if name not in PYTHON_MAGICS:
        return CellSource(ast.Module(body=[], type_ignores=[]), name, rest)
    blank = "\n" * source[: match.end()].count("\n")
    return CellSource(_parse(blank + source[match.end() :]), name, rest)


def _parse_plain(source: str, own: OwnMagics) -> CellSource:
    found = automagic(source, own)
    if found is None:
        return CellSource(_parse(source))
    name, text = found
    try:
        plain = _parse(source)
    except SyntaxError:
        return CellSource(_parse(text))
    if name not in LINE_MAGICS and name not in own.names:
        return CellSource(plain)
    return CellSource(plain, automagic=(name, _parse(text)))


def _parse(source: str) -> ast.Module:
    text = source.lstrip("\n")
    shift = len(source) - len(text)
    lines = text.split("\n")
    while lines and not lines[0].strip():  # IPython drops leading blank lines; count them back in
        lines.pop(0)
        shift += 1
    text = "\n".join(lines)
    try:
        # Plain Python needs no transformation, and keeps this fast for a thousand cells.
        tree = ast.parse(text)
    except SyntaxError:
        try:
            tree = compile(
                transform(text),
                "<cell>",
                "exec",
                ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            )
        except SyntaxError as error:
            if error.lineno is not None:
                error.lineno += shift
            raise
    if shift:
        ast.increment_lineno(tree, shift)
    return tree


@lru_cache(maxsize=2048)
def transform(text: str) -> str:
    """The Python that IPython makes of a cell's text."""
    from IPython.core.inputtransformer2 import TransformerManager

    transformed: str = TransformerManager().transform_cell(text)
    return transformed


def timed_tree(call: ast.Call) -> ast.Module | None:
    """The statements of a ``%time`` or ``%timeit`` call, or None when it is another call."""
    texts = [a.value for a in call.args if isinstance(a, ast.Constant)]
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method != "run_line_magic" or len(texts) != 2 or texts[0] not in ("time", "timeit"):
        return None
    try:
        tree = ast.parse(_OPTIONS.sub("", str(texts[1])))
    except SyntaxError:
        return None
    for node in walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = call.lineno
    return tree


def captured_name(source: CellSource) -> str:
    """The name that ``%%capture name`` binds; "" when none."""
    words = source.magic_line.split() if source.magic == "capture" else []
    return next((word for word in words if word.isidentifier()), "")


@lru_cache(maxsize=64)
def standard_names(module: str) -> tuple[str, ...]:
    """What ``from module import *`` binds, for standard modules that are cheap to ask."""
    if module not in STAR_MODULES:
        return ()
    found = importlib.import_module(module)
    public = getattr(found, "__all__", None) or [n for n in vars(found) if not n.startswith("_")]
    return tuple(sorted(public))


def star_modules(text: str) -> set[str]:
    """Modules whose names the notebook imports by ``*``, or ``%pylab``, as its text looks."""
    found = {name for name in _STAR.findall(text) if name not in STAR_MODULES}
    return found | ({"pylab"} if _PYLAB.search(text) else set())


def script_in(arguments: Sequence[str]) -> str:
    """The file that ``%run`` runs, as it is written there."""
    words = arguments[0].split() if arguments else []
    return next((word.strip("'\"") for word in words if not word.startswith("-")), "")


def pylab_names(arguments: str, exports: Mapping[str, str]) -> dict[str, str]:
    """What ``%pylab`` binds: name → dotted path."""
    return dict(_PYLAB_MODULES) if "--no-import-all" in arguments else {**exports, **_PYLAB_MODULES}


def body_source(source: str) -> str:
    """The cell without its cell magic, the lines keeping their numbers."""
    match = _CELL_MAGIC.match(source)
    if match is None:
        return source
    return "\n" * source[: match.end()].count("\n") + source[match.end() :]
