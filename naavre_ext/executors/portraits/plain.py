"""Rules for Python's own values: containers, exceptions, files, iterators, handles."""

from __future__ import annotations

import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from naavre_ext.executors.class_homes import home_of
from naavre_ext.executors.portraits.anatomy import (
    ATOMS,
    FEW,
    Anatomy,
    are_plain,
    atom_text,
    elements,
    shortened,
)


def qualified(kind: type) -> str:
    """``module.name`` of a type."""
    return f"{home_of(kind)}.{kind.__qualname__}"


def is_own(kind: type) -> bool:
    """Whether a class was made by the notebook."""
    return kind.__module__ == "__main__"


def _atom(value: Any) -> Anatomy:
    """A subclass's instance of a number or text type, by its base's value."""
    base = next(b for b in type(value).__mro__ if b in ATOMS)
    text = atom_text(base.__new__(base, value))
    return Anatomy(type(value).__qualname__, shortened(text), text, tracked=False)


def _list(value: Any) -> Anatomy:
    items = list(list.__iter__(value))
    return Anatomy("list", f"{len(items)} elements", parts=elements(items))


def _tuple(value: Any) -> Anatomy:
    items = tuple(tuple.__iter__(value))
    names = getattr(type(value), "_fields", None)
    if isinstance(names, tuple) and len(names) == len(items):
        named = ((f".{name}", item) for name, item in zip(names, items, strict=True))
        return Anatomy("tuple", f"{len(items)} elements", parts=named, tracked=False)
    text = f"{len(items)} elements"
    return Anatomy("tuple", text, parts=elements(items), tracked=False)


def _deque(value: Any) -> Anatomy:
    text = f"{len(value)} elements, at most {value.maxlen}"
    return Anatomy("deque", text, parts=elements(list(value)))


def _dict(value: Any) -> Anatomy:
    return Anatomy("dict", f"{dict.__len__(value)} keys", parts=_entries(value))


def _proxy(value: Any) -> Anatomy:
    return Anatomy("mappingproxy", f"{len(value)} keys", parts=_entries(dict(value)))


def _default_dict(value: Any) -> Anatomy:
    found = _dict(value)
    found.kind = "defaultdict"
    found.parts = (*_entries(value), (".default_factory", value.default_factory))
    return found


def _entries(value: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    pairs = _pairs(value)
    if len(pairs) > FEW and are_plain(pairs):
        for label, block in elements(pairs):
            yield f" items {label}", block
        return
    for number, (key, item) in enumerate(pairs):
        if type(key) in ATOMS:
            yield f"[{shortened(atom_text(key))}]", item
            if len(atom_text(key)) > len(shortened(atom_text(key))):
                yield f" key {number}", key
        else:
            yield f" key {number}", key
            yield f" value {number}", item


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    """Keys and values in the order that the dict shows, whatever its class makes of ``items``."""
    pairs: list[tuple[Any, Any]] = list(dict.items(value))
    if not issubclass(type(value), OrderedDict):  # isinstance would ask the value for its class
        return pairs
    # It keeps an order of its own, which moving a key changes, and pickling makes that of the dict below.
    try:
        own: list[tuple[Any, Any]] = list(OrderedDict.items(value))
    except Exception:  # noqa: BLE001  (a key that hashes otherwise by now, or was set behind its back)
        return pairs
    return own if len(own) == len(pairs) else pairs


def _set(value: Any) -> Anatomy:
    base = set if isinstance(value, set) else frozenset
    items = list(base.__iter__(value))
    if len(items) > FEW and are_plain(items):
        texts = "\n".join(sorted(map(repr, items)))
        return Anatomy(base.__name__, f"{len(items)} elements", texts, tracked=base is set)
    return Anatomy(
        base.__name__,
        f"{len(items)} elements",
        # In which place an element stands, its address may decide.
        parts=((" element", item) for item in items),
        unordered=True,
        tracked=base is set,
    )


def _exact(value: Any) -> Anatomy:
    """A value that its text tells exactly."""
    text = repr(value)
    return Anatomy(type(value).__qualname__, shortened(text), text, tracked=False)


def _bytearray(value: Any) -> Anatomy:
    content = bytes(value)
    return Anatomy("bytearray", shortened(repr(content)), content)


def _memoryview(value: Any) -> Anatomy:
    return Anatomy("memoryview", f"{value.format}{value.shape}", value.tobytes())


def _exception(value: Any) -> Anatomy:
    parts = {".args": value.args, ".__cause__": value.__cause__, ".__context__": value.__context__}
    own = ((f".{name}", item) for name, item in sorted(vars(value).items()))
    name = type(value).__qualname__
    return Anatomy(name, parts=(*parts.items(), *own))


def _module(value: Any) -> Anatomy:
    return Anatomy("module", value.__name__, tracked=False)


def _file(value: Any) -> Anatomy:
    if value.closed:
        state = "closed"
    else:
        try:
            state = f"open at {value.tell()}"
        except (OSError, ValueError):  # a pipe, or a text file that is being read line by line
            state = "open"
    name, mode = getattr(value, "name", ""), getattr(value, "mode", "")
    if isinstance(name, int):  # a pipe's number is another one in each process
        name = "a pipe"
    return Anatomy(type(value).__name__, f"{name!r} {mode!r} {state}")


def _stream(value: Any) -> Anatomy:
    """Where a cell's output goes: what lies behind it is the process's own."""
    return Anatomy("OutStream", value.name)


def _text_buffer(value: Any) -> Anatomy:
    if value.closed:
        return Anatomy(type(value).__name__, "closed")
    content = value.getvalue()
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return Anatomy(type(value).__name__, f"{len(content)} long, at {value.tell()}", data)


def _generator(value: Any) -> Anatomy:
    prefix = {"generator": "gi", "coroutine": "cr", "async_generator": "ag"}[type(value).__name__]
    frame = getattr(value, f"{prefix}_frame")
    text = f"{value.__qualname__}, {'finished' if frame is None else f'at step {frame.f_lasti}'}"
    inside = {} if frame is None else dict(frame.f_locals)
    parts = [(f" local {name}", inside[name]) for name in sorted(inside)]
    return Anatomy(
        type(value).__name__, text, parts=[*parts, (".code", getattr(value, f"{prefix}_code"))]
    )


def _lock(value: Any) -> Anatomy:
    text = "locked" if "unlocked" not in repr(value) else "unlocked"
    return Anatomy(type(value).__name__, text)


#: Larger databases aren't looked into.
_MOST_BYTES_OF_DATABASE = 4_000_000


def _database(value: Any) -> Anatomy:
    """A connection to SQLite by what is in its database."""
    try:
        ((pages,),) = value.execute("pragma page_count")
        ((size,),) = value.execute("pragma page_size")
        if pages * size > _MOST_BYTES_OF_DATABASE:
            return Anatomy("connection", opaque="a database of many megabytes")
        return Anatomy("connection", f"{pages} pages", "\n".join(value.iterdump()))
    except Exception as error:  # noqa: BLE001  (closed, locked, or rows made by the notebook's own code)
        return Anatomy("connection", opaque=f"its database can't be read ({error})")


def _weakref(value: Any) -> Anatomy:
    return Anatomy("weakref", parts=[("()", value())], tracked=False)


def _logger(value: Any) -> Anatomy:
    return Anatomy("Logger", f"{value.name!r} {value.level}")


def _thread(value: Any) -> Anatomy:
    return Anatomy(type(value).__qualname__, "alive" if value.is_alive() else "ended")


def _by_name(value: Any) -> Anatomy:
    return Anatomy(type(value).__name__, "", tracked=False)


def _geometry(value: Any) -> Anatomy:
    """Shapely's geometries can't be changed, so which of them are one object doesn't matter."""
    return Anatomy(type(value).__name__, shortened(value.wkt), content=value.wkb, tracked=False)


#: What a progress bar says, without its times.
_BAR = ("desc", "n", "total", "unit", "postfix", "leave", "disable", "iterable")


def _progress_bar(value: Any) -> Anatomy:
    parts = [(f".{name}", getattr(value, name)) for name in _BAR if hasattr(value, name)]
    return Anatomy(type(value).__qualname__, parts=parts)


RULES: dict[str, Callable[[Any], Anatomy]] = {
    "tqdm.std.tqdm": _progress_bar,
    # What lies behind it is the process's own, and ours.
    "ipykernel.zmqshell.ZMQInteractiveShell": _by_name,
    "naavre_ext.executors.session_shell.KernelStandIn": _by_name,
    # Pools differ by what they happen to have done.
    "concurrent.futures._base.Executor": _by_name,
    "multiprocessing.pool.Pool": _by_name,
    "joblib.parallel.Parallel": _by_name,
    # Its number depends on how many files the process has opened.
    "h5py._objects.ObjectID": _by_name,
    "shapely.lib.Geometry": _geometry,
    **{f"builtins.{name}": _atom for name in ("int", "float", "complex", "str", "bytes")},
    "builtins.bool": _exact,
    "builtins.range": _exact,
    "builtins.slice": _exact,
    "builtins.ellipsis": _exact,
    "builtins.NotImplementedType": _exact,
    "builtins.list": _list,
    "builtins.tuple": _tuple,
    "builtins.dict": _dict,
    "builtins.mappingproxy": _proxy,
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "builtins.bytearray": _bytearray,
    "builtins.memoryview": _memoryview,
    "builtins.BaseException": _exception,
    "builtins.module": _module,
    "builtins.generator": _generator,
    "builtins.coroutine": _generator,
    "builtins.async_generator": _generator,
    "collections.deque": _deque,
    "collections.defaultdict": _default_dict,
    "ipykernel.iostream.OutStream": _stream,
    "_io._IOBase": _file,
    "_io.StringIO": _text_buffer,
    "_io.BytesIO": _text_buffer,
    "_thread.lock": _lock,
    "_thread.RLock": _lock,
    "sqlite3.Connection": _database,
    "weakref.ReferenceType": _weakref,
    "logging.Logger": _logger,
    "threading.Thread": _thread,
    **{f"datetime.{name}": _exact for name in ("date", "time", "timedelta", "timezone")},
    "decimal.Decimal": _exact,
    "fractions.Fraction": _exact,
    "pathlib.PurePath": _exact,
    "uuid.UUID": _exact,
    "types.GenericAlias": _exact,
    "typing._Final": _exact,
    "re.Pattern": _exact,
    **{f"builtins.{kind.__name__}": _by_name for kind in (types.FrameType, types.TracebackType)},
}
