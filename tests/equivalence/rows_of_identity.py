"""Objects that are told from equal ones: as keys, by comparison, by their memory; and what they keep unasked."""

from __future__ import annotations

from notebook_row import Row, sampled, written

_ROWS: dict[str, Row] = {
    "which class an error is of": written(
        """
        class Tolerant:
            def __enter__(self):
                return self
            def __exit__(self, kind, error, trace):
                return kind is ZeroDivisionError
        ---
        # split:
        found = []
        for x in [1, 0, 2]:
            y = None
            with Tolerant():
                y = 1 / x
            found.append(y)
        ---
        print(found)
        """,
        splits=1,
    ),
    "objects that a library has under a name": written(
        """
        import numpy as np
        from numpy import s_
        from scipy import stats
        names = {stats.norm: "normal", stats.expon: "exponential"}
        data = np.random.default_rng(1).normal(size=50)
        ---
        # group: a
        best = max([stats.norm, stats.expon], key=lambda d: d.logpdf(data, 0, 1).sum())
        parts = [s_, stats.t]
        ---
        # split:
        means = {}
        for d in [stats.norm, stats.expon, stats.laplace, stats.logistic]:
            means[d] = float(d.mean())
        ---
        print(names[best], best is stats.norm, parts[0] is s_, stats.t in parts, means[best], means[stats.expon])
        """,
        splits=1,
        grouped=1,
        on_ray=True,
    ),
    "instances as keys": written(
        """
        class Well:
            def __init__(self, depth):
                self.depth = depth
        wells = [Well(d) for d in range(5)]
        ---
        # split:
        flow = {}
        for w in wells:
            flow[w] = w.depth ** 2
        print([flow[w] for w in wells])
        ---
        # split:
        total = 0
        for w in wells:
            total += flow[w]
        seen = []
        for w in wells:
            seen.append(w in flow)
        print(total, seen)
        """,
        splits=4,
        on_ray=True,
    ),
    "objects of no class of the notebook's as keys": written(
        """
        nodes = [object() for _ in range(5)]
        depths = {node: number for number, node in enumerate(nodes)}
        ---
        # split:
        out = []
        for node in nodes:
            out.append(depths[node])
        print(out)
        ---
        # split:
        found = []
        for number, node in zip(range(9), nodes):
            found.append((number, node in nodes[2:]))
        print(found)
        """,
        splits=2,
    ),
    "objects of libraries": written(
        """
        import networkx as nx
        graphs = [nx.path_graph(n) for n in range(5)]
        scale = [2.0, 3.0]
        ---
        # split:
        out = []
        for graph in graphs:
            out.append(graph.number_of_nodes() * scale[0])
        print(out)
        """,
        splits=1,
    ),
    "instances by their place": written(
        """
        class Station:
            def __init__(self, x):
                self.x = x
        stations = [Station(x * x) for x in range(6)]
        ---
        # split:
        steps = []
        for i in range(len(stations) - 1):
            steps.append(stations[i + 1].x - stations[i].x)
        print(steps)
        """,
        splits=1,
    ),
    "functions as keys, members and results": written(
        """
        import math
        def square(x):
            return x * x
        def cube(x, n=3):
            return x ** n
        functions = [square, cube, math.sqrt, lambda x: x]
        labels = {square: "square", cube: "cube", math.sqrt: "root", functions[3]: "same"}
        slow = {cube}
        ---
        # split:
        out = []
        for f in functions:
            if f in slow:
                out.append("slow")
            elif f == square:
                out.append("first")
            else:
                out.append(f(4))
        print(out)
        ---
        # split:
        chosen = []
        for x in range(5):
            f = square if x % 2 else cube
            chosen.append(f)
        print([labels[f] for f in chosen], chosen[0] == cube)
        ---
        # split:
        best = {}
        for x in range(4):
            best[x] = max([square, cube], key=lambda f: f(x))
        ---
        print([labels[f] for f in best.values()], best[3] in slow)
        """,
        splits=4,
        on_ray=True,
    ),
    "methods and attributes of the notebook's classes, collected": written(
        """
        import functools
        class Base:
            seen = []
            def first(self):
                return "first"
        class Model(Base):
            table = {"a": 1}
            class Part:
                def run(self):
                    return "run"
            def __init__(self):
                super().__init__()
            def second(self):
                return super().first()
            @staticmethod
            def made():
                return Model()
            @classmethod
            def name(cls):
                return cls.__name__
            @property
            def size(self):
                return 3
        model = Model()
        labels = {Model.second: "second", Model.made: "made", Model.Part.run: "run", Base.first: "first"}
        ---
        # split:
        chosen = []
        for x in range(8):
            chosen.append([Model.second, Model.made, Model.Part.run, Model.first][x % 4])
        print([labels[f] for f in chosen])
        ---
        # split:
        bound = []
        for x in range(6):
            bound.append((model.second, Model.name, functools.partial(Model.second, model)))
        print([b == model.second and n == Model.name and p.func == Model.second for b, n, p in bound])
        ---
        # split:
        kept = []
        for x in range(6):
            kept.append({"size": type(model).size, "table": Model.table, "seen": model.seen})
        print([k["size"] == Model.size for k in kept])
        ---
        Model.table["b"] = 2
        Base.seen.append(1)
        print(kept[1]["table"], kept[5]["seen"], chosen[0](model), bound[4][0](), bound[4][1](), bound[4][2]())
        del chosen, bound, labels, model  # in packs of their own each would bring the methods anew
        """,
        splits=3,
        on_ray=True,
    ),
    "numbers of objects as keys": written(
        """
        class Cell:
            def __init__(self, pos):
                self.pos = pos
        cells = [Cell(k) for k in range(8)]
        pos = {id(c): c.pos for c in cells}
        ---
        # split:
        found = []
        for c in cells:
            found.append((pos.get(id(c), -1), pos[id(cells[c.pos])], id(c) == id(cells[0])))
        print(found)
        ---
        # split:
        same = []
        for c in cells:
            same.append(id(c) == id(cells[3]))
        print(same)
        del pos  # whose keys are others in each run
        """,
        on_ray=True,
        splits=1,
    ),
    "functions alike, of which each is another one": written(
        """
        def made(n):
            def f(x):
                return x + n
            return f
        adders, plain = [made(n) for n in range(4)], []
        for i in range(4):
            def g(x):
                return x
            plain.append(g)
        counts = {g: 0 for g in plain}
        ---
        # split:
        out = []
        for f, g in zip(adders, plain):
            out.append((f(1), g(1)))
        kept = []
        for g in plain:
            kept.append(g)
        print(out, len(set(plain)), len(set(kept)), kept[0] == plain[0], kept[0] == plain[1], len(counts))
        """,
    ),
    "a function whose default or attribute changes later": written(
        """
        def f(x, by=2):
            return x * by
        table = {"f": f}
        ---
        # split:
        out = []
        for x in range(4):
            out.append(f(x) + table["f"](x))
        ---
        f.__defaults__ = (5,)
        f.unit = "m"
        ---
        # split:
        for x in range(4):
            out.append((f(x), table["f"](x), f.unit))
        print(out)
        """,
        splits=2,
    ),
    "memory of arrays": written(
        """
        import numpy as np
        a = np.arange(12)
        view, apart, column = a[2:5], np.zeros(4), np.zeros((3, 4), order="F")[:, 1]
        ---
        costly = sum(i * i for i in range(3))
        print(a.flags, view.base is a)
        ---
        costly = sum(i * i for i in range(3))
        print(a.base, apart.flags.owndata, column.flags["C_CONTIGUOUS"], np.shares_memory(a, view))
        ---
        # split:
        parts = []
        for i in range(6):
            whole = np.zeros(3) + i
            parts.append(whole)
            parts.append(whole[1:])
        ---
        print([p.flags.owndata for p in parts], parts[1].base is None, np.may_share_memory(parts[0], parts[1]))
        ---
        for p in parts[::2]:
            p += 1
        print(parts)
        ---
        del parts, whole, p, view
        a.resize(14, refcheck=False)
        """,
        splits=1,
        on_ray=True,
    ),
    "arrays of batches are resized": written(
        """
        import numpy as np
        ---
        # split:
        parts = []
        for i in range(6):
            parts.append(np.zeros(3) + i)
        ---
        for p in parts:
            p.resize(4, refcheck=False)
        print(parts)
        """,
        splits=1,
    ),
    "what an item has kept since it was sent": written(
        """
        import pandas as pd
        table = pd.DataFrame({"group": list("abcabc"), "v": range(6)})
        ---
        # split:
        kinds = []
        for i, row in table.iterrows():
            kinds.append((row["v"], row.dtype))
        print(kinds)
        """,
        splits=1,
    ),
    "views that a graph keeps": written(
        """
        import networkx as nx
        G = nx.path_graph(6)
        graphs = [nx.path_graph(n) for n in range(2, 6)]
        ---
        # split:
        degrees = {}
        for n in range(6):
            degrees[n] = G.degree[n], list(G.neighbors(n)), len(G.edges(n))
        sizes = []
        for g in graphs:
            sizes.append((g.number_of_nodes(), list(g.nodes), dict(g.degree)))
        print(degrees, sizes)
        ---
        nodes = G.nodes
        G.add_node(9)
        print(len(nodes), G.nodes is nodes)
        """,
        splits=1,
    ),
    "a class's fields count": written(
        """
        import itertools
        from dataclasses import dataclass, field
        ids, made = itertools.count(), []
        def note():
            made.append(len(made))
            return made[-1]
        @dataclass
        class Sample:
            name: str
            id: int = field(default_factory=lambda: next(ids))
            place: int = field(default_factory=note)
        ---
        # split:
        samples = []
        for name in "abcdef":
            samples.append(Sample(name))
        print(samples, next(ids), made)
        ---
        costly = [i * i for i in range(3)]
        one = Sample("x")
        ---
        costly = [i * i for i in range(3)]
        other = Sample("y")
        print(one, other)
        """,
        splits=0,
    ),
    "views of a reversed and of a transposed array": written(
        """
        import numpy as np
        line, grid = np.arange(7.0), np.arange(8.0).reshape(2, 4)
        back, columns = line[::-1], grid.T
        ---
        # split:
        seen, column = [], []
        for i in range(8):
            seen.append(back[:3].sum() + i)
            last = back[1:i]
            column.append(columns[i % 4])
        ---
        line[:] = -1.0
        grid[0] = 9.0
        print(seen, last, column)
    """,
        on_ray=True,
    ),
    "a NaN that is found again among what all share": written(
        """
        import math
        nan = float('nan')
        known, labels = {nan, math.nan}, {nan: 'mine'}
        ---
        # split:
        out = []
        for x in [nan, float('nan'), math.nan, nan]:
            out.append((x in known, labels.get(x)))
        print(out)
        ---
        # split:
        pairs = []
        for i, x in enumerate([1.0, nan, 2.0]):
            pairs.append((i, x in known))
        ---
        # split:
        plain = []
        for x in [1.0, float('nan'), 2.0]:
            plain.append(x in known)
        print(pairs, plain)
    """,
        on_ray=True,
    ),
}

ROWS = sampled(
    _ROWS,
    "instances as keys",
    "objects that a library has under a name",
    "functions as keys, members and results",
    "methods and attributes of the notebook's classes, collected",
    "memory of arrays",
    "numbers of objects as keys",
    "a NaN that is found again among what all share",
)
