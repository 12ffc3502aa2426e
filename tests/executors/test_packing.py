"""Values keep their meaning on the way to another process and back."""

import collections
import enum
import functools
import importlib
import io
import pickle
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import types
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from naavre_ext.executors import packing_instances
from naavre_ext.executors.packing import PackingError, PackingTooSlow, fingerprint, pack, unpack

PRELUDE = """
import abc, collections, dataclasses, enum, functools, typing
scale = 3
def scaled(x, by=2, *, plus=0): return x * scale * by + plus
def factorial(n): return 1 if n == 0 else n * factorial(n - 1)
def counter():
    n = 0
    def up():
        nonlocal n
        n += 1
        return n
    def now(): return n
    return up, now
up, now = counter()
def recursive():
    def go(i): return 0 if i == 0 else 1 + go(i - 1)
    return go
go = recursive()
def empty_cell():
    def f(): return later
    if scale < 0:
        later = 1
    return f
unset = empty_cell()
def noted(x: int) -> str:
    'A doc.'
    return str(x)
noted.mark = 'm'
class Point:
    count = 0
    def __init__(self, x): self.x = x
    def __eq__(self, other): return type(self) is type(other) and self.x == other.x
    __hash__ = None
    def grown(self): return Point(self.x * scale)
class Sub(Point):
    def __init__(self, x): super().__init__(x + 1)
class Colour(enum.Enum):
    RED = 1
@dataclasses.dataclass
class Data:
    x: int = 0
class Base(abc.ABC):
    @abc.abstractmethod
    def f(self): ...
class Impl(Base):
    __slots__ = ('s',)
    def f(self): return 1
Pair = collections.namedtuple('Pair', 'a b')
@functools.lru_cache
def cached(x): return x + scale
UserId = typing.NewType('UserId', int)
T = typing.TypeVar('T')
partly = functools.partial(scaled, plus=1)
square = lambda x: x * x + scale
"""


@pytest.fixture
def sender():
    namespace = {"__name__": "__main__", "__builtins__": __builtins__}
    exec(PRELUDE, namespace)
    return namespace


@pytest.fixture
def receiver():
    return {"__name__": "__main__", "__builtins__": __builtins__, "scale": 10}


def travel(values, sender, receiver, *, writable=True, **options):
    packed = pickle.loads(pickle.dumps(pack(values, sender), protocol=5))
    got = unpack(packed, receiver, writable=writable, **options)
    receiver.update(got)
    return got


#: What a name does in the receiving namespace, where ``scale`` is 10.
USES = {
    "globals are the receiver's": ("scaled", lambda f: f(1), 20),
    "defaults and keywords": ("scaled", lambda f: f(1, 3, plus=4), 34),
    "recursion by name": ("factorial", lambda f: f(5), 120),
    "recursion by closure": ("go", lambda f: f(4), 4),
    "doc": ("noted", lambda f: f.__doc__, "A doc."),
    "attributes": ("noted", lambda f: f.mark, "m"),
    "annotations": ("noted", lambda f: f.__annotations__, {"x": int, "return": str}),
    "names": ("noted", lambda f: (f.__name__, f.__qualname__, f.__module__), None),
    "lambda": ("square", lambda f: f(2), 14),
    "partial": ("partly", lambda f: f(1), 21),
    "cached function": ("cached", lambda f: (f(1), f.cache_info().currsize), (11, 1)),
    "super": ("Sub", lambda c: c(2).x, 3),
    "enum": ("Colour", lambda c: c.RED is c(1), True),
    "dataclass": ("Data", lambda c: repr(c(4)), "Data(x=4)"),
    "abstract": ("Impl", lambda c: c().f(), 1),
    "named tuple": ("Pair", lambda c: c(1, 2)._asdict(), {"a": 1, "b": 2}),
    "new type": ("UserId", lambda c: c(3), 3),
    "type variable": ("T", lambda c: c.__name__, "T"),
}


@pytest.mark.parametrize(("name", "use", "expected"), USES.values(), ids=USES)
def test_definitions_work_where_they_arrive(name, use, expected, sender, receiver):
    if expected is None:
        expected = use(sender[name])
    needed = {n: sender[n] for n in {name, "Point"}}
    assert use(travel(needed, sender, receiver)[name]) == expected


def test_closures_stay_shared_and_start_from_their_value(sender, receiver):
    sender["up"]()
    got = travel({"up": sender["up"], "now": sender["now"]}, sender, receiver)
    assert got["up"]() == 2
    assert got["now"]() == 2
    assert sender["now"]() == 1


def test_empty_cell_stays_empty(sender, receiver):
    got = travel({"f": sender["unset"]}, sender, receiver)
    with pytest.raises(NameError):
        got["f"]()


def test_functions_travel_without_their_globals(sender, receiver):
    sender["scale"] = threading.Lock()
    assert travel({"f": sender["square"]}, sender, receiver)["f"](1) == 11


IDENTITIES = {
    "list": lambda: [1],
    "dict": lambda: {"a": 1},
    "set": lambda: {1},
    "bytearray": lambda: bytearray(b"a"),
    "deque": lambda: collections.deque([1]),
}


@pytest.mark.parametrize("make", IDENTITIES.values(), ids=IDENTITIES)
def test_aliases_stay_one_object(make, sender, receiver):
    value = make()
    got = travel({"a": value, "b": value, "c": [value]}, sender, receiver)
    assert got["a"] == value
    assert got["a"] is got["b"] is got["c"][0]


def test_dict_views_keep_showing_their_dict(sender, receiver):
    d = {"a": 1}
    got = travel({"d": d, "k": d.keys(), "v": d.values(), "i": d.items()}, sender, receiver)
    got["d"]["b"] = 2
    assert list(got["k"]) == ["a", "b"]
    assert list(got["v"]) == [1, 2]
    assert list(got["i"]) == [("a", 1), ("b", 2)]


def test_class_and_instances_packed_apart_belong_together(sender, receiver):
    cls = travel({"Point": sender["Point"]}, sender, receiver)["Point"]
    instance = travel({"p": sender["Point"](1)}, sender, receiver)["p"]
    assert type(instance) is cls
    home = travel({"q": cls(7), "c": cls}, receiver, sender)
    assert home["c"] is sender["Point"]
    assert isinstance(home["q"], sender["Point"])


#: One worker process, driven through a pipe: a class has one definition per process.
WORKER = """
import pickle, sys
from naavre_ext.executors.packing import pack, unpack
namespace = {"__name__": "__main__", "__builtins__": __builtins__}
while True:
    try:
        packed, source, names = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    namespace.update(unpack(packed, namespace, writable=True))
    exec(source, namespace)
    pickle.dump(pack({n: namespace[n] for n in names}, namespace), sys.stdout.buffer, protocol=5)
    sys.stdout.buffer.flush()
"""


@pytest.fixture
def worker(sender):
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )

    def call(values, source, *names):
        pickle.dump((pack(values, sender), source, names), process.stdin, protocol=5)
        process.stdin.flush()
        return unpack(pickle.load(process.stdout), sender, writable=True)

    yield call
    process.stdin.close()
    process.wait(240)
    process.stdout.close()


@pytest.mark.slow
def test_classes_keep_their_identity_through_a_worker(worker, sender):
    point = sender["Point"]
    got = worker(
        {"p": point(1), "Point": point, "scale": 5},
        "q = p.grown(); same = type(q) is type(p)",
        "q",
        "same",
    )
    assert got["same"]
    assert isinstance(got["q"], point)
    assert got["q"].x == 5
    again = worker(
        {"Point": point, "c": sender["Colour"].RED}, "r = isinstance(q, Point)", "r", "c"
    )
    assert again["r"]
    assert again["c"] is sender["Colour"].RED


@pytest.mark.slow
def test_classes_keep_their_names_in_a_worker(worker, sender):
    source = """
class Outer:
    class Inner:
        def f(self): return 1
    @dataclasses.dataclass
    class Data:
        x: int = 0
    class Kind(enum.Enum):
        A = 1
    class Pair(typing.NamedTuple):
        a: int
def made():
    class Local: pass
    return Local
Local = made()
"""
    exec(source, sender)
    outer = sender["Outer"]
    names = (
        "names = [repr(c) for c in (Outer, Outer.Inner, Outer.Data, Outer.Kind, Outer.Pair, Local)]"
    )
    values = {"Outer": outer, "Local": sender["Local"]}
    got = worker(
        values,
        f"{names}; data = repr(Outer.Data(3)); f = repr(Outer.Inner.f)[:27]",
        "names",
        "data",
        "f",
    )
    exec(names, sender)
    assert got["names"] == sender["names"]
    assert got["data"] == "Outer.Data(x=3)"
    assert got["f"] == "<function Outer.Inner.f at "


@pytest.mark.slow
def test_returning_instance_does_not_undo_a_change_of_its_class(worker, sender):
    point = sender["Point"]
    worker({"p": point(1)}, "", "p")
    point.count = 5
    got = worker({}, "", "p")
    assert point.count == 5
    assert type(got["p"]) is point
    assert worker({"p": got["p"]}, "seen = type(p).count", "seen")["seen"] == 5


@pytest.mark.slow
def test_class_changed_in_a_worker_comes_back_changed(worker, sender):
    worker({"Point": sender["Point"]}, "Point.count = 9", "Point")
    assert sender["Point"].count == 9


@pytest.mark.slow
def test_class_attribute_changed_in_place_reaches_the_worker(worker, sender):
    point = sender["Point"]
    point.seen = [1]
    worker({"Point": point}, "", "Point")
    point.seen.append(2)
    assert worker({"Point": point}, "seen = list(Point.seen)", "seen")["seen"] == [1, 2]


@pytest.mark.slow
def test_class_that_holds_its_own_instances_is_not_undone(worker, sender):
    point = sender["Point"]
    point.registry = [point(1)]
    worker({"Point": point}, "p = Point(2)", "p")
    point.registry.append(point(2))
    registry = point.registry
    worker({}, "", "p")
    assert point.registry is registry


@pytest.mark.slow
def test_class_defined_in_a_worker_can_be_used_here_and_there(worker, sender):
    got = worker({}, "class New:\n    def f(self): return scale\nn = New()\nscale = 2", "n", "New")
    sender["scale"] = 3
    assert got["n"].f() == 3
    assert worker({"n": got["n"]}, "ok = type(n) is New", "ok")["ok"]


def test_object_that_pickles_by_name_is_found_by_name(sender, receiver):
    exec("class S:\n    def __reduce__(self): return 'MISSING'\nMISSING = S()", sender)
    receiver["MISSING"] = "the receiver's"
    assert travel({"m": sender["MISSING"]}, sender, receiver)["m"] == "the receiver's"


def test_persistent_objects_are_replaced_by_their_key(sender, receiver):
    shared = {"big": 1}
    packed = pack({"a": [shared]}, sender, persistent=lambda o: ("key", 1) if o is shared else None)
    got = unpack(packed, receiver, writable=True, resolve=lambda key: (key, "found"))
    assert got["a"] == [(("key", 1), "found")]


def made_module():
    return types.ModuleType("made_up_module")


def deep():
    value = []
    for _ in range(100_000):
        value = [value]
    return value


class Refuses:
    def __reduce__(self):
        raise ZeroDivisionError("secret detail")


def quantity():
    """What pint's quantities and units are: they would let themselves be copied, to another registry."""
    shared = type("SharedRegistryObject", (), {"__module__": "pint.util"})
    return type("Quantity", (shared,), {"__module__": "pint", "__reduce__": lambda _: (int, ())})()


UNPACKABLE = {
    "lock": (threading.Lock, "_thread.lock"),
    "generator": (lambda: (i for i in ()), "generator"),
    "open file": (Path(__file__).open, "open file"),
    "binary file": (lambda: io.FileIO(__file__), "open file"),
    "socket": (socket.socket, "socket"),
    "connection": (lambda: sqlite3.connect(":memory:"), "sqlite3.Connection"),
    "pool": (lambda: ThreadPoolExecutor(1), "ThreadPoolExecutor"),
    "module": (made_module, "made_up_module"),
    "memory view": (lambda: memoryview(b"a"), "memoryview"),
    "deep": (deep, "nested too deeply"),
    "inside": (lambda: {"a": [functools.partial(print, threading.Lock())]}, "_thread.lock"),
    "closure": (lambda: (lambda lock: lambda: lock)(threading.Lock()), "_thread.lock"),
    "quantity": (quantity, "quantity or unit of a registry"),
    "own refusal": (Refuses, "Refuses"),
}


@pytest.mark.parametrize(("make", "reason"), UNPACKABLE.values(), ids=UNPACKABLE)
def test_unpackable_value_is_named(make, reason, sender):
    bad = make()
    with pytest.raises(PackingError) as caught:
        pack({"fine": 1, "bad": bad, "other": "x"}, sender)
    error = pickle.loads(pickle.dumps(caught.value))
    assert error.name == "bad"
    assert reason in error.reason
    assert "Traceback" not in str(error)
    assert "\n" not in str(error)
    if hasattr(bad, "close"):
        bad.close()


def about(file):
    """What a file says of itself; the newlines that it has met and its buffer aren't looked at."""
    text = (file.encoding, file.errors) if isinstance(file, io.TextIOWrapper) else ()
    return type(file), repr(file), file.name, file.mode, file.closed, text


@pytest.mark.parametrize("mode", ["r", "w", "a", "r+", "x", "rb", "wb", "r+b"])
def test_closed_files_arrive_closed(mode, sender, receiver, tmp_path):
    """``with open(path) as f`` leaves one behind in each iteration of a loop."""
    path = tmp_path / "file"
    if mode != "x":
        path.write_text("text")
    with open(path, mode) as f:
        pass
    arrived = unpack(pack({"f": f, "same": [f]}, sender), receiver, writable=True)
    assert about(arrived["f"]) == about(f)
    assert arrived["same"][0] is arrived["f"]
    with pytest.raises(ValueError, match="closed file"):
        arrived["f"].tell()


def test_closed_file_without_buffer_arrives(sender, receiver):
    with open(__file__, "rb", buffering=0) as f:
        pass
    arrived = unpack(pack({"f": f}, sender), receiver, writable=True)["f"]
    assert (type(arrived), arrived.name, arrived.closed) == (io.FileIO, __file__, True)


def test_receiver_without_the_module_says_so(sender, receiver, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("class C: pass")
    with monkeypatch.context() as here:
        here.syspath_prepend(tmp_path)
        packed = pack({"c": __import__("only_here").C()}, sender)
    monkeypatch.delitem(sys.modules, "only_here")
    (tmp_path / "only_here.py").unlink()
    with pytest.raises(PackingError, match="only_here"):
        unpack(packed, receiver, writable=True)


def test_module_is_looked_for_where_the_sender_found_it(sender, receiver, tmp_path, monkeypatch):
    (tmp_path / "only_there.py").write_text("class C: x = 1")
    with monkeypatch.context() as there:
        there.syspath_prepend(tmp_path)
        packed = pack({"c": __import__("only_there").C()}, sender)
    monkeypatch.delitem(sys.modules, "only_there")
    before = list(sys.path)
    assert unpack(packed, receiver, writable=True)["c"].x == 1
    assert sys.path == before
    monkeypatch.delitem(sys.modules, "only_there")


def test_submodules_in_use_come_with_their_package(sender):
    import xml.dom.minidom

    code = (
        "import sys, pickle\nfrom naavre_ext.executors.packing import unpack\n"
        "got = unpack(pickle.load(sys.stdin.buffer), {}, writable=True)\n"
        "print(got['xml'].dom.minidom.__name__)"
    )
    data = pickle.dumps(pack({"xml": xml}, sender), protocol=5)
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "xml.dom.minidom"


def test_library_wrapper_keeps_its_own_module(sender, receiver):
    exec(
        "import contextlib\n@contextlib.contextmanager\ndef opened():\n    yield scale",
        sender,
    )
    with travel({"f": sender["opened"]}, sender, receiver)["f"]() as value:
        assert value == 10


@pytest.mark.parametrize("protocol", [2, 5])
def test_packed_pickles_in_band(protocol, sender, receiver):
    packed = pickle.loads(pickle.dumps(pack({"a": [1, 2]}, sender), protocol=protocol))
    assert packed.names == ("a",)
    assert packed.nbytes > 0
    assert unpack(packed, receiver, writable=False) == {"a": [1, 2]}


def test_text_streams_are_the_receivers_own(sender, receiver):
    got = travel({"out": sys.stdout, "text": io.StringIO("kept")}, sender, receiver)
    assert got["out"] is sys.stdout
    assert got["text"].read() == "kept"


CHANGES = {
    "list": ([1, 2], lambda v: v.append(3)),
    "nested": ({"a": [1]}, lambda v: v["a"].append(2)),
    "attribute": (types.SimpleNamespace(x=1), lambda v: setattr(v, "x", 2)),
}


@pytest.mark.parametrize(("value", "change"), CHANGES.values(), ids=CHANGES)
def test_fingerprint_tells_changed_from_unchanged(value, change, sender):
    before = fingerprint(value, sender)
    assert fingerprint(value, sender) == before
    change(value)
    assert fingerprint(value, sender) != before


def test_fingerprint_of_what_cannot_be_pickled(sender):
    with pytest.raises(PackingError):
        fingerprint(threading.Lock(), sender)


def test_enum_member_of_a_library_keeps_identity(sender, receiver):
    assert travel({"e": enum.IntFlag("F", "A")}, sender, receiver)["e"]["A"].value == 1


@pytest.mark.parametrize(
    ("cut", "is_copied"),
    [(slice(None), False), (slice(100, None), True), (slice(0, 100), True), (slice(0, 0), True)],
)
def test_a_column_of_texts_is_packed_where_it_lies(cut, is_copied):
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    texts = pd.Series([f"text {n}" for n in range(10_000)] + [None], dtype="str")[cut]
    if not hasattr(texts.array, "_pa_array"):
        pytest.skip("this pandas keeps texts otherwise")
    packed = pack({"s": texts}, {})
    places = {memoryview(b).nbytes and np.frombuffer(b, "u1").ctypes.data for b in packed.buffers}
    mine = {b.address for b in texts.array._pa_array.chunk(0).buffers() if b is not None and b.size}
    assert (mine <= places) == (not is_copied)
    assert packed.nbytes < 40 * len(texts) + 4000
    pd.testing.assert_series_equal(unpack(packed, {}, writable=True)["s"], texts)
    joined = pd.concat([texts, texts])
    pd.testing.assert_series_equal(unpack(pack({"s": joined}, {}), {}, writable=False)["s"], joined)


_LOOKS = {
    "a row by row look": lambda table: list(table.iterrows()),
    "new columns": lambda table: table.assign(z=1),
    "new labels": lambda table: table.rename(columns={"a": "b"}),
    "numbered rows": lambda table: table.reset_index(drop=True),
    "other rows": lambda table: (table.sort_values("a"), table.dropna(), table[table["a"] > 1]),
    "texts": lambda table: (table["k"].str.upper(), table["k"] == "a", table["k"].unique()),
    "what is shown": repr,
}


@pytest.mark.parametrize("look", _LOOKS)
def test_what_is_taken_from_a_group_of_rows_does_not_count_as_a_change_of_it(
    look, sender, receiver
):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(
        {"k": list("abab"), "a": [3.0, 1.0, None, 2.0], "c": pd.Categorical(list("xyxy"))}
    )
    packed = pack({"items": list(table.groupby("k"))}, sender)
    items = unpack(packed, receiver, writable=False)["items"]
    before = pack({"items": items}, receiver)
    _LOOKS[look](items[0][1])
    assert bytes(pack({"items": items}, receiver).data) == bytes(before.data)


FINALIZER = """
class {name}:
    def __init__(self):
        self.data = [1]
    def __del__(self):
        pass
"""
COPYING = """
    def __getstate__(self):
        return dict(self.__dict__)
    def __setstate__(self, state):
        self.__dict__.update(state)
"""


@pytest.mark.parametrize(
    ("copying", "installed", "packs"),
    [(COPYING, True, True), ("", True, False), (COPYING, False, False)],
    ids=["library that says how", "library that doesn't", "own module"],
)
def test_object_with_a_finalizer_is_copied_if_a_library_says_how(
    tmp_path, monkeypatch, copying, installed, packs
):
    name = f"nx_finalized_{installed}_{bool(copying)}"
    (tmp_path / f"{name}.py").write_text(FINALIZER.format(name="Model") + copying)
    monkeypatch.syspath_prepend(tmp_path)
    if installed:
        monkeypatch.setattr(packing_instances, "_INSTALLED", (str(tmp_path.resolve()),))
    value = importlib.import_module(name).Model()
    if packs:
        assert unpack(pack({"v": value}, {}), {}, writable=True)["v"].data == [1]
    else:
        with pytest.raises(PackingError, match="finalizer"):
            pack({"v": value}, {})


def be_busy(seconds):
    begin = time.thread_time()
    while time.thread_time() < begin + seconds:
        pass


@pytest.mark.parametrize(("spend", "is_packed"), [(time.sleep, True), (be_busy, False)])
def test_budget_of_packing_counts_the_threads_own_time_only(spend, is_packed, sender):
    def look_at(value):
        spend(0.1)

    with nullcontext() if is_packed else pytest.raises(PackingTooSlow):
        pack({"long": "x" * 100_000}, sender, persistent=look_at, budget_s=0.05)
