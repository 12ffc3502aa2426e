"""What a printed program needs beside its own text; the printer copies it from here."""

import copy
import io
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from naavre_ext.planning.cutting import cut


def batch_items(items: Iterable[Any], batches: int) -> list[list[Any]]:
    """The items in at most ``batches`` contiguous batches; no items at all are one empty batch."""
    every = list(items)
    return [every[start:stop] for start, stop in cut(len(every), batches)]


class Record:
    """What a batch hands to the merge: its operations with their operands, and what it printed.

    ``takings`` say for each operand of each operation whether the merge gets the object itself (``keep``), a
    copy of its present state (``copy``; ``state``: and of what a list holds) or what it holds now (``spread``).
    A ``lazy`` one is a function that gives it.
    """

    def __init__(self, *takings: tuple[str, ...]) -> None:
        self.takings = takings
        self.operations: list[tuple[str, int, tuple[Any, ...]]] = []
        self.elements: Iterable[Any] = ()
        self.printed = io.StringIO()

    def __enter__(self) -> "Record":
        self.stdout, sys.stdout = sys.stdout, self.printed
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        sys.stdout = self.stdout
        if kind is not None:
            print(self.text(), end="")

    def __call__(self, number: int, *operands: Any) -> None:
        """Note that the merge has to do this operation."""
        taken = tuple(take(*pair) for pair in zip(operands, self.takings[number], strict=True))
        self.operations.append((self.text(), number, taken))

    def text(self) -> str:
        """What was printed since it was asked last."""
        text = self.printed.getvalue()
        self.printed.seek(0)
        self.printed.truncate()
        return text


def take(value: Any, how: str) -> Any:
    """The operand as the merge has to get it."""
    if how.startswith("lazy "):
        value, how = value(), how.removeprefix("lazy ")
    if how == "keep":
        return value
    if how == "state" and isinstance(value, (list, tuple)):
        return copy.deepcopy(value)
    is_view = type(value).__name__ in ("dict_keys", "dict_values", "dict_items")
    return list(value) if is_view or hasattr(value, "__next__") else copy.copy(value)


def keeps(container: Any, depth: int = 1) -> bool:
    """Whether what is put into it, or into what it holds, stays the very object: arrays of numbers copy it."""
    if depth > 1 and isinstance(container, (list, dict)):
        held = container.values() if isinstance(container, dict) else container
        return not container or any(map(keeps, held))
    of_objects = getattr(getattr(container, "dtype", None), "kind", "") == "O" or hasattr(
        container, "columns"
    )
    return of_objects or isinstance(container, (list, dict))


def replay(batches: Iterable[Record]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The recorded operations in the loop's order; what was printed between them is printed there."""
    for record in batches:
        for text, number, operands in record.operations:
            print(text, end="")
            yield number, operands
        print(record.text(), end="")


def join(batches: Iterable[Record], into: Any) -> Any:
    """The elements of all batches in a list, set or dict, put there in the loop's order."""
    for record in batches:
        print(record.text(), end="")
        for element in record.elements:
            if isinstance(into, dict):
                into[element[0]] = element[1]
            elif isinstance(into, set):
                into.add(element)
            else:
                into.append(element)
    return into


def collected(elements: Iterable[Any]) -> Record:
    """The record of a batch that has made these elements."""
    record = Record()
    record.elements = elements
    return record
