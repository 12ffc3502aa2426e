"""Objects that live in one process: what they are, in words, and what to do instead of copying them.

Some of these would let themselves be pickled, and the copy would be another thing: a second figure in pyplot's
list, a folder deleted twice, a bit generator that no longer shares its buffer.
"""

from __future__ import annotations

import collections
import io
import itertools
import types
import weakref
from dataclasses import dataclass
from typing import Any

from naavre_ext.executors.class_homes import home_of
from naavre_ext.executors.packing_instances import is_users

_OPEN_THERE = "Open it in the loop or the cell that uses it."
_MAKE_THERE = "Make it in the loop or the cell that uses it."
_AS_LIST = "Put its items into a list first: list(...)."
_DRAW = "Hand on the data, and draw in one cell after the loop."
_AS_TEXT = "Keep its text instead: str(...) or repr(...)."
_ONE_WORKER = "Use it in cells that need no parallel work, or hand on plain data."

#: By what a class says how its objects are pickled.
_COPYING = frozenset({"__getstate__", "__reduce__", "__reduce_ex__"})


@dataclass(frozen=True, slots=True)
class Live:
    """What such an object is, and the rewrite that avoids the need to copy it."""

    words: str
    remedy: str


_SAMPLES: tuple[Any, ...] = (
    *([], (), "", "é", b"", bytearray(), {}, {}.values(), {}.items(), set(), range(0)),
    *(range(1 << 70), collections.deque()),
)
_REVERSIBLE: tuple[Any, ...] = ([], {}, {}.values(), {}.items())

_ITERATOR = Live("an iterator", _AS_LIST)

#: By type. Who takes from an iterator changes it for everybody, so a copy would be wrong.
_BY_TYPE: dict[type, Live] = {
    **dict.fromkeys((zip, map, filter, enumerate, reversed, type(iter(int, 1))), _ITERATOR),
    **{type(iter(sample)): _ITERATOR for sample in _SAMPLES},
    **{type(reversed(sample)): _ITERATOR for sample in _REVERSIBLE},
    **{kind: _ITERATOR for kind in vars(itertools).values() if isinstance(kind, type)},
    types.GeneratorType: Live("a generator", _AS_LIST),
    types.AsyncGeneratorType: Live("an asynchronous generator", _AS_LIST),
    types.CoroutineType: Live("a coroutine", "Await it first, and hand on the result."),
    types.FrameType: Live("a stack frame", _AS_TEXT),
    types.TracebackType: Live("a traceback", "Keep its text: traceback.format_exc()."),
    memoryview: Live("a view of another object's memory", "Hand on bytes(...) of it."),
    weakref.ref: Live("a weak reference", "Hand on the object itself."),
    weakref.ProxyType: Live("a weak proxy", "Hand on the object itself."),
    weakref.CallableProxyType: Live("a weak proxy", "Hand on the object itself."),
}

#: By the full name of the type or of one of its bases; a name that ends in a dot stands for a whole module.
_BY_NAME: dict[str, Live] = {
    "sqlite3.Connection": Live("an open database connection", _OPEN_THERE),
    "sqlite3.Cursor": Live("a database cursor", "Fetch its rows first: fetchall()."),
    "sqlite3.Row": Live("a database row", "Make it a tuple or a dict."),
    "sqlalchemy.engine.base.Engine": Live("a database engine", _OPEN_THERE),
    "_thread.lock": Live("a lock", _MAKE_THERE),
    "_thread.RLock": Live("a lock", _MAKE_THERE),
    "_thread._local": Live("thread-local data", _MAKE_THERE),
    "threading.": Live("an object of threads", _MAKE_THERE),
    "_queue.SimpleQueue": Live("a queue", "Hand on a list."),
    "queue.": Live("a queue", "Hand on a list."),
    "asyncio.": Live("an object of the event loop", _MAKE_THERE),
    "_asyncio.": Live("an object of the event loop", "Await it first, and hand on the result."),
    "concurrent.futures.": Live(
        "a pool or a future",
        "Write list(pool.map(f, items)), or a loop without a pool: that is split.",
    ),
    "multiprocessing.": Live("an object shared between processes", _MAKE_THERE),
    "subprocess.Popen": Live("a running process", "Hand on its result: communicate()."),
    "socket.socket": Live("a socket", _OPEN_THERE),
    "_socket.socket": Live("a socket", _OPEN_THERE),
    "ssl.SSLContext": Live("an encryption context", _MAKE_THERE),
    "selectors.": Live("a selector", _MAKE_THERE),
    "select.": Live("a selector", _MAKE_THERE),
    "mmap.mmap": Live("a memory map", _OPEN_THERE),
    "numpy.memmap": Live("an array on a file", _OPEN_THERE),
    "re.Match": Live("a match", "Hand on its groups: match.groups() or match[0]."),
    "_csv.": Live("a reader or writer of an open file", _AS_LIST),
    "csv.DictReader": Live("a reader of an open file", _AS_LIST),
    "posix.ScandirIterator": Live("a directory listing under way", _AS_LIST),
    "posix.DirEntry": Live("a directory entry", "Hand on its path: entry.path."),
    "tempfile.": Live("a temporary file or folder", "Hand on its name, and keep it in one cell."),
    "weakref.": Live("a weak container or finalizer", "Hand on a dict or a list."),
    "_weakrefset.WeakSet": Live("a weak set", "Hand on a set or a list."),
    "_contextvars.": Live("a context variable", _MAKE_THERE),
    "decimal.Context": Live("a context of decimal arithmetic", _MAKE_THERE),
    "contextlib.ExitStack": Live("an open context", "Leave it in the cell that enters it."),
    "contextlib.AsyncExitStack": Live("an open context", "Leave it in the cell that enters it."),
    "logging.Handler": Live("a log handler", _MAKE_THERE),
    "ctypes.CDLL": Live("a loaded C library", _OPEN_THERE),
    "_ctypes.CFuncPtr": Live("a C function", _MAKE_THERE),
    "_ctypes._Pointer": Live("a C pointer", _ONE_WORKER),
    "_ctypes.Structure": Live("a C structure", "Hand on its fields."),
    "_ctypes.Union": Live("a C union", "Hand on its fields."),
    "tqdm.std.tqdm": Live("a progress bar", "Make it in the loop's own line: for x in tqdm(xs)."),
    "matplotlib.artist.Artist": Live("a figure or a part of one", _DRAW),
    "matplotlib.backend_bases.": Live("a canvas of a figure", _DRAW),
    "matplotlib.animation.Animation": Live("an animation", _DRAW),
    "matplotlib.gridspec.GridSpecBase": Live("a layout of a figure", _DRAW),
    "matplotlib.gridspec.SubplotSpec": Live("a layout of a figure", _DRAW),
    "seaborn.axisgrid.": Live("a figure of several plots", _DRAW),
    "ipywidgets.widgets.widget.Widget": Live("a widget", "Hand on its value: widget.value."),
    "traitlets.config.configurable.": Live("a part of the running IPython", _ONE_WORKER),
    "IPython.core.display_functions.DisplayHandle": Live("a display handle", _ONE_WORKER),
    "pandas.io.parsers.readers.TextFileReader": Live("a reader of an open file", _AS_LIST),
    # pint: a copy belongs to another registry, and the two can't be added.
    "pint.util.SharedRegistryObject": Live(
        "a quantity or unit of a registry", "Hand on its magnitude: quantity.magnitude."
    ),
}

_verdicts: weakref.WeakKeyDictionary[type, tuple[Live | None]] = weakref.WeakKeyDictionary()


def why_live(kind: type) -> Live | None:
    """What an object of this type is that no copy of it would be; None for what can be copied."""
    known = _verdicts.get(kind)
    if known is None:
        known = _verdicts[kind] = (_judge(kind),)
    return known[0]


def _judge(kind: type) -> Live | None:
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    if issubclass(kind, (BaseException, type)):
        return None
    for base in kind.__mro__[:-1]:
        module, name = home_of(base), base.__qualname__
        found = _BY_NAME.get(f"{module}.{name}")
        parts = f"{module}.".split(".")
        prefixes = (".".join(parts[:end]) + "." for end in range(1, len(parts)))
        found = found or next((_BY_NAME[p] for p in prefixes if p in _BY_NAME), None)
        if found is not None:
            return found
    finalizers = (vars(base).get("__del__") for base in kind.__mro__)
    has_finalizer = any(isinstance(each, types.FunctionType) for each in finalizers)
    if has_finalizer and not _is_made_to_be_copied(kind):
        return Live("an object with a finalizer (__del__)", _MAKE_THERE)
    return None


def _is_made_to_be_copied(kind: type) -> bool:
    """Whether it is a library's that says how it is pickled: its finalizer frees what each copy has of its own."""
    if issubclass(kind, io.IOBase):
        return False  # a copy might open the file anew, and empty it
    has_finalizer = False
    for base in reversed(kind.__mro__[:-1]):
        has_finalizer |= "__del__" in vars(base)
        if has_finalizer and not is_users(base) and not _COPYING.isdisjoint(vars(base)):
            return True
    return False
