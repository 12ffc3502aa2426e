"""Values of a notebook on their way to another process, and back.

``pack`` makes one pickle of several variables, so what is one object stays one object. Functions of
the notebook travel without their globals: where they arrive, they look names up in the
receiving process's own notebook namespace, as they would in a notebook. Large arrays stay
outside the pickle, for a transport that can share memory.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from naavre_ext.executors.ambient_process import on_path, read_path
from naavre_ext.executors.list_changes import ListChange
from naavre_ext.executors.packing_arrays import ArrayReader
from naavre_ext.executors.packing_identity import CommonObjects, shares_objects
from naavre_ext.executors.packing_immutable import is_immutable
from naavre_ext.executors.packing_making import PACKING, Receiver
from naavre_ext.executors.packing_nans import NanMaker, may_hold_nans
from naavre_ext.executors.packing_reduce import NotebookPickler
from naavre_ext.executors.packing_refusals import NotPackable
from naavre_ext.executors.packing_sets import SetKey, SetMaker
from naavre_ext.model.diagnostic import NaavreError

__all__ = [
    "PACK_VERSION",
    "CommonObjects",
    "Packed",
    "PackingError",
    "PackingTooSlow",
    "fingerprint",
    "is_immutable",
    "pack",
    "shares_objects",
    "unpack",
]

PACK_VERSION = 2
_PROTOCOL = 5

Persistent = Callable[[Any], Any]


class PackingError(NaavreError):
    """A value can't cross to another process: ``name`` is its variable, ``reason`` says why.

    ``kind`` is the type of the object in it that can't, ``remedy`` a rewrite that avoids it; "" where unknown.
    """

    def __init__(self, name: str, reason: str, kind: str = "", remedy: str = "") -> None:
        self.name = name
        self.reason = reason
        self.kind = kind
        self.remedy = remedy
        super().__init__(f"{name}: {reason}" if name else reason)

    def __reduce__(self) -> tuple[type[PackingError], tuple[str, str, str, str]]:
        return type(self), (self.name, self.reason, self.kind, self.remedy)


class PackingTooSlow(BaseException):
    """Packing took more than its budget; no error of the values', so that nobody looks for a culprit."""


class _TimedStream(io.BytesIO):
    """Where a pickle goes that may take only so much of its thread's CPU time, however busy the machine is."""

    def __init__(self, budget_s: float) -> None:
        super().__init__()
        self._deadline = time.thread_time() + budget_s

    def write(self, data: Any) -> int:
        if time.thread_time() > self._deadline:
            raise PackingTooSlow
        return super().write(data)


@dataclass(frozen=True, slots=True)
class Packed:
    """Variables as bytes.

    ``buffers`` are the memory of large arrays, not a copy of it: pickle this object (protocol 5)
    before the arrays change. ``numbers`` are names of large lists and dicts that hold numbers and texts only.
    ``types`` are the names of the values' types, for people. ``path`` is how ``sys.path``, by which their modules
    were found, was changed. ``token`` is another one for each pack that is made. ``has_nans`` says that there are
    NaN objects other than ``numpy.nan`` among them, which other packs may hold as well.
    """

    version: int
    names: tuple[str, ...]
    data: Any = field(repr=False)
    buffers: tuple[Any, ...] = field(default=(), repr=False)
    layout: bytes = field(default=b"", repr=False)
    numbers: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    path: ListChange | None = None
    token: bytes = field(default=b"", repr=False, compare=False)
    has_nans: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes of the pickle and of all buffers."""
        buffers = sum(memoryview(buffer).nbytes for buffer in self.buffers)
        return memoryview(self.data).nbytes + len(self.layout) + buffers

    def detached(self) -> Packed:
        """The same with copies of all memory, which later changes of the arrays don't reach."""
        copies = tuple(bytes(pickle.PickleBuffer(buffer).raw()) for buffer in self.buffers)
        return replace(self, data=bytes(self.data), buffers=copies)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        wrap: Callable[[Any], Any] = pickle.PickleBuffer if protocol >= _PROTOCOL else bytes
        buffers = tuple(wrap(buffer) for buffer in self.buffers)
        data = wrap(self.data)
        rest = (
            buffers,
            self.layout,
            self.numbers,
            self.types,
            self.path,
            self.token,
            self.has_nans,
        )
        return type(self), (self.version, self.names, data, *rest)


def pack(
    values: Mapping[str, Any],
    namespace: dict[str, Any],
    *,
    persistent: Persistent | None = None,
    common: CommonObjects | None = None,
    budget_s: float | None = None,
) -> Packed:
    """``values`` as one :class:`Packed`; names and sharing among them are kept.

    ``namespace`` is this process's notebook namespace. Where ``persistent(obj)`` isn't None, that
    key travels instead of the object. With ``common``, the objects packed are compared with those
    that it met before. ``budget_s`` is how long a pickle may take, in seconds of this thread's CPU time.

    Raises:
        PackingError: naming the variable that can't be packed, or that shares an object.
        PackingTooSlow: it took longer than that.
    """
    values = dict(values)
    try:
        exact = persistent is not None
        packed, pickler = _pack(values, namespace, persistent, exact=exact, budget_s=budget_s)
        if not exact and (may_hold_nans(packed.data) or _holds_sets(packed, pickler)):
            packed, pickler = _pack(values, namespace, None, exact=True, budget_s=budget_s)
        numbers = _of_numbers(values, packed, pickler)
        packed = replace(packed, numbers=numbers, token=secrets.token_bytes(8))
    except Exception as error:  # noqa: BLE001  (any code of the user's classes may run here)
        culprit = _culprit(values, namespace, persistent)
        if isinstance(error, NotPackable):
            raise PackingError(culprit, error.reason, error.kind, error.remedy) from None
        raise PackingError(culprit, type(error).__name__) from None
    if common is not None and values:
        pair = common.meet(values, pickler.memo.copy(), pickler.arrays.shareable())
        if pair is not None:
            reason = f"it shares an object with '{pair[1]}', unforeseen"
            raise PackingError(pair[0], reason, remedy="Make one of them a copy (copy.deepcopy).")
    return packed


#: Bytes in every pickle that holds a set or a frozenset, each followed by the order to memorise it.
_MARKS_OF_SETS = (b"\x8f\x94", b"\x91\x94")


def _holds_sets(packed: Packed, pickler: NotebookPickler) -> bool:
    """Whether a set is among what was packed; numbers may look like the marks of one."""
    return any(mark in packed.data for mark in _MARKS_OF_SETS) and any(
        isinstance(met, (set, frozenset)) for _, met in pickler.memo.copy().values()
    )


#: Containers of fewer elements cost nothing to look at.
_MANY = 10_000
#: The order to memorise an object, and how many bytes of a pickle there must be for each, to look at all objects.
_MEMORISE, _BYTES_EACH = b"\x94", 50


def _of_numbers(
    values: Mapping[str, Any], packed: Packed, pickler: NotebookPickler
) -> tuple[str, ...]:
    """The name of the one container among ``values``, if it is large and has no changeable element.

    A pickler memorises all objects but numbers and None, so that nothing is looked at element by element.
    """
    containers = [name for name, value in values.items() if type(value) in (list, dict)]
    if len(containers) != 1 or len(values[containers[0]]) < _MANY:
        return ()
    if packed.data.count(_MEMORISE) * _BYTES_EACH > len(packed.data):
        return ()
    known = (id(values), id(values[containers[0]]))
    met = (obj for _, obj in pickler.memo.copy().values())
    return tuple(containers) * all(type(o) in (str, bytes) or id(o) in known for o in met)


def _pack(
    values: Mapping[str, Any],
    namespace: dict[str, Any],
    persistent: Persistent | None,
    *,
    exact: bool = False,
    budget_s: float | None = None,
) -> tuple[Packed, NotebookPickler]:
    stream = io.BytesIO() if budget_s is None else _TimedStream(budget_s)
    others: list[pickle.PickleBuffer] = []
    pickler = NotebookPickler.create(stream, namespace, others.append, persistent, exact=exact)
    try:
        pickler.dump(values)
    except NotPackable:
        raise
    except Exception as error:
        raise pickler.explain(error) from error
    layout, buffers = pickler.arrays.layout()
    # Buffers of arrays come first, as their number is known from the layout.
    data = stream.getvalue()
    types = tuple([type(value).__qualname__ for value in values.values()])
    packed = Packed(
        PACK_VERSION,
        tuple(values),
        data,
        (*buffers, *others),
        layout,
        types=types,
        path=read_path(None),
        has_nans=pickler.has_nans,
    )
    return packed, pickler


def _culprit(
    values: Mapping[str, Any], namespace: dict[str, Any], persistent: Persistent | None
) -> str:
    """The first of ``values`` that can't be packed by itself; all their names if each can."""
    for name, value in values.items():
        try:
            _pack({name: value}, namespace, persistent, exact=True)
        except Exception:  # noqa: BLE001  (any code of the user's classes may run here)
            return name
    return ", ".join(values)


def unpack(
    packed: Packed,
    namespace: dict[str, Any],
    *,
    writable: bool,
    resolve: Callable[[Any], Any] | None = None,
    known_functions: bool | None = None,
) -> dict[str, Any]:
    """The packed variables, in the order they were packed in.

    ``namespace`` becomes the globals of the notebook's functions among them. Where ``writable`` is
    false, arrays are read-only windows on the buffers. The namespace itself isn't changed. Functions that this
    process has already stand for their copies if they are ``known_functions``: unless said, without ``resolve``.

    Raises:
        PackingError: this process lacks something that the values refer to, such as a module.
    """
    if packed.version != PACK_VERSION:
        raise PackingError("", f"packed by version {packed.version}; this is {PACK_VERSION}")
    arrays = ArrayReader(packed.layout, packed.buffers, writable=writable)
    rest = packed.buffers[arrays.outside :]
    if writable:
        rest = tuple(bytearray(buffer) for buffer in rest)
    known = resolve is None if known_functions is None else known_functions
    token = PACKING.set(Receiver(namespace, arrays, known_functions=known))
    try:
        unpickler = _Unpickler(io.BytesIO(packed.data), buffers=rest)
        unpickler.resolve = resolve
        unpickler.namespace = namespace
        unpickler.sets, unpickler.nans = SetMaker(), NanMaker()
        with on_path(packed.path):
            values: dict[str, Any] = unpickler.load()
    except Exception as error:  # noqa: BLE001  (any code of the user's classes may run here)
        detail = f"{type(error).__name__}: {error}"
        names = ", ".join(packed.names)
        raise PackingError(names, f"can't be rebuilt in this process ({detail})") from None
    finally:
        PACKING.reset(token)
    return values


class _Unpickler(pickle.Unpickler):
    """Finds the notebook's names in the notebook's namespace, whatever ``__main__`` is here."""

    namespace: dict[str, Any]
    sets: SetMaker
    nans: NanMaker
    resolve: Callable[[Any], Any] | None = None

    def find_class(self, module: str, name: str) -> Any:
        if module == "__main__":
            first, *rest = name.split(".")
            if first in self.namespace:
                found = self.namespace[first]
                for part in rest:
                    found = getattr(found, part)
                return found
        return super().find_class(module, name)

    def persistent_load(self, key: Any) -> Any:
        if type(key) is SetKey:
            return self.sets.make(key)
        if type(key) in (int, str):
            return self.nans.make(key)
        if self.resolve is None:
            raise pickle.UnpicklingError("a shared object has no resolver")
        return self.resolve(key)


def fingerprint(
    value: Any,
    namespace: dict[str, Any],
    *,
    budget_s: float | None = None,
    most_bytes: int | None = None,
) -> bytes:
    """A digest that is equal as long as ``value`` hasn't changed in this process.

    Equal values that were made separately may have different fingerprints.

    Raises:
        PackingError: the value can't be pickled, or takes more than ``most_bytes``.
        PackingTooSlow: pickling took more than ``budget_s`` seconds of this thread's CPU time.
    """
    try:
        packed, _ = _pack({"value": value}, namespace, None, budget_s=budget_s)
        if most_bytes is not None and packed.nbytes > most_bytes:
            raise ValueError("it is too large")
    except Exception as error:  # noqa: BLE001  (any code of the user's classes may run here)
        raise PackingError("value", str(error)) from None
    return digest(packed)


def digest(packed: Packed) -> bytes:
    """A digest of a pack: equal ones hold the same values in the same way."""
    found = hashlib.blake2b(packed.data, digest_size=20)
    found.update(packed.layout)
    for buffer in packed.buffers:
        found.update(memoryview(buffer).cast("B"))
    return found.digest()
