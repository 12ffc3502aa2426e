"""Loops as scientists write them, which have to be split: copies of items, guard clauses, a file for each item."""

from __future__ import annotations

from notebook_row import Row, sampled, written

_ROWS: dict[str, Row] = {
    "item's name bound to a copy, which is changed": written(
        """
        import pandas as pd
        frames = {k: pd.DataFrame({"v": [k, 2, 7, 1], "s": list("abab")}) for k in range(6)}
        ---
        # split:
        parts, kept = {}, []
        for k, f in frames.items():
            f = f.copy()
            f["w"] = f["v"] ** 2
            f.loc[f.s == "a", "w"] = -1
            parts[k] = f["w"].sum()
            kept.append(f)
        rows = []
        for name, g in frames.items():
            g = g[g.v > 1]
            g = g.reset_index(drop=True)
            g["name"] = name
            rows.append(g)
        print(parts, pd.concat(rows).shape, f.columns.tolist())
        ---
        kept[0]["z"] = 1
        print(frames[0].columns.tolist(), [f.columns.tolist() for f in kept[:2]])
        """,
        splits=2,
    ),
    "copy that shares what it holds": written(
        """
        rows = [[1, [2]], [3, [4]], [5, [6]]]
        out = []
        # split:
        for r in rows:
            r = r.copy()
            r.append(9)
            out.append(r)
        ---
        # split:
        lengths = []
        for r in rows:
            r = r.copy()
            r[1].append(7)
            lengths.append(len(r))
        print(rows, out, lengths)
        """,
        splits=2,
    ),
    "copy that is none": written(
        """
        import numpy as np
        class Sneaky:
            def __init__(self):
                self.v = 0
            def copy(self):
                return self
        things, arrays = [Sneaky() for _ in range(4)], [np.arange(5.0) for _ in range(4)]
        ---
        # split:
        seen = []
        for x in things:
            x = x.copy()
            x.v += 1
            seen.append(x.v)
        sums = []
        for a in arrays:
            a = a[1:]
            a[0] = 99
            sums.append(a.sum())
        print(seen, [x.v for x in things], sums, arrays)
        """,
    ),
    "deep copies of items, changed and collected": written(
        """
        import copy
        class Particle:
            def __init__(self, x):
                self.x, self.path = x, [x]
            def move(self, by):
                self.x += by
                self.path.append(self.x)
        particles = [Particle(i) for i in range(6)]
        ---
        # split:
        moved = []
        for p in particles:
            q = copy.deepcopy(p)
            q.move(1)
            moved.append(q)
        ---
        moved[0].move(5)
        p.move(7)
        print([p.path for p in particles], [q.path for q in moved])
        """,
        splits=1,
        on_ray=True,
    ),
    "items handed back and parts of them, changed later": written(
        """
        class Node:
            def __init__(self, v):
                self.v, self.more = v, [v]
        nodes = [Node(i) for i in range(6)]
        ---
        # split:
        kept, parts, views = [], [], {}
        for n in nodes:
            if n.v % 2:
                kept.append(n)
            parts.append(n.more)
            views[n.v] = {"node": n, "list": [n.more]}
        ---
        kept[0].v = 100
        parts[1].append("x")
        views[2]["list"][0].append("y")
        n.v, views[3]["node"].more = -5, ["z"]
        print([(n.v, n.more) for n in nodes])
        """,
        splits=1,
    ),
    "guard clauses that ask for what is carried": written(
        """
        def f(x):
            return (x - 4) ** 2
        xs = [(x * 37 % 101) / 10 for x in range(20)]
        ---
        # split:
        best, at, skipped, trace = None, None, 0, []
        for i, x in enumerate(xs):
            y = f(x)
            if y > 30:
                skipped += 1
                continue
            if best is not None and y >= best:
                trace.append((i, best))
                continue
            best, at = y, i
            print("better", i, y)
        else:
            print("end", best)
        seen, once = set(), []
        for x in xs:
            key = round(f(x))
            if key in seen:
                continue
            seen.add(key)
            once.append(key)
        print(best, at, skipped, trace, once, x, i)
        ---
        def search(xs):
            low = 1e9
            # split:
            for x in xs:
                y = f(x)
                if y >= low:
                    continue
                low = y
            return low, x, y
        print(search(xs))
        """,
        splits=3,
    ),
    "guard clause before something costly": written(
        """
        def f(x):
            return x * x
        count, got = 0, []
        # split:
        for x in range(9):
            if count > 3:
                continue
            y = f(x)
            if y % 2 == 0:
                count += 1
                got.append(y)
        print(count, got)
        """,
        splits=0,
    ),
    "a file for each item, written by a function": written(
        """
        import json, os
        import numpy as np
        os.makedirs("results", exist_ok=True)
        def save(values, name):
            path = f"results/{name}.npy"
            np.save(path, values)
        def run(i, *, label="run"):
            values = np.arange(i + 1) * 1.5
            save(values, f"{label}{i}")
            with open(f"results/{i}.json", "w") as file:
                json.dump({"i": i}, file)
            return values.sum()
        ---
        # split:
        totals = []
        for i in range(7):
            totals.append(run(i, label="r"))
        print(totals, sorted(os.listdir("results")), np.load("results/r3.npy"))
        """,
        splits=1,
    ),
    "files written by methods": written(
        """
        import os
        from pathlib import Path
        class Saver:
            def __init__(self, folder):
                self.folder = folder
                os.makedirs(folder, exist_ok=True)
            def save(self, name, text):
                with open(f"{self.folder}/{name}", "w") as file:
                    file.write(text)
            @staticmethod
            def last(text, name):
                with open(name, "w") as file:
                    file.write(text)
            @classmethod
            def first(cls, name, text):
                with open(name, "w") as file:
                    file.write(text)
        saver = Saver("saved")
        ---
        # split:
        for i in range(6):
            saver.save(f"{i}.txt", str(i * i))
        for i in range(6):
            saver.save("all.txt", str(i))
        for i in range(6):
            Saver.last(str(i), "last.txt")
        for i in range(6):
            saver.last(str(i), "static.txt")
        for i in range(6):
            Saver.first("first.txt", str(i))
        for i in range(6):
            Saver.save(saver, "unbound.txt", str(i))
        print([p.read_text() for p in sorted(Path().rglob("*.txt"))], sorted(os.listdir("saved")))
        """,
        splits=2,
    ),
    "one file, written by a function": written(
        """
        from pathlib import Path
        def log(text, path="log.txt"):
            with open(path, "a") as file:
                file.write(text)
        def both(i):
            for name in (f"{i}.txt", "all.txt"):
                with open(name, "a") as file:
                    file.write(str(i))
        for name in ("log.txt", "all.txt", *(f"{i}.txt" for i in range(5))):
            Path(name).unlink(missing_ok=True)
        ---
        # split:
        for i in range(5):
            log(f"{i} ")
        for i in range(5):
            both(i)
        print(*(Path(name).read_text() for name in ("log.txt", "all.txt", "3.txt")))
        """,
        splits=0,
    ),
    "rows of a frame that takes the list up": written(
        """
        import pandas as pd
        df = pd.DataFrame({"kg": [70.0, 81.5, 95.0, 60.0], "m": [1.7, 1.8, 1.75, 1.6]})
        def bmi(p):
            return p["kg"] / p["m"] ** 2
        ---
        # split:
        classes, counts = [], {}
        for i, p in df.iterrows():
            c = "over" if bmi(p) > 25 else "normal"
            classes.append(c)
            counts[c] = counts.get(c, 0) + 1
        df["class"] = classes
        print(df, counts)
        """,
        splits=1,
    ),
    "frame that gets its results row by row": written(
        """
        import pandas as pd
        from tqdm import tqdm
        df = pd.DataFrame({"a": range(7), "b": [x * 0.5 for x in range(7)], "s": list("abcdefg")})
        def heavy(a):
            return a**2 + 1
        ---
        # split:
        for i, row in df.iterrows():
            df.loc[i, "c"] = heavy(row["a"])
            df.at[i, "b"] = row["b"] + 100
        total, labels = 0, df["a"].to_dict()
        for r in df.itertuples():
            df.loc[r.Index, ["d", "e"]] = heavy(r.c), r.s
            df.loc[r.Index, "a"] += 1
            total += r.b
        for i in df.index:
            df.loc[i, "f"] = heavy(labels[i])
        for i, row in tqdm(df.iterrows(), total=len(df)):
            df.loc[i, "g"] = heavy(row.a)
        print(df, df.dtypes, total, row, r, i)
        ---
        def filled(n):
            table = pd.DataFrame({"a": range(n)})
            # split:
            for i, row in table.iterrows():
                table.loc[i, "square"] = row["a"] ** 2
            return table
        print(filled(5))
        """,
        splits=5,
        on_ray=True,
    ),
    # What pandas keeps of an index when it is first read is no change. The second loop runs whole: a series may be
    # what it fills, as far as types tell.
    "series of times, and a table with a row for each": written(
        """
        import numpy as np, pandas as pd
        hours = pd.date_range("2024-01-01", periods=96, freq="h")
        series = {n: pd.Series(np.sin(np.arange(96) / 12 + k), index=hours) for k, n in enumerate("abcde")}
        ---
        # split:
        daily, missing = pd.DataFrame(), []
        for name, s in series.items():
            daily[name] = s.resample("D").mean()
            missing.append(int(s.isna().sum()))
        table = pd.DataFrame(index=list(series), columns=["least", "most"], dtype=float)
        for name, s in series.items():
            table.loc[name, "least"] = s.min()
            table.loc[name, "most"] = s.max()
        print(daily.round(3), missing, table.round(3), s.index.freq)
        """,
        splits=2,
    ),
    "table that is one of the items": written(
        """
        import pandas as pd
        df = pd.DataFrame({"v": [1, 2, 3]}, index=list("abc"))
        tables = {"a": df.copy(), "b": df, "c": df.copy()}
        def total(t):
            return t.sum().sum()
        ---
        # split:
        for key, t in tables.items():
            df.loc[key, "v"] = total(t) * 10
        print(df, tables)
        """,
        splits=0,
    ),
    "rows of one block, set and collected": written(
        """
        import numpy as np, pandas as pd
        df = pd.DataFrame(np.arange(18.0).reshape(6, 3), columns=list("xyz"))
        kept = []
        ---
        # split:
        for i, row in df.iterrows():
            df.loc[i, "y"] = abs(row["y"]) + i
            df.loc[i] = [row["x"], -1.0, row["y"]]
            kept.append(row)
        ---
        kept[-1]["y"] = -5
        print(df, kept, row)
        """,
        splits=1,
    ),
    "rows that have a label in common, and other rows": written(
        """
        import pandas as pd
        df = pd.DataFrame({"a": range(6), "b": 1.0}, index=[0, 1, 1, 2, 2, 3])
        plain = pd.DataFrame({"a": range(6), "b": 1.0})
        ---
        # split:
        for i, row in df.iterrows():
            df.loc[i, "b"] = abs(row["a"]) + row["b"]
        for i, row in plain.iterrows():
            plain.loc[i + 1, "b"] = abs(row["a"]) + row["b"]
        for i, row in plain.iterrows():
            i = 0
            plain.loc[i, "b"] = abs(row["a"])
        for i in plain.index:
            plain.at[i, "c"] = abs(plain.at[i, "a"])
        print(df, plain)
        """,
        splits=1,
    ),
}

ROWS = sampled(
    _ROWS,
    "deep copies of items, changed and collected",
    "frame that gets its results row by row",
)
