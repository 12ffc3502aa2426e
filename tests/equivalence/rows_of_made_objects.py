"""Objects of the notebook's own classes that are made of others: which of them a change of one is a change of."""

from __future__ import annotations

from notebook_row import Row, row, sampled, split

MODEL = (
    "class Model:\n    def __init__(self, p):\n        self.p, self.n = p, 0\n"
    "    def fit(self, k=3):\n        for _ in range(k):\n            self.n += self.p['a']\n        return self"
)
FIT = (
    "class Fit:\n    def __init__(self, rate):\n        self.rate, self.history = rate, []\n"
    "    def fit(self, X, y):\n        self.coef = (X * self.rate).sum(axis=0) / 2\n"
    "        self.history.append(float(self.coef[0] - y[0]))\n        return self\n"
    "    @property\n    def score(self):\n        return self.history[-1]"
)
ITEMS = "ps = [{'a': n} for n in range(7)]"

SPLIT = {
    "of numbers": row(
        "class N:\n    def __init__(self, v): self.v = v",
        split("ns = [N(i) for i in range(7)]"),
        split("ms = []\nfor i in range(7):\n    ms.append(N(i))"),
        split("named = {i: N(i) for i in range(7)}"),
        split("mapped = list(map(N, range(7)))"),
        "print([n.v for n in [*ns, *ms, *named.values(), *mapped]])",
        splits=4,
    ),
    "of items": row(
        MODEL,
        ITEMS,
        split("out = []\nfor p in ps:\n    m = Model(p)\n    m.fit()\n    out.append(m.n)"),
        split("scores = [Model(p).fit(5).n for p in ps]"),
        split("models = [Model(p).fit() for p in ps]"),
        "print(out, scores, [m.n for m in models], models[0].p is ps[0])",
    ),
    "of items, of which nothing is kept": row(
        MODEL,
        ITEMS,
        split("out = []\nfor p in ps:\n    m = Model(p)\n    m.fit()\n    out.append(m.n)"),
        split("scores = [Model(p).fit(5).n for p in ps]"),
        "print(out, scores)",
        splits=2,
    ),
    "of a shared object": row(
        "class Job:\n    def __init__(self, data, k):\n        self.data, self.k, self.found = data, k, []\n"
        "    def run(self):\n        for d in self.data:\n            self.found.append(d * self.k)\n"
        "        return sum(self.found)",
        "data = list(range(5))",
        split("out = []\nfor k in range(7):\n    out.append(Job(data, k).run())"),
        "print(out, data)",
        splits=1,
    ),
    "that keep a history beside what they are fitted to": row(
        FIT,
        "import numpy as np\nX = np.arange(12.0).reshape(4, 3)\ny = X[:, 0]\nrates = [1, 2, 3, 5, 8, 13, 21]",
        split(
            "out = []\nfor r in rates:\n    f = Fit(r)\n    f.fit(X, y)\n    out.append(f.score)"
        ),
        split("last = {}\nfor r in rates:\n    last[r] = Fit(r).fit(X, y).score"),
        split("total = 0\nfor r in rates:\n    total += Fit(r).fit(X, y).score"),
        split(
            "done = []\nfor r in rates:\n    f = Fit(r)\n    try:\n        f.fit(X, y)\n    except ValueError:\n"
            "        continue\n    done.append((r, f.score))"
        ),
        "print(out, last, total, done, X.sum())",
        splits=4,
    ),
    "by a name that other cells use for something else": row(
        FIT,
        "import numpy as np\nX = np.arange(12.0).reshape(4, 3)\ny = X[:, 0]\nrates = [1, 2, 3, 5, 8, 13]\nf = []",
        split(
            "out = []\nfor r in rates:\n    f = Fit(r)\n    f.fit(X, y)\n    out.append(f.score)"
        ),
        "for f in [X, y]:\n    print(f.sum())\nf = {'k': 1}",
        split(
            "more = []\nfor r in rates:\n    f = Fit(r)\n    f.fit(X, y)\n    more.append(f.score)"
        ),
        "print(out, more, X.sum())",
        splits=2,
    ),
    "by a class method": row(
        FIT + "\n    @classmethod\n    def of(cls, d):\n        return cls(d['rate'])",
        "import numpy as np\nX = np.arange(12.0).reshape(4, 3)\ny = X[:, 0]\nds = [{'rate': r} for r in range(7)]",
        split(
            "out = []\nfor d in ds:\n    f = Fit.of(d)\n    f.fit(X, y)\n    out.append(f.score)"
        ),
        "print(out, X.sum())",
        splits=1,
    ),
    "of a dataclass with a list": row(
        "from dataclasses import dataclass, field\n@dataclass\nclass Run:\n    data: list\n    k: int = 1\n"
        "    log: list = field(default_factory=list)",
        "data = [[1], [2]]\nks = list(range(7))",
        split(
            "out = []\nfor k in ks:\n    r = Run(data, k)\n    r.log.append(len(data) * k)\n    out.append(r.log)"
        ),
        "print(out, data)",
        splits=1,
    ),
    "of a subclass": row(
        MODEL
        + "\nclass Slow(Model):\n    def __init__(self, p, k):\n        super().__init__(p)\n        self.k = k\n"
        "    def fit(self):\n        return super().fit(self.k)",
        ITEMS,
        split("out = []\nfor p in ps:\n    m = Slow(p, 2)\n    out.append(m.fit().n)"),
        "print(out)",
        splits=1,
    ),
}


WORK = "def work(k):\n    return sum(range(k * 1000))"


def changing(definition: str, change: str) -> Row:
    """``change`` of an ``s`` that is made of an item, which it changes: in a split loop, and from cell to cell."""
    made = "out = []\nfor p in ps:\n    s = S(p)\n"
    body = "\n".join(f"    {line}" for line in change.split("\n"))
    return row(
        f"{WORK}\n{definition}",
        "ps = [[n] for n in range(7)]\nq = [5]",
        split(f"{made}{body}\n    out.append(len(p))"),
        "print(ps, out, work(2))",
        "s = S(q)",
        f"a = work(2)\n{change}",
        "b = work(3), len(q)\nprint(q)",
        split("copies = []\nfor p in ps:\n    t = S(p)\n    copies.append(t)"),
        "s = copies[2]",
        f"c = work(2)\n{change}",
        "d = work(3), str(ps)\nprint(ps)",
        f"{change}\ne = work(1)",
        "f = work(3), str(ps), len(q)",
    )


HELD = "class S:\n    def __init__(self, p):\n        self.p = p\n"
CHANGES = {
    "beside another one": changing(
        "class S:\n    def __init__(self, p):\n        self.p, self.log = p, []\n"
        "    def add(self):\n        self.log.append(1)\n        self.p.append(len(self.log))",
        "s.add()",
    ),
    "by another attribute": changing(
        "class S:\n    def __init__(self, p):\n        self.p, self.log = p, []\n        self.log = self.p",
        "s.log.append(1)",
    ),
    "as what it keeps": changing(
        "class S:\n    def __init__(self, p):\n        self.log = []\n        self.log.append(p)",
        "s.log[0].append(1)",
    ),
    "through an attribute": changing(HELD, "s.p.append(1)"),
    "through a method": changing(HELD + "    def add(self):\n        self.p.append(1)", "s.add()"),
    "through an inner method": changing(
        HELD
        + "    def add(self):\n        self.more()\n    def more(self):\n        self.p += [1]",
        "s.add()",
    ),
    "by an operator": changing(
        HELD + "    def __iadd__(self, v):\n        self.p.append(v)\n        return self", "s += 1"
    ),
    "by an item": changing(
        HELD + "    def __setitem__(self, k, v):\n        self.p.append(v)", "s[0] = 1"
    ),
    "by a call": changing(HELD + "    def __call__(self, v):\n        self.p.append(v)", "s(1)"),
    "by a property": changing(
        HELD
        + "    @property\n    def x(self):\n        return self.p\n    @x.setter\n    def x(self, v):\n"
        "        self.p.append(v)",
        "s.x = 1",
    ),
    "by reading a property": changing(
        HELD
        + "    @property\n    def x(self):\n        self.p.append(1)\n        return len(self.p)",
        "print(s.x)",
    ),
    "by setting an attribute": changing(
        "class S:\n    def __init__(self, p):\n        object.__setattr__(self, 'p', p)\n"
        "    def __setattr__(self, k, v):\n        self.p.append(v)",
        "s.k = 1",
    ),
    "by a method of what it holds": changing(
        HELD + "    def __getattr__(self, k):\n        return getattr(self.p, k)", "s.append(1)"
    ),
    "by a kept method": changing(
        "class S:\n    def __init__(self, p):\n        self.add = p.append", "s.add(1)"
    ),
    "by a kept function": changing(
        "class S:\n    def __init__(self, p):\n        self.add = lambda v: p.append(v)", "s.add(1)"
    ),
    "by a context": changing(
        HELD
        + "    def __enter__(self):\n        return self.p\n    def __exit__(self, *_):\n        self.p.append(1)",
        "with s as inner:\n    inner.append(2)",
    ),
    "by iterating": changing(
        HELD + "    def __iter__(self):\n        self.p.append(1)\n        return iter(self.p)",
        "print(sum(s))",
    ),
    "by its text": changing(
        HELD + "    def __repr__(self):\n        self.p.append(1)\n        return 'S'", "print(s)"
    ),
    "when it is made": changing(
        "class S:\n    def __init__(self, p):\n        self.p = p\n        self.p.append(1)",
        "print(len(s.p))",
    ),
    "when it is made, by what it is made of": changing(
        "class S:\n    def __init__(self, p):\n        p.append(1)\n        self.p = p",
        "print(len(s.p))",
    ),
    "by a function": changing(HELD + "def add(s):\n    s.p.append(1)", "add(s)"),
    "by a function that gets what it holds": changing(
        HELD + "def add(p):\n    p.append(1)", "add(s.p)"
    ),
    "by unpacking": changing(HELD, "inner = s.p\ninner[0] = 9"),
    "by deleting": changing(HELD, "del s.p[0]"),
    "through two": changing(
        HELD.replace("class S", "class R")
        + "class S:\n    def __init__(self, p):\n        self.r = R(p)",
        "s.r.p.append(1)",
    ),
    "through a list": changing(
        "class S:\n    def __init__(self, p):\n        self.ps = [p]", "s.ps[0].append(1)"
    ),
    "of a base": changing(
        HELD.replace("class S", "class R") + "class S(R):\n    pass", "s.p.append(1)"
    ),
    "of a dataclass": changing(
        "from dataclasses import dataclass\n@dataclass\nclass S:\n    p: list", "s.p.append(1)"
    ),
    "of a dataclass that looks at it": changing(
        "from dataclasses import dataclass\n@dataclass\nclass S:\n    p: list\n    def __post_init__(self):\n"
        "        self.p.append(1)",
        "print(s)",
    ),
    "of a named tuple": changing(
        "from typing import NamedTuple\nclass S(NamedTuple):\n    p: list",
        "s.p.append(1)\ns[0].append(2)",
    ),
    "of an abstract one": changing(
        "import abc\nclass R(abc.ABC):\n    @abc.abstractmethod\n    def add(self): ...\nclass S(R):\n"
        "    def __init__(self, p):\n        self.p = p\n    def add(self):\n        self.p.append(1)",
        "s.add()",
    ),
    "of a generic one": changing(
        "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass S(Generic[T]):\n"
        "    def __init__(self, p):\n        self.p = p",
        "s.p.append(1)",
    ),
    "of a list": changing(
        "class S(list):\n    def add(self):\n        self.append(1)", "s.add()\nprint(len(s))"
    ),
    "of itself": changing("class S:\n    def __new__(cls, p):\n        return p", "s.append(1)"),
    "of slots": changing(
        "class S:\n    __slots__ = ('p',)\n    def __init__(self, p):\n        self.p = p",
        "s.p.append(1)",
    ),
    "of a class in a variable": changing(
        HELD.replace("class S", "class R") + "S = R", "s.p.append(1)"
    ),
    "of a class made by a function": changing(
        "def make():\n    class R:\n        def __init__(self, p):\n            self.p = p\n    return R\n"
        "S = make()",
        "s.p.append(1)",
    ),
    "of a class method": changing(
        "class R:\n    def __init__(self, p):\n        self.p = p\n    @classmethod\n    def of(cls, p):\n"
        "        return cls(p)\nS = R.of",
        "s.p.append(1)",
    ),
}

DICTIONARY = {
    "whose attributes are an item's": row(
        "class S:\n    def __init__(self, p):\n        self.__dict__ = p",
        ITEMS,
        split("out = []\nfor p in ps:\n    s = S(p)\n    s.k = 4\n    out.append(len(p))"),
        "print(ps, out)",
        f"{WORK}\nq = {{'a': 1}}",
        "s = S(q)",
        "x = work(2)\ns.k = 5",
        "y = work(3), str(q)\nprint(q)",
    ),
    "that know all": row(
        "class S:\n    made = []\n    def __init__(self, p):\n        self.p = p\n        S.made.append(self)",
        ITEMS,
        split("out = []\nfor p in ps:\n    s = S(p)\n    out.append(len(S.made))"),
        "print(out, len(S.made))",
    ),
    "that their items know": row(
        "class S:\n    def __init__(self, p):\n        p['owner'] = self",
        ITEMS,
        split("for p in ps:\n    s = S(p)"),
        "print([type(p['owner']).__name__ for p in ps])",
    ),
}

ROWS = sampled(
    {**SPLIT, **{f"changed {name}": each for name, each in CHANGES.items()}, **DICTIONARY},
    "of items",
    "of a shared object",
    "changed through a method",
    "changed by a kept method",
    "whose attributes are an item's",
)
