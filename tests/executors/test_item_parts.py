"""What items hold, what was changed of it, and how that comes back."""

from __future__ import annotations

import collections
import pickle
from typing import Any

import numpy as np
import pytest

from naavre_ext.executors import item_parts
from naavre_ext.executors.item_changes import Before
from naavre_ext.executors.item_parts import Parts, TooMany
from naavre_ext.executors.packing import pack, unpack
from naavre_ext.executors.tasks import Violation

CLASSES = """
class Plain:
    def __init__(self, x): self.x = x
class Slotted:
    __slots__ = ("x",)
    def __init__(self, x): self.x = x
class Hashed(Plain):
    def __hash__(self): return hash(self.x)
class Ordered(Plain):
    def __lt__(self, other): return self.x < other.x
class Rows(list):
    pass
def shown(x, k=2): return x
def frozen():
    a = np.arange(4.0)
    v = a[:2]
    v.flags.writeable = False
    return a, v
"""


@pytest.fixture
def namespace() -> dict[str, Any]:
    made: dict[str, Any] = {
        "__name__": "__main__",
        "np": np,
        "collections": collections,
        "kept": None,
    }
    exec(CLASSES, made)
    return made


def copied(items: list[Any], namespace: dict[str, Any]) -> list[Any]:
    packed = pickle.loads(pickle.dumps(pack({"items": items}, namespace), protocol=5))
    found: list[Any] = unpack(packed, namespace, writable=True)["items"]
    return found


def change(items: list[Any], body: str, namespace: dict[str, Any]) -> dict[int, Any]:
    """Run the body on copies, as a batch does, and put what it has changed into the items."""
    parts = Parts(items)
    copies = copied(items, namespace)
    before = Before(copies, namespace, lambda _: None)
    assert before.parts.signature == parts.signature
    scope = {**namespace, "items": copies}
    exec(body, scope)
    changes = before.changes()
    before.check_apart(changes)
    packed = pack({"changes": changes}, namespace, persistent=before.place)
    resolve = parts.finder(lambda origin: pytest.fail(str(origin)))
    there = unpack(
        pickle.loads(pickle.dumps(packed, protocol=5)), namespace, writable=True, resolve=resolve
    )
    parts.put(there["changes"])
    return changes


def made(text: str, namespace: dict[str, Any]) -> list[Any]:
    items: list[Any] = eval(text, namespace)
    return items


#: Items, and what is done to each, by name.
BROUGHT_BACK = {
    "lists": ("[[3, 1], [2]]", "item.sort(); item.append(item[:])"),
    "nested lists": ("[[[1]], [[2], 'text']]", "item[0].append(item)"),
    "dicts": ("[{'b': 1, 'a': 2}, {}]", "item.pop('b', 0); item['b'] = [item.get('a')]"),
    "ordered": ("[collections.OrderedDict(b=1, a=2)]", "item.move_to_end('b'); item['c'] = 3"),
    "with a default": ("[collections.defaultdict(list, x=[1])]", "item['x'].append(2); item['y'].append(3)"),
    "counters": ("[collections.Counter('aab')]", "item['a'] = 0; item['z'] -= 4"),
    "in tuples": ("[(1, [2]), ('k', {'v': [3]})]", "change_second(item)"),
    "instances": ("[Plain(1), Plain([2])]", "item.y = item.x; item.x = Plain(item.x); del item.y"),
    "arrays": ("[np.arange(4.0), np.zeros((2, 2))]", "item += 1; item[0] = 7"),
    "dates": ("[np.array(['2020-01-01'], dtype='M8[D]')]", "item += 3"),
    "arrays in instances": ("[Plain(np.arange(3))]", "item.x[1] = 9; item.z = item.x[:2]"),
    "nothing": ("[[1], Plain(2), (3,), 'text', 4.5, None]", "pass"),
    "itself": ("[[1], Plain(2)]", "getattr(item, 'append', lambda i: setattr(item, 'me', i))(item)"),
}  # fmt: skip


def shown(value: Any) -> str:
    """All that is seen of plain values and instances; cycles end where they began."""
    seen: dict[int, int] = {}

    def show(part: Any) -> Any:
        if isinstance(part, (int, float, str, type(None))):
            return part
        if id(part) in seen:
            return f"<{seen[id(part)]}>"
        seen[id(part)] = len(seen)
        if isinstance(part, np.ndarray):
            return "array", part.dtype.str, part.tolist()
        if isinstance(part, dict):
            kept = getattr(part, "default_factory", None)
            return type(part).__name__, kept, [(show(k), show(v)) for k, v in part.items()]
        if isinstance(part, (list, tuple)):
            return type(part).__name__, [show(p) for p in part]
        return type(part).__name__, [(k, show(v)) for k, v in vars(part).items()]

    return repr(show(value))


SECOND = """
def change_second(item):
    if isinstance(item[1], list): item[1].append(0)
    else: item[1]['v'].append(item[0])
"""


@pytest.mark.parametrize(("text", "body"), BROUGHT_BACK.values(), ids=BROUGHT_BACK)
def test_what_a_batch_changes_is_changed_in_the_items(text, body, namespace):
    exec(SECOND, namespace)
    loop = f"for item in items:\n    {body}"
    expected, items = made(text, namespace), made(text, namespace)
    same = [*items]
    exec(loop, {**namespace, "items": expected})
    changes = change(items, loop, namespace)
    assert shown(items) == shown(expected)
    assert all(map(lambda one, other: one is other, items, same))
    assert bool(changes) == (body != "pass")


def test_parts_that_are_not_changed_stay_the_same_objects(namespace):
    inner, kept = [1], namespace["Plain"]([2])
    items = [{"inner": inner, "kept": (kept,)}]
    change(items, "items[0]['more'] = [items[0]['inner'], items[0]['kept'][0].x]", namespace)
    assert items[0]["more"][0] is inner
    assert items[0]["more"][1] is kept.x


#: Items, what is done to the first, and a word of the reason why that can't be brought back.
NOT_BROUGHT_BACK = {
    "sets": ("[[{1}]]", "items[0][0].add(2)", "set"),
    "slots": ("[Slotted([1])]", "items[0].x.append(2)", "Slotted"),
    "subclasses of lists": ("[Rows([1])]", "items[0].append(2)", "Rows"),
    "generators": ("[np.random.default_rng(1)]", "items[0].random()", "Generator"),
    "shapes": ("[np.arange(4)]", "items[0].shape = (2, 2)", "ndarray"),
    "another class": ("[Plain(1)]", "items[0].__class__ = Hashed", "made something else"),
    "what has a hash": ("[Hashed(1)]", "items[0].x = 2", "Hashed"),
    "what has an order": ("[Ordered(1)]", "items[0].x = 2", "Ordered"),
    "parts of what nobody knows": ("[[Slotted([1])]]", "items[0].append(items[0][0].x)", "shares memory"),
    "equal elements": ("[collections.deque([[1]])]", "items[0][0] = list(items[0][0])", "deque"),
    "attributes of containers": ("[collections.Counter('a')]", "items[0].label = 1", "something else"),
    "functions": ("[Plain(shown)]", "items[0].x.rank = 1", "function"),
    "bound methods": ("[Plain([1].append)]", "items[0].x(2)", "builtin_function_or_method"),
    "classes": ("[Plain(Slotted)]", "items[0].x.rank = 1", "type"),
    "held attributes": ("[Plain(1)]", "items[0].x = 2; kept = vars(items[0])", "held as a dict"),
    "views": ("[{'a': np.ones((2, 2))}]", "items[0]['t'] = items[0]['a'].T", "shares memory"),
    "parts of a hash": ("[Hashed([1])]", "items[0].x.append(2)", "Hashed"),
    "read-only arrays": ("[frozen()]", "items[0][0][0] = 7", "ndarray"),
    "another default": ("[collections.defaultdict(int)]", "items[0].default_factory = str", "something else"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "body", "reason"), NOT_BROUGHT_BACK.values(), ids=NOT_BROUGHT_BACK
)
def test_other_changes_are_told(text, body, reason, namespace):
    with pytest.raises(Violation, match=reason):
        change(made(text, namespace), body, namespace)


def test_items_that_hold_items_are_told(namespace):
    one, two = namespace["Plain"](1), namespace["Plain"](2)
    assert not Parts([one, two, one]).hold_items
    assert not Parts([("a", one), ("b", two)]).hold_items
    two.x = one
    assert Parts([one, two]).hold_items
    items = [{"n": 1}]
    items[0]["all"] = [items[0]]
    assert Parts(items).hold_items


def test_too_many_objects_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(item_parts, "_MOST", 10)
    assert len(Parts([[n] for n in range(10)]).objects) == 10
    assert len(Parts([list(range(1000))]).objects) == 1
    with pytest.raises(TooMany):
        Parts([[n] for n in range(11)])
