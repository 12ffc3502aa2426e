"""Values that can't be copied, and values that easily lose something: used by costly cells and by loops."""

from __future__ import annotations

from kinds_of_values import STAYS, TRAVELS, Kind
from notebook_row import Row, split

#: Kinds of the tables that notebooks really have; the tables themselves are tested without notebooks.
_STAYING = (
    *(
        "connection",
        "cursor",
        "lock",
        "condition",
        "event",
        "generator",
        "zip",
        "iterator of a list",
    ),
    *(
        "csv reader",
        "thread pool",
        "future",
        "zip file",
        "match",
    ),
    *("weak values", "progress bar", "mmap", "memmap", "array on a buffer"),
    *("log handler", "socket", "exception with a traceback", "refuses", "has a finalizer"),
    *("set by identity", "filled cache", "database inside", "lock in a closure"),
)
_TRAVELLING = (
    *(
        "set of texts",
        "set with a history",
        "frozen set",
        "set of a subclass",
        "dataclasses",
        "slots",
    ),
    *("own exception", "endless getattr", "drops its state", "changes when pickled", "enums"),
    *("cached property", "single dispatch", "masked array", "array subclass", "arrow strings"),
    *("categorical", "groupby", "pipeline", "graph"),
)
_ON_RAY = (
    "connection",
    "generator",
    "lock in a closure",
    "dataclasses",
    "arrow strings",
)


#: Code that may do anything makes the second loop run whole as well.
_UNSETTLED = ("lock in a closure",)

#: What makes such values in a loop that collects them.
_COLLECTED = {
    "generator": "(j for j in range(i))",
    "match": "re.match('.', str(i))",
    "zip": "zip([i], [i])",
    "lock in a closure": "f()",
}
_WORK = "def work(n):\n    return sum(i * i for i in range(n))\nn = 40"


def _staying(name: str, kind: Kind) -> Row:
    """A cell that may run anywhere, a loop that reads the value, and one that would collect such values."""
    collect = split(f"got = []\nfor i in range(3):\n    got.append({_COLLECTED.get(name, 'i')})")
    return Row(
        (
            kind.make,
            _WORK,
            "one = [work(n + (v is None)) for _ in range(3)]",
            "two = [work(n + 1) for _ in range(3)]",
            split("out = []\nfor i in range(4):\n    out.append((i, work(i), v is not None))"),
            collect,
            "print(one, two, out, [type(each).__name__ for each in (v, *got)])\ndel v, got",
        ),
        splits=None if name in _UNSETTLED else 0 if name in _COLLECTED else 1,
        on_ray=name in _ON_RAY,
    )


def _travelling(name: str, kind: Kind) -> Row:
    look = kind.look.replace("info(v)", "v.memory_usage(deep=True).tolist()")
    look = look.replace("is_frozen(v[0])", "type(v[0]).__hash__ is not None")
    return Row(
        (
            kind.make,
            _WORK,
            "one = ([work(n) for _ in range(3)], v)",
            "two = [work(n + 1) for _ in range(3)]",
            split(f"out = []\nfor i in range(4):\n    out.append((work(i), repr({look})))"),
            split("kept = []\nfor i in range(4):\n    kept.append((work(i), v))"),
            f"print(one[1] is v, [each is v for _, each in kept], out)\nprint({look})",
            "del one, out, kept, v",
        ),
        on_ray=name in _ON_RAY,
    )


ROWS = {
    **{f"stays: {name}": _staying(name, STAYS[name]) for name in _STAYING},
    **{f"travels: {name}": _travelling(name, TRAVELS[name]) for name in _TRAVELLING},
}
