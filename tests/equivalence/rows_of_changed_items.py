"""Loops that change their items in place: the notebook's own objects must be changed, whoever holds them."""

from __future__ import annotations

from notebook_row import Row, sampled, written

_CLASSES = """
import collections
import dataclasses
import numpy as np
class Model:
    kind = "plain"
    def __init__(self, k):
        self.k, self.history, self.best = k, [], None
    def fit(self, x):
        self.weights = np.arange(3) * self.k + x
        self.history.append(float(self.weights.sum()))
        return self
    def rename(self, name):
        self.__dict__["name"] = name
class Sub(Model):
    def fit(self, x):
        super().fit(x)
        self.extra = {"k": self.k}
        return self
@dataclasses.dataclass
class Cell:
    x: float
    parts: list = dataclasses.field(default_factory=list)
    owner: object = None
"""


def _models(text: str, **facts: object) -> Row:
    made = written(text, **facts)
    return Row((_CLASSES, *made.cells), splits=made.splits, on_ray=made.on_ray)


_ROWS: dict[str, Row] = {
    "dicts get a key": _models(
        """
        records = [{"x": n} for n in range(9)]
        first = records[0]
        by_x = {r["x"]: r for r in records}
        ---
        # split:
        for r in records:
            r["y"] = r["x"] ** 2
        ---
        first["z"], by_x[3]["z"] = 0, 3
        print(records, first)
        """,
        splits=1,
        on_ray=True,
    ),
    "models are fitted and collected": _models(
        """
        models = [Model(k) for k in range(4)] + [Sub(k) for k in range(4)]
        kept = models[2].history
        ---
        # split:
        scores, same = [], []
        for m in models:
            m.fit(2.0)
            scores.append(m.weights.mean())
            same.append(m)
        ---
        kept.append("kept")
        for number, m in enumerate(same):
            m.number = number
        print(scores, kept, [m.history for m in models])
        print([sorted(vars(m)) for m in models], m.number, models[5].extra)
        """,
        splits=1,
        on_ray=True,
    ),
    "values of a dict, pairs of it, numbered": _models(
        """
        models = {f"m{k}": Model(k) for k in range(7)}
        ---
        # split:
        for m in models.values():
            m.fit(1)
        ---
        # split:
        results = {}
        for name, m in models.items():
            m.rename(name)
            results[name] = m.history[-1]
        ---
        # split:
        for n, (name, m) in enumerate(models.items()):
            m.best = (n, name)
        ---
        print(results, [(m.name, m.best, m.history) for m in models.values()])
        """,
        splits=3,
    ),
    "arrays are changed in place, by whatever name": _models(
        """
        arrays = [np.arange(4.0) + n for n in range(6)]
        window, alias = arrays[1][1:3], arrays[4]
        ---
        # split:
        for a in arrays:
            a *= 2
            a[0] = -1
        ---
        window += 100
        print(arrays, window, alias)
        """,
        splits=1,
        on_ray=True,
    ),
    "rows of an array that nothing else reads": _models(
        """
        grid = np.zeros((8, 3))
        corner = grid[:2, :2]
        ---
        # split:
        for row in grid:
            row[:] = row.sum() + 3
        ---
        print(grid, corner)
        """,
        splits=1,
    ),
    "lists grow, shrink and are sorted": _models(
        """
        lists = [[3, 1, n] for n in range(7)]
        tail = [lists[-1]]
        ---
        # split:
        for part in lists:
            part.sort()
            part.append(len(part))
            del part[0]
        ---
        print(lists, tail)
        """,
        splits=1,
    ),
    "nested parts, and what is shared but never changed": _models(
        """
        data = np.linspace(0, 1, 5)
        config = {"rate": 2, "steps": [1, 2]}
        cells = [Cell(float(n), [[n]], {"data": data, "config": config}) for n in range(8)]
        ---
        # split:
        for c in cells:
            c.parts[0].append(c.owner["data"].sum() * c.owner["config"]["rate"])
            c.parts.append([c.x])
            c.owner["seen"] = True
        ---
        data[0], config["rate"] = 5, 7
        print([(c.parts, c.owner) for c in cells])
        """,
        splits=1,
    ),
    "kinds of dicts keep their kind and order": _models(
        """
        tables = [
            collections.OrderedDict(b=1, a=2), collections.defaultdict(list, z=[1]), collections.Counter("aab"),
            {"q": 1}, {}, collections.Counter(), collections.defaultdict(int),
        ]
        ---
        # split:
        for n, t in enumerate(tables):
            t[f"k{n}"] = n
            t.pop("a", None)
        ---
        print(tables, [type(t).__name__ for t in tables], tables[1].default_factory)
        """,
        splits=1,
    ),
    "the same item twice": _models(
        """
        one, two = {"n": 0}, {"n": 0}
        items = [one, two, one, two, one, {"n": 5}]
        ---
        # split:
        for item in items:
            item["n"] += 1
        ---
        print(items, one, two)
        """,
        splits=0,
    ),
    "neighbours change each other": _models(
        """
        cells = [Cell(float(n)) for n in range(8)]
        ---
        # split:
        for a, b in zip(cells, cells[1:]):
            b.x = a.x * 2 + b.x
        ---
        print([c.x for c in cells])
        """,
        splits=0,
    ),
    "a part that items share is changed": _models(
        """
        common = []
        cells = [Cell(float(n), common) for n in range(8)]
        ---
        # split:
        for c in cells:
            c.parts.append(c.x + len(c.parts))
        ---
        print(common, {len(c.parts) for c in cells})
        """,
        splits=0,
    ),
    "only the last items share what they change": _models(
        """
        common = []
        cells = [Cell(float(n)) for n in range(7)] + [Cell(1.0, common), Cell(2.0, common)]
        ---
        # split:
        for c in cells:
            c.parts.append(c.x + len(c.parts))
        ---
        print(common, [c.parts for c in cells])
        """,
    ),
    "an item is read through what the iterations share": _models(
        """
        cells = [Cell(float(n)) for n in range(8)]
        chosen = {"first": cells[0], "last": cells[-1]}
        ---
        # split:
        for c in cells:
            c.x = c.x + chosen["first"].x + 1
        ---
        print([c.x for c in cells], chosen)
        """,
        splits=0,
    ),
    "an item holds the list that is looped over": _models(
        """
        cells = [Cell(float(n)) for n in range(6)]
        for c in cells:
            c.owner = cells
        ---
        # split:
        for c in cells:
            c.x = c.x + len(c.owner)
        ---
        print([c.x for c in cells])
        """,
        splits=0,
    ),
    "a class holds its instances": _models(
        """
        class Registered:
            known = []
            def __init__(self, n):
                self.n = n
                self.known.append(self)
            def step(self):
                self.n = self.n + self.known[0].n
        things = [Registered(n + 1) for n in range(6)]
        ---
        # split:
        for t in things:
            t.step()
        print([t.n for t in things], [t.n for t in Registered.known])
        """,
        splits=0,
    ),
    "what an iteration makes is in the item and in a list": _models(
        """
        cells = [Cell(float(n)) for n in range(7)]
        ---
        # split:
        made, last = [], {}
        for c in cells:
            new = [c.x]
            c.parts.append(new)
            made.append(new)
            last[c.x] = c.parts
        ---
        made[3].append("changed")
        last[2.0].append("last")
        print([c.parts for c in cells], made)
        """,
        splits=1,
        on_ray=True,
    ),
    "comprehensions": _models(
        """
        models = [Model(k) for k in range(7)]
        ---
        # split:
        fitted = [m.fit(3) for m in models]
        ---
        # split:
        sums = {m.k: m.fit(4).weights.sum() for m in fitted}
        fitted[3].history.append("seen")
        ---
        print(sums, [m.history for m in models])
        """,
        splits=1,
    ),
    "an iteration raises": _models(
        """
        cells = [Cell(float(n)) for n in range(9)]
        ---
        # split:
        for c in cells:
            c.x = 1 / (c.x - 7)
        """,
    ),
    "an iteration raises where the cell catches it": _models(
        """
        cells = [Cell(float(n)) for n in range(9)]
        done = []
        ---
        # split:
        try:
            for c in cells:
                c.parts.append(1)
                c.x = 1 / (c.x - 7)
                done.append(c.x)
        except ZeroDivisionError as error:
            print("caught", error)
        ---
        print([(c.x, c.parts) for c in cells], done)
        """,
    ),
    "sets in items": _models(
        """
        cells = [Cell(float(n), [{n}]) for n in range(8)]
        for c in cells:
            c.owner = {c.x, "a"}
        ---
        # split:
        for c in cells:
            c.x += len(c.owner)
        ---
        print([c.x for c in cells])
        ---
        # split:
        for c in cells:
            c.owner.add(c.x)
        ---
        print([sorted(map(str, c.owner)) for c in cells])
        """,
    ),
    "tables in items, changed or not": _models(
        """
        import pandas as pd
        frames = [pd.DataFrame({"a": [n, n + 1]}) for n in range(6)]
        models = [Cell(float(n), owner=frame) for n, frame in enumerate(frames)]
        ---
        # split:
        for m in models:
            m.x = float(m.owner["a"].sum())
        ---
        print([m.x for m in models], "same")
        ---
        # split:
        for frame in frames:
            frame["b"] = frame["a"] * 2
        ---
        print(frames[5], models[5].owner)
        """,
    ),
    "slots, properties and own ways of setting": _models(
        """
        class Slotted:
            __slots__ = ("x", "y")
            def __init__(self, x): self.x = x
        class Checked:
            def __init__(self, x): self._x = x
            @property
            def x(self): return self._x
            @x.setter
            def x(self, value): self._x = max(value, 0)
        slotted, checked = [Slotted(n) for n in range(6)], [Checked(n) for n in range(6)]
        ---
        # split:
        for s in slotted:
            s.y = s.x * 2
        ---
        print([s.y for s in slotted])
        ---
        # split:
        for c in checked:
            c.x = c.x - 3
        ---
        print([c.x for c in checked])
        """,
    ),
    "an item is made another class's": _models(
        """
        models = [Model(n) for n in range(6)]
        ---
        # split:
        for m in models:
            m.__class__ = Sub
            m.fit(1)
        ---
        print([type(m).__name__ for m in models], [m.extra for m in models])
        """,
    ),
    "attributes go and come in an order": _models(
        """
        cells = [Cell(float(n)) for n in range(6)]
        ---
        # split:
        for c in cells:
            del c.parts
            c.later = c.x
            c.parts = ()
        ---
        print([list(vars(c)) for c in cells])
        """,
        splits=1,
    ),
    "estimators of sklearn": _models(
        """
        from sklearn.linear_model import LinearRegression, Ridge
        from sklearn.tree import DecisionTreeRegressor
        x = np.arange(24.0).reshape(8, 3) % 5
        y = x[:, 0] * 2 - x[:, 1]
        models = {"ols": LinearRegression(), "ridge": Ridge(0.1), "low": Ridge(9),
                  "tree": DecisionTreeRegressor(max_depth=2, random_state=0)}
        ridge = models["ridge"]
        ---
        # split:
        scores = {}
        for name, model in models.items():
            model.fit(x, y)
            scores[name] = round(model.score(x, y), 6)
        ---
        ridge.coef_[0] = 7
        print(scores, models["ridge"].coef_.round(4), models["tree"].predict(x[:2]))
        """,
        splits=1,
        on_ray=True,
    ),
    "generators of random numbers in items": _models(
        """
        cells = [Cell(float(n), owner=np.random.default_rng(n)) for n in range(6)]
        ---
        # split:
        for c in cells:
            c.x = c.owner.random()
        ---
        print([c.x for c in cells], [c.owner.random() for c in cells])
        """,
        splits=0,
    ),
    "items change and a table of totals, a counter and a text": _models(
        """
        models = [Model(k) for k in range(8)]
        ---
        # split:
        total, text, count = 0.0, "", collections.Counter()
        for m in models:
            m.fit(1)
            total += m.weights.sum()
            text += f"{m.k};"
            count[m.k % 3] += 1
            print("fitted", m.k)
        ---
        print(total, text, count, [m.history for m in models])
        """,
        splits=1,
        on_ray=True,
    ),
    "two loops over the same items in a cell": _models(
        """
        cells = [Cell(float(n)) for n in range(8)]
        ---
        # split:
        for c in cells:
            c.x += 1
        # split:
        for c in cells:
            c.parts.append(c.x)
        ---
        print([(c.x, c.parts) for c in cells])
        """,
        splits=2,
    ),
    "a list that an earlier loop made": _models(
        """
        # split:
        models = []
        for k in range(8):
            models.append(Model(k))
        ---
        # split:
        for m in models:
            m.fit(2)
            m.weights += 1
        ---
        # split:
        for m in models:
            m.weights *= 2
            m.history.clear()
        ---
        print([(m.weights, m.history) for m in models])
        """,
        splits=3,
        on_ray=True,
    ),
    "keys that are items": _models(
        """
        cells = [Cell(float(n)) for n in range(6)]
        class Node:
            def __init__(self, n): self.n = n
        nodes = [Node(n) for n in range(7)]
        names = {node: f"n{node.n}" for node in nodes}
        ---
        # split:
        for node in nodes:
            node.n = node.n * 10
        ---
        # split:
        for node, name in names.items():
            node.name = name
        ---
        print([(names[node], node.n, node.name) for node in nodes])
        """,
        splits=2,
    ),
    "the best model": _models(
        """
        import time
        models = [Model(k * 7 % 8) for k in range(8)]
        def score(m):
            time.sleep(0.001)
            return float(m.weights.sum())
        ---
        # split:
        best, best_score = None, -1.0
        for m in models:
            m.fit(1)
            s = score(m)
            if best is None or s > best_score:
                best, best_score = m, s
            m.weights *= 2
        ---
        best.chosen = True
        print(best_score, [(m.k, m.weights, sorted(vars(m))) for m in models])
        """,
        splits=1,
        on_ray=True,
    ),
    "the best model of sklearn": _models(
        """
        from sklearn.linear_model import LinearRegression, Ridge
        x = np.arange(24.0).reshape(8, 3) % 5
        y = x[:, 0] * 2 - x[:, 1]
        models = {"ridge": Ridge(0.1), "ols": LinearRegression(), "low": Ridge(9), "lower": Ridge(99)}
        ---
        # split:
        best, best_score = None, -1.0
        for name, model in models.items():
            model.fit(x, y)
            s = model.score(x, y)
            if s > best_score:
                best, best_score = model, s
        ---
        best.coef_[0] = 7
        print(round(best_score, 6), [m.coef_.round(3) for m in models.values()])
        """,
        splits=1,
    ),
    "the best list, which is compared again": _models(
        """
        import time
        lists = [[k * 7 % 8] for k in range(8)]
        def work(part):
            time.sleep(0.001)
            return 1
        ---
        # split:
        best = []
        for part in lists:
            w = work(part)
            if part > best:
                best = part
            part[0] = -w
        ---
        print(best, lists)
        """,
        splits=0,
    ),
    "the best one is looked into": _models(
        """
        import time
        models = [Model(k * 7 % 8) for k in range(8)]
        def work(part):
            time.sleep(0.001)
            return 1
        ---
        # split:
        best = None
        for m in models:
            w = work(m)
            if best is None or m.k > best.k:
                best = m
            m.k = m.k - 3
        ---
        print(best.k, [m.k for m in models])
        """,
        splits=0,
    ),
    "NaN and other objects that are told from copies": _models(
        """
        NA, MISSING = float("nan"), object()
        records = [{"a": NA if n % 2 else MISSING, "b": [n]} for n in range(8)]
        ---
        # split:
        for r in records:
            r["c"] = r["a"]
            r["b"].append(r["a"])
        ---
        print([(r["c"] is NA, r["c"] is MISSING, r["b"][1] is r["a"]) for r in records])
        """,
    ),
}  # fmt: skip

ROWS = sampled(_ROWS, *(name for name, made in _ROWS.items() if made.on_ray))
