"""What an iteration gives to an accumulator and changes afterwards: it counts as it was, unless it is kept."""

from __future__ import annotations

from notebook_row import Row, sampled, written

#: Set up, and then the body of a loop over ``range(12)`` with what is shown after it.
_LOOPS: dict[str, tuple[str, str, str]] = {
    "slices of a list": ("lst = [None] * 12", "m = [i]; lst[i:i + 1] = m; m[0] = -1", "lst"),
    "the end of a list, from an array": (
        "lst = []",
        "m = np.array([i, i]); lst[len(lst):] = m; m[:] = -1",
        "lst",
    ),
    "slice objects": (
        "lst = [0] * 12",
        "s = slice(i, i + 1); m = {i}; lst[s] = m; m.clear()",
        "lst",
    ),
    "masks": (
        "hist = np.zeros(4)",
        "mask = np.zeros(4, bool)\nfor j in range(4):\n    mask[j] = (i + j) % 2 == 0\n    hist[mask] += 1",
        "hist",
    ),
    "lists as indexes": ("a = np.zeros(12)", "m = [i, 0]; a[m] = i; m[0] = 3", "a"),
    "indexes in tuples": (
        "a = np.zeros((2, 12))",
        "m = [i, 1]; a[i % 2, m] += 1; m[:] = [2, 3]",
        "a",
    ),
    "labels": ("s = pd.Series(np.zeros(12))", "m = [i, 1]; s.loc[m] += 1; m[0] = 5", "s"),
    "labels of a table": (
        "df = pd.DataFrame({'x': np.zeros(12)})",
        "m = [i, 1]; df.loc[m, 'x'] = i; m[:] = [0, 0]",
        "df",
    ),
    "an array in a dict": (
        "t = {'arr': np.zeros(12)}",
        "m = np.array([i, 2]); t['arr'][m] += 1.0; m[:] = 0",
        "t",
    ),
    "sets grow by sets": (
        "g = {}",
        "m = {i}; g.setdefault(i % 3, set()).update(m); m.clear()",
        "g",
    ),
    "lists grow by lists": (
        "g = {}",
        "m = [i]; g.setdefault(i % 3, []).extend(m); m.append(0)",
        "g",
    ),
    "lists get lists": ("g = {}", "m = [i]; g.setdefault(i % 3, []).append(m); m.append(0)", "g"),
    "dicts grow by dicts": (
        "g = {}",
        "m = {i: [i]}; g.setdefault(i % 3, {}).update(m); m[i].append(1); m.clear()",
        "g",
    ),
    "a deque grows on the left": ("d = deque()", "m = [i, i]; d.extendleft(m); m.clear()", "d"),
    "a counter is lessened": ("c = Counter()", "m = {i % 3: 1}; c.subtract(m); m[i % 3] = 9", "c"),
    "a set is lessened": (
        "t = set(range(12))",
        "m = {i // 2}; t.difference_update(m); m.add(5)",
        "t",
    ),
    "dicts are put together": (
        "d = {}",
        "m = {i: [i]}; d = {**d, **m}; m[i].append(2); m[99] = 1",
        "d",
    ),
    "lists are put together": (
        "d = []",
        "m = [[i], [i + 1]]; d = [*d, *m]; m[0].append(2); m.append(1)",
        "d",
    ),
    "pairs": ("d = {}", "m = [[i % 5, i]]; d.update(m); m[0][1] = -1", "d"),
    "series are added": (
        "acc = pd.Series([0.0, 0.0])",
        "m = pd.Series([1.0, i]); acc = acc.add(m, fill_value=0); m[0] = 9",
        "acc",
    ),
    "data arrays are added": (
        "acc = 0",
        "m = xr.DataArray([1.0, i]); acc = acc + m; m[0] = 0",
        "acc",
    ),
    "lists are added to an array": (
        "a = np.zeros((1, 2))",
        "m = [[i, 1]]; a += m; m[0][0] = 0",
        "a",
    ),
    "a sparse matrix is added": (
        "a = np.zeros((2, 2))",
        "m = sparse.csr_matrix(np.eye(2) * i); a += m; m.data[:] = 0",
        "a",
    ),
    "a deque keeps what is put there": (
        "ring = deque([None] * 5); kept = []",
        "m = {'i': i}; ring[i % 5] = m; kept.append(m); m['later'] = i",
        "kept[-1].update(last=1), ring",
    ),
    "an array of records keeps objects": (
        "a = np.zeros(12, dtype=[('o', 'O'), ('n', 'i4')]); kept = []",
        "m = [i]; a[i] = (m, i); kept.append(m)",
        "kept[-1].append('last'), a",
    ),
    "the greatest list": (
        "best = [0]; kept = []",
        "m = [i * 7 % 12]; best = max(best, m); kept.append(m)",
        "best.append('mark'), kept",
    ),
    "the greatest list, changed later": (
        "best = [0]; kept = []",
        "m = [i * 7 % 12]; best = max(best, m); m.append('later')",
        "best",
    ),
    "the better of two, by a function": (
        "def better(a, b): return b if a is None or b['v'] > a['v'] else a\nbest = None; kept = []",
        "m = {'v': i * 7 % 12}; best = better(best, m); kept.append(m); m['later'] = i",
        "best.update(mark=1), kept",
    ),
    "a heap": ("h = []", "m = [i]; heapq.heappush(h, (i * 7 % 12, m)); m.append(0)", "sorted(h)"),
}

_HEAD = """
import heapq, time
from collections import Counter, deque
import numpy as np
import pandas as pd
"""


def _row(name: str, setup: str, body: str, shown: str) -> Row:
    head = _HEAD
    head += "import xarray as xr\n" if "xr." in body else ""
    head += "from scipy import sparse\n" if "sparse." in body else ""
    lines = body.replace("; ", "\n").split("\n")
    loop = (
        "# split: part\n# batches: 3\nfor i in range(12):\n    time.sleep(0)\n    "
        + "\n    ".join(lines)
    )
    setup = setup if setup.startswith("def") else setup.replace("; ", "\n")
    return Row((head, setup.replace("; ", "\n"), loop, f"print({shown})"), on_ray=False)


_ROWS = {name: _row(name, *texts) for name, texts in _LOOPS.items()} | {
    "a loop in a function": written(
        """
        import numpy as np
        def grow(n):
            hist = np.zeros(4)
            # split:
            for i in range(n):
                mask = np.zeros(4, bool)
                mask[i % 4] = True
                hist[mask] += 1
                mask[:] = False
            return hist
        ---
        print(grow(12))
        """
    ),
}

ROWS = sampled(_ROWS)
