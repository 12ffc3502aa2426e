# ruff: noqa: E501  (tables)
"""What a cell really changes, analysis says that it may change: random programs of objects that hold each other."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from foreseen_changes import changed_names

SETUP = """
import copy, itertools, operator, random
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace

class Two:
    def __init__(self, a, b):
        self.a, self.b, self.log = a, b, []
    def note(self, v):
        self.log.append(v)
        return self
    def swap(self):
        self.a, self.b = self.b, self.a
    def to_b(self, v):
        self.b.append(v)
    def give(self):
        return self.log or self.a
    @property
    def last(self):
        return self.log[-1]
    def __iter__(self):
        return iter([self.a, self.b])

class Sub(Two):
    def __init__(self, a, b):
        super().__init__(b, a)
        self.own = [a]
    def note(self, v):
        self.own.append(v)

@dataclass
class Record:
    a: list
    b: list = field(default_factory=list)
    log: list = field(default_factory=list)

def put(owner, value):
    owner.log = value

def grow(rows, value=0):
    rows.append(value)
    return rows

def pair(first, second):
    return first, {"k": second}

def keep(value, kept=[]):
    kept.append(value)
    return kept

def pick(k):
    return SHARED[k % len(SHARED)]

def later(rows):
    for row in rows:
        yield row

SHARED = [[1], [2]]
x, y, z = [[1]], [[2], [3]], [[]]
t, u = Two(x, y), Record(z)
"""
NAMES = "xyztu"
#: Programs end when their objects are told by so many letters.
_LONGEST = 20_000
#: What gives a value: of lists ``X``, ``Y`` and objects ``T``, which stand for any name.
VALUES = """
[]|[X]|[X, Y]|X|X[0]|X[-1]|X[:]|X[1:]|X + Y|X * 2|list(X)|tuple(X)|list(reversed(X))|sorted(X, key=str)|[p for p in X]
{'k': X}|{'k': X}['k']|dict(k=X)|dict([('k', X)])|dict(zip('kl', X))|{**{'k': X}}|{'k': X}.get('k')|{'k': X}.setdefault('k', Y)
Two(X, Y)|Two(b=X, a=Y)|Two(*[X, Y])|Sub(X, Y)|Record(X, Y)|Record(b=X, a=Y)|Record(**{'a': X, 'log': Y})|Record(X)|SimpleNamespace(a=X, b=Y, log=[])
T.a|T.b|T.log|T.give()|T.last|T.own|T.k|getattr(T, 'a')|vars(T)['log']|T.__dict__['b']|list(T)|[*T][0]|operator.attrgetter('a')(T)
copy.copy(T)|copy.deepcopy(T)|replace(T, b=X)|T.note(X)|grow(X)|grow(X, Y)|pair(X, Y)|pair(X, Y)[1]['k']|keep(X)|pick(0)|list(map(pick, [1]))
list(map(grow, list(X)))|list(map(lambda p: X, Y))|[Two(p, X) for p in Y]|[p.a for p in X]|list(later(X))|next(later(X))|max(X, key=str)|sum(X, [])
random.choice(X)|(X or Y)|(X if T else Y)|partial(pair, X)(Y)|list(itertools.chain(X, Y))|list(itertools.chain.from_iterable([X, Y]))
list(zip(X, Y))|list(enumerate(X))|[X, *Y]|(lambda p: [p])(X)|(lambda p: p.a)(T)|next(iter(X))|X.copy()|X.pop()|T.b.pop()|X.__class__(Y)
"""
#: What changes something, or ties objects together; none iterates over what it makes longer.
CHANGES = """
X.append(Y)|X.append(0)|X[0].append(Y)|X[0].append(0)|X[-1].append(0)|X.extend(Y)|X.insert(0, Y)|X[:] = Y|X[0] = Y|X += Y|X *= 2|X.clear()|X.reverse()
T.a.append(0)|T.b.append(X)|T.log.append(0)|T.note(0)|T.note(X)|T.to_b(X)|T.swap()|T.a = X|T.log = T.a|T.b = T|T.k = X|T.log += [X]|T.own.append(0)
T.a, T.b = T.b, T.a|setattr(T, 'log', X)|put(T, X)|put(T, T.a)|vars(T)['a'] = X|T.__dict__.update(b=X)|del T.log[:]|del X[0]|T.last.append(0)
X['k'].append(0)|X['k'] = Y|X.update(k=Y)|X.update([('k', Y)])|X.setdefault('l', []).append(0)|X['k'][0].append(0)|X[0][0].append(0)|X[0].a.append(0)
grow(X)|grow(X[0])|grow(T.log, X)|keep(X).append(0)|keep(0)[0].append(0)|pick(0).append(X)|list(map(grow, list(X)))|T.give().append(0)|[grow(p) for p in list(T)]
for p in list(X): p.append(0)|for p in list(X): p.a.append(0)|for T.log in [X]: pass|for p in list(T): p.append(X)|[p.append(0) for p in list(X)]|next(later(X)).append(0)
(lambda p: p.append(0))(X)|T.a[0].append(0)|T.b += X|T.log[0].append(0)|T.a.b.append(0)|X[0].note(Y)|X[0].log.append(0)|grow(*[X])|grow(**{'rows': X})
"""

#: The same of arrays and tables, some of which hold each other's memory. Tables hold numbers only, and so does
#: what arrays are joined to: a change of an object in a cell of one is not foreseen, but found when it happens.
#: No list comes to hold itself, as NumPy would go down in it.
OF_ARRAYS = """
X[1:]|X[::-1]|X.T|X.reshape(-1)|X.ravel()|X[0]|X[X > 0]|X[[0, 1]]|X.copy()|X + Y|X * 2|np.asarray(X)|np.array(X)|np.array(X, copy=False)|X.astype(float)
X.astype(float, copy=False)|X.view()|np.reshape(X, -1)|np.atleast_2d(X)|np.concatenate([N, N])|np.split(X, 2)[0]|np.broadcast_to(X, X.shape)|np.where(N > 0, N, 1)
[X, Y]|[p for p in X]|{'k': X}|{'k': X}['k']|Two(X, Y)|Record(X, Y)|T.a|T.b|T.log|T.give()|copy.copy(X)|copy.deepcopy(T)|list(zip(X, Y))|np.nditer(X)
pd.Series(N)|pd.Series(N, copy=True)|pd.Series(N).to_numpy()|pd.Series(N).values|pd.DataFrame({'k': N})|pd.DataFrame({'k': N})['k']|pd.DataFrame(N)
X.to_numpy()|X.values|X.iloc[1:]|X.to_frame()|X.rename(None)|X.reset_index(drop=True)|X.astype(float)|X.loc[:]|X['k']|X[['k']]|X.assign(l=1)|X.T|X.copy(deep=False)
X.flatten()|X.squeeze()|X.real|np.ravel(X)|np.transpose(X)|np.expand_dims(X, 0)|np.swapaxes(X, 0, -1)|np.flip(N)|np.diag(N)|np.sort(X)|sorted(X, key=str)
np.ma.array(N)|np.clip(X, 0, 1)|np.nan_to_num(X, copy=False)|np.vstack([N, N])|max([X, Y], key=len)|grow([], X)|pair(X, Y)|pick(1)|(X if len(Y) else Y)
"""
CHANGES_OF_ARRAYS = """
X[0] = 9|X[:] = 9|X[1:] = 0|X += 1|X *= 2|X.fill(7)|X.sort()|np.add(X, 1, out=X)|np.add(Y, 1, out=X)|np.copyto(X, 3)|X[X > 0] = 5|X.put(0, 4)|X.resize(X.shape)
T.a[0] = 9|T.b += 1|T.a = X|T.b = T.a|X[0][0] = 8|X['k'][0] = 8|T.swap()|np.random.default_rng(1).shuffle(X)
X.iloc[0] = 6|X.loc[0] = 6|X['k'] = Y|X.at[0] = 6|X.flat[0] = 2|np.fill_diagonal(X, 1)|np.put(X, 0, 5)|X.byteswap(True)|X.real[0] = 3|X.T[0] = 3|X.shape = (-1,)
for p in list(X): p += 1|X[0] += 1|X[-1] = 7|np.clip(X, 0, 1, out=X)|X.partition(1)|put(T, X)|random.shuffle(X)|np.multiply(X, Y, X)|X.itemset(0, 1)
"""
#: The same of objects whose class holds lists of its own.
HOLDING = """
class Kept:
    rows = [[5]]
    table = {'k': [[6]]}
    def __init__(self, v): self.v, self.w = v, []
    def put(self, v): self.rows.append(v)
    def put_by_type(self, v): type(self).rows.append(v)
    def into(self, v): self.__class__.table['k'].append(v)
    def hide(self, v): self.rows = v
    def again(self): return type(self)(self.v)
    def all(self): return self.rows
    @classmethod
    def add(cls, v): cls.rows.append(v)
def fill(cls, v): cls.rows.append(v)
u, t = Kept(x), Kept([[8]])
"""
OF_CLASSES = """
Kept(X)|Kept(v=X)|T.again()|T.__class__(X)|type(T)(X)|T.v|T.w|T.rows|T.table|T.table['k']|type(T).rows|T.__class__.table|Kept.rows|T.all()|Kept|type(T)|T.__class__
[Kept(p) for p in X]|[Kept(X), Kept(Y)]|[T]|[T, Kept(X)]|{'k': T}|getattr(T, 'rows')|vars(Kept)['rows']|[p.rows for p in X]|X[0].rows|list(T.rows)|T.table.get('k')
"""
CHANGES_OF_CLASSES = """
T.put(X)|T.put(0)|T.put_by_type(X)|T.into(0)|T.into(X)|T.hide(X)|T.add(0)|Kept.add(X)|fill(Kept, 0)|fill(type(T), X)|fill(T, 0)|T.v = X|T.w.append(0)|T.v.append(0)
T.rows.append(0)|T.rows[0].append(0)|T.rows = X|T.table['k'].append(X)|T.table['k'] = X|Kept.rows.append(X)|type(T).rows.append(0)|T.__class__.table['k'].append(0)
X[0].put(0)|X[0].rows.append(0)|X[-1].v = Y|for p in list(X): p.put(0)|for p in list(X): p.v = Y|for p in list(X): p.w.append(0)|Kept.rows[0].append(0)|del T.rows[:]
for p in (Kept,): p.rows.append(0)|vars(Kept)['rows'].append(0)|setattr(T, 'v', X)|Kept.rows += [X]|X.append(T)|X[0] = T|T.v = T
"""
PROGRAMS = {
    "objects": ("", VALUES, CHANGES),
    "classes": (HOLDING, VALUES + OF_CLASSES * 3, CHANGES + CHANGES_OF_CLASSES * 3),
    "arrays": (
        "import numpy as np, pandas as pd\nx, y, z = np.arange(4.0), np.ones((2, 2)), [np.zeros(3), np.arange(3)]\n"
        "t, u = Two(x, y), Record(z)\nSHARED = [x[1:], np.arange(2)]\n",
        OF_ARRAYS,
        CHANGES_OF_ARRAYS,
    ),
}


def _rows(table: str) -> list[str]:
    return [row for line in table.strip().splitlines() for row in line.split("|")]


def _statement(chance: random.Random, values: str, changes: str) -> str:
    def name(_found: object) -> str:
        return chance.choice(NAMES)

    if chance.random() < 0.5:
        value = chance.choice(_rows(values)).replace("N", "np.asarray(X, dtype=float)")
        value = re.sub(r"\b[XYT]\b", name, value)
        return f"{chance.choice(NAMES)} = {value}"
    return re.sub(r"\b[XYT]\b", name, chance.choice(_rows(changes)))


def _looks(value: Any, seen: dict[int, tuple[int, Any]]) -> Any:
    """What the object and all that it holds looks like; where it refers to one again stands its number."""
    if id(value) in seen:
        return seen[id(value)][0]
    seen[id(value)] = len(seen), value
    if isinstance(value, dict):
        return "dict", [(key, _looks(part, seen)) for key, part in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [_looks(part, seen) for part in value]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return _looks(value.tolist(), seen)
    if isinstance(value, np.ndarray):
        return value.tobytes(), value.shape
    if isinstance(value, (pd.Series, pd.DataFrame)):
        return _looks(value.to_numpy(), seen)
    kind = value if isinstance(value, type) else type(value)
    if hasattr(kind, "rows"):
        return kind.__name__, _looks(
            [kind.rows, kind.table, {} if value is kind else vars(value)], seen
        )
    if hasattr(value, "__dict__") and not callable(value):
        return type(value).__name__, _looks(vars(value), seen)
    return repr(value)


def _program(seed: int, kind: str = "objects") -> tuple[list[str], set[str]]:
    """Cells that run, and which names the last one really changes the objects of."""
    chance, (more, values, changes) = random.Random(seed), PROGRAMS[kind]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(SETUP + more, namespace)
    cells, changed = [SETUP + more], set[str]()
    for _ in range(chance.randint(2, 25)):
        statement = _statement(chance, values, changes)
        held = {name: namespace[name] for name in (*NAMES, "SHARED")}
        before = {name: _looks(value, {}) for name, value in held.items()}
        if sum(len(str(looks)) for looks in before.values()) > _LONGEST:
            break
        failed = False
        try:
            exec(statement, namespace)
        except Exception:  # noqa: BLE001  (the names may stand for things of another kind)
            failed = True
        now_changed = {name for name, value in held.items() if _looks(value, {}) != before[name]}
        if failed and (now_changed or any(namespace[name] is not held[name] for name in held)):
            break  # it has done half of what it does
        if not failed:
            cells.append(statement)
            changed = now_changed
    return cells, changed


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("part", range(2))
def test_what_a_cell_changes_is_foreseen(kind, part):
    checked = 0
    for seed in range(part * 700, part * 700 + 700):
        cells, changed = _program(seed, kind)
        if changed:
            assert changed <= changed_names(*cells), (seed, changed, cells[1:])
            checked += 1
    assert checked > 100
