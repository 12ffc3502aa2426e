"""How a printed program's batches take what they record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from naavre_ext.planning.function_scope import own_name
from naavre_ext.planning.rewriting import Operation

#: How many batches the program makes where a run sizes them while it goes.
AUTO_BATCHES = 4


def taking_texts(operations: Sequence[Operation]) -> Iterator[str]:
    """How each operation's operands are taken, as Python text."""
    for operation in operations:
        takings = [repr(taking) for taking in operation.takings]
        if operation.taking != "replay":
            takings = ["'keep'"] * operation.operands
            place = 0 if operation.taking == "store" else -1
            takings[place] = repr(operation.taking)
            if operation.taking == "store":
                kept = f"'keep' if isinstance({own_name(operation.root)}, (list, dict)) else 'copy'"
                takings[place] = kept if operation.depth == 1 else "'keep'"
        yield f"({', '.join(takings)}{',' * (len(takings) == 1)})"
