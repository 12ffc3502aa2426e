"""Every way of making a second name for one object, and what a change through it does."""

from __future__ import annotations

from notebook_row import written

ROWS = {
    "a list in a table's cell, which grows": written(
        """
        import pandas as pd
        grown = [1, 2, 3]
        df = pd.DataFrame({"x": [grown, [5]]})
        ---
        # split:
        for i in range(8):
            grown.append((i * 3) % 7 + len(df["x"][0]))
        """,
        splits=0,
    ),
    "a list in a table's cell, which grows and comes as an item": written(
        """
        import pandas as pd
        grown = [1, 2, 3]
        df = pd.DataFrame({"x": [[1], [2], grown, [4], grown, [5]]})
        ---
        # split:
        for i, row in df.iterrows():
            grown.append((i * 3) % 7 + len(row["x"]))
        """,
        splits=0,
    ),
    "a list that an error holds, and a series' function gives": written(
        """
        import pandas as pd
        one, two = [1, 2], [3]
        try:
            raise ValueError("x", one)
        except ValueError as error:
            first = error.args[1]
        second = pd.Series([0]).map(lambda _: two)[0]
        ---
        # split:
        for i in range(8):
            one.append(i + len(first))
        ---
        # split:
        for i in range(8):
            two.append(i + len(second))
        """,
        splits=0,
    ),
    "records that two lists hold": written(
        """
        records = [{"k": i} for i in range(8)]
        seen = records[:2]
        ---
        # split:
        for record in records:
            seen.append(record)
        ---
        records[3]["k"] = 99
        print(seen)
        """,
    ),
    "a part of an object that code that can't be seen changes": written(
        """
        from types import SimpleNamespace as Named
        import numpy as np
        from astropy import units
        held = Named(parts=[Named(k=j) for j in range(4)])
        lengths = np.arange(4.0) * units.m
        ---
        # split:
        numbers = []
        for i in range(4):
            part, length = held.parts[i], lengths[i:]
            numbers.append(part.k)
        ---
        exec("held.parts[3].k = 9; lengths[3] = 5 * units.m")
        print(part, length)
        """,
    ),
    "a part of an xarray object is left over, and its array is changed by code that can't be seen": written(
        """
        import numpy as np, xarray as xr
        ds = xr.Dataset({"t": (("y", "x"), np.arange(12.0).reshape(4, 3))})
        ---
        # split:
        sums = []
        for i in range(4):
            part = ds["t"][i]
            sums.append(float(part.sum()))
        ---
        exec("ds.t.values[:] = 3")
        print(part.values, ds.t.values)
        """,
        splits=1,
    ),
    "a part of an xarray object is left over, and its array is changed by a generator": written(
        """
        import numpy as np, xarray as xr
        ds = xr.Dataset({"t": (("y", "x"), np.arange(12.0).reshape(4, 3))})
        def gen(d):
            for k in range(3):
                d.t.values[:] = k
                yield k
        g = gen(ds)
        ---
        # split:
        sums = []
        for i in range(4):
            part = ds["t"][i]
            sums.append(float(part.sum()))
        ---
        next(g)
        print(part.values, ds.t.values)
        """,
        splits=1,
    ),
    "views of arrays": written(
        """
        import numpy as np
        def work(k):
            return np.ones(k) * k
        a = np.arange(12.0).reshape(3, 4)
        s, t, r, d = a[1:], a.T, a.ravel(), np.diagonal(a)
        f, c = a.flat, a.copy()
        ---
        w = work(3)
        ---
        s[0, 0] = -1
        ---
        x = [t.sum(), work(2)]
        ---
        t[3] *= 2
        ---
        y = r[:4] + work(4)
        ---
        f[0] = 77
        ---
        row = a[0]
        for v in a:
            v += 1
        ---
        a.shape = (4, 3)
        ---
        z = a.view(), np.asarray(a), np.atleast_2d(a)[0]
        ---
        z[0][:] += 100
        print(a, s, t, r, d, c, w, x, y, row, z)
    """,
        on_ray=True,
    ),
    "frames and their columns": written("""
        import pandas as pd, numpy as np
        def work(k):
            return pd.DataFrame({'k': range(k)}).sum()
        base = np.arange(3.0)
        df = pd.DataFrame({'a': base, 'b': [1, 2, 3]})
        col, other, head = df['a'], df, df.head(2)
        ---
        df['c'] = df['a'] * 2
        ---
        w = work(3)
        ---
        other.loc[0, 'b'] = 50
        ---
        x = [df['b'].sum(), work(2).iloc[0]]
        ---
        g = df.groupby('b')
        ---
        df['late'] = 1
        ---
        late = g['late'].sum()
        ---
        df.rename(columns={'a': 'A'}, inplace=True)
        ---
        col.iloc[0] = -9
        ---
        df.index = list('xyz')
        df.columns.name = 'cols'
        ---
        y = work(4)
        df.drop(columns='c', inplace=True)
        df.attrs['note'] = 'n'
        ---
        print(df, col, head, other.columns.tolist(), list(g.groups), w.tolist(), x, y.tolist(), base, late)
        del g
    """),
    "containers of one object": written("""
        def work(k):
            return [k] * k
        x = [1]
        lst, tup, dic, st = [x, x], (x, 2), {'x': x}, [[x]]
        ---
        lst[0].append(2)
        ---
        w = work(2)
        ---
        a, b = tup
        a.append(3)
        ---
        y = [len(x), work(1)]
        ---
        dic['x'] += [4]
        ---
        for inner in st:
            inner[0].append(5)
        ---
        z = [*lst, *tup[:1]], {**dic}, list(zip(lst, lst)), dict(k=x)
        ---
        z[0][2].append(6)
        z[1]['x'].append(7)
        z[2][0][1].append(8)
        z[3]['k'].append(9)
        ---
        print(x, lst, tup, dic, st, w, y, a is x)
    """),
    "attributes": written("""
        class Box:
            def __init__(self, v, other=None):
                self.v, self.other = v, other or self
        def work(k):
            return [k] * k
        xs = [1]
        box = Box(xs)
        outer = Box([0], box)
        ---
        outer.other.v.append(2)
        ---
        w = work(2)
        ---
        a = box.other.v
        a.append(3)
        ---
        y = [len(xs), work(1)]
        ---
        box.v = [9]
        xs.append(4)
        ---
        box.extra = xs
        ---
        box.extra.append(5)
        ---
        print(xs, box.v, outer.other.extra, w, y)
    """),
    "loop targets, comprehensions, walrus, with": written("""
        import contextlib
        def work(k):
            return [k] * k
        rows = [[1], [2]]
        ---
        for row in rows:
            row.append(0)
        ---
        w = work(2)
        ---
        row.append('leaked')
        ---
        a = [r for r in rows if r]
        a[0].append('comp')
        ---
        if (m := rows[1]):
            m.append('walrus')
        ---
        with contextlib.nullcontext(rows) as same:
            same.append([3])
        ---
        x = [len(rows), work(1)]
        ---
        for i, (p, q) in enumerate(zip(rows, rows)):
            p.append(i)
        ---
        d = {tuple(r): r for r in rows}
        next(iter(d.values())).append('dict')
        ---
        print(rows, row, a, same is rows, w, x)
    """),
    "results of functions": written(
        """
        def work(k):
            return [k] * k
        def same(x):
            return x
        def part(d):
            return d['k']
        def either(c, a, b):
            return a if c else b
        def pack(*args, **kw):
            return args, kw
        def keep(x, _store=[]):
            _store.append(x)
            return _store
        xs, d = [1], {'k': [2]}
        ---
        same(xs).append(3)
        ---
        w = work(2)
        ---
        part(d).append(4)
        ---
        either(False, [], xs).append(5)
        ---
        y = [len(xs), len(d['k']), work(1)]
        ---
        pack(xs, k=d)[1]['k']['k'].append(6)
        ---
        st = keep(xs)
        ---
        keep(d)[0].append(7)
        ---
        (lambda q: q.append(8))(xs)
        ---
        print(xs, d, len(st), w, y)
    """,
        on_ray=True,
    ),
    "rebinding breaks an alias": written("""
        def work(k):
            return [k] * k
        a = [1]
        b = a
        ---
        a = a + [2]
        ---
        a.append(3)
        ---
        w = work(2)
        ---
        b.append(4)
        ---
        a, b = b, a
        ---
        a.append(5)
        print(a, b, w)
    """),
    "made in cells that run side by side": written("""
        def work(k, x):
            return [x for _ in range(k)]
        shared = [0]
        ---
        a = work(2, shared)
        ---
        b = work(3, shared)
        ---
        a[0].append(1)
        ---
        c = work(1, b)
        ---
        c[0][2].append(2)
        print(shared, a, b, c, a[0] is b[0])
    """),
    "changed by standard functions": written("""
        import random, heapq, bisect, copy, operator, collections
        import numpy as np
        def work(k):
            return [k] * k
        random.seed(1)
        h, s, a = [3, 1, 2], [1, 3], np.zeros(3)
        ali = h, s, a
        ---
        heapq.heapify(h)
        ---
        bisect.insort(s, 2)
        ---
        w = work(2)
        ---
        np.put(a, [0], 5)
        np.copyto(a[1:], [7, 8])
        ---
        operator.setitem(s, 0, 'op')
        operator.iadd(h, [9])
        ---
        random.shuffle(h)
        ---
        x = [len(h), work(1)]
        ---
        np.random.default_rng(1).shuffle(a)
        ---
        m = collections.ChainMap({}, {'k': s})
        m['k'].append('chain')
        m['new'] = 1
        ---
        sh, de = copy.copy(ali), copy.deepcopy(ali)
        sh[1].append('shallow')
        de[1].append('deep')
        ---
        print(ali, w, x, m.maps)
    """),
    "memoryviews and buffers": written("""
        import array
        def work(k):
            return [k] * k
        b = bytearray(b'abc')
        v = memoryview(b)
        ar = array.array('i', [1, 2])
        ---
        v[0] = 120
        ---
        w = work(2)
        ---
        b[1:2] = b'y'
        ar.append(3)
        ---
        print(bytes(b), ar, w)
    """),
    "settings under other names": written(
        """
        import matplotlib
        import matplotlib.pyplot as plt
        import numpy as np, warnings
        from warnings import filterwarnings as quiet
        def work(k):
            return np.ones(k) / 3
        rc = plt.rcParams
        opts = np.set_printoptions
        ---
        rc['font.size'] = 7
        ---
        a = [plt.rcParams['font.size'], work(1)]
        ---
        opts(precision=2)
        ---
        b = str(work(2))
        ---
        quiet('ignore')
        warnings.warn('unheard')
        ---
        rc.update({'lines.linewidth': 9})
        ---
        # split:
        c = [(rc['font.size'], plt.rcParams['lines.linewidth'], str(np.array([x / 3]))) for x in range(4)]
        ---
        print(a, b, c)
        opts(precision=8)
        del rc
    """,
        on_ray=True,
    ),
    "monkeypatched modules": written("""
        import math, json
        import numpy as np
        from math import sqrt
        def work(k):
            return [sqrt(k)] * k
        old = math.floor
        ---
        math.floor = lambda x: 'patched'
        ---
        a = [math.floor(1.5)] + work(2)
        ---
        setattr(json, 'dumps', lambda x: 'never')
        np.my_thing = [1]
        ---
        b = json.dumps([1]), np.my_thing
        ---
        m = math
        m.floor = old
        ---
        # split:
        c = [(math.floor(x), json.dumps(x)) for x in [1.5, 2.5, 3.5]]
        ---
        import importlib
        importlib.reload(json)
        del np.my_thing
        print(a, b, c, json.dumps([2]))
    """),
    "classes of libraries patched": written("""
        import fractions, collections
        def work(k):
            return [k] * k
        old = fractions.Fraction.__str__
        ---
        fractions.Fraction.__str__ = lambda self: 'F'
        ---
        a = str(fractions.Fraction(1, 2)), work(2)
        ---
        from fractions import Fraction as Q
        Q.twice = lambda self: self * 2
        ---
        # split:
        b = [str(Q(1, 2).twice()) for _ in range(4)]
        ---
        fractions.Fraction.__str__ = old
        del Q.twice
        print(a, b, str(Q(1, 2)))
    """),
    "names of colours, which seaborn gives other meanings": written(
        """
        import matplotlib as mpl
        import seaborn as sns
        ---
        sns.set_theme()
        mpl.colors.get_named_colors_mapping()["mine"] = "#123456"
        ---
        a = [mpl.colors.to_hex("b"), mpl.colors.to_hex("mine"), sum(i for i in range(9))]
        ---
        b = [mpl.colors.to_hex("g"), sum(i * i for i in range(9))]
        ---
        # split:
        c = [mpl.colors.to_hex(x) for x in ("r", "mine", "b", "tan")]
        ---
        del mpl.colors.get_named_colors_mapping()["mine"]
        sns.reset_orig()
        sns.set_color_codes("reset")
        print(a, b, c)
    """,
        on_ray=True,
    ),
    "modules patched otherwise than by an assignment": written(
        """
        import calendar, math, textwrap
        import numpy as np
        def work(k):
            return [k] * k
        old = np.linalg.norm, math.sqrt
        ---
        setattr(np.linalg, "norm", lambda v: -1.0)
        vars(math)["sqrt"] = lambda v: -2.0
        textwrap.__dict__["mine"] = 3
        calendar.setfirstweekday(6)
        ---
        a = np.linalg.norm([3, 4]), math.sqrt(4), work(3)
        ---
        b = calendar.monthcalendar(2026, 1)[0], textwrap.mine, work(2)
        ---
        # split:
        c = [(np.linalg.norm([x, 4]), calendar.monthcalendar(2026, x)[0]) for x in range(1, 5)]
        ---
        np.linalg.norm, math.sqrt = old
        del textwrap.mine
        calendar.setfirstweekday(0)
        print(a, b, c)
    """,
        on_ray=True,
    ),
    "classes of Matplotlib patched, which is no setting": written(
        """
        import matplotlib as mpl
        import seaborn as sns
        old = mpl.colors.Colormap._repr_html_
        ---
        mpl.colors.Colormap._repr_html_ = lambda self: f"<b>{self.name}</b>"
        ---
        sns.color_palette("rocket", as_cmap=True)
        ---
        sns.color_palette("mako", as_cmap=True)
        ---
        a = [sum(i * i for i in range(k)) for k in range(20)]
        ---
        mpl.colors.Colormap._repr_html_ = old
        print(a)
    """,
        on_ray=True,
    ),
    "state of modules": written("""
        import decimal, os, sys, random
        def work(k):
            return [str(decimal.Decimal(k) / 7)] * k
        ctx = decimal.getcontext()
        ---
        ctx.prec = 4
        ---
        a = work(1)
        ---
        decimal.getcontext().prec = 6 if a else 5
        ---
        b = a + work(2)
        ---
        env = os.environ
        env['NB_STATE'] = 'a'
        ---
        c = os.environ.get('NB_STATE'), os.getenv('NB_STATE')
        ---
        env.update(NB_STATE='b')
        ---
        # split:
        d = [(str(decimal.Decimal(x) / 7), os.environ['NB_STATE']) for x in range(4)]
        ---
        print(a, b, c, d)
        ctx.prec = 28
        del env['NB_STATE']
    """),
    "random state under other names": written("""
        import random, numpy as np
        from numpy import random as nr
        from random import seed as s, random as draw
        def work(k):
            return [draw() for _ in range(k)]
        s(5)
        nr.seed(6)
        ---
        a = work(2)
        ---
        b = work(1) + [nr.rand()]
        ---
        r = random.Random(3)
        st = random.getstate()
        ---
        c = [r.random(), *work(1)]
        ---
        random.setstate(st)
        ---
        d = work(2), r.random()
        ---
        rs = np.random.RandomState(4)
        e = rs.rand(2), nr.permutation(3)
        ---
        f = rs.rand(), np.random.choice([1, 2, 3])
        print(a, b, c, d, e, f)
    """),
    "interned and immutable": written("""
        def work(k):
            return (k,) * k
        a = 'text'
        b = a
        t = ([1], 2)
        u = t
        ---
        a += 'more'
        ---
        w = work(2)
        ---
        t[0].append(3)
        ---
        f = frozenset([1])
        g = f
        f |= {2}
        ---
        print(a, b, u, g, f, w)
    """),
    "what a function is told to write to": written("""
        import numpy as np
        x, buffer = np.arange(6.0), np.zeros(6)
        ---
        y = np.sqrt(x, out=buffer)
        ---
        a = float(np.median(y))
        ---
        buffer[0] = 100
        ---
        b = float(np.median(y)) + y.max()
        ---
        z = x.cumsum(out=buffer)
        ---
        c = float(np.median(y)) + z.max()
        ---
        w = np.add(x, 1, x)
        ---
        x *= 2
        ---
        print(a, b, c, w.sum(), w is x, z is y)
    """),
    "values of a dict that is copied from where it is written": written("""
        import numpy as np
        arr = np.arange(6.0)
        xs = [0, 1, 2]
        ---
        # split:
        found = {}
        for x in xs:
            found.update({repr(x): arr[:2]})
        ---
        d = {**{'a': arr}}
        ---
        a = float(np.median(d['a']))
        ---
        arr[0] = 77
        ---
        b = float(np.median(d['a'])), found['1'].sum()
        print(a, b, found)
    """),
}
