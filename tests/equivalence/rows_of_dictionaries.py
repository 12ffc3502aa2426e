"""Dictionaries that an object has as its own, and what shows one, held by others as well."""

from __future__ import annotations

from notebook_row import written

ROWS = {
    "a dict that is its own attributes": written(
        """
        class Settings(dict):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.__dict__ = self
        base = Settings(rate=0.5)
        ---
        # split:
        found = []
        for n in range(6):
            own = Settings(n=n)
            own.m = n * base.rate
            found.append(own)
        ---
        base.rate = 0.25
        for own in found:
            own.k = own["m"] + 1
            own["l"] = own.k * base["rate"]
        print([dict(own) for own in found], found[2].l)
        """,
        splits=1,
        on_ray=True,
    ),
    "what vars() gave": written(
        """
        class Point:
            def __init__(self, x):
                self.x = x
        class Own(Point):
            def __init__(self, x):
                super().__init__(x)
                self.me = self.__dict__
            def __setattr__(self, name, value):
                super().__setattr__(name, value)
        class Shared:
            def __init__(self, other):
                self.__dict__ = other.__dict__
        class Empty:
            pass
        class Wrong(ValueError):
            pass
        import argparse
        ---
        # split:
        made, kept = [], []
        for n in range(6):
            empty, wrong, options = Empty(), Wrong(n), argparse.Namespace(n=n)
            point, own = Point(n), Own(n)
            made.append([point, own, Shared(point), empty, wrong, options])
            kept.append([vars(o) for o in (point, own, empty, wrong, options)])
        ---
        for number, dicts in enumerate(kept):
            for d in dicts:
                d["late"] = number
        for objects in made:
            objects[1].me["z"] = 1
            objects[0].y = 2
        print([[sorted(vars(o).keys() - {"me"}) for o in objects] for objects in made])
        print([[o.late for o in objects] for objects in made], made[0][1].z, made[0][2].y)
        """,
        splits=1,
        on_ray=True,
    ),
    "attributes of tables": written(
        """
        import pandas as pd
        ---
        # split:
        tables, columns, notes = [], [], []
        for n in range(6):
            table = pd.DataFrame({"a": [n]})
            column = pd.Series([n])
            column.attrs["n"] = n
            tables.append(table)
            columns.append(column)
            notes.append((table.attrs, column.attrs))
        ---
        for one, other in notes:
            one["unit"] = other["unit"] = "m"
        print([t.attrs for t in tables], [c.attrs for c in columns])
        """,
        splits=1,
    ),
    "windows on dictionaries": written(
        """
        import collections, types
        class Own(dict):
            pass
        ---
        # split:
        made, shown = [], []
        for n in range(6):
            dicts = [
                {"a": n},
                collections.OrderedDict(a=n),
                collections.defaultdict(list, a=n),
                collections.Counter(a=n),
                Own(a=n),
            ]
            made.append(dicts)
            shown.append([[d.keys(), d.values(), d.items(), types.MappingProxyType(d)] for d in dicts])
            shown[-1].append(vars(Own).get("__module__"))
        ---
        for dicts in made:
            for d in dicts:
                d["b"] = 1
        print([[[list(window) for window in of_one] for of_one in all_of[:-1]] for all_of in shown])
        print([all_of[-1] for all_of in shown])
        """,
        splits=1,
    ),
}
