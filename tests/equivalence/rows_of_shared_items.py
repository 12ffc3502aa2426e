"""Loops over objects that their iterations share as well: who is who must be known in every batch."""

from __future__ import annotations

from notebook_row import Row, sampled, written

_BODIES = """
class Body:
    def __init__(self, x, mass):
        self.x, self.mass, self.near = x, mass, []
    def pull(self, others):
        return sum(o.mass / (o.x - self.x) ** 2 for o in others if o is not self)
    def rank(self, others):
        found = 0
        for other in others:
            if other is self:
                return found
            found += other.mass
bodies = [Body(float(n * n), n + 1.0) for n in range(8)]
"""


def _of_bodies(text: str, **facts: object) -> Row:
    made = written(text, **facts)
    return Row((_BODIES, *made.cells), splits=made.splits, on_ray=made.on_ray)


_ROWS: dict[str, Row] = {
    "each body and all others": _of_bodies(
        """
        # split:
        pulls = []
        for body in bodies:
            pulls.append(body.pull(bodies))
        ranks = [body.rank(bodies) for body in bodies]
        print(pulls, ranks)
        """,
        splits=2,
        on_ray=True,
    ),
    "bodies in tuples, by position and by name": _of_bodies(
        """
        pairs = [(a, b) for a in bodies for b in bodies[:3]]
        named = {f"b{n}": body for n, body in enumerate(bodies)}
        ---
        # split:
        places = []
        for a, b in pairs:
            places.append((a.rank(bodies), b.rank(bodies)))
        print(places)
        ---
        # split:
        found = {}
        for name, body in named.items():
            found[name] = body.rank(list(named.values())), body.rank(bodies)
        print(found)
        ---
        # split:
        numbered = []
        for n, body in enumerate(bodies):
            numbered.append((n, body.rank(bodies[: n + 1])))
        print(numbered)
        """,
        splits=3,
        on_ray=True,
    ),
    "bodies that know each other": _of_bodies(
        """
        for body in bodies:
            body.near = [o for o in bodies if abs(o.x - body.x) < 20]
        ---
        # split:
        sums = []
        for body in bodies:
            sums.append((body.pull(body.near), body.rank(body.near), body.rank(bodies)))
        print(sums)
        ---
        # split:
        mutual = []
        for body in bodies:
            mutual.append(sum(body in other.near for other in body.near))
        print(mutual)
        """,
        splits=2,
        on_ray=True,
    ),
    "bodies as keys and in sets": _of_bodies(
        """
        weights = {body: body.mass for body in bodies}
        near = {body: [o for o in bodies if o.mass > body.mass] for body in bodies}
        chosen = set(bodies[:3])
        ---
        # split:
        known = []
        for body in bodies:
            known.append((weights[body], body.pull(near[body])))
        print(known)
        ---
        # split:
        inside = []
        for body in bodies:
            inside.append(body in chosen)
        print(inside)
        """,
        splits=1,
        on_ray=True,
    ),
    "the very bodies as results": _of_bodies(
        """
        # split:
        heavier = []
        for body in bodies:
            heavier.append(max(bodies, key=lambda o: -abs(o.mass - body.mass - 1)))
        print([body.rank(bodies) for body in heavier])
        ---
        # split:
        again = []
        for body in heavier:
            again.append((body, body.rank(bodies)))
        print([body.rank(heavier) for body, _ in again])
        ---
        heavier[0].mass = 100.0
        print([body.mass for body in bodies], again[0][0].mass)
        """,
        splits=4,
        on_ray=True,
    ),
    "a loop over what another one makes": _of_bodies(
        """
        # split:
        heavy = []
        for body in bodies:
            heavy.append(body)
        # split:
        ranks = []
        for body in heavy:
            ranks.append(body.rank(bodies))
        print(ranks)
        """,
        splits=2,
        on_ray=True,
    ),
    "loops in functions": _of_bodies(
        """
        def all_pulls(bodies, others):
            pulls = []
            # split:
            for body in bodies:
                pulls.append((body.pull(others), body.rank(others)))
            return pulls
        ---
        print(all_pulls(bodies, bodies), all_pulls(bodies[:4], bodies))
        """,
        on_ray=True,
    ),
    "an attribute that only some have": _of_bodies(
        """
        bodies[2].near = bodies[4].near = shared = [1, 2]
        ---
        # split:
        same = []
        for body in bodies:
            same.append((body.near is shared, [body.near is o.near for o in bodies]))
        print(same)
        """,
        splits=0,
    ),
    "equal tuples": written(
        """
        points = [tuple([n % 2, 0]) for n in range(8)]
        by_name = {n: point for n, point in enumerate(points)}
        ---
        # split:
        others = []
        for p in points:
            others.append(sum(q is not p for q in points))
        print(others)
        ---
        # split:
        found = []
        for n, p in by_name.items():
            found.append([q is p for q in points])
        print(found)
        """,
        splits=2,
        on_ray=True,
    ),
    "arrays and their rows": written(
        """
        import numpy as np
        grids = [np.full(3, float(n)) for n in range(6)]
        table = np.arange(24.0).reshape(6, 4)
        ---
        # split:
        others = []
        for grid in grids:
            others.append(sum(float(g.sum()) for g in grids if g is not grid))
        print(others)
        ---
        # split:
        shared = []
        for row in table:
            shared.append([np.shares_memory(row, table[n]) for n in range(6)])
        print(shared)
        """,
        on_ray=True,
    ),
    "functions": written(
        """
        def power(n):
            def f(x):
                return x**n
            return f
        def plain(x):
            return x
        functions = [power(n) for n in range(4)] + [plain, len, plain]
        names = {f: n for n, f in enumerate(functions)}
        ---
        # split:
        found = []
        for f in functions:
            found.append((names[f], [g == f for g in functions]))
        print(found)
        """,
        on_ray=True,
    ),
    "objects in arrays and tables": written(
        """
        import numpy as np
        import pandas as pd
        class Site:
            def __init__(self, n):
                self.n = n
        sites = [Site(n) for n in range(6)]
        array = np.array(sites + [None], dtype=object)[:6]
        frame = pd.DataFrame({"site": sites, "n": range(6)})
        ---
        # split:
        inside = []
        for site in sites:
            inside.append((site in array, [s == site for s in array], [s == site for s in frame["site"]]))
        print(inside)
        ---
        # split:
        placed = []
        for site in array:
            placed.append(sites.index(site))
        for n, row in frame.iterrows():
            placed.append(sites.index(row["site"]))
        for site in frame["site"]:
            placed.append(sites.index(site))
        for site in (sites[2], sites[1], sites[4]):
            placed.append(sites.index(site))
        print(placed)
        """,
        on_ray=True,
    ),
    "a registry in the class": written(
        """
        class Agent:
            everyone = []
            def __init__(self, n):
                self.n = n
                Agent.everyone.append(self)
            def others(self):
                return [a.n for a in Agent.everyone if a is not self]
        agents = [Agent(n) for n in range(6)]
        ---
        # split:
        seen = []
        for agent in agents:
            seen.append(agent.others())
        print(seen)
        ---
        # split:
        known = []
        for agent in Agent.everyone:
            known.append(agents.index(agent))
        print(known)
        """,
    ),
    "records without a dictionary, and dataclasses": written(
        """
        from dataclasses import dataclass, field
        @dataclass(eq=False)
        class Cell:
            n: int
            near: list = field(default_factory=list)
        class Slim:
            __slots__ = ("n", "next")
            def __init__(self, n):
                self.n, self.next = n, None
        cells = [Cell(n) for n in range(6)]
        for a, b in zip(cells, cells[1:]):
            a.near.append(b)
            b.near.append(a)
        slim = [Slim(n) for n in range(6)]
        for a, b in zip(slim, slim[1:]):
            a.next = b
        ---
        # split:
        degrees = []
        for cell in cells:
            degrees.append((sum(cell in other.near for other in cells), [c.n for c in cell.near if c != cells[0]]))
        print(degrees)
        ---
        # split:
        chain = []
        for one in slim:
            chain.append([one == other.next for other in slim])
        print(chain)
        """,
        on_ray=True,
    ),
}

ROWS = sampled(_ROWS, *(name for name, made in _ROWS.items() if made.on_ray))
