"""``# split:`` above one loop: in functions, methods and blocks, called from anywhere."""

from __future__ import annotations

from dataclasses import replace

from notebook_row import Row, row, written

_ROWS = {
    "settings change between the calls": written(
        """
        import numpy as np
        def texts(xs):
            out = []
            # split:
            for x in xs:
                out.append(str(np.array([x / 3])))
            return out
        ---
        first = texts(range(7))
        np.set_printoptions(precision=2)
        second = texts(range(7))
        print(first, second)
        """
    ),
    "a function made before the loop looks at what the loop sets": written(
        """
        def roots(ks):
            k, found = 0, []
            def over(x):
                return x * x - k
            # split:
            for k in ks:
                found.append([over(x) for x in range(3)])
            return found, over(1)
        ---
        print(roots([1, 8, 27, 64]))
        """,
        splits=0,
    ),
    "it looks at what each iteration sets, as a method, a key and a generator": written(
        """
        def ranked(ks):
            now, found, k = 0, [], 0
            class Rank:
                def __lt__(self, other):
                    return k
            key = lambda i: i * now % 5
            ahead, pairs = (now * i for i in range(9)), zip("abcd", (k * i for i in range(9)))
            # split:
            for k in ks:
                now = k
                found.append((sorted(range(4), key=key), next(ahead), next(pairs), Rank() < Rank()))
            return found
        ---
        print(ranked([1, 2, 3, 4]))
        """,
        splits=0,
    ),
    "functions that iterations make look at the loop's variable later": written(
        """
        def makers(ks):
            x, made = 0, []
            # split:
            for x in ks:
                made.append(lambda: x)
            return [each() for each in made]
        ---
        print(makers([1, 2, 3, 4]))
        """,
        splits=0,
    ),
    "functions that iterations make look at a variable that is set after the loop": written(
        """
        def makers(ks):
            made, n = [], 2
            # split:
            for x in ks:
                made.append(lambda y=x: y * n)
            n = 10
            return [each() for each in made]
        ---
        print(makers([1, 2, 3, 4]))
        """,
        splits=0,
    ),
    "the last function that an iteration made is called after the loop": written(
        """
        def last(ks):
            out = []
            # split:
            for k in ks:
                def times(x):
                    return k * x
                out.append(times(2))
            k = 5
            return out, times(3)
        ---
        print(last([1, 2, 3]))
        """,
        splits=0,
    ),
    "functions that an iteration makes for itself": written(
        """
        from scipy.optimize import minimize_scalar
        def fit(ks, scale):
            out = []
            # split:
            for k in ks:
                def cost(p):
                    return (p - k * scale) ** 2
                out.append(round(float(minimize_scalar(cost).x) + minimize_scalar(lambda p: (p + k) ** 2).x, 5))
            return out
        ---
        print(fit([1, 2, 3, 4], 2.5))
        """,
        splits=1,
    ),
    "functions that a function made for an iteration": written(
        """
        def times(n):
            def by(y):
                return n * y
            return by
        def makers(ks):
            made = []
            # split:
            for k in ks:
                made.append(times(k))
            return [each(2) for each in made]
        ---
        print(makers([1, 2, 3, 4]))
        """,
        splits=1,
    ),
    "a loop sets a variable of the function around": written(
        """
        def outer(ks):
            k = 0
            def inner():
                nonlocal k
                out = []
                # split:
                for k in ks:
                    out.append(2 * k)
                return out
            return inner(), k
        ---
        print(outer([1, 2, 3]))
        """,
        splits=0,
    ),
    "one of several loops": written(
        """
        import math
        a = [math.sqrt(x) for x in range(5)]
        # split:
        b = [math.sqrt(x) for x in range(6)]
        c = sum(math.sqrt(x) for x in range(7))
        # split:
        for x in range(5):
            d = x + 1
        ---
        print(a, b, c, d, x)
        """,
        splits=2,
    ),
    "every kind of reduction in a function": written(
        """
        from collections import Counter, defaultdict
        K = 3
        def cost(x):
            return K * x + 0.1
        ---
        def sweep(xs, scale):
            out, total, seen = [], 0.0, {}
            counts, groups, best = Counter(), defaultdict(list), None
            # split:
            for i, x in enumerate(xs):
                y = cost(x) * scale
                out.append(y)
                total += y
                seen[x] = i
                counts.update([x % 2])
                groups[x % 3].append(y)
                if best is None or y > best:
                    best = y
                print("did", x)
            return out, total, seen, counts, groups, best, i, x, y
        ---
        r = sweep(range(11), 0.1)
        print(r)
        """,
        splits=1,
    ),
    "local and global of one name": written(
        """
        scale = 100
        def by_global(x):
            return x * scale
        def run(xs, scale):
            return_value = []
            # split:
            for x in xs:
                y = by_global(x) + scale
                scale_then = scale
                return_value.append((y, scale_then))
            return return_value
        ---
        print(run([1, 2, 3, 4], 7), scale)
        """,
        splits=1,
    ),
    "written local shadows a global that a callee reads": written(
        """
        factor = 10
        def times(x):
            return x * factor
        def run(xs):
            out = []
            # split:
            for x in xs:
                factor = x + 1
                out.append((times(x), factor))
            return out
        ---
        print(run([1, 2, 3, 4, 5]), factor)
        """,
        splits=1,
    ),
    "method that reads self, with a private name": written(
        """
        class Model:
            def __init__(self, k):
                self.k, self.__p = k, 5
            def step(self, x):
                return self.k * x
            def run(self, xs):
                # split:
                return [self.step(x) + self.__p for x in xs]
        ---
        m = Model(4)
        print(m.run([1, 2, 3]))
        m.k = 5
        print(m.run([1, 2, 3]))
        """,
        splits=2,
    ),
    "self changed in the loop": written(
        """
        class Counting:
            def __init__(self):
                self.n, self.results = 0, []
            def step(self, x):
                self.n += 1
                return self.n * x
            def run(self, xs):
                out = []
                # split:
                for x in xs:
                    out.append(self.step(x))
                return out
            def fill(self, xs):
                # split:
                for x in xs:
                    self.results.append(x)
        ---
        c = Counting()
        print(c.run([1, 2, 3, 4]), c.n)
        c.fill([5, 6])
        print(c.results)
        """,
    ),
    "blocks at top level": written(
        """
        flag, out = True, []
        if flag:
            # split:
            for x in range(5):
                z = x * x
                out.append(z)
        try:
            # split:
            w = sum(1 / v for v in range(4))
        except ZeroDivisionError as error:
            w = str(error)
        for k in range(2):
            # split:
            for j in range(3):
                out.append((k, j))
        print(out, x, z, w, k, j)
        """,
        splits=3,
    ),
    "a store that no table knows, filled in blocks": written(
        """
        import shelve
        class Store:
            def __init__(self):
                self.kept = {}
            def __setitem__(self, key, value):
                self.kept[key] = value
        ---
        with shelve.open("kept") as db:
            # split:
            for i in range(4):
                db[str(i)] = i * i
            print(sorted(db.items()))
        del db
        ---
        store = Store()
        if store:
            # split:
            for i in range(4):
                store[i] = i * i
        print(store.kept)
        """
    ),
    "error that the function catches": written(
        """
        def risky(xs):
            out = []
            try:
                # split:
                for x in xs:
                    print("at", x)
                    out.append(1 / (x - 3))
            except ZeroDivisionError as e:
                out.append(str(e))
            return out, x
        ---
        print(risky(range(6)))
        """,
        splits=0,
    ),
    "error that nobody catches": written(
        """
        def deep(x):
            return 1 / (x - 3)
        def risky(xs):
            out = []
            # split:
            for x in xs:
                print(x)
                out.append(deep(x))
            return out
        ---
        print("before")
        risky(range(6))
        """,
        splits=0,
    ),
    "recursion": written(
        """
        def tower(n, k):
            # split:
            ys = [k * y for y in range(n)]
            return ys if k == 0 else ys + tower(n, k - 1)
        def tree(depth):
            out = []
            # split:
            for i in range(2):
                out.append(i if depth == 0 else tree(depth - 1))
            return out
        ---
        print(tower(3, 2))
        print(tree(2))
        """,
    ),
    "closures, both ways": written(
        """
        def outer(n):
            base = [n]
            def inner(xs):
                got = []
                # split:
                for x in xs:
                    got.append(x + base[0])
                return got
            return inner
        def with_helper(xs, k):
            def helper(x):
                return x * k
            shift = lambda x: x + k
            out = []
            # split:
            for x in xs:
                out.append(helper(shift(x)))
            return out
        ---
        f, g = outer(10), outer(20)
        print(f([1, 2, 3]), g([1, 2, 3]))
        print(with_helper(range(5), 3))
        """,
        splits=3,
    ),
    "closure that counts": written(
        """
        def counted(xs):
            n = 0
            def tick():
                nonlocal n
                n += 1
                return n
            out = []
            # split:
            for x in xs:
                out.append(tick() * x)
            return out, n
        ---
        print(counted([5, 6, 7]))
        """,
        splits=0,
    ),
    "function given as an argument": written(
        """
        LOG = []
        K = 4
        def sweep(xs, fn):
            out = []
            # split:
            for x in xs:
                out.append(fn(x))
            return out
        ---
        print(sweep([1, 2, 3], lambda x: x * K))
        print(sweep([1, 2, 3], lambda x: LOG.append(x)), LOG)
        print(sweep([1, 2, 3], abs))
        """,
    ),
    "one object under several names": written(
        """
        store = []
        def fill(acc, xs):
            # split:
            for x in xs:
                acc.append(x + len(store))
            return acc
        def look(xs):
            out = store
            # split:
            for x in xs:
                out.append(x + len(store))
            return out
        ---
        print(fill(store, [1, 2, 3]), look([1, 2]))
        """,
        splits=0,
    ),
    "items that are the shared object": written(
        """
        class Node:
            def __init__(self, v):
                self.v = v
        def same(nodes, chosen):
            # split:
            return [node is chosen for node in nodes]
        ---
        nodes = [Node(i) for i in range(5)]
        print(same(nodes, nodes[2]), same(nodes, Node(2)))
        """,
    ),
    "items handed back are the caller's": written(
        """
        def keep(rows):
            out = []
            # split:
            for row in rows:
                if row[0] % 2:
                    out.append(row)
            return out
        ---
        rows = [[1], [2], [3], [4]]
        kept = keep(rows)
        kept[0].append("x")
        print(rows, kept)
        """,
    ),
    "return, yield and break in the loop": written(
        """
        def first(xs):
            # split:
            for x in xs:
                if x > 2:
                    return x
        def lazily(xs):
            # split:
            for x in xs:
                yield x * 2
        def until(xs):
            out = []
            # split:
            for x in xs:
                if x == 3:
                    break
                out.append(x)
            return out
        ---
        print(first([1, 2, 3, 4]), list(lazily([1, 2, 3])), until([1, 2, 3, 4]))
        """,
        splits=0,
    ),
    "generator with a split loop": written(
        """
        def stages(xs):
            yield "start"
            # split:
            doubled = [2 * x for x in xs]
            yield doubled
        ---
        print(list(stages([1, 2, 3])))
        """,
        splits=1,
    ),
    "decorated, with defaults": written(
        """
        import functools
        def loud(f):
            @functools.wraps(f)
            def wrapper(*args, **kwargs):
                print("call", f.__name__)
                return f(*args, **kwargs)
            return wrapper
        @loud
        def run(xs, k=2, *more, flag=True, **rest):
            out = {}
            # split:
            for x in xs:
                if not flag:
                    continue
                out[x] = x * k + sum(more) + len(rest)
            else:
                out["done"] = True
            return out
        ---
        print(run([1, 2, 3]), run([1, 2, 3], 3, 4, 5, a=1), run([1, 2], flag=False))
        """,
    ),
    "seen from outside": written(
        """
        import inspect
        def run(xs):
            '''Doubles.'''
            out = []
            # split:
            for x in xs:
                out.append(2 * x)
            return out
        ---
        print(inspect.getsource(run), run.__doc__, run.__closure__, run.__name__)
        print(inspect.signature(run), run([1, 2, 3]))
        """,
    ),
    "names that stay unbound": written(
        """
        def run(xs):
            # split:
            for x in xs:
                y = x
            try:
                return x, y
            except UnboundLocalError as error:
                return type(error).__name__
        ---
        print(run([]), run([1, 2, 3]))
        """,
    ),
    "loop in a loop, both in a function": written(
        """
        def grid(rows, columns):
            table = []
            # split:
            for r in rows:
                line = []
                # split:
                for c in columns:
                    line.append(r * 10 + c)
                table.append(line)
            return table
        ---
        print(grid(range(3), range(4)))
        """,
    ),
    "split function in a split cell": written(
        """
        def inner(x):
            # split:
            return sum(x * y for y in range(5))
        ---
        # split:
        out = []
        for x in range(2):
            out.append(inner(x))
        ---
        print(out)
        """,
    ),
    "local imports and settings of the same names": written(
        """
        def run(xs, settings, token):
            import math as m
            keeps = []
            # split:
            for x in xs:
                keeps.append(m.sqrt(x) + settings + token)
            return keeps
        ---
        print(run([1, 4, 9], 1, 2))
        """,
    ),
    "redefined later": written(
        """
        def run(xs):
            # split:
            return [x + 1 for x in xs]
        a = run([1, 2, 3])
        ---
        def run(xs):
            # split:
            return [x + 2 for x in xs]
        ---
        b = run([1, 2, 3])
        print(a, b)
        """,
        splits=2,
    ),
    "looks at its own variables": written(
        """
        def run(xs):
            # split:
            for x in xs:
                y = x
            return sorted(locals())
        ---
        print(run([1, 2, 3]))
        """,
        splits=0,
    ),
    "global that the function sets": written(
        """
        total = 0
        def run(xs):
            global total
            # split:
            for x in xs:
                total += x
        ---
        run([1, 2, 3])
        print(total)
        """,
        splits=0,
    ),
    "arrays and frames": written(
        """
        import numpy as np, pandas as pd
        def fill(n):
            grid = np.zeros((n, 3))
            # split:
            for i in range(n):
                grid[i, :] = np.arange(3) * i
            return grid
        def rows(frame):
            total = 0.0
            # split:
            for _, row in frame.iterrows():
                total += row["a"] * 0.1
            return total
        ---
        print(fill(5))
        print(rows(pd.DataFrame({"a": [1.5, 2.5, 3.5, 4.5]})))
        """,
    ),
    "batches of batches made by hand": written(
        """
        def batch_items(items, n):
            size = -(-len(items) // n)
            return [items[i:i + size] for i in range(0, len(items), size)]
        def process_batch(batch):
            done = []
            # split:
            for item in batch:
                done.append(item * 0.1)
            return done
        ---
        # split:
        nested = [batch_items(batch, 2) for batch in batch_items(list(range(10)), 2)]
        ---
        # split:
        results = []
        for outer in nested:
            results.append([process_batch(batch) for batch in outer])
        ---
        flat = [x for outer in results for batch in outer for x in batch]
        print(nested, results, sum(flat))
        """,
    ),
    "await in the loop": written(
        """
        import asyncio
        async def one(x):
            await asyncio.sleep(0)
            return x + 1
        async def run(xs):
            out = []
            # split:
            for x in xs:
                out.append(await one(x))
            # split:
            more = [await one(x) for x in xs]
            # split:
            plain = [x * 2 for x in xs]
            return out, more, plain
        ---
        print(await run([1, 2, 3]))
        """,
        splits=1,
    ),
    "many short calls": written(
        """
        def small(k):
            # split:
            return [k + x for x in range(3)]
        ---
        print(sum(sum(small(k)) for k in range(20)))
        """,
    ),
}

_ROWS["errors two levels down"] = row(
    "def step(a, b):\n    print('step', a, b)\n    return a * 10 + b\n"
    "def level(a):\n    out = []\n    # split: level\n    # batches: 2\n"
    "    for b in range(3):\n        line = []\n        # split: line\n        # batches: 2\n"
    "        for c in range(2):\n            line.append(step(a + b, c))\n        out.append(line)\n"
    "    return out",
    "# split: outer\n# batches: 1\n# concurrency: 2\ncube, caught = [], []\nfor a in range(3):\n    row = []\n"
    "    # split: row\n    # batches: 2\n    for b in range(4):\n        row.append(step(a, b))\n"
    "    try:\n        # split: risky\n        # batches: 2\n        risky = [1 / (b - a) for b in range(4)]\n"
    "    except ZeroDivisionError as error:\n        risky = str(error)\n"
    "    cube.append((row, level(a), risky))\nprint(cube, row, a, b)",
    "# split: fails\n# batches: 1\n# retries: 1\nfor a in range(3):\n    row = []\n    # split: row\n"
    "    # batches: 2\n    for b in range(3):\n        row.append(10 // (b + 2 * a - 3))\n    print(a, row)",
)

_ON_RAY = {
    "errors two levels down",
    "settings change between the calls",
    "every kind of reduction in a function",
    "method that reads self, with a private name",
    "blocks at top level",
    "error that the function catches",
    "split function in a split cell",
}

ROWS: dict[str, Row] = {name: replace(each, on_ray=name in _ON_RAY) for name, each in _ROWS.items()}
