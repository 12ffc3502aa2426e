"""YAML read with the place of everything in the file; safe types only, as nothing but text is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from naavre_ext.model.diagnostic import Diagnostic, RefusedError

#: The tag of ``null`` and of a name without a value.
NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; ``line`` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


def read_yaml(text: str, file: str, code: str) -> Any:
    """The document's node.

    Raises:
        RefusedError: it isn't YAML, is empty, or contains itself; with the line.
    """
    import yaml  # here, not above: importing the compiler must stay light

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise _refused(
            code, Place(file, mark.line + 1 if mark else 1), f"this isn't YAML: {error.problem}."
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _refused(
            code, Place(file, 1), f"this isn't YAML: {str(error).splitlines()[0]}."
        ) from None
    if root is None:
        raise _refused(code, Place(file, 1), "the file is empty.")
    around = _part_of_itself(root, (), set())
    if around is not None:
        at = Place(file, around.start_mark.line + 1)
        raise _refused(code, at, "what stands here is part of itself.")
    return root


def _part_of_itself(node: Any, above: tuple[Any, ...], seen: set[int]) -> Any:
    """A node that contains itself, as YAML's ``&name`` and ``*name`` allow; None where there is none."""
    if any(node is other for other in above):
        return node
    if node.id == "scalar" or id(node) in seen:
        return None
    seen.add(id(node))
    inner = (one for part in node.value for one in (part if isinstance(part, tuple) else (part,)))
    found = (_part_of_itself(one, (*above, node), seen) for one in inner)
    return next((one for one in found if one is not None), None)


def pairs(node: Any) -> Iterator[tuple[str, Any]]:
    """The names and nodes of a mapping; nothing of anything else."""
    if isinstance(node.value, list) and node.id == "mapping":
        for key, value in node.value:
            yield str(key.value), value


def entries(node: Any, file: str, code: str) -> Iterator[tuple[str, Place, Any]]:
    """The names, places and nodes of a mapping.

    Raises:
        RefusedError: it isn't one, or has a name twice.
    """
    place = Place(file, node.start_mark.line + 1)
    if node.id != "mapping":
        raise _refused(code, place, "names with values are expected here ('name: value').")
    seen: set[str] = set()
    for key, value in node.value:
        at = Place(file, key.start_mark.line + 1)
        if key.id != "scalar":
            raise _refused(code, at, "a name is expected here.")
        if key.value in seen:
            raise _refused(code, at, f"'{key.value}' stands here a second time.")
        seen.add(key.value)
        yield str(key.value), at, value


def written(node: Any) -> str:
    """The value as an annotation writes it: ``a, b`` for a list, ``x=1, y=2`` for a mapping."""
    if node.id == "sequence":
        return ", ".join(written(item) for item in node.value)
    if node.id == "mapping":
        return ", ".join(f"{key.value}={written(value)}" for key, value in node.value)
    return {"false": "off", "true": "on"}.get(str(node.value), str(node.value))


def line_of(root: Any, path: Iterable[str | int]) -> int:
    """The line of what stands at the path of names and numbers in the document, or of what is nearest."""
    node, line = root, root.start_mark.line + 1
    for part in path:
        found = None
        if node.id == "mapping":
            for key, value in node.value:
                if key.value == str(part):
                    line, found = key.start_mark.line + 1, value
        elif node.id == "sequence" and isinstance(part, int) and part < len(node.value):
            found = node.value[part]
            line = found.start_mark.line + 1
        if found is None:
            return int(line)
        node = found
    return int(line)


def _refused(code: str, place: Place, message: str) -> RefusedError:
    return RefusedError([Diagnostic(code, "error", f"{place}: {message}")])
