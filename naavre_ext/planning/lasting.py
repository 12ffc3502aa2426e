"""What a cell may leave behind in its process that a copy of its variables and settings doesn't hold."""

from __future__ import annotations

import re

from naavre_ext.model.dataflow import CellDataflow, EffectKind

_KINDS: dict[EffectKind, str] = {
    "opaque": "may do anything to its process",
    "unknown": "calls code that can't be seen, which may keep state of its own",
    "monkeypatch": "changes a module",
    "history": "uses the output history",
    "ambient": "uses process-wide state",
}
#: Effects that are over when the cell is. A file or an iterator that is still open can't be stored anyway.
_PASSING = {
    "ambient": re.compile(r"%|warnings\.warn$|print\(file=|input\(\)$|multiprocessing\.cpu_count$"),
    "unknown": re.compile(r".*which is used up as it is read$"),
}
#: Built-in functions whose values mean something in one process only.
_OF_ONE_PROCESS = re.compile(r"(?<![\w.'\"])(?:id|hash)\b(?!\s*=[^=])")


def names_own_values(source: str) -> bool:
    """Whether the source mentions functions whose values mean something in one process only."""
    return _OF_ONE_PROCESS.search(source) is not None


def lasting_effect(facts: CellDataflow, source: str) -> str:
    """What the cell may leave behind, in words; "" when analysis knows of nothing."""
    for kind, words in _KINDS.items():
        for effect in facts.effects:
            passing = _PASSING.get(kind)
            if effect.kind != kind or (passing is not None and passing.match(effect.what)):
                continue
            return f"'{effect.what}' {words}" if effect.what else words
    found = _OF_ONE_PROCESS.search(source)
    return f"'{found[0]}' gives what is true in one process only" if found else ""
