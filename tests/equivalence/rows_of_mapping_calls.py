"""Calls that apply a function to items (``map``, executors, pools, joblib): split as the loop they stand for."""

from __future__ import annotations

from notebook_row import row, sampled, split

F = "def f(x, y=1):\n    return x * x + y\nxs = list(range(9))\nys = list('abcdefghi')"
JOBLIB = "from joblib import Parallel, delayed\n" + F
FUTURES = "from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor\n" + F
POOLS = "import multiprocessing\nfrom multiprocessing.pool import ThreadPool\n" + F
IN_THREADS = "with ThreadPoolExecutor(3) as pool:\n    "

SPLIT = {
    "joblib": row(JOBLIB, split("out = Parallel(n_jobs=2)(delayed(f)(x) for x in xs)"), "print(out)", splits=1),
    "joblib with options": row(
        JOBLIB,
        split(
            "import os\nout = Parallel(n_jobs=os.cpu_count(), verbose=0, prefer='threads', batch_size=2)(\n"
            "    delayed(f)(x, y=len(b)) for x, b in zip(xs, ys) if x % 2)\nprint(out)"
        ),
        splits=1,
    ),
    "joblib of a list, unpacked": row(
        "from joblib import Parallel, delayed\ndef g(x):\n    return x, -x",
        split("a, b = zip(*Parallel(n_jobs=2)([delayed(g)(x) for x in range(5)]))\nprint(a, b)"),
        splits=1,
    ),
    "joblib kept by 'with'": row(
        JOBLIB,
        split("with Parallel(n_jobs=2) as parallel:\n    out = parallel(delayed(f)(x) for x in xs)"),
        "out",
        splits=1,
    ),
    "joblib under a bar": row(
        JOBLIB,
        split("from tqdm import tqdm\nout = Parallel(n_jobs=2)(delayed(f)(x) for x in tqdm(xs))"),
        "out",
        splits=1,
    ),
    "joblib in a loop's head": row(
        JOBLIB,
        split("total = 0\nfor y in Parallel(n_jobs=2)(delayed(f)(x) for x in xs):\n    total += y\nprint(total, y)"),
        splits=1,
    ),
    "joblib of nothing": row(JOBLIB, split("out = Parallel(n_jobs=2)(delayed(f)(x) for x in [])"), "out", splits=1),
    "joblib sized while running": row(
        JOBLIB, "# split: part\nout = Parallel(n_jobs=2)(delayed(f)(x) for x in xs)", "out", splits=1
    ),
    "executor": row(FUTURES, split(IN_THREADS + "out = list(pool.map(f, xs))"), "out", splits=1),
    "executor of processes": row(
        FUTURES,
        split("with ProcessPoolExecutor(max_workers=2) as pool:\n    out = list(pool.map(f, xs, chunksize=3))\nprint(out)"),
        splits=1,
    ),
    "executor with two arguments": row(
        FUTURES, split(IN_THREADS + "out = tuple(pool.map(f, xs, range(5)))"), "out", splits=1
    ),
    "executor in a loop's head": row(
        FUTURES,
        split(IN_THREADS + "out = {}\n    for y in pool.map(f, xs):\n        print(y)\n        out[y] = y + 1\nprint(out, y)"),
        splits=1,
    ),
    "executor beside its items": row(
        FUTURES,
        split(
            IN_THREADS + "out = {}\n    for x, y in zip(xs, pool.map(f, xs)):\n        print(x)\n        out[x] = y\n"
            "    d = dict(zip(ys, pool.map(f, xs, range(20))))\nprint(out, x, y, d)"
        ),
        splits=2,
    ),
    "executor beside the iterator that it takes": row(
        FUTURES + "\ng, h = iter(xs), iter(xs)\nk = h",
        split(
            IN_THREADS + "out = list(zip(g, pool.map(f, g)))\n    for x, y in zip(h, pool.map(f, k)):\n        out.append(x)\n"
            "print(out)"
        ),
        splits=0,
    ),
    "executor beside other names of 'zip' and 'list'": row(
        FUTURES + "\nlist = 3",
        split(
            IN_THREADS + "for i, y in enumerate(pool.map(f, xs)):\n        print(i, y)"
        ),
        splits=0,
    ),
    "executor beside numbers and under a bar": row(
        FUTURES,
        split(
            "from tqdm import tqdm\nout = [0] * 10\n" + IN_THREADS + "for i, (b, y) in enumerate(tqdm(zip(ys, pool.map(f, xs)), total=9), 1):\n"
            "        out[i] = b, y\nprint(out)"
        ),
        splits=1,
    ),
    "executor under a bar": row(
        FUTURES,
        split("from tqdm import tqdm\n" + IN_THREADS + "out = list(tqdm(pool.map(f, xs), total=9))"),
        "out",
        splits=1,
    ),
    "pool": row(
        POOLS,
        split(
            "with ThreadPool(2) as p:\n    a = p.map(f, xs)\n    b = list(p.imap(f, xs, chunksize=2))\n"
            "    c = p.starmap(f, [(1, 2), (3, 4)])\nprint(a, b, c)"
        ),
        splits=3,
    ),
    "pools with names": row(
        POOLS,
        split(
            "p = ThreadPool(2)\na = p.map(f, xs)\nprint(a)\nb = []\nfor y in p.imap(f, xs):\n    b.append(y)\n"
            "p.close()\np.join()\nprint(b)"
        ),
        "p",
        splits=2,
    ),
    "an executor and joblib with names": row(
        FUTURES + "\nfrom joblib import Parallel, delayed",
        split(
            "pool = ThreadPoolExecutor(max_workers=2)\na = list(pool.map(f, xs))\npool.shutdown()\n"
            "run = Parallel(n_jobs=2)\nb = run(delayed(f)(x) for x in xs)\nprint(a, b)"
        ),
        splits=2,
    ),
    "map": row(F, split("out = list(map(f, xs))\nn = sum(map(len, ys))\ns = ', '.join(map(str, xs))"), "print(out, n, s)", splits=3),
    "map in a loop's head": row(F, split("out = []\nfor y in map(f, xs):\n    out.append(y)\nprint(out, y)"), splits=1),
    "map sized while running": row(
        "import time\ndef f(x):\n    time.sleep(0.03)\n    return x",
        "# split: part\nout = list(map(f, range(50)))\nprint(out)",
        splits=1,
    ),
}  # fmt: skip

WHOLE = {
    "joblib as a generator": row(
        JOBLIB,
        split("out = Parallel(n_jobs=2, prefer='threads', return_as='generator')(delayed(f)(x) for x in xs)\nprint(list(out))"),
        splits=0,
        on_ray=False,
    ),
    "joblib in shared memory": row(
        JOBLIB,
        split("out = Parallel(n_jobs=1, require='sharedmem')(delayed(f)(x) for x in xs)\nprint(out)"),
        splits=0,
    ),
    "joblib that collects on the side": row(
        "from joblib import Parallel, delayed\nseen = []\ndef g(x):\n    seen.append(x)",
        split("Parallel(n_jobs=1)(delayed(g)(x) for x in range(5))\nprint(seen)"),
        splits=0,
    ),
    "another delayed": row(
        "from joblib import Parallel\ndef delayed(f):\n    return lambda x: (f, (x + 1,), {})\ndef f(x):\n    return -x",
        split("out = Parallel(n_jobs=1)(delayed(f)(x) for x in range(5))\nprint(out)"),
        splits=0,
    ),
    "executor with a time limit": row(
        FUTURES, split(IN_THREADS + "out = list(pool.map(f, xs, timeout=60))"), "out", splits=0
    ),
    "a pool that is closed": row(
        POOLS,
        split("p = ThreadPool(2)\np.close()\ntry:\n    p.map(f, xs)\nexcept ValueError as e:\n    print('closed')"),
        split("p = ThreadPool(2)\np.close()\nout = p.map(f, xs)"),
        splits=0,
    ),
    "a pool that a function may close": row(
        POOLS,
        "def shut():\n    p.close()",
        split("p = ThreadPool(2)\nshut()\nout = p.map(f, xs)"),
        splits=0,
    ),
    "a pool of another cell": row(
        POOLS, "p = ThreadPool(2)", split("out = p.map(f, xs)\nprint(out)"), "p.close()\np = None", splits=0
    ),
    "executor with an initializer": row(
        FUTURES,
        split("with ThreadPoolExecutor(1, initializer=print, initargs=('begin',)) as pool:\n    out = list(pool.map(f, xs))\nprint(out)"),
        splits=0,
    ),
    "executor beside its items, which can't be copied": row(
        FUTURES,
        split(
            IN_THREADS + "for i, (b, y) in enumerate(zip(ys, pool.map(type, [(x for x in xs), (b for b in ys)]))):\n        print(i, b, y)"
        ),
        splits=0,
    ),
    "executor beside less, of a function that prints": row(
        FUTURES + "\ndef g(x):\n    print('g', x)\n    return x",
        split("with ThreadPoolExecutor(1) as pool:\n    out = list(zip('ab', pool.map(g, xs)))\nprint(out)"),
        splits=0,
    ),
    "own zip": row(
        FUTURES + "\ndef zip(a, b):\n    return [(1, 2)]",
        split(IN_THREADS + "for x, y in zip(xs, pool.map(f, xs)):\n        print(x, y)"),
        splits=0,
    ),
    "own map": row("def map(f, xs):\n    return ['own']\nf = str", split("out = list(map(f, [1, 2]))"), "out", splits=0),
    "a function that ends it": row(
        "def f(x):\n    if x == 4:\n        raise StopIteration\n    return x",
        split("out = list(map(f, range(9)))\nprint(out)"),
        split("for y in map(f, range(9)):\n    print(y)"),
        "# split: auto\nout = list(map(f, range(9)))\nprint(out)",
        "# split: auto\nfor y in map(f, range(9)):\n    print(y)",
    ),
    "an error in the middle": row(
        "def f(x):\n    return 1 / (4 - x)", split("for y in map(f, range(9)):\n    print(y)")
    ),
    "results that hold the items": row(
        "from joblib import Parallel, delayed\ndef same(x):\n    return x\nxs = [[1], [2], [3], [4]]",
        split("out = Parallel(n_jobs=1)(delayed(same)(x) for x in xs)"),
        "out[0].append(5)\nprint(xs)",
    ),
}  # fmt: skip

ROWS = sampled({**SPLIT, **WHOLE}, "joblib", "executor in a loop's head", "executor of processes", "map sized while running", "a function that ends it", "joblib sized while running")  # fmt: skip
