"""What generated notebooks are made of.

In a template ``<kind>`` is a name that holds such a thing, ``<+kind>`` one that is bound to it here, ``<num>``
and ``<any>`` also stand for expressions; ``<kind.a>`` is the same name wherever it stands in one template.
Names of every kind exist from the first cell on. Nothing is shown or collected whose text has an address in it.
"""

from __future__ import annotations

FIRST = """\
import contextlib, dataclasses, functools, itertools, json, operator, os, random
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
import numpy as np
import pandas as pd
param_k = {k}
class Box:
    total = 0
    made = []
    def __init__(self, n):
        self.n, self.log = n, []
    def up(self, k):
        self.n += k
        self.log.append(k)
        return self.n
    def get(self):
        return self.n * param_k
    def among(self, others):
        return [b is self for b in others]
    def count(self):
        {counting}
        return self
    def __repr__(self):
        return f'Box({{self.n}}, {{self.log}})'
class Holder:
    def __init__(self, what, k=0):
        self.what, self.k = what, k
    def step(self):
        self.k += 1
        return self.k
    def put(self, v):
        self.what.append(v)
        return self
    def __repr__(self):
        return f'Holder({{self.what}}, {{self.k}})'
Point = namedtuple('Point', 'x y')
@dataclasses.dataclass
class Record:
    n: int
    tags: list = dataclasses.field(default_factory=list)
numbers = {numbers}
more = [3, 1, 4, 1, 5]
mixed = [1, 'u', 2.5, None, 'vv']
rows = [[1, 2], [], [3], [4, 5, 6]]
nested = {{'p': [1], 'q': [2, 3]}}
table = {{'p': 1, 'q': 2, 'r': 3}}
tags = {{'s', 't', 'uu'}}
words = 'the cat saw the dog'
arr = np.arange(6.0)
view = arr[1:4]
grid = np.ones((3, 4))
frame = pd.DataFrame({{'g': ['a', 'b', 'a', 'c'], 'v': [1, 2, 3, 4]}})
series = frame['v']
box = Box(2)
boxes = [Box(i) for i in range(3)]
record = Record(1, [2])
holder = Holder(more)
shared = [0]
calls = 0
seen = set()
def square(x):
    return x * x + param_k
def counted(x):
    global calls
    calls += 1
    return x + 1
def remembered(x):
    shared.append(x)
    return len(shared)
def grow(xs, x):
    xs.append(x)
    return len(xs)
def collect(x, into=[]):
    into.append(x)
    return list(into)
def same(x):
    return x
def spread(n):
    for q in range(n):
        yield q * 2
def fresh(n):
    return [q + n for q in range(3)]
@functools.lru_cache(maxsize=None)
def cached(x):
    return x + 2
def twice(f):
    return lambda x: f(f(x))
def counter():
    steps = 0
    def step(k=1):
        nonlocal steps
        steps += k
        return steps
    return step
@contextlib.contextmanager
def noted(what):
    print('before', what)
    yield what
    print('after', what)
double_square = twice(square)
tick = counter()
it = iter(range(50))
gen = spread(20)
rng = np.random.default_rng(1)
out, found, met, n, text, other, acc = [], {{}}, set(), 0, '', [], np.zeros(7)
last = x = y = i = v = q = None
total = 1
"""

#: What the names of the first cell hold.
KINDS = {
    "nums": ["numbers", "more", "shared"],
    "list": ["numbers", "more", "shared", "mixed", "boxes", "rows"],
    "rows": ["rows"],
    "dict": ["table"],
    "dlist": ["nested"],
    "set": ["tags", "seen"],
    "num": ["calls", "param_k", "total"],
    "str": ["words"],
    "arr": ["arr", "view"],
    "grid": ["grid"],
    "frame": ["frame"],
    "series": ["series"],
    "box": ["box"],
    "boxes": ["boxes"],
    "holder": ["holder"],
    "record": ["record"],
    "fn": ["square", "double_square", "cached", "abs", "counted", "remembered"],
    "pure": ["square", "double_square", "cached", "abs"],
    "step": ["tick"],
    "iter": ["it", "gen"],
}

NUMBERS = [
    "1",
    "2",
    "0.5",
    "len(<list>)",
    "<num>",
    "<fn>(2)",
    "sum(<nums>)",
    "<box>.n",
    "<record>.n",
]

VALUES = [
    "<list>", "<num>", "<num>", "[<num>]", "(<num>, <list>)", "'s'", "<box>", "None", "dict(<dict>)", "<dict>",
    "<arr>", "<arr>[:2]", "<str>", "Point(<num>, <list>)", "Record(<num>)", "{'k': <list>}",
]  # fmt: skip

ALIASES = [
    "<+nums> = <nums>", "<+list> = <list>", "<+rows> = <rows>", "<+dict> = <dict>", "<+arr> = <arr>",
    "<+arr> = <arr>[1:3]", "<+arr> = <arr>[::-1]", "<+arr> = <grid>[0]", "<+arr> = <grid>.T[1]",
    "<+grid> = <grid>.T", "<+arr> = <grid>.reshape(-1)", "<+arr> = <grid>.ravel()", "<+grid> = <grid>[:, 1:]",
    "<+nums> = same(<nums>)", "<+nums> = <rows>[0]", "<+list> = [<list>, <list>]", "<+rows> = [<nums>, <nums>]",
    "<+rows> = list(<rows>)", "<+nums> = <dlist>['p']", "<+dlist> = dict(<dlist>)", "<+nums> = <box>.log",
    "<+list> = <box>.made", "<+list> = type(<box>).made", "<+box> = type(<box>)(<num>)", "<+box> = <box>.__class__(<num>)",
    "<+box> = <boxes>[0]", "<+boxes> = <boxes>[:]", "<+boxes> = [<box>, Box(3)]", "<+nums> = <record>.tags",
    "<+record> = dataclasses.replace(<record>, n=5)", "<+frame> = <frame>", "<+series> = <frame>['v']",
    "<+frame> = <frame>[<frame>.v > 1]", "<+nums>, <+nums> = <nums>, <nums>", "<+nums> = <nums.a> or <nums>",
    "<+nums> = <nums> if <num> > 2 else <nums>", "<+list> = [<nums.a>] * 2", "<+rows> = [<nums.a>, <nums.a>]",
    "<+dlist> = {'p': <nums>, 'q': []}", "<box>.log = <nums>", "<boxes>[0] = <box>", "<box>.peer = <box>",
    "<rows>.append(<nums>)", "<dlist>['z'] = <nums>", "<record>.tags = <nums>", "<+box> = max(<boxes>, key=str)",
    "<+holder> = Holder(<nums>)", "<+holder> = Holder(<rows>, <num>)", "<+nums> = <holder>.what", "<+holder> = <holder>",
    "<holder>.what = <nums>", "<+holder> = Holder(Holder(<nums>).what)", "<+list> = [<holder>, Holder(<nums>)]",
    "(<+nums> := <nums>).append(<num>)", "*<+list>, last = <rows>", "<+step> = counter()",
    "<+step> = <step>", "<+pure> = functools.partial(operator.add, <num>)", "<+nums> = <nums>.__iadd__([1])",
    "<+iter> = iter(<nums>)", "<+iter> = itertools.chain(<nums>, range(30))", "<+iter> = spread(30)",
    "<+iter> = <iter>", "<+iter> = map(square, <nums>)", "<+set> = <set>", "Box.made = <nums>", "<+nums> = Box.made",
    "<+list> = next(iter([<list>]))", "for <+nums> in <rows>:\n    pass", "<+nums>, *rest = <rows>[2], 1",
    "with contextlib.nullcontext(<nums>) as <+nums>:\n    <nums>.append(1)",
    "match {'k': <nums>}:\n    case {'k': <+nums>}:\n        last = 1",
    "<+nums> = collect.__defaults__[0]", "<+nums> = (lambda z=<nums>: z)()", "<+dict> = <dict> | {'m': <num>}",
    "get = lambda: <nums>\n<+nums> = get()", "<+nums> = functools.reduce(lambda p, r: p, <rows>)",
    "<+grid> = np.broadcast_to(<arr>[:1], (3, 4)).copy()", "<+arr> = np.asarray(<arr>)", "<+arr> = np.array(<arr>)",
    "<+frame> = <frame>.copy()", "<+series> = <frame>.v * 2",
    "def <+pure>(x, into=<nums>):\n    return x + len(into)",
    "def <+fn>(x, into=<nums>):\n    into.append(x)\n    return len(into)",
    "<+nums> = [<num>, <num>]", "<+nums> = sorted(<nums>)", "<+nums> = <nums>[:2]", "<+dict> = dict(<dict>)",
    "<+set> = set(<set>)", "<+num> = <fn>(<num>)", "<+str> = <str>[::2] + 'x'", "<+box> = Box(<num>)",
    "<+list> = [<any>, <any>]", "<+arr> = np.arange(6.0) + <num>", "<+grid> = np.full((3, 4), <num>)",
    "<+frame> = pd.DataFrame({'g': list('aabc'), 'v': [<num>, 2, 3, 4]})",
]  # fmt: skip

CHANGES = [
    "<nums>.append(<num>)", "<nums>.insert(0, <num>)", "<nums> += [<num>]", "<nums>[:1] = [<num>, 7]",
    "del <nums>[:1]", "<nums>.sort()", "<nums>.reverse()", "<nums>.extend(<nums>)", "<list>.append(<any>)",
    "<dict>['m'] = <num>", "<dict>.update(z=<num>)", "<dict>.pop('p', None)", "<dict>.setdefault('s', <num>)",
    "<dlist>.setdefault('n', []).append(<num>)", "<dlist>['p'].append(<num>)", "<dlist>['q'] += [<num>]",
    "<rows>[0].append(<num>)", "<rows>[-1] = [<num>]", "for row in <rows>:\n    row.append(<num>)",
    "<set>.add('w')", "<set> |= {'m', 'o'}", "<set>.discard('s')",
    "<arr>[:2] = <num>", "<arr> += <num>", "<arr>[0] -= 1", "<arr>.fill(<num>)", "<arr>.sort()",
    "np.add(<arr>, 1, out=<arr.a>)", "<grid>[1] = <num>", "<grid> *= 2", "<grid>[:, 0] += <num>",
    "np.put(<arr>, [0, 1], <num>)", "<frame>['w'] = <frame>['v'] * 2", "<frame>.loc[0, 'v'] = 9",
    "<frame>.insert(0, f'c{len(<frame.a>.columns)}', 1)", "<frame>.drop(columns='w', inplace=True, errors='ignore')",
    "<frame>.sort_values('v', inplace=True, ascending=False)", "<frame>.at[1, 'v'] = 5",
    "<frame>.loc[len(<frame.a>)] = 0", "<series>.iloc[0] = 8", "<frame>.rename(columns={'w': 'u'}, inplace=True)",
    "<box>.made.append(<num>)", "type(<box>).made.append(<num>)", "<box>.__class__.made.append(<nums>)", "Box.made.append(<num>)",
    "<box>.up(<num>)", "<box>.n = <num>", "<box>.log.append(<num>)", "<boxes>[1].up(2)", "<boxes>.append(Box(1))",
    "<box>.count()", "Box.total += 1", "Box.made.append(<num>)", "<record>.tags.append(<num>)", "<record>.n += 1",
    "<holder>.step()", "<holder>.put(<num>)", "<holder>.k = <num>", "<holder>.what[:0] = [1]", "<holder>.k += 1",
    "setattr(<box>, 'n', <num>)", "<box>.__dict__['n'] = 4", "vars(<box>).update(n=3)",
    "grow(<nums>, <num>)", "counted(1)", "remembered(<num>)", "collect(<num>)", "<step>(2)", "tick()",
    "next(<iter>, None)", "last = list(itertools.islice(<iter>, 2))", "print(next(<iter>, 'over'))",
    "param_k += 1", "param_k = 2", "total *= 2",
    "def square(x):\n    return x - <num>", "def square(x):\n    return x + len(<nums>)",
    "square.calls = getattr(square, 'calls', 0) + 1", "Box.get = lambda self: self.n + <num>",
    "numbers, shared = list(numbers), numbers", "more, numbers = numbers, more",
    "random.Random(5).shuffle(<nums>)", "rng.shuffle(<arr>)", "operator.iadd(<nums>, [<num>])",
    "list(map(<nums>.append, [1, 2]))", "[<nums>.append(z) for z in range(2)]",
    "any(<nums>.append(z) for z in range(3))", "functools.reduce(lambda p, r: p.append(r) or p, [1, 2], <nums>)",
    "<nums>.__setitem__(slice(0, 1), [5])", "getattr(<nums>, 'append')(<num>)", "push = <nums>.append\npush(<num>)",
    "del last\nlast = 0", "globals()['<+num>'] = 4",
]  # fmt: skip

LOOKS = [
    "print(<list>, <dict>, <arr>.sum())", "print(<num>, <box>, <record>)", "print(<holder>)", "<list>", "<frame>", "<arr>",
    "print(sorted(<set>), list(<set>))", "print(<str>, Box.total, Box.made)", "print(<frame>.shape, <series>.tolist())",
    "print(calls, param_k, shared, last)", "display(<frame>.head(2))", "[<list> is z for z in (numbers, shared, rows)]",
    "print(Box.made, type(<box>).made is Box.made, [b.made for b in <boxes>])", "print({Box.get: 1, Box.up: 2}[type(<box>).get])",
    "print(<nums> is <nums>, <arr>.base is <arr>)", "print([id(b) == id(<box>) for b in <boxes>])",
    "print(collect(0), cached.cache_info().misses)", "print(json.dumps(<dict>))", "print(len(In))",
    "print(rng.integers(9), np.random.rand() < 2)", "print(random.random() < 2)", "x, y, i, last",
]  # fmt: skip

BLOCKS = [
    "if len(<nums>) > 3:\n    last = <nums>[0]\nelse:\n    shared.append(last)",
    "try:\n    last = <nums>[2] / <num>\nexcept (IndexError, ZeroDivisionError, TypeError) as error:\n    last = str(error)",
    "try:\n    <nums>.append(1)\n    raise KeyError('k')\nexcept KeyError:\n    <nums>.append(2)\nfinally:\n    total += 1",
    "with noted(<num>) as what:\n    <nums>.append(what)",
    "with contextlib.suppress(ValueError):\n    <nums>.remove(99)\n    last = 'removed'",
    "if (size := len(<list>)) > 2:\n    print(size)",
    "match <nums>:\n    case [first, *others]:\n        last = others\n    case _:\n        last = None",
    "while len(<nums.a>) < 4:\n    <nums.a>.append(len(<nums.a>))",
    "for last in <nums>:\n    if last > 2:\n        break\nelse:\n    last = 'none'",
    "def local(x):\n    total = x\n    for z in <nums>:\n        total += 1\n    return total\nprint(local(2))",
    "def put(z):\n    <nums>.append(z)\nput(<num>)",
    "def rebind():\n    global total, last\n    total, last = total + 1, <nums>\nrebind()",
    "def outer():\n    acc = []\n    def inner(z):\n        acc.append(z)\n        return acc\n    return inner\nadd = outer()\n"
    "<+nums> = add(1)\nadd(2)",
    "class Child(Box):\n    def get(self):\n        return super().get() + 1\n<+box> = Child(<num>)\nprint(<box>.get())",
    "np.set_printoptions(precision=3)\nprint(arr / 3)", "pd.set_option('display.max_rows', 3)\nprint(<frame>)",
    "np.random.seed(3)\nprint(np.random.rand(2))", "random.seed(4)\nprint(random.random())",
    "print(np.random.rand(2) < 2, random.random() < 2)", "np.random.seed(7)\nrandom.seed(7)",
    "with open('notes.txt', 'w') as file:\n    file.write(str(<nums>))",
    "with open('notes.txt', 'a+') as file:\n    file.write('more')\n    file.seek(0)\n    print(file.read())",
    "with open('table.json', 'w') as file:\n    json.dump(<dict>, file)\nprint(json.load(open('table.json')))",
    "print(sorted(os.listdir('.')))", "<frame>.to_csv('frame.csv')\nprint(len(pd.read_csv('frame.csv')))",
    "os.environ['MARK'] = str(<num>)", "print(os.environ.get('MARK'))",
    "%time total += 1", "%%time\n<nums>.append(<num>)", "%%capture out\nprint(<num>)", "exec('total = <num>')",
    "import math\n<+num> = math.floor(<num>)", "raise ValueError(<num>)", "assert len(<nums>) < 6, 'many'",
    "assert <num> != 2", "1 / len(<nums>)", "del last\nlast = 0", "from math import *\ntotal = floor(2.5)",
]  # fmt: skip

#: Cells that depend on little and take time, so that they may run anywhere and beside one another.
ISLANDS = [
    "<+nums> = [<pure>(z) for z in range(4)]", "<+num> = sum([<pure>(z) for z in range(5)])",
    "<+arr> = np.linspace(0, 1, 6) * <num>\n<arr>.sort()", "<+nums> = fresh(<num>)\n<nums>.append(<pure>(1))",
    "<+dict> = {str(z): <pure>(z) for z in range(3)}", "<+nums> = []\nfor z in range(4):\n    <+nums>.append(<pure>(z))",
    "<+frame> = pd.DataFrame({'g': list('abab'), 'v': range(4)})\n<frame>['w'] = <frame>.v.cumsum()",
    "<+series> = <frame>.groupby('g')['v'].sum()", "<+grid> = np.outer(np.arange(3), np.arange(4.0)) + <num>",
    "<+arr> = <grid>.sum(axis=0)", "<+arr> = np.sort(<arr>)", "<+num> = float(np.linalg.norm(<arr>))",
    "<+set> = {str(<pure>(z)) for z in <nums>}", "<+str> = ' '.join(sorted(<str>.split()))", "<+nums> = sorted(<nums>)",
    "<+list> = [Box(z) for z in range(3)]", "<+list> = [Point(z, <num>) for z in range(2)]", "<+dict> = dict(Counter(<str>))",
    "<+rows> = [fresh(z) for z in range(3)]", "<+num> = max(<nums>, default=0)", "print(sum(map(<pure>, range(3))))",
    "<+nums> = [z for row in <rows> for z in row]", "<+list> = [same(<nums>), same(<nums>)]", "<+nums> = same(<nums>)",
    "<+list> = [same(z) for z in <rows>]", "<+nums> = list(spread(4))", "<+nums> = list(itertools.accumulate(<nums>))",
    "<+box> = Box(<pure>(2))\n<box>.up(1)", "def <+pure>(x):\n    return x * 3 + <num>\n<+num> = <pure>(2)",
    "<+num> = np.random.default_rng(3).integers(9)\n<+nums> = fresh(2)", "<+list> = [<any>, fresh(1)]",
    "<+fn> = twice(<pure>)\n<+num> = <fn>(1)", "<+record> = Record(<pure>(1), fresh(2))", "<+num> = len(fresh(1)) + len(<list>)",
    "<+boxes> = [Box(z) for z in fresh(1)]", "<+num> = sum(b.get() for b in <boxes>)", "<+nums> = [b.up(1) for b in <boxes>]",
]  # fmt: skip

ACCUMULATORS = "out, found, met, n, text, other, acc = [], {}, set(), 0, '', [], np.zeros(7)"
SHARED_ACCUMULATORS = [
    "",
    "",
    "\nother = out",
    "\nfound['o'] = out",
    "\nout = [0]",
    "\nalias = out",
]
RESULTS = [
    "print(out, other)",
    "print(n, text)",
    "print(met, last, v)",
    "print(found, i, x)",
    "out",
]

#: A loop's head and what its item is.
HEADS = [
    ("for x in <list>:", "any"), ("for x in range(5):", "number"), ("for x in range(8):", "number"),
    ("for x in range(0):", "number"), ("for i, x in enumerate(<list>):", "any"), ("for x in <nums>:", "any"),
    ("for i, x in enumerate(range(6), 3):", "number"), ("for x, y in zip(range(5), <list>):", "number"),
    ("for i, x in <dict>.items():", "any"), ("for i, x in <dlist>.items():", "list"), ("for x in <dict>:", "any"),
    ("for x in <rows>:", "list"), ("for x in <rows>[::-1]:", "list"), ("for x in <boxes>:", "box"),
    ("for x in <str>.split():", "any"), ("for x in <arr>:", "number"), ("for x in <grid>:", "row"),
    ("for i, x in enumerate(<boxes>):", "box"), ("for x in [<box>, *<boxes>]:", "box"),
    ("for x, y in zip(<boxes>, <boxes>[::-1]):", "box"), ("for i, x in {str(b): b for b in <boxes>}.items():", "box"),
    ("for x in sorted(<set>):", "any"), ("for x in <set>:", "any"), ("for x in [3, 1, 2, 0, 5]:", "number"),
    ("for x in reversed(range(5)):", "number"), ("for x in (z * 2 for z in range(4)):", "number"),
    ("for x in []:", "any"), ("for x in spread(5):", "number"), ("for x in itertools.islice(<iter>, 4):", "any"),
    ("for i, x in <frame>.iterrows():", "series"), ("for i, x in <frame>.groupby('g'):", "frame"),
    ("for x in <frame>['v']:", "number"), ("for i in range(len(<rows.a>)):\n    x = <rows.a>[i]", "list"),
    ("for x in map(fresh, range(4)):", "list"), ("for (i, x), y in zip(enumerate(range(4)), <boxes>):", "number"),
    ("for x, *y in [[1, 2], [3], <nums> + [4]]:", "number"), ("for x in itertools.product([1, 2], repeat=2):", "any"),
    ("for x in <box>.log + [1, 2]:", "number"), ("for x in list(<nums>):", "any"),
]  # fmt: skip

#: What one iteration makes of its item.
ITEM_VALUES = {
    "any": ["x", "[x]", "(x, x)", "str(x)", "{'k': x}", "len(str(x))", "Box(1)", "repr(x) * 2", "<num>", "[<box>]",
            "np.ones(2) * len(str(x))", "None", "<list>", "fresh(1)", "<box>.get()", "<dict>", "same(x)", "<arr>[:2]",
            "Holder(x)", "Holder(x).step()", "Holder(<nums>)", "repr(Holder(<list>, x))",
            "Point(x, <num>)", "len(<nums>)", "[<nums>]", "list(<nums>)"],
    "number": ["x * 2", "x + param_k", "<fn>(x)", "<pure>(x)", "double_square(x)", "x / 7", "(lambda: x)()",
               "fresh(x)", "np.full(3, x)", "<arr>[int(x) % 3]", "sum(<nums>) + x", "<arr> * x"],
    "list": ["x[:1]", "x + [0]", "len(x)", "sum(x)", "same(x)", "list(x)", "sorted(x)", "(x, x)"],
    "box": ["x.made", "len(type(x).made)", "x.__class__(2).n", "(type(x)(1), x.made is Box.made)", "{Box.get: 1}.get(type(x).get)",
            "x.n", "x.log", "isinstance(x, Box)", "x.get()", "x.up(1)", "same(x)", "x.__dict__", "x.among(<boxes>)",
            "x.among([<box>])", "x in <boxes>", "{b: b.n for b in <boxes>}.get(x)", "[x.among([b]) for b in <boxes>]",
            "(x, x.among(<list>))", "max(<boxes>, key=str).among([x])"],
    "row": ["x.sum()", "x * 2", "x[:2]", "x", "x.copy()", "x.tolist()"],
    "series": ["x['v']", "x['g']", "x.to_dict()"],
    "frame": ["x", "len(x)", "x['v'].sum()", "x.v", "x.assign(w=1)"],
}  # fmt: skip

#: Statements of a loop's body; ``$`` is one of the values. Most of the first ones of each kind can be split.
BODIES = {
    "any": [
        "out.append($)", "out.append($)", "out.append($)", "out.append(<pure>(2))", "out.extend([$, x])", "out += [$]", "found[str(x)] = $",
        "found.update({repr(x): $})", "met.add(str(x))", "n += 1", "text += str(x)", "v = $\nout.append(v)",
        "v = $\nlast = v", "v = [$]\nout.append(v)\nother.append(v)", "v = $\nout.append([v])\nother.append(v)",
        "print(x, $)", "if len(str(x)) > 1:\n    continue", "if len(str(x)) == 1:\n    last = $",
        "for z in range(2):\n    out.append((z, $))", "inner = []\nfor z in range(2):\n    inner.append($)\nout.append(inner)",
        "try:\n    v = 1 / len(str(x)[1:])\nexcept ZeroDivisionError as error:\n    v = -1", "out.append(shared)",
        "out.append(last)\nlast = x", "if len(shared) < 20:\n    shared.append(len(out))", "acc[len(str(x)) % 7] += 0.1",
        "acc += np.full(7, len(str(x)) / 3)", "acc[len(str(x)) % 7] = len(str(x))", "acc[:2] = $",
        "found.setdefault('k', []).append($)", "out.append(counted(1))", "<box>.up(1)", "out.append(<box>.get() + 1)",
        "if str(x) == '3':\n    raise ValueError(f'bad {x}')", "<nums>.append(1)", "grow(<nums>, 1)", "grow(out, x)",
        "remembered(1)", "v = fresh(1)\nv.append($)\nout.append(v)", "out.append(tick())", "out.append(collect(1))",
        "with contextlib.suppress(TypeError):\n    v = x + 1\n    out.append(v)", "box = Box(1)\nbox.up(2)\nout.append(box)",
        "match x:\n    case int():\n        out.append($)\n    case _:\n        n += 2", "out.append((w := $))",
        "n = n + 1", "total = max(total, len(str(x)))", "v = <list>\nout.append(v)", "v = <nums>\nv.append(1)",
        "out.append(next(<iter>, 0))", "out.append(rng.integers(5))", "np.random.rand()", "out.append(random.random() < 2)",
        "v = Holder(x)\nv.step()\nout.append(v.k)", "v = Holder(<nums>)\nv.k = $\nout.append(v)", "Holder(<nums>).put(1)",
        "<holder>.step()", "v = Holder([])\nv.put($)\nout.append(v.what)", "v = Holder(<holder>)\nv.what.step()",
        "Box.total += 1", "Box.made.append(1)", "<box>.n = 3", "<dict>[str(x)] = $", "<dlist>['p'].append($)", "<rows>[0].append($)",
        "<set>.add(str(x))", "<arr>[0] += 1", "<arr>[len(str(x)) % 3] = 4", "<frame>.loc[0, 'v'] += 1", "<record>.tags.append($)",
        "found[len(str(x))] = found.get(len(str(x)), 0) + 1", "if x not in out:\n    out.append(x)", "out.insert(0, $)",
        "def local(z):\n    return (z, n)\nout.append(local(1))", "def local(z):\n    return (z, x)\nout.append(local(1))",
        "make = lambda: x\nout.append(make())", "while False:\n    pass\nelse:\n    out.append(1)",
        "b = a = $\nout.append(a)\nother.append(b)", "del v", "v = 1\ndel v", "global_ = $", "out.append(<fn>(2))",
        "with open(f'part{len(str(x))}.txt', 'w') as file:\n    file.write(str(x))", "display(x)", "assert n < 6", "pass",
        "for z in <nums>:\n    n += z", "for z in <rows>:\n    out.append(z)", "y = x\nout.append(y)", "text = text + str(x)",
        "Counter_ = Counter(str(x))\nfound.update(Counter_)", "out.append({**<dict>, 'x': x})", "out.append([z for z in <nums>])",
        "cached(2)\nout.append(cached.cache_info().misses)", "out[len(out):] = [x]", "import math\nout.append(math.pi)",
        "out.append(Box(1).count())", "v = Record(1, <nums>)\nout.append(v)", "v = Record(1, [])\nv.tags.append($)\nout.append(v)",
    ],
    "number": [
        "n += x", "n -= x * 0.1", "n *= x", "n += <pure>(x)", "acc[int(x) % 7] = <fn>(x)", "acc[int(x) % 7] += <fn>(x)",
        "out.append(<fn>(x))", "found[x] = <fn>(x)", "met |= {x}", "if x % 2:\n    continue", "n += 1 / (x - 3)",
        "out.append(list(range(int(x))))", "n |= int(x)", "n = max(n, x)", "text = f'{x}'", "if x > 2:\n    out.append(x)\nelse:\n    other.append(x)",
        "if x > 3:\n    break", "acc = acc + x", "v = x * 2\nn += v",
    ],
    "list": [
        "Holder(x).put(3)", "v = Holder(x)\nv.step()\nout.append(v)", "v = Holder(x)\nv.what = [1]\nout.append(v)",
        "x.append(9)", "out.extend(x)", "inner = []\nfor z in x:\n    inner.append(z * 2)\nout.append(inner)",
        "y = x\ny.append(1)", "x.sort()", "out += x", "for z in x:\n    n += z", "x += [1]", "x = x + [1]\nout.append(x)",
        "y = sorted(x)\ny.append(1)\nout.append(y)", "grow(x, 1)", "for z in x:\n    for w in x:\n        out.append(z * w)", "met.update(x)",
    ],
    "box": [
        "x.up(2)", "out.append(x.log)", "y = Box(x.n)\ny.up(3)\nout.append(y)", "x.tag = 'seen'", "x.n += n", "out.append(x)",
        "x.peer = <box>", "x.log = []", "n += x.n", "out.append(x is <box>)",
    ],
    "row": ["x[0] = 9", "x += 1", "out.append(x)", "acc[:4] += x", "n += x.sum()", "y = x[1:]\ny[0] = 5", "x = x * 2\nx[0] = 1\nout.append(x)"],
    "series": ["n += x['v']", "x['v'] = 0", "out.append(x['g'])"],
    "frame": ["x['w'] = 1", "out.append(x)", "x.loc[0, 'v'] = 3", "found[i] = x['v'].sum()", "out.append(pd.concat([x, x]))"],
}  # fmt: skip

COMPREHENSIONS = [
    "<+list> = [<fn>(z) for z in range(7)]", "<+list> = [<pure>(z) for z in <nums>]", "<+list> = [z for z in <list> if len(str(z)) < 3]",
    "<+list> = [[z] for z in <list>]", "<+list> = [(z, w) for z in <rows> for w in z]", "<+list> = [b.get() for b in <boxes>]",
    "<+list> = [b.up(1) for b in <boxes>]", "<+list> = [counted(z) for z in range(4)]", "<+dict> = {str(z): <pure>(z) for z in range(5)}",
    "<+dict> = {k: w for k, w in <dict>.items()}", "<+list> = [float(z) for z in <arr>]", "<+boxes> = [Box(z) for z in range(3)]",
    "<+list> = [square(z) + len(w) for z, w in enumerate(<str>)]", "<+set> = {len(str(z)) for z in <list>}", "<+rows> = [sorted(z) for z in <rows>]",
    "<+rows> = [same(z) for z in <rows>]", "<+rows> = [z for z in <rows>]",
    "<+list> = [next(<iter>, None) for z in range(3)]", "<+list> = [grow(<nums>, z) for z in range(3)]", "<+list> = [tick() for z in range(3)]",
    "<+list> = [(w := z) for z in range(3)]", "<+num> = sum([<pure>(z) for z in range(6)])", "<+dlist> = {str(z): fresh(z) for z in 'pq'.__len__() * [1, 2]}",
    "<+dlist> = {k: list(w) for k, w in <dlist>.items()} | {'p': [], 'q': []}", "<+list> = [x * y for x in <nums> for y in range(2)]",
    "print([print(z) for z in range(3)])", "<+list> = [1 / (z - 2) for z in range(<num>)] if False else [<pure>(z) for z in range(4)]",
    "<+list> = [1 / (4 - z) for z in <nums>]", "<+rows> = [[<pure>(w) for w in range(z)] for z in range(4)]", "<+list> = [x.sum() for x in <grid>]",
    "<+list> = [x for x in <grid>]", "<+list> = [collect(z) for z in range(3)]", "<+frame> = pd.DataFrame([{'g': 'a', 'v': <pure>(z)} for z in range(4)])",
    "<+arr> = np.array([<pure>(z) for z in range(6)], dtype=float)", "<+str> = ' '.join([str(z) for z in <list>])",
]  # fmt: skip
