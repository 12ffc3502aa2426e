"""Random notebooks whose cells mostly run: loops to split, and everything around them that could go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import cell_templates as templates
from hypothesis import strategies as st

_POOL = ("a", "b", "c", "d", "e", "f")
_PLACE = re.compile(r"<(\+?)([a-z]+)(\.[a-z])?>")


class _Writer:
    """Fills templates. ``known`` has the names by what they hold."""

    def __init__(self, pick: Callable[[Sequence[Any]], Any]) -> None:
        self.pick = pick
        self.known = {kind: list(names) for kind, names in templates.KINDS.items()}

    def fill(self, template: str, depth: int = 0) -> str:
        """The text with a name or expression at each place; names bound in a line hold from the next one on."""
        chosen: dict[str, str] = {}
        bound: dict[str, str] = {}

        def name(match: re.Match[str]) -> str:
            new, kind, memo = match.groups()
            if new:
                fresh.setdefault(kind, self.pick(_POOL))
                return (bound | fresh)[kind]
            if memo and kind + memo in chosen:
                return chosen[kind + memo]
            text = bound[kind] if kind in bound else self._expression(kind, depth)
            if memo:
                chosen[kind + memo] = text
            return text

        lines = []
        for line in template.split("\n"):
            fresh: dict[str, str] = {}
            lines.append(_PLACE.sub(name, line))
            bound = fresh | bound
        text = "\n".join(lines)
        for kind, known_as in bound.items():
            self._bind(known_as, kind)
        return text

    def _expression(self, kind: str, depth: int) -> str:
        if depth < 2 and kind in ("num", "any") and self.pick([True, True, False]):
            return self.fill(
                self.pick(templates.NUMBERS if kind == "num" else templates.VALUES), depth + 1
            )
        return self.pick(self.known["list" if kind == "any" else kind])

    def _bind(self, name: str, kind: str) -> None:
        for names in self.known.values():
            if name in names:
                names.remove(name)
        for each in {kind, *_ALSO.get(kind, ())}:
            self.known[each].append(name)

    def cell(self) -> str:
        """One to three statements that share a cell."""
        tables = [templates.ALIASES, templates.CHANGES, templates.CHANGES, templates.LOOKS,
                  templates.BLOCKS, templates.ISLANDS]  # fmt: skip
        count = self.pick([1, 1, 2, 3])
        parts = [self.fill(self.pick(self.pick(tables))) for _ in range(count)]
        # A cell magic can only stand at the top.
        return "\n".join(p for n, p in enumerate(parts) if n == 0 or not p.startswith("%%"))

    def island(self) -> str:
        return self.fill(self.pick(templates.ISLANDS))

    def loop(self) -> str:
        """A cell with a split annotation, and one or two loops with statements around them."""
        lines = ["# split: part", f"# batches: {self.pick([1, 2, 3, 3, 5, 'param_k'])}"]
        if self.pick([False, False, True]):
            lines.append(self.fill(self.pick(templates.ALIASES + templates.CHANGES)))
        for _ in range(self.pick([1, 1, 1, 2])):
            plain = self.pick([False, False, True])
            lines += [self.fill(self.pick(templates.COMPREHENSIONS))] if plain else self._for()
        if self.pick([True, False]):
            lines.append(
                self.pick(
                    [
                        "print(out, other)",
                        "print(n, text)",
                        "print(met, last, v)",
                        "print(found, i, x)",
                        "out",
                    ]
                )
            )
        return "\n".join(lines)

    def _for(self) -> list[str]:
        start = templates.ACCUMULATORS + self.pick(
            ["", "", "\nother = out", "\nfound['o'] = out", "\nout = [0]", "\nalias = out"]
        )
        head, item = self.pick(templates.HEADS)
        lines = self.fill(head).split("\n")
        for _ in range(self.pick([1, 2, 2, 3, 4])):
            specific = item != "any" and self.pick([True, False])
            table = templates.BODIES[item if specific else "any"]
            statement = self.pick(self.pick([table[:24], table[:24], table]))
            own = self.pick([True, False]) and templates.ITEM_VALUES[item]
            value = self.pick(own or templates.ITEM_VALUES["any"])
            lines += [
                "    " + line for line in self.fill(statement.replace("$", value)).split("\n")
            ]
        if self.pick([False] * 6 + [True]):
            lines += ["else:", "    print('else', n)"]
        self._bind("out", "list")
        self._bind("n", "num")
        return [start, *lines] if self.pick([True] * 6 + [False]) else lines


#: What a name of a kind can be used as, besides.
_ALSO = {
    "nums": ["list"],
    "rows": ["list"],
    "boxes": ["list"],
    "pure": ["fn"],
}


def _first_cell(pick: Callable[[Sequence[Any]], Any]) -> str:
    numbers = [pick(range(9)) for _ in range(pick(range(5)))]
    # A class whose methods change it keeps most loops whole.
    counting = pick(["self.n += 1", "self.n += 1", "Box.total += 1"])
    return templates.FIRST.format(k=pick([1, 2, 3]), numbers=numbers, counting=counting)


def write_notebook(pick: Callable[[Sequence[Any]], Any]) -> list[str]:
    """Cells of a notebook of up to nine cells, loops to split among them; ``pick`` makes every choice."""
    writer = _Writer(pick)
    cells = [_first_cell(pick)]
    kinds = [writer.loop, writer.cell, writer.cell, writer.island]
    for part, counts in ((kinds, [0, 1, 2]), ([writer.loop], [1, 2]), (kinds, [1, 2, 3, 4])):
        cells += [pick(part)() for _ in range(pick(counts))]
    return cells


@st.composite
def notebooks(draw: Any) -> list[str]:
    """Notebooks as :func:`write_notebook` makes them."""
    return write_notebook(lambda choices: draw(st.sampled_from(choices)))


def write_loop(pick: Callable[[Sequence[Any]], Any]) -> list[str]:
    """A notebook of one cell with loops, aliases before it and changes after it."""
    writer = _Writer(pick)
    before = "\n".join(writer.fill(pick(templates.ALIASES)) for _ in range(pick([0, 1, 1])))
    loop = writer.loop()
    after = "\n".join(writer.fill(pick(templates.CHANGES)) for _ in range(2))
    return [_first_cell(pick), before, loop, after]


@st.composite
def loops(draw: Any) -> list[str]:
    """Notebooks as :func:`write_loop` makes them."""
    return write_loop(lambda choices: draw(st.sampled_from(choices)))
