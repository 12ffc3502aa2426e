"""Reading request bodies: what is wrong is refused with the name of the field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from naavre_ext.server.errors import RequestError


def read_json(body: bytes) -> Any:
    """What the body says.

    Raises:
        RequestError: it isn't JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"The body isn't JSON: {error}.", field="") from None


class Fields:
    """The fields of a JSON object, each taken once; those that nobody took are refused by :meth:`done`."""

    def __init__(self, data: Any, place: str = "") -> None:
        if not isinstance(data, dict):
            self._refuse_value(place, "a JSON object", data)
        self._data = dict(data)
        self._place = place

    def text(self, name: str) -> str:
        """A text that isn't empty."""
        return str(self._take(name, lambda v: isinstance(v, str) and v != "", "a text"))

    def any_text(self, name: str) -> str:
        """A text, which may be empty."""
        return str(self._take(name, lambda v: isinstance(v, str), "a text"))

    def optional_text(self, name: str) -> str | None:
        """A text, or None where there is none or an empty one."""
        if self._data.get(name) == "":
            del self._data[name]
        return None if self._is_absent(name) else self.text(name)

    def nullable_text(self, name: str) -> str | None:
        """A text or null, which must be there."""
        found = self._take(name, lambda v: v is None or isinstance(v, str), "a text or null")
        return None if found is None else str(found)

    def flag(self, name: str) -> bool | None:
        """True or false, or None where there is none."""
        if self._is_absent(name):
            return None
        return bool(self._take(name, lambda v: isinstance(v, bool), "true or false"))

    def count(self, name: str) -> int | None:
        """A whole number from 1, or None where there is none."""
        if self._is_absent(name):
            return None
        return int(self._take(name, lambda v: type(v) is int and v >= 1, "a whole number from 1"))

    def index(self, name: str) -> int | None:
        """A whole number from 0, or None where there is none."""
        if self._is_absent(name):
            return None
        return int(self._take(name, lambda v: type(v) is int and v >= 0, "a whole number from 0"))

    def mapping(self, name: str) -> dict[str, Any]:
        """A JSON object, which must be there."""
        return dict(self._take(name, lambda v: isinstance(v, dict), "a JSON object"))

    def optional_mapping(self, name: str) -> dict[str, Any]:
        """A JSON object; empty where there is none."""
        return {} if self._is_absent(name) else self.mapping(name)

    def texts(self, name: str) -> dict[str, str]:
        """A JSON object of texts; empty where there is none."""
        found = self.optional_mapping(name)
        for key, value in found.items():
            if not isinstance(value, str):
                self._refuse_value(f"{self._path(name)}.{key}", "a text", ...)  # not told: a secret
        return found

    def fields(self, name: str) -> Fields:
        """The fields of an object within this one; none where there is none."""
        return Fields(self.optional_mapping(name), self._path(name))

    def items(self, name: str, most: int) -> list[Any]:
        """An array with one item at least and ``most`` at most."""
        expected = f"an array of 1 to {most} items"
        return list(
            self._take(name, lambda v: isinstance(v, list) and 1 <= len(v) <= most, expected)
        )

    def choice(self, name: str, among: Sequence[str]) -> str:
        """One of these texts."""
        expected = "one of " + ", ".join(among)
        return str(self._take(name, lambda v: isinstance(v, str) and v in among, expected))

    def done(self) -> None:
        """Return when every field was taken."""
        for name in self._data:
            raise RequestError(
                400, f"There is no field {self._path(name)!r}.", field=self._path(name)
            )

    def _take(self, name: str, accepts: Callable[[Any], bool], expected: str) -> Any:
        if name not in self._data:
            path = self._path(name)
            raise RequestError(400, f"The field {path!r} is missing: {expected}.", field=path)
        value = self._data.pop(name)
        if not accepts(value):
            self._refuse_value(self._path(name), expected, value)
        return value

    def _is_absent(self, name: str) -> bool:
        """Whether there is no such field, or it is null; then it is taken."""
        if self._data.get(name) is not None:
            return False
        self._data.pop(name, None)
        return True

    def _path(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name

    def _refuse_value(self, path: str, expected: str, value: Any) -> NoReturn:
        shown = "" if value is ... else f", not {json.dumps(value)[:60]}"
        where = f"{path!r} takes" if path else "The body must be"
        raise RequestError(400, f"{where} {expected}{shown}.", field=path)


def document_of(fields: Fields) -> dict[str, Any]:
    """The field ``notebook``: a document of nbformat 4."""
    document = fields.mapping("notebook")
    for name, kind in (("cells", list), ("metadata", dict), ("nbformat", int)):
        if not isinstance(document.get(name), kind):
            path = f"notebook.{name}"
            raise RequestError(400, f"{path!r} is missing or isn't as in nbformat 4.", field=path)
    return document


def without_outputs(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as the compiler needs it: outputs may be large."""
    cells = [
        {**cell, "outputs": []} if isinstance(cell, dict) and cell.get("outputs") else cell
        for cell in document["cells"]
    ]
    return {**document, "cells": cells}
