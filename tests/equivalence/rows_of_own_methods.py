"""Loops that hand results to an object of a class of the notebook: ``stats.add(v)``."""

from __future__ import annotations

import textwrap

from notebook_row import Row, written

_STATS = """
import math
import random
class Stats:
    def __init__(self):
        self.n, self.mean, self.m2, self.seen = 0, 0.0, 0.0, []
    def add(self, value, weight=1, *more):
        self.n += 1
        d = value - self.mean
        self.mean += weight * d / self.n
        self.m2 += d * (value - self.mean)
    def update(self, value):
        if value is None:
            raise ValueError('nothing')
        self.seen.append(value)
        print(len(self.seen), 'seen')
        return self.n
    def spread(self):
        return math.sqrt(self.m2 / max(1, self.n))
    def scaled(self, value):
        self.n += value * scale
MORE
def f(x):
    return x / 7 + 0.1
scale, x, results = 3, 0, {}
stats, other = Stats(), Stats()
---
"""


def stats(text: str, more: str = "", **facts: object) -> Row:
    """A notebook that begins with the class, two objects of it and a function; ``more`` are methods."""
    methods = textwrap.indent(textwrap.dedent(more).strip(), "    ")
    return written(_STATS.replace("MORE", methods) + text, **facts)


ROWS = {
    "numbers are added": stats(
        """
# split:
for x in range(9):
    v = f(x)
    stats.add(v, weight=1)
    other.update(f(v))
    other.update(str(x))
---
print(vars(stats), vars(other), stats.spread())
""",
        splits=1,
        on_ray=True,
    ),
    "conditions, results and attributes": stats(
        """
# split:
trace, top = [], 0
for k in range(9):
    v = f(k)
    if v > stats.mean:
        stats.add(v)
        n = other.update(k)
    trace.append(stats.mean)
    top = max(top, stats.spread())
---
print(vars(stats), vars(other), trace, top, n)
""",
        splits=1,
    ),
    "a global that the method reads": stats(
        """
# split:
for k in range(9):
    stats.scaled(f(k))
---
print(vars(stats))
""",
        splits=1,
    ),
    "in a function": stats(
        """
def collect(items):
    mine = Stats()
    # split:
    for item in items:
        mine.add(f(item))
    return mine
---
mine = collect(range(9))
---
print(vars(mine))
"""
    ),
    "all of it is in the method": stats(
        """
# split:
for x in range(9):
    stats.add(x)
---
print(vars(stats))
""",
        splits=0,
    ),
    "nothing to add": stats(
        """
# split:
for x in []:
    stats.add(f(x))
---
print(vars(stats))
"""
    ),
    "a method raises": stats(
        """
# split:
for x in range(9):
    print(x)
    v = f(x) if x < 5 else None
    stats.update(v)
"""
    ),
    "an error is caught": stats(
        """
# split:
bad = []
for x in range(9):
    v = f(x) if x % 2 else None
    try:
        stats.update(v)
    except ValueError:
        bad.append(x)
---
print(vars(stats), bad)
"""
    ),
    "what it is given changes": stats(
        more="""
        def extend(self, values):
            values.append(0)
            self.seen.extend(values)
        """,
        text="""
# split:
out = []
for x in range(6):
    v = [f(x)]
    stats.update(v)
    v.append(x)
    out.append(v)
---
out[2].append('seen')
print(vars(stats))
---
# split:
for x in range(6):
    v = [f(x)]
    stats.extend(v)
    out.append(v)
---
print(vars(stats), out)
""",
        splits=0,
    ),
    "the object is looked at": stats(
        more="""
        @property
        def size(self):
            return self.n
        """,
        text="""
def g(x):
    return x + stats.n
both = [stats]
---
# split:
out = []
for x in range(6):
    stats.add(g(x))
for x in range(6):
    stats.add(f(x) + both[0].n)
for x in range(6):
    stats.add(f(x) + stats.size)
for x in range(6):
    out.append(f(x) + stats.n)
    stats.add(out[-1])
for x in range(6):
    stats.seen.append(f(x))
    stats.add(f(x))
---
print(vars(stats), out)
""",
    ),
    "methods that do more": stats(
        more="""
        made = 0
        def noise(self, value):
            self.n += value * random.random()
        def last(self, value):
            self.n += value * x
        def count(self, value):
            Stats.made += value
        def put(self, value):
            results[value] = self.n
        """,
        text="""
random.seed(3)
---
# split:
for y in range(6):
    stats.noise(f(y))
for x in range(6):
    stats.last(f(x))
for y in range(6):
    stats.count(f(y) + Stats.made)
for y in range(6):
    stats.put(y)
    v = f(y) + len(results)
---
print(vars(stats), results, v, Stats.made, random.random())
""",
        splits=0,
    ),
    "another method than the class's": stats(
        """
class Stats(Stats):
    def add(self, value):
        self.n += other.n
        other.n += 1
stats = Stats()
---
# split:
for x in range(6):
    other.n = f(x)
    stats.add(f(x))
---
other.add = lambda value: results.update({value: len(results)})
---
# split:
for x in range(6):
    other.add(f(x))
---
print(vars(stats), results, other.n)
""",
        splits=0,
    ),
    "what it holds is looked at": written(
        """
        class Stats:
            def __init__(self, log):
                self.log = log
            def add(self, value):
                self.log.append(value)
        def f(x):
            return x + len(log)
        def g(x):
            return x + len(other.log)
        log = []
        stats, other = Stats(log), Stats(log)
        ---
        # split:
        for x in range(6):
            stats.add(f(x))
        for x in range(6):
            stats.add(g(x))
        for x in stats.log:
            if len(stats.log) < 20:
                stats.add(x + 1)
        ---
        print(log)
        """,
        splits=0,
    ),
    "setting an attribute does more": written(
        """
        class Stats:
            def __init__(self):
                self.n = 0
            def __setattr__(self, name, value):
                results.append(name)
                object.__setattr__(self, name, value)
            def add(self, value):
                self.n += value
        class Holder:
            def __init__(self):
                self.inner = Stats()
            def add(self, value):
                self.inner.n = value
        def f(x):
            return x + len(results)
        results = []
        stats, holder = Stats(), Holder()
        ---
        # split:
        for x in range(6):
            stats.add(f(x))
        for x in range(6):
            holder.add(f(x))
        ---
        print(stats.n, holder.inner.n, results)
        """,
        splits=0,
    ),
    "a data class": written(
        """
        from dataclasses import dataclass, field
        @dataclass(slots=True)
        class Stats:
            n: int = 0
            seen: list = field(default_factory=list)
            def add(self, value):
                self.n += value
                self.seen.append(value)
        stats = Stats()
        ---
        # split:
        for x in range(6):
            stats.add(sum(range(x)))
        ---
        print(stats)
        """,
        splits=1,
    ),
    "a method that was put in later": stats(
        """
def note(self, value):
    results[value] = self.n
def g(x):
    return x + len(results)
setattr(Stats, 'add', note)
---
# split:
for x in range(6):
    stats.add(g(x))
---
print(results)
""",
        splits=0,
    ),
    "a list of one's own": written(
        """
        class Stack(list):
            def append(self, value):
                super().append((len(self), value))
        def f(x):
            return x / 7
        stack = Stack()
        ---
        # split:
        for x in range(6):
            stack.append(f(x))
        ---
        print(stack)
        """
    ),
    "what Python calls by itself binds a global": written(
        """
        n = 0
        class P:
            def __repr__(self):
                global n, shown
                n, shown = n + 1, True
                return 'p'
        class H:
            def _q(self):
                global n
                n += 1
                return n
            q = property(_q)
        p, h = P(), H()
        ---
        # split:
        out = []
        for i in range(7):
            out.append('%s %d' % (p, i))
        ---
        print(out, n, shown)
        ---
        # split:
        more = []
        for i in range(7):
            more.append(h.q)
        ---
        print(more, n)
        """,
        splits=0,
    ),
    "the class counts by itself": written(
        """
        class Stats:
            n = 0
            def add(self, value):
                type(self).n += 1
                self.__class__.last = value
        def f(x):
            return x / 7
        stats = Stats()
        ---
        # split:
        out = []
        for x in range(6):
            v = f(x) + Stats.n
            stats.add(v)
            out.append(v)
        ---
        print(Stats.n, Stats.last, out)
        """
    ),
}
