"""``# group:`` cells: they share live objects in a worker of their own, which nobody may notice."""

from __future__ import annotations

from dataclasses import replace

from notebook_row import row, written

_ROWS = {
    "an object that can't be copied, shared within a group": written(
        """
        import threading
        ---
        # group: g
        lock, counts = threading.Lock(), {}
        ---
        # group: g
        with lock:
            counts["a"] = 1
        ---
        # group: g
        with lock:
            counts["b"] = counts["a"] + 1
        total = sum(counts.values())
        ---
        print(total)
        """,
        grouped=3,
    ),
    "modules that only the group has imported are changed elsewhere": written(
        """
        # group: g
        import os, decimal
        model = [0]
        ---
        os.environ["KEY"] = "1"
        decimal.getcontext().prec = 5
        ---
        # group: g
        print(model, os.environ["KEY"], decimal.Decimal(1) / 3)
        """,
    ),
    "a generator that goes on from cell to cell": written(
        """
        # group: g
        squares = (x * x for x in range(10))
        first = next(squares)
        ---
        # group: g
        second = next(squares) + next(squares)
        ---
        print(first, second)
        """,
    ),
    "a model that is fitted in place": written(
        """
        import numpy as np
        from sklearn.linear_model import LinearRegression
        X = np.arange(12.0).reshape(-1, 2)
        y = X[:, 0] * 2 + 1
        ---
        # group: model
        model = LinearRegression()
        ---
        # group: model
        model.fit(X, y);
        ---
        # group: model
        predicted = model.predict(X).round(6)
        ---
        print(predicted.tolist(), X.sum())
        """,
        grouped=3,
    ),
    "one group hands on to another while it still runs": written(
        """
        # group: one
        a = [x * 2 for x in range(5)]
        ---
        # group: one
        b = [x + 1 for x in a]
        ---
        # group: two
        c = sum(a)
        a2 = list(a)
        ---
        # group: two
        d = [c, *a2]
        ---
        print(a, b, c, d)
        """,
        grouped=4,
    ),
    "a live object that a cell elsewhere needs after all": written(
        """
        import threading
        ---
        # group: g
        lock = threading.Lock()
        names = ["x"]
        ---
        # group: g
        with lock:
            names.append("y")
        ---
        with lock:
            print(names)
        """,
    ),
    "what it makes shares an object with what is live": written(
        """
        class Store:
            def __init__(self):
                self.items = []
            def add(self, item):
                self.items.append(item)
                return self.items
        ---
        # group: g
        store = Store()
        ---
        # group: g
        seen = store.add(1)
        ---
        # group: g
        store.add(2)
        n = 5
        ---
        print(seen, n)
        """,
    ),
    "unseen code hands out an object that stays live": written(
        """
        import collections
        make = {"q": collections.deque}["q"]
        ---
        # group: g
        queue = make([1, 2])
        box = make([queue])
        ---
        # group: g
        out = box.pop()
        ---
        # group: g
        queue.append(3)
        ---
        print(list(out))
        """,
        grouped=0,
    ),
    "unseen code leaves its input alone": written(
        """
        import sched
        import xml.etree.ElementTree as ET
        text = "<a><b/></a>"
        ---
        # group: g
        plan = sched.scheduler()
        ---
        # group: g
        event = plan.enterabs(0, 1, print, ("late",))
        waiting = len(plan.queue)
        size = len(ET.tostring(ET.fromstring(text)))
        ---
        print(size, waiting, text)
        """,
        grouped=2,
    ),
    "unseen code changes an input": written(
        """
        import xml.etree.ElementTree as ET
        root = ET.fromstring("<a><b/></a>")
        same = root
        ---
        # group: g
        size = len(ET.tostring(root))
        ---
        # group: g
        child = ET.SubElement(root, "c")
        named = child.tag
        ---
        print(size, named, len(same), ET.tostring(root))
        """,
    ),
    "unseen code is called for what it does": written(
        """
        import optparse
        parser = optparse.OptionParser()
        ---
        # group: g
        parser.set_defaults(x=3)
        done = True
        ---
        print(parser.get_default_values().x, done)
        """,
        grouped=0,
    ),
    "unseen code sets a variable": written(
        """
        count = 0
        def bump():
            global count
            count += 1
            return count
        table = [bump]
        ---
        # group: g
        x = table[0]()
        ---
        # group: g
        y = table[0]() + x
        ---
        print(count, x, y)
        """,
    ),
    "a live value holds an input that changes later": written(
        """
        base = [1, 2]
        ---
        # group: g
        held = {"base": base}
        size = len(held)
        ---
        base.append(3)
        ---
        # group: g
        longer = len(held["base"])
        ---
        print(size, longer)
        """,
    ),
    "settings and generators are taken over, not changed": written(
        """
        import random, os
        random.seed(1)
        ---
        # group: g
        os.environ["NAAVRE_ROW"] = "1"
        ---
        # group: g
        drawn = random.random()
        ---
        # group: g
        seen = os.environ.get("NAAVRE_ROW")
        ---
        print(drawn, random.random(), seen, os.environ.get("NAAVRE_ROW"))
        del os.environ["NAAVRE_ROW"]
        """,
    ),
    "classes and functions of other cells": written(
        """
        class Point:
            def __init__(self, x):
                self.x = x
            def twice(self):
                return scale * self.x
        scale = 2
        def shift(point, by):
            return Point(point.x + by)
        ---
        # group: g
        here = Point(3)
        ---
        # group: g
        there = shift(here, 4)
        value = there.twice()
        ---
        scale = 10
        ---
        # group: g
        other = shift(here, 1).twice()
        ---
        print(value, other, isinstance(there, Point))
        """,
    ),
    "an error within a group": written(
        """
        # group: g
        table = {"a": 1}
        ---
        # group: g
        value = table["b"]
        ---
        print(value)
        """,
    ),
    "a name bound again elsewhere": written(
        """
        # group: g
        x = [1]
        ---
        # group: g
        y = x + [2]
        ---
        x = "main"
        ---
        # group: g
        z = x * 2
        ---
        print(x, y, z)
        """,
    ),
    "a loop that is split within a group": written(
        """
        # group: g
        factor = {"by": 3}
        ---
        # group: g
        # split:
        out = []
        for i in range(7):
            out.append(i * factor["by"])
        ---
        print(out)
        """,
    ),
    "the number of batches in a group comes from elsewhere": row(
        "parts = 2",
        "# group: g\n# split: squares\n# batches: parts\nout = [i * i for i in range(6)]",
        "print(out)",
        splits=1,
        on_ray=False,
    ),
    "an iterator over a list that others hold, moved after they went on": row(
        "a = [1, 2]\nholder = {'a': a}",
        "# group: g\nit = iter(a)",
        "a = [3]",
        "holder['a'].append(4)\nprint(list(it), a)",
        on_ray=False,
    ),
    "printing and showing in a group": written(
        """
        # group: g
        words = ["a", "b"]
        print(*words)
        len(words)
        ---
        # group: g
        words.append("c")
        words
        ---
        print("end")
        """,
    ),
}

_ON_RAY = (
    "modules that only the group has imported are changed elsewhere",
    "an object that can't be copied, shared within a group",
    "a generator that goes on from cell to cell",
    "a model that is fitted in place",
    "one group hands on to another while it still runs",
    "unseen code leaves its input alone",
    "unseen code hands out an object that stays live",
    "unseen code changes an input",
    "settings and generators are taken over, not changed",
    "classes and functions of other cells",
)

ROWS = {name: replace(row, on_ray=name in _ON_RAY) for name, row in _ROWS.items()}
