"""Loops that seed a global random number generator in each iteration."""

from __future__ import annotations

from notebook_row import written

ROWS = {
    "each iteration seeds": written(
        """
        import random
        import numpy as np
        np.random.seed(1)
        ---
        # split:
        out, normal = [], []
        for k in range(7):
            np.random.seed(k)
            random.seed(k)
            out.append((np.random.rand(), random.random()))
            normal.append(np.random.normal())  # an odd number leaves one over
        ---
        print(out, normal, np.random.normal(), random.random())
        """,
        splits=1,
        on_ray=True,
    ),
    "a function seeds": written(
        """
        import random
        import numpy as np
        def set_seed(seed):
            random.seed(seed)
            np.random.seed(seed)
        def simulate(n, seed):
            "Walks."
            size = n * 2
            set_seed(seed)
            steps = np.random.choice([-1, 1], size=size).tolist()
            random.shuffle(steps)
            return steps
        ---
        # split:
        walks = [simulate(4, seed=k) for k in range(6)]
        best = max(sum(simulate(3, k)) for k in range(5))
        by = {k: simulate(k, k) for k in range(1, 5)}
        for k in range(5):
            sums = np.cumsum(simulate(k + 1, k))
        ---
        print(walks, best, by, sums, np.random.rand(), random.random())
        """,
        splits=4,
    ),
    "a state is set": written(
        """
        import random
        random.seed(5)
        state = random.getstate()
        ---
        # split:
        out = []
        for n in range(1, 6):
            random.setstate(state)
            out.append([random.random() for _ in range(n)])
        ---
        print(out, random.random())
        """,
        splits=1,
    ),
    "no iteration": written(
        """
        import numpy as np
        np.random.seed(1)
        xs = []
        ---
        # split:
        out = []
        for k in xs:
            np.random.seed(k)
            out.append(np.random.rand())
        ---
        print(out, np.random.rand())
        """
    ),
    "an iteration raises": written(
        """
        import numpy as np
        ---
        # split:
        for k in range(6):
            np.random.seed(k)
            print(np.random.randint(9))
            assert k < 4
        """,
        splits=1,
    ),
    "another generator is drawn from as well": written(
        """
        import random
        import numpy as np
        random.seed(3)
        ---
        # split:
        out = []
        for k in range(6):
            np.random.seed(k)
            out.append(np.random.rand() + random.random())
        ---
        print(out, np.random.rand(), random.random())
        """,
        splits=0,
    ),
    "one is drawn from before it is seeded": written(
        """
        import numpy as np
        np.random.seed(3)
        def late(k):
            x = np.random.rand()
            np.random.seed(k)
            return x + np.random.rand()
        def early(k):
            np.random.seed(k)
            return np.random.rand()
        ---
        # split:
        a = [late(k) for k in range(6)]
        b = [early(np.random.randint(9)) for _ in range(6)]
        c = [np.random.rand() + early(k) for k in range(6)]
        d = []
        for k in range(6):
            x = np.random.rand()
            np.random.seed(k)
            d.append(x)
        ---
        print(a, b, c, d, np.random.rand())
        """,
        splits=0,
    ),
    "some iterations only": written(
        """
        import random
        random.seed(3)
        def maybe(k):
            if k % 2:
                random.seed(k)
            return random.random()
        def seldom(k):
            if k % 3:
                return 0
            random.seed(k)
            return random.random()
        def often(k, seed=None):
            seed is None or random.seed(seed)
            return random.random()
        ---
        # split:
        a = [maybe(k) for k in range(6)]
        b = [seldom(k) for k in range(7)]
        c = [often(k) for k in range(6)]
        d = [seldom(3) for k in range(7) if k < 5]
        e = [k and random.seed(k) for k in range(4)]
        f = []
        for k in range(7):
            if k == 6:
                continue
            random.seed(k)
            f.append(random.random())
        ---
        print(a, b, c, d, e, f, random.random())
        """,
        splits=0,
    ),
    "a name that stands for something else": written(
        """
        import random
        import numpy as np
        random.seed(3)
        class Dice:
            def seed(self, k):
                return k
        def roll(k, random=Dice()):
            random.seed(k)
            return np.random.rand() < 2
        def throw(k, seed_it=lambda k: None):
            seed_it(k)
            return random.random()
        def seed_it(k):
            random.seed(k)
        ---
        # split:
        a = [roll(k) for k in range(6)]
        b = [throw(k) for k in range(6)]
        ---
        print(a, b, random.random())
        """
    ),
    "what makes the items draws": written(
        """
        import random
        random.seed(3)
        def draws(n):
            for _ in range(n):
                yield random.random()
        ---
        # split:
        out = []
        for x in draws(6):
            random.seed(int(x * 1000))
            out.append((x, random.random()))
        ---
        print(out, random.random())
        """,
        splits=0,
    ),
    "other processes draw": written(
        """
        from concurrent.futures import ThreadPoolExecutor
        import numpy as np
        np.random.seed(3)
        def simulate(k):
            np.random.seed(k)
            return k
        ---
        # split:
        with ThreadPoolExecutor(1) as pool:
            out = list(pool.map(simulate, range(5)))
        ---
        print(out, np.random.rand())
        """,
        splits=0,
    ),
    "a later cell goes on with the generator": written(
        """
        import numpy as np
        ---
        # split:
        first = []
        for k in range(6):
            np.random.seed(k)
            first.append(np.random.rand())
        ---
        # split:
        second = [x + np.random.rand() for x in first]
        ---
        # split:
        third = []
        for x in first:
            np.random.seed(int(x * 1000))
            third.append(x + np.random.rand())
        ---
        print(first, second, third, np.random.rand())
        """,
        splits=2,
    ),
}
