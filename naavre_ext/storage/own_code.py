"""The user's own modules and scripts that a notebook brings in: found beside it, read, never run."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from naavre_ext.dataflow.patching import patches_in
from naavre_ext.dataflow.source import script_in

_IMPORT = re.compile(
    r"""^[ \t]*(?: import [ \t]+ (?P<modules>[\w., \t]+)
        | from [ \t]+ (?P<module>[\w.]+) [ \t]+ import [ \t]+ (?P<names>\([^)]*\) | [^\n]+) )""",
    re.MULTILINE | re.VERBOSE,
)
_RUN = re.compile(r"^[ \t]*%run[ \t]+(.+)$", re.MULTILINE)
_EXECUTED = re.compile(r"""exec\(open\(["']([^"']+)["']""")
_PATH = re.compile(r"sys\.path\.(?:append|insert|extend)\((.+)\)")
_TEXT = re.compile(r"""["']([^"']+)["']""")

_FILE = re.compile(r"\b\w+\.py\b")
_NOTEBOOK = re.compile(r"""["']([^"'\n]+\.ipynb)["']""")

#: More modules aren't looked into.
_MOST_FILES = 300


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """The files of the user's own code that a notebook brings in, sorted: those it imports, and those it runs.

    ``called`` is the code of the notebooks that it may call.
    """

    modules: tuple[Path, ...] = ()
    scripts: tuple[Path, ...] = ()
    called: tuple[str, ...] = ()


def own_files(text: str, folder: Path, places: Sequence[Path] = ()) -> OwnFiles:
    """What a notebook of this ``text`` brings in, and what that imports.

    It is in the notebook's ``folder``, in further ``places`` where Python looks for modules, or where the notebook
    lets it look. Modules that the notebook may write, as it names their files, don't count.
    """
    called = _called(text, folder)
    text = "\n".join((text, *called))
    code = _OwnCode([folder, *places, *_added_places(text, folder)])
    written = {*_FILE.findall(_EXECUTED.sub("", _RUN.sub("", text)))}
    scripts = {file for script in _scripts(text) for file in _script_files(folder, script)}
    modules: set[Path] = set()
    waiting = [file for name in _imported(text) for file in code.files(name)]
    waiting += [file for script in sorted(scripts) for file in code.imported_by(script)]
    while waiting and len(modules) < _MOST_FILES:
        file = waiting.pop()
        if file not in modules and file.name not in written:
            modules.add(file)
            waiting += code.imported_by(file)
    return OwnFiles(tuple(sorted(modules)), tuple(sorted(scripts)), called)


def _called(text: str, folder: Path) -> tuple[str, ...]:
    """The code of the notebooks that are called with ``notebook_task``, and of those that these call."""
    found: dict[Path, str] = {}
    waiting = [text]
    while waiting and len(found) < _MOST_FILES:
        text = waiting.pop()
        names = _NOTEBOOK.findall(text) if "notebook_task" in text else []
        for file in {(folder / name).resolve() for name in names} - set(found):
            found[file] = _code_in(file)
            waiting.append(found[file])
    return tuple(found[file] for file in sorted(found))


def _code_in(notebook: Path) -> str:
    """The notebook's code, each cell with its tags; "" where it can't be read."""
    try:
        return "\n".join(
            f"# tags: {cell['metadata'].get('tags', [])}\n{''.join(cell['source'])}"
            for cell in _code_cells(json.loads(notebook.read_text("utf-8")))
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ""


def own_patches(text: str, folder: Path) -> dict[str, str]:
    """What the user's own code changes of other modules, by what a notebook of this ``text`` brings it in.

    "" where that is nothing; what can't be read isn't there. The keys are dotted names of modules in the
    notebook's ``folder`` or where it lets Python look for modules, and paths of scripts as ``%run`` and
    ``exec(open(...).read())`` have them. What these import counts as theirs.
    """
    modules = list(_imported(text))
    scripts = _scripts(text)
    if not modules and not scripts:
        return {}
    code = _OwnCode([folder, *_added_places(text, folder)])
    found = {name: code.patch_of(file) for name in modules for file in code.files(name)}
    for script in scripts:
        for file in _script_files(folder, script):
            if code.is_readable(file):
                found[script] = code.patch_of(file)
    return found


def _scripts(text: str) -> set[str]:
    """The scripts that the text runs in the notebook."""
    scripts = {script_in([arguments]) for arguments in _RUN.findall(text)} - {""}
    return scripts | {*_EXECUTED.findall(text)}


def _script_files(folder: Path, script: str) -> list[Path]:
    return [file for file in (folder / script, folder / f"{script}.py") if file.is_file()]


def _imported(text: str) -> Iterator[str]:
    """The dotted names of what the text imports, each after the packages that it is in."""
    for match in _IMPORT.finditer(text):
        if match["modules"]:
            names = [one.split(" as ")[0].strip() for one in match["modules"].split(",")]
        else:
            parts = re.findall(r"(\w+)(?:\s+as\s+\w+)?", match["names"].split("#")[0])
            names = [match["module"], *(f"{match['module']}.{part}" for part in parts)]
        for name in names:
            steps = name.split(".")
            yield from (".".join(steps[:count]) for count in range(1, len(steps) + 1))


def _added_places(text: str, folder: Path) -> Iterator[Path]:
    """Folders that the notebook adds to ``sys.path``, as far as they are written out."""
    for arguments in _PATH.findall(text):
        texts = _TEXT.findall(arguments)
        yield from (folder / one for one in texts)
        if len(texts) > 1:
            yield folder.joinpath(*texts)


@dataclass(frozen=True, slots=True)
class _Module:
    """One file: what it changes of modules, and the imports in it, with their levels."""

    patches: tuple[str, ...]
    imports: tuple[tuple[str, int], ...]


class _OwnCode:
    """The modules in these places."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = list(dict.fromkeys(places))
        self._own: dict[str, bool] = {}
        self._looked: dict[Path, str] = {}

    def files(self, name: str) -> Iterator[Path]:
        """The module's file, if it is the user's."""
        yield from _module_files(self._places, name)

    def _is_own(self, path: str) -> bool:
        """Whether what has this dotted path belongs to a module or package of the user's."""
        root = path.split(".")[0]
        if root not in self._own:
            is_file = any(_module_files(self._places, root))
            is_folder = any((place / root).is_dir() for place in self._places)
            self._own[root] = is_file or (is_folder and not _is_installed(root))
        return self._own[root]

    def is_readable(self, file: Path) -> bool:
        """Whether the file holds Python."""
        return _read(file) is not None

    def patch_of(self, file: Path) -> str:
        """What the file, or one that it imports, changes of other modules; "" when nothing."""
        if file in self._looked:
            return self._looked[file]
        self._looked[file] = ""  # also while it is looked at, as modules may import each other
        if len(self._looked) > _MOST_FILES:
            return ""
        module = _read(file) or _NOTHING
        own = next((patch for patch in module.patches if not self._is_own(patch)), "")
        name = file.name if file.stem != "__init__" else f"{file.parent.name}/{file.name}"
        patch = f"{own} in {name}" if own else ""
        for other in self.imported_by(file):
            patch = patch or self.patch_of(other)
        self._looked[file] = patch
        return patch

    def imported_by(self, file: Path) -> Iterator[Path]:
        """The files that this one imports, if they are the user's."""
        for imported, level in (_read(file) or _NOTHING).imports:
            places = (
                file.parents[level - 1 : level] if level else self._places
            )  # none, where too deep
            yield from _module_files(places, imported)


def _is_installed(package: str) -> bool:
    """Whether there is a regular package of this name, which a mere folder doesn't hide."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None


def _module_files(places: Iterable[Path], name: str) -> Iterator[Path]:
    relative = Path(*name.split("."))
    for place in places:
        for file in (place / relative / "__init__.py", (place / relative).with_suffix(".py")):
            if file.is_file():
                yield file
                return


def _read(file: Path) -> _Module | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return _parsed(file, stat.st_mtime_ns, stat.st_size)


_NOTHING = _Module((), ())


@lru_cache(maxsize=1024)
def _parsed(file: Path, _mtime_ns: int, _size: int) -> _Module | None:
    try:
        text = file.read_text("utf-8")
        if file.suffix == ".ipynb":
            text = _code_of(json.loads(text))
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return _Module(patches_in(tree), tuple(_imports(tree)))


def _code_of(document: Mapping[str, object]) -> str:
    """The code of a notebook's cells, without magics."""
    sources = ["".join(cell["source"]) for cell in _code_cells(document)]
    return "\n".join(re.sub(r"(?m)^[ \t]*[%!].*$", "", source) for source in sources)


def _code_cells(document: Mapping[str, object]) -> list[Mapping[str, Any]]:
    cells = document.get("cells")
    return [
        cell
        for cell in (cells if isinstance(cells, list) else [])
        if cell.get("cell_type") == "code"
    ]


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module:
                yield module, node.level
            dot = "." if module else ""
            yield from ((f"{module}{dot}{alias.name}", node.level) for alias in node.names)
