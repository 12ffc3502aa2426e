"""Notebook files: read into the compiler's own shape, and written whole."""

from __future__ import annotations

import copy
import errno
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import nbformat
from nbformat import NotebookNode

from naavre_ext.annotations.file_places import SourcePlace
from naavre_ext.annotations.overlay import Setting
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.notebook import INJECTED_TAG, Cell, CellId, Notebook
from naavre_ext.planning.asked_order import AskedOrder
from naavre_ext.storage.atomic_file import check_creatable, replace_file

if TYPE_CHECKING:
    from naavre_ext.storage.source_files import SourceFiles

_FORMAT, _MINOR_WITH_IDS = 4, 5
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_PYTHON = frozenset({"python", "python2", "python3", "ipython", "ipython2", "ipython3"})
_CONVERSION_ERRORS = (
    nbformat.ValidationError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class NotebookFile:
    """A notebook twice: as the compiler sees it, and as nbformat does, with all it holds.

    ``node`` is valid, of format 4.5 or later, and its cells have the ids of ``notebook``'s. ``settings`` hold
    besides the cells' own annotations, and ``order`` besides the order that the code needs. ``sources`` says where
    the cells' sources stand in a workflow's file. ``files`` are what another process can read the same from, where
    that is more than a notebook.
    """

    notebook: Notebook
    node: NotebookNode
    settings: tuple[Setting, ...] = ()
    order: AskedOrder = field(default_factory=AskedOrder)
    sources: Mapping[CellId, SourcePlace] = field(default_factory=dict)
    files: SourceFiles | None = None


def read_notebook(
    source: str | os.PathLike[str] | Mapping[str, Any] | NotebookFile, path: str | None = None
) -> NotebookFile:
    """The notebook in a file, or in a mapping of nbformat's shape, which isn't changed; or what was read already.

    ``path`` is the file that a mapping belongs to, if any: an editor's, say, that has yet to be saved.

    Older formats are upgraded. Existing cell ids are kept; a missing, unusable or repeated one is
    replaced by one made from the cell's source and place, so equal notebooks stay equal.

    Raises:
        RefusedError: it can't be read, isn't a notebook, or isn't one that can run.
    """
    if isinstance(source, NotebookFile):
        return source
    if isinstance(source, Mapping):
        data = copy.deepcopy(dict(source))
    else:
        path = os.fspath(source)
        data = _parse(path, read_text(path))
    name = f"'{path}'" if path is not None else "The notebook"
    node = _as_current_format(name, data)
    notebook = _notebook(node, path)
    _check_runnable(name, notebook)
    return NotebookFile(notebook, node)


def _refuse(code: str, message: str, remedy: str = "", number: int | None = None) -> NoReturn:
    diagnostic = Diagnostic(code, "error", message, remedy, cell_number=number)
    raise RefusedError([diagnostic]) from None


def read_text(path: str) -> str:
    """The UTF-8 text of a file. Raises RefusedError where it can't be read."""
    try:
        with open(path, "rb") as file:  # not Path: it takes '' for the current folder
            content = file.read()
    except FileNotFoundError:
        _refuse("NX001", f"There is no file '{path}'.", "Check the path.")
    except IsADirectoryError:
        _refuse("NX002", f"'{path}' is a folder.", "Name a notebook in it.")
    except OSError as error:
        _refuse("NX003", f"'{path}' can't be read: {error.strerror}.", "Check its permissions.")
    except ValueError as error:  # a null character
        _refuse("NX003", f"{path!r} is no path: {error}.", "Check the path.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"'{path}' isn't UTF-8 text (byte {error.start} is {content[error.start]:#04x})."
        _refuse("NX004", message, "Name a .ipynb file, saved by Jupyter.")


def _parse(path: str, text: str) -> Any:
    if not text.strip():
        _refuse("NX005", f"'{path}' is empty.", "Open it in Jupyter, add cells and save it.")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        remedy = "Open it in Jupyter and save it again."
        if re.search(r"^(<{7}|={7}|>{7})", text, re.MULTILINE):
            remedy = "It has conflict markers of a git merge: resolve them."
        _refuse("NX005", f"'{path}' isn't JSON: {error.msg} at {place}.", remedy)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        remedy = "Name a .ipynb file, saved by Jupyter."
        _refuse("NX005", f"'{path}' can't be read as JSON: {reason}.", remedy)


def _as_current_format(name: str, data: Any) -> NotebookNode:
    """``data`` as a valid notebook of format 4.5 or later, its cells with proper ids."""
    major, minor = _version(name, data)
    try:
        node = nbformat.from_dict(data)
        if major < _FORMAT:
            node = nbformat.convert(nbformat.versions[major].to_notebook_json(data), _FORMAT)
            for cell in node.cells:
                cell.pop("id", None)
        elif minor < _MINOR_WITH_IDS:
            node.nbformat_minor = _MINOR_WITH_IDS
        _mend_cells(name, node.cells)
        _mend_kernel(node.metadata)
        nbformat.validate(node)
        return nbformat.versions[_FORMAT].to_notebook_json(node)
    except _CONVERSION_ERRORS as error:
        _refuse_invalid(name, error)


def _version(name: str, data: Any) -> tuple[int, int]:
    remedy = "Name a .ipynb file, saved by Jupyter."
    if not isinstance(data, dict):
        _refuse("NX006", f"{name} is JSON, but not a notebook (it is no object).", remedy)
    major, minor = data.get("nbformat"), data.get("nbformat_minor", 0)
    if type(major) is not int or type(minor) is not int:
        _refuse("NX006", f"{name} is JSON, but not a notebook ('nbformat' is missing).", remedy)
    if major > _FORMAT:
        message = f"{name} has notebook format {major}, which is newer than this program knows."
        _refuse("NX008", message, f"Save it as format {_FORMAT}, or upgrade naavre-ext.")
    if major < 1 or not isinstance(data.get("cells", data.get("worksheets")), list):
        _refuse("NX006", f"{name} is JSON, but not a notebook ('cells' is missing).", remedy)
    return major, minor


def _mend_cells(name: str, cells: list[Any]) -> None:
    """Gives each cell a proper id, and what Jupyter's own editors add or drop without asking."""
    taken: set[str] = {str(cell.get("id")) for cell in cells if isinstance(cell, dict)}
    seen: set[str] = set()
    for index, cell in enumerate(cells):
        if not isinstance(cell, dict):
            message = f"{name} is not a valid notebook: this cell is no object."
            _refuse("NX007", message, "Open it in Jupyter and save it again.", index + 1)
        cell_id = cell.get("id")
        if not isinstance(cell_id, str) or not _CELL_ID.fullmatch(cell_id) or cell_id in seen:
            cell["id"] = cell_id = _derived_id(index, cell, taken | seen)
        seen.add(cell_id)
        cell.setdefault("metadata", NotebookNode())
        if cell.get("cell_type") == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
        elif cell.get("cell_type") in ("markdown", "raw"):
            cell.pop("outputs", None)
            cell.pop("execution_count", None)


def _mend_kernel(metadata: Any) -> None:
    """Gives the kernel the display name that Jupyter looks up itself when it is missing."""
    kernel = metadata.get("kernelspec")
    if isinstance(kernel, dict) and "name" in kernel:
        kernel.setdefault("display_name", str(kernel["name"]))


def _derived_id(index: int, cell: Mapping[str, Any], taken: set[str]) -> str:
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    key = f"{index}\0{cell.get('cell_type')}\0{text}".encode(errors="surrogatepass")
    digest = hashlib.sha256(key).hexdigest()
    return next(d for n in range(12, 65) if (d := digest[:n]) not in taken)


def _refuse_invalid(name: str, error: Exception) -> NoReturn:
    """Refuses an invalid notebook, saying in a line what is wrong, and where."""
    place, number = "", None
    message = str(getattr(error, "message", "") or error).partition("\n")[0]
    path = list(getattr(error, "relative_path", ()))
    if len(path) > 1 and path[0] == "cells":
        number = int(path[1]) + 1
        path = path[2:]
    if path:
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")
        place = f" in {place}"
    message = message if len(message) <= 160 else f"{message[:80]} ... {message[-70:]}"
    remedy = "Open it in Jupyter and save it again."
    _refuse("NX007", f"{name} is not a valid notebook{place}: {message}.", remedy, number)


def _notebook(node: NotebookNode, path: str | None) -> Notebook:
    kernel = node.metadata.get("kernelspec", {})
    language = node.metadata.get("language_info", {}).get("name") or kernel.get("language")
    options = node.metadata.get("naavre", {})
    return Notebook(
        cells=tuple(_cell(index, cell) for index, cell in enumerate(node.cells)),
        language="python" if str(language or "python").lower() in _PYTHON else str(language),
        kernel_name=kernel.get("name"),
        path=path,
        options=copy.deepcopy(options) if isinstance(options, Mapping) else {},
    )


def _cell(index: int, cell: NotebookNode) -> Cell:
    tags = tuple(cell.metadata.get("tags", ()))
    return Cell(CellId(cell.id), index, cell.cell_type, cell.source, tags)


def _check_runnable(name: str, notebook: Notebook) -> None:
    if notebook.language != "python":
        message = f"{name} is written in {notebook.language}; only Python notebooks can run."
        _refuse("NX009", message, "Choose a Python kernel and save it, if its code is Python.")
    if not notebook.code_cells:
        _refuse("NX010", f"{name} has no code cells.", "Add a cell with code.")


def as_node(data: Mapping[str, Any]) -> NotebookNode:
    """The document as nbformat's own kind of mapping."""
    return nbformat.from_dict(dict(data))


def write_notebook(node: NotebookNode, path: str | os.PathLike[str]) -> None:
    """Writes the notebook to ``path``, whole or not at all; an existing file keeps its mode.

    Raises:
        RefusedError: it can't be written there; what stood there is unchanged.
    """
    text = nbformat.versions[_FORMAT].writes_json(node) + "\n"
    try:
        content = text.encode()
    except UnicodeEncodeError:  # a lone surrogate, as os.fsdecode makes them
        text = nbformat.versions[_FORMAT].writes_json(node, ensure_ascii=True) + "\n"
        content = text.encode("ascii")
    try:
        replace_file(Path(path), content)
    except (OSError, ValueError) as error:
        _refuse_output(path, error)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Returns when a notebook can be written to ``path`` now; nothing is left behind.

    Raises:
        RefusedError: it can't; the folder is missing, say, or may not be written to.
    """
    try:
        check_creatable(Path(path))
    except (OSError, ValueError) as error:
        _refuse_output(path, error)


def _refuse_output(path: str | os.PathLike[str], error: OSError | ValueError) -> NoReturn:
    folder = Path(path).parent
    if isinstance(error, IsADirectoryError):
        _refuse("NX012", f"The output '{path}' is a folder.", "Name a file in it.")
    if isinstance(error, (FileNotFoundError, NotADirectoryError)) and not folder.is_dir():
        kind = "is a file" if folder.is_file() else "doesn't exist"
        _refuse("NX011", f"The output '{path}' can't be written: '{folder}' {kind}.", "Create it.")
    code = error.errno if isinstance(error, OSError) else None
    reason = error.strerror if isinstance(error, OSError) else str(error)
    remedy = "Choose another place with -o."
    if code in (errno.ENOSPC, errno.EDQUOT):
        _refuse(
            "NX014", f"The output '{path}' can't be written: {reason}.", "Make room on the disk."
        )
    _refuse("NX013", f"The output '{path}' can't be written: {reason}.", remedy)


def apply_injection(node: NotebookNode, old: Notebook, new: Notebook) -> NotebookNode:
    """A copy of ``node``, read as ``old``, with the cells of ``new``.

    Cells are matched by id. New ones take the metadata of the first injected cell that is gone,
    if there is one; changed ones get the new source and lose their outputs; the others stay as
    they are.
    """
    result = nbformat.from_dict(node)  # which copies it
    cells = {cell.id: cell for cell in result.cells}
    gone = {cell.id for cell in old.cells} - {cell.id for cell in new.cells}
    injected = [c for c in old.cells if c.id in gone and INJECTED_TAG in c.tags]
    metadata = cells[injected[0].id].metadata if injected else NotebookNode()
    result.cells = [
        _with_source(cells[cell.id], cell) if cell.id in cells else _new_cell(cell, metadata)
        for cell in new.cells
    ]
    return result


def _with_source(node: NotebookNode, cell: Cell) -> NotebookNode:
    if node.source != cell.source:
        node.source = cell.source
        node.outputs, node.execution_count = [], None
    return node


def _new_cell(cell: Cell, metadata: NotebookNode) -> NotebookNode:
    merged = {**copy.deepcopy(metadata), "tags": list(cell.tags)}
    # nbformat would validate it, which takes longer than all else that is made for a job of a batch.
    return nbformat.from_dict(
        {
            "id": cell.id,
            "cell_type": "code",
            "metadata": merged,
            "execution_count": None,
            "source": cell.source,
            "outputs": [],
        }
    )
