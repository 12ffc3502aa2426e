"""What attributes of an object collect, and conditions that assign what they ask for."""

from __future__ import annotations

from notebook_row import written

ROWS = {
    "numbers, lists and dicts of an object": written(
        r"""
        class Stats:
            def __init__(self):
                self.total, self.n, self.seen, self.by = 0.0, 0, [], {}
        def f(x): return sum(i*x%7 for i in range(50))
        s = Stats()
        ---
        # split:
        for x in range(12):
            y = f(x) * 0.1
            s.total += y
            s.n += 1
            s.seen.append(y)
            s.by[x % 3] = [y]
        ---
        print(s.total, s.n, s.seen, s.by)
        """,
        splits=1,
        on_ray=True,
    ),
    "fields of a dataclass": written(
        r"""
        from dataclasses import dataclass, field
        @dataclass
        class Stats:
            total: float = 0.0
            seen: list = field(default_factory=list)
        s = Stats()
        ---
        # split:
        for x in range(6):
            s.total += x * 0.1
            s.seen.append(x)
        ---
        print(s)
        """,
        splits=1,
    ),
    "a property that shows something": written(
        r"""
        class Stats:
            def __init__(self): self._t = 0
            @property
            def total(self): return self._t
            @total.setter
            def total(self, v):
                print('set', v)
                self._t = v
        s = Stats()
        ---
        # split:
        for x in range(6):
            s.total += x
            print(x)
        ---
        print(s.total)
        """,
        splits=0,
    ),
    "an object that notes what is set": written(
        r"""
        class Stats:
            def __init__(self): self.total = 0
            def __setattr__(self, k, v):
                object.__setattr__(self, k, v); print(k)
        s = Stats()
        ---
        # split:
        for x in range(6):
            s.total += x
            print(x)
        ---
        print(s.total)
        """,
        splits=0,
    ),
    "a default of the class": written(
        r"""
        class Stats:
            total = 0
        s = Stats()
        ---
        # split:
        for x in range(6):
            s.total += x
        ---
        print(s.total, Stats.total)
        """,
        splits=0,
    ),
    "a list of an object's dict, filled later": written(
        r"""
        from types import SimpleNamespace
        s = SimpleNamespace(by={})
        ---
        # split:
        for x in range(6):
            found = []
            s.by[x] = found
            found.append(x)
        ---
        print(s)
        """,
        splits=0,
    ),
    "an object of an object": written(
        r"""
        class Acc:
            def __init__(self): self.xs = []
            def __iadd__(self, o):
                print('add', o); self.xs.append(o); return self
        class Stats:
            def __init__(self): self.acc = Acc()
        s = Stats()
        ---
        # split:
        for x in range(6):
            s.acc += x
            print(x)
        ---
        print(s.acc.xs)
        """,
        splits=0,
    ),
    "an object that a function reads": written(
        r"""
        class Stats:
            def __init__(self): self.total = 0
        s = Stats()
        def half(x): return s.total / 2 + x
        ---
        # split:
        for x in range(6):
            s.total += half(x)
        ---
        print(s.total)
        """,
        splits=0,
    ),
    "one list of two objects": written(
        r"""
        class Stats:
            def __init__(self, xs): self.xs = xs
        shared = []
        a, b = Stats(shared), Stats(shared)
        ---
        # split:
        for x in range(6):
            a.xs.append(x)
            b.xs.append(-x)
        ---
        print(shared)
        """,
        splits=1,
    ),
    "assigned in a guard": written(
        r"""
        best = 10**9
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for x in range(12):
            if (y := f(x)) >= best:
                continue
            best = y
        ---
        print(best, x, y)
        """,
        splits=1,
    ),
    "assigned in a condition": written(
        r"""
        best, arg = 10**9, None
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for x in range(12):
            if (y := f(x)) < best:
                best, arg = y, x
            elif y == best:
                arg = (arg, x)
        ---
        print(best, arg, x, y)
        """,
        splits=1,
        on_ray=True,
    ),
    "assigned in the first of two conditions": written(
        r"""
        best, arg, n = 10**9, None, 0
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for x in range(12):
            if not (y := f(x)) >= best and x % 2 == 0:
                best, arg = y, x
                n += 1
        ---
        print(best, arg, x, y, n)
        """,
        splits=1,
    ),
    "assigned in the second of two conditions": written(
        r"""
        best = 10**9
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for x in range(12):
            if x > 3 and (y := f(x)) < best:
                best = y
        ---
        print(best, x, y)
        """,
        splits=0,
    ),
    "assigned in a condition, an error midway": written(
        r"""
        best = 10**9
        def f(x): return 10 // (x - 5)
        ---
        # split:
        for x in range(12):
            if (y := f(x)) < best:
                best = y
            print(x)
        """
    ),
    "the carried name assigned in a condition": written(
        r"""
        best = 3
        def f(x): return x * 7 % 5
        ---
        # split:
        for x in range(12):
            if (best := f(x)) < 4:
                best += 1
            print(best)
        ---
        print(best)
        """
    ),
}
