"""How a printed program's batches take what they record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from naavre_ext.planning.function_scope import own_name
from naavre_ext.planning.rewriting import Operation, stores_deeper_only

#: How many batches the program makes where a run sizes them while it goes.
AUTO_BATCHES = 4


def taking_texts(operations: Sequence[Operation], keeps: str) -> Iterator[str]:
    """How each operation's operands are taken, as Python text; ``keeps`` is the name of that helper."""
    for operation in operations:
        takings = [_text(taking, keeps) for taking in operation.takings]
        if operation.taking != "replay":
            takings = ["'keep'"] * operation.operands
            place = 0 if operation.taking == "store" else -1
            takings[place] = repr(operation.taking)
            if operation.taking == "store":
                takings[place] = _of_store(operation, operations, keeps)
        yield f"({', '.join(takings)}{',' * (len(takings) == 1)})"


def _of_store(operation: Operation, known: Sequence[Operation], keeps: str) -> str:
    if operation.depth == 1:
        return _text(f"store {operation.root}", keeps)
    if operation.depth == 2 and stores_deeper_only(known, operation.root):
        return f"'keep' if {keeps}({own_name(operation.root)}, 2) else 'state'"
    return "'keep'"


def _text(taking: str, keeps: str) -> str:
    lazy = "lazy " if taking.startswith("lazy ") else ""
    place = taking.removeprefix("lazy ")
    if not place.startswith("store "):
        return repr(taking)
    name = own_name(place.removeprefix("store "))
    return f"'{lazy}keep' if {keeps}({name}) else '{lazy}state'"
