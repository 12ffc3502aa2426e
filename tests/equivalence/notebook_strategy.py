"""Random notebooks whose cells mostly run: loops to split, and everything around them that could go wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

_POOL = ("a", "b", "c", "d", "e")
_FIRST = """\
import numpy as np
param_k = {k}
class Box:
    total = 0
    def __init__(self, n):
        self.n, self.log = n, []
    def up(self, k):
        self.n += k
        self.log.append(k)
        return self.n
    def get(self):
        return self.n * param_k
    def __repr__(self):
        return f'Box({{self.n}}, {{self.log}})'
xs = {xs}
names = ['u', 'v', 'w', 'uu']
rows = [[1, 2], [], [3], [4, 5, 6]]
table = {{'p': 1, 'q': [2], 'r': 3}}
arr = np.arange(6.0)
view = arr[1:4]
box = Box(2)
boxes = [Box(i) for i in range(4)]
shared = [0]
calls = 0
def square(x):
    return x * x + param_k
def counted(x):
    global calls
    calls += 1
    return x + 1
def grow(xs, x):
    xs.append(x)
    return len(xs)
def twice(f):
    return lambda x: f(f(x))
double_square = twice(square)
last = x = i = None
"""


@dataclass
class _Known:
    """Names by what they hold; all exist in every cell that is drawn."""

    lists: list[str] = field(default_factory=lambda: ["xs", "shared"])
    numbers: list[str] = field(default_factory=lambda: ["calls", "param_k"])
    dicts: list[str] = field(default_factory=lambda: ["table"])
    functions: list[str] = field(default_factory=lambda: ["square", "double_square", "abs"])

    def bind(self, name: str, kind: str) -> None:
        for names in (self.lists, self.numbers, self.dicts):
            if name in names:
                names.remove(name)
        getattr(self, kind).append(name)


class _Writer:
    def __init__(self, draw: Any) -> None:
        self.draw, self.known = draw, _Known()

    def pick(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def one_of(self, names: list[str]) -> str:
        return self.draw(st.sampled_from(names))

    def number(self, *extra: str) -> str:
        known = self.known
        return self.pick(
            "1", "2", "0.1", f"len({self.one_of(known.lists)})", self.one_of(known.numbers), *extra
        )

    def fresh(self) -> str:
        return self.pick(*_POOL)

    # Plain cells

    def plain(self) -> str:
        known, name = self.known, self.fresh()
        some, other = self.one_of(known.lists), self.one_of(known.dicts)
        kind = self.pick(*range(21))
        bound = {0: "lists", 1: "lists", 2: "dicts", 3: "numbers", 4: "lists", 5: "lists"}
        text = {
            0: f"{name} = {some}",
            1: f"{name} = [{self.number()}, {self.number()}]",
            2: f"{name} = dict({other})",
            3: f"{name} = {self.one_of(known.functions)}({self.number()})",
            4: f"{name} = sorted(map(str, {some}))",
            5: f"{name} = {some}[:2]\n{name}.append({self.number()})",
            6: f"{some}.append({self.number()})",
            7: f"{other}['z{self.pick(1, 2)}'] = {self.pick(some, self.number())}",
            8: "arr[2] = 50\nview[0] -= 1\nprint(arr)",
            9: f"print({some}, {other}, view.sum())",
            10: f"grow({some}, {self.number()})",
            11: f"param_k {self.pick('+=', '=')} {self.pick(2, 3)}",
            12: f"def square(x):\n    return x - {self.number()}",
            13: f"if len({some}) > 3:\n    last = {some}[0]\nelse:\n    shared.append(last)",
            14: f"box.up({self.pick(1, 5)})\nboxes[1] = {self.pick('box', 'Box(9)')}",
            15: f"del {some}[:1]",
            16: "rows[1].append(xs[0] if xs else 0)\nrows.append(rows[0])",
            17: f"[{some} is q for q in (xs, shared, rows[0])]",
            18: "xs, shared = list(xs), xs",
            19: f"{some}.extend(str(q) for q in {other})",
            20: "np.set_printoptions(precision=3)\nprint(arr / 3)",
        }[kind]
        if kind in bound:
            known.bind(name, bound[kind])
        return text

    # Loops

    def loop(self) -> str:
        batches = self.pick(1, 2, 3, 3, 5, "param_k")
        lines = ["# split: part", f"# batches: {batches}"]
        if self.pick(True, False, False):
            return "\n".join([*lines, *self.comprehensions()])
        lines += self.accumulators()
        header, item = self.header()
        lines.append(header)
        count = self.pick(1, 2, 2, 3, 4)
        for _ in range(count):
            lines += ["    " + line for line in self.statement(item)]
        if self.pick(*[False] * 5, True):
            lines += ["else:", "    print('else', n)"]
        if self.pick(True, False):
            lines.append(f"print({self.pick('out', 'n, text', 'seen, last', 'found, i', 'x')})")
        return "\n".join(lines)

    def accumulators(self) -> list[str]:
        self.known.bind("out", "lists")
        self.known.bind("n", "numbers")
        self.known.bind("found", "dicts")
        fresh = "out, found, seen, n, text, other, acc = [], {}, set(), 0, '', [], np.zeros(7)"
        return [self.pick(fresh, fresh, fresh + "\nother = out", fresh + "\nfound['o'] = out")]

    def header(self) -> tuple[str, str]:
        """A loop's head and what its item is."""
        some = self.one_of(self.known.lists)
        return self.pick(
            (f"for x in {some}:", "any"),
            (f"for x in range({self.pick(0, 1, 5, 8)}):", "number"),
            (f"for x in range({self.pick(4, 7)}):", "number"),
            (f"for i, x in enumerate({some}):", "any"),
            (f"for i, x in enumerate(range(6), {self.pick(0, 3)}):", "number"),
            (f"for x, y in zip(range(5), {self.pick('rows', 'boxes', 'names')}):", "number"),
            (f"for i, x in {self.one_of(self.known.dicts)}.items():", "any"),
            ("for x in rows:", "list"),
            ("for x in boxes:", "box"),
            ("for x in names:", "string"),
            ("for x in arr:", "number"),
            ("for x in [3, 1, 2, 0, 5]:", "number"),
            ("for x in reversed(range(5)):", "number"),
            ("for x in (q * 2 for q in range(4)):", "number"),
            ("for x in []:", "any"),
        )

    def statement(self, item: str) -> list[str]:
        value = self.value(item)
        function = self.one_of(self.known.functions)
        every = [
            [f"out.append({value})"],
            [f"out.append({value})"],
            [f"out.extend([{value}, x])"],
            [f"out += [{value}]"],
            [f"found[str(x)] = {value}"],
            [f"found.update({{repr(x): {value}}})"],
            ["seen.add(str(x))"],
            ["n += 1"],
            ["text += str(x)"],
            [
                f"v = {value}",
                self.pick("out.append(v)", "last = v", "out.append([v]); other.append(v)"),
            ],
            [f"v = [{value}]", "out.append(v)", "other.append(v)"],
            [f"print(x, {value})"],
            ["if len(str(x)) > 1:", "    continue"],
            ["if len(str(x)) == 1:", f"    last = {value}"],
            ["for q in range(2):", f"    out.append((q, {value}))"],
            [
                "try:",
                "    v = 1 / len(str(x)[1:])",
                "except ZeroDivisionError as error:",
                "    v = -1",
            ],
            ["out.append(shared)"],
            ["out.append(last)", "last = x"],
            ["if len(shared) < 20:", "    shared.append(len(out))"],
            ["acc[len(str(x)) % 7] += 0.1"],
            ["acc += np.full(7, len(str(x)) / 3)"],
            ["acc[len(str(x)) % 7] = len(str(x))"],
            [f"found.setdefault('k', []).append({value})"],
            ["out.append(counted(1))"],
            ["box.up(1)"],
            [f"out.append(box.get() + {self.pick('1', 'len(boxes)')})"],
            [f"if str(x) == '{self.pick(2, 3, 'v')}':", "    raise ValueError(f'bad {x}')"],
        ]
        if item == "number":
            every += [
                [f"n {self.pick('+=', '-=', '*=')} {self.pick('x', 'x * 0.1', function + '(x)')}"],
                [f"acc[int(x) % 7] {self.pick('=', '+=')} {function}(x)"],
                [f"out.append({function}(x))"],
                [f"found[x] = {function}(x)"],
                ["seen |= {x}"],
                ["if x % 2:", "    continue"],
                ["n += 1 / (x - 3)"],
                ["out.append(list(range(int(x))))", "seen.update(out[-1:][0])"],
            ]
        if item == "list":
            every += [
                ["x.append(9)"],
                ["out.append(sum(x))"],
                ["out.extend(x)"],
                ["inner = []", "for q in x:", "    inner.append(q * 2)", "out.append(inner)"],
                ["y = x", "y.append(1)"],
            ]
        if item == "box":
            every += [
                ["out.append(x.get())"],
                ["x.up(2)"],
                ["out.append(x.log)"],
                ["y = Box(x.n)", "y.up(3)", "out.append(y)"],
                ["x.tag = 'seen'"],
            ]
        return self.pick(*every)

    def value(self, item: str) -> str:
        some = [
            "x", "[x]", "(x, x)", "str(x)", "{'k': x}", "len(str(x))", "Box(1)", "repr(x) * 2",
            self.number(), "[box]", "np.ones(2) * len(str(x))", "None",
        ]  # fmt: skip
        if item == "number":
            some += [
                "x * 2",
                "x + param_k",
                "square(x)",
                "double_square(x)",
                "x / 7",
                "(lambda: x)()",
            ]
        if item == "list":
            some += ["x[:1]", "x + [0]", "len(x)"]
        if item == "box":
            some += ["x.n", "x.log", "isinstance(x, Box)"]
        return self.pick(*some)

    def comprehensions(self) -> list[str]:
        name, function = self.fresh(), self.one_of(self.known.functions)
        some = self.one_of(self.known.lists)
        text, kind = self.pick(
            (f"[{function}(q) for q in range({self.pick(0, 3, 7)})]", "lists"),
            (f"[q for q in {some} if len(str(q)) < 3]", "lists"),
            (f"[[q] for q in {some}]", "lists"),
            ("[(q, r) for q in rows for r in q]", "lists"),
            ("[q.get() for q in boxes]", "lists"),
            ("[q.up(1) for q in boxes]", "lists"),
            ("[counted(q) for q in range(4)]", "lists"),
            (f"{{str(q): {function}(q) for q in range(5)}}", "dicts"),
            (f"{{k: v for k, v in {self.one_of(self.known.dicts)}.items()}}", "dicts"),
            ("[float(q) for q in arr]", "lists"),
            ("[square(q) + len(text_) for q, text_ in enumerate(names)]", "lists"),
        )
        self.known.bind(name, kind)
        lines = [f"{name} = {text}"]
        if self.pick(True, False):
            lines.append(f"more = {{len(str(q)) for q in {some}}}\nprint(sorted(more))")
        return lines


@st.composite
def notebooks(draw: Any) -> list[str]:
    """Cells of a notebook of up to nine cells, loops to split among them."""
    writer = _Writer(draw)
    first = _FIRST.format(
        k=draw(st.integers(1, 3)), xs=draw(st.lists(st.integers(0, 9), max_size=6))
    )
    cells = [first]
    for _ in range(draw(st.integers(1, 4))):
        cells.append(writer.loop())
        for _ in range(draw(st.integers(0, 2))):
            cells.append(writer.plain())
    return cells
