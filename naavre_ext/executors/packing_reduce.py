"""How each kind of object is taken apart for the journey, and the functions that rebuild it."""

from __future__ import annotations

import hashlib
import importlib
import io
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any

import cloudpickle

from naavre_ext.executors.packing_arrays import (
    ArrayWriter,
    is_array_of_objects,
    is_shippable,
)
from naavre_ext.executors.packing_builtins import REDUCERS, reduce_file
from naavre_ext.executors.packing_classes import reduce_class
from naavre_ext.executors.packing_functions import defaults_of, remember
from naavre_ext.executors.packing_instances import (
    plan_of,
    reduce_instance,
    reduce_simple,
    runs_code_when_made,
)
from naavre_ext.executors.packing_libraries import reduce_library_class, reduce_library_object
from naavre_ext.executors.packing_live import Live, why_live
from naavre_ext.executors.packing_making import (
    NOTEBOOK,
    fill_function,
    find_notebook_global,
    import_with,
    make_cell,
    make_function,
    make_stateless_function,
)
from naavre_ext.executors.packing_modules import found_by_name, loaded_submodules
from naavre_ext.executors.packing_named import find_named, name_of
from naavre_ext.executors.packing_nans import NanKeys
from naavre_ext.executors.packing_reduce_arrays import (
    is_copy_on_write_block,
    is_copy_on_write_series,
    is_plain_scalar,
    reduce_array,
    reduce_array_of_objects,
    reduce_array_subclass,
    reduce_block,
)
from naavre_ext.executors.packing_refusals import (
    KEEP_TEXT,
    NotPackable,
    kind_of,
    refusal,
    refuse_unimportable,
    type_name,
)
from naavre_ext.executors.packing_sets import SetKey, is_plain, recipe
from naavre_ext.executors.packing_tables import sealed_arrays

#: Those of NumPy's kinds of numbers that were met: there may be very many of each.
_SCALARS: set[type] = set()
#: Where Python remembers how to pickle a class's instances, once it did.
_MARK = "__slotnames__"


class NotebookPickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Pickles by the rules of :mod:`naavre_ext.executors.packing`."""

    namespace: dict[str, Any]
    arrays: ArrayWriter
    persistent: Callable[[Any], Any] | None

    @staticmethod
    def create(
        stream: io.BytesIO,
        namespace: dict[str, Any],
        buffer_callback: Callable[[pickle.PickleBuffer], Any],
        persistent: Callable[[Any], Any] | None,
        *,
        exact: bool = False,
    ) -> NotebookPickler:
        """A pickler that writes to ``stream``.

        It is slower with ``persistent``, and with ``exact``: where sets keep their order and NaNs their identity.
        """
        kind = _PersistentPickler if exact or persistent is not None else NotebookPickler
        pickler = kind(stream, protocol=5, buffer_callback=buffer_callback)
        pickler.namespace = namespace
        pickler.arrays = ArrayWriter()
        pickler.persistent = persistent
        pickler._cells = {}
        pickler._latest = None
        pickler._sets = {} if exact else None
        pickler._nans = NanKeys()
        pickler._marked = set()
        pickler._sealed = set()
        return pickler

    _cells: dict[int, types.CellType]
    _latest: Any
    _sets: dict[int, SetKey] | None
    _nans: NanKeys
    #: Classes that pickling their instances marks, for ``dir`` to see.
    _marked: set[type]
    #: Ids of arrays that pandas keeps and of which it hands out read-only views.
    _sealed: set[int]

    @property
    def has_nans(self) -> bool:
        """Whether NaN objects were met that other processes don't have by a name."""
        return self._nans.has_own

    def dump(self, obj: Any) -> None:
        """Pickle ``obj``, and leave no trace of that in the notebook's classes."""
        try:
            super().dump(obj)
        finally:
            for kind in self._marked:
                if _MARK in vars(kind):
                    type.__delattr__(kind, _MARK)

    def explain(self, error: BaseException) -> NotPackable:
        """Why pickling failed, in words: the kind of the object that it failed at."""
        if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
            return NotPackable("it is nested too deeply to be copied to another process")
        if isinstance(error, MemoryError):
            return NotPackable("there isn't enough memory to copy it to another process")
        return refusal(self._latest)

    def reducer_override(self, obj: Any) -> Any:
        """How to rebuild ``obj``; NotImplemented leaves it to cloudpickle and pickle."""
        self._latest = obj
        kind = type(obj)
        if kind in _SCALARS:
            return NotImplemented
        if kind is types.FunctionType:
            return self._reduce_function(obj)
        if issubclass(kind, type):
            return self._reduce_class(obj)
        if is_shippable(obj):
            return reduce_array(obj, self.arrays, self._sealed)
        if is_array_of_objects(obj):
            return reduce_array_of_objects(obj, self.arrays, self._sealed)
        own = _OWN_REDUCERS.get(kind)
        if own is not None:
            return own(self, obj)
        if kind in REDUCERS:
            return REDUCERS[kind](obj)
        if isinstance(obj, io.IOBase) and not isinstance(obj, (io.StringIO, io.BytesIO)):
            return reduce_file(obj)
        live = why_live(kind)
        if live is not None:
            raise refusal(obj, live)
        if is_copy_on_write_block(obj):
            return reduce_block(obj, self.arrays)
        if is_copy_on_write_series(obj):
            return type(obj), (obj._block, obj.axes[0])
        self._sealed.update(map(id, sealed_arrays(obj)))
        return self._reduce_instance(obj)

    def _reduce_instance(self, obj: Any) -> Any:
        kind = type(obj)
        if kind.__module__ == NOTEBOOK and _MARK not in vars(kind):
            self._marked.add(kind)
        plan = plan_of(kind)
        if isinstance(obj, BaseException) and obj.__traceback__ is not None:
            raise refusal(obj, Live("an exception with its traceback", KEEP_TEXT))
        if plan.why_not:
            raise NotPackable(f"{kind_of(obj)} can't be copied: {plan.why_not}", type_name(kind))
        if plan.base is not None:
            by_name = self._reduce_notebook_global(obj, only_by_name=True)
            return reduce_instance(obj, plan.base) if by_name is NotImplemented else by_name
        if is_plain_scalar(kind):
            _SCALARS.add(kind)
            return NotImplemented
        if kind not in self.dispatch_table:
            if (named := name_of(obj)) is not None:
                return find_named, (kind, named)
            found = reduce_array_subclass(obj)
            found = reduce_library_object(obj) if found is NotImplemented else found
            if found is NotImplemented and plan.is_simple:
                return reduce_simple(obj)
            return self._reduce_notebook_global(obj) if found is NotImplemented else found
        return NotImplemented

    def _reduce_function(self, function: types.FunctionType) -> Any:
        special = reduce_library_object(function)
        if special is not NotImplemented:
            return special
        home = self._home(function)
        if home is None:
            return super().reducer_override(function)
        if home != NOTEBOOK and _is_attribute(function):
            refuse_unimportable(home)
            return NotImplemented
        cells = function.__closure__ or ()
        self._cells.update((id(cell), cell) for cell in cells)
        state = {
            "qualname": function.__qualname__,
            "defaults": function.__defaults__,
            "kwdefaults": function.__kwdefaults__,
            "annotations": function.__annotations__,
            "doc": function.__doc__,
            "module": function.__module__,
            "dict": function.__dict__,
            "type_params": getattr(function, "__type_params__", ()),
            "contents": tuple(map(_contents, cells)),
        }
        args = (home, function.__code__, function.__name__, cells)
        defaults = defaults_of(function) if home == NOTEBOOK else None
        if defaults is None:
            return make_function, args, state, None, None, fill_function
        remember(function)
        return make_stateless_function, (*args[1:3], defaults), state, None, None, fill_function

    def _home(self, function: types.FunctionType) -> str | None:
        """The module whose globals ``function`` uses; None when they are nobody's."""
        if function.__globals__ is self.namespace:
            return NOTEBOOK
        name = function.__globals__.get("__name__")
        module = sys.modules.get(name) if isinstance(name, str) else None
        if module is None or name == NOTEBOOK or vars(module) is not function.__globals__:
            return None
        return name

    def _reduce_class(self, cls: type) -> Any:
        special = reduce_library_class(cls)
        if special is not NotImplemented:
            return special
        reduced = super().reducer_override(cls)
        if reduced is NotImplemented:
            refuse_unimportable(cls.__module__)
            return NotImplemented
        if len(reduced) == 2:
            return reduced
        if runs_code_when_made(cls):
            raise NotPackable(
                f"{kind_of(cls)} can't be copied: making {cls.__name__} anew runs its code"
            )
        if cls in self._marked:
            reduced[2][0].pop(_MARK, None)
        return reduce_class(cls, reduced, self._digest)

    def _digest(self, value: Any) -> bytes | None:
        """Tells whether ``value`` changed since; None when it can't be pickled."""
        stream = io.BytesIO()
        pickler = NotebookPickler.create(stream, self.namespace, lambda _: True, None)
        try:
            pickler.dump(value)
        except Exception:  # noqa: BLE001  (any code of the user's classes may run here)
            return None
        layout, buffers = pickler.arrays.layout()
        digest = hashlib.blake2b(stream.getvalue() + layout, digest_size=20)
        for buffer in buffers:
            digest.update(buffer)
        return digest.digest()

    def _reduce_notebook_global(self, obj: Any, *, only_by_name: bool = False) -> Any:
        """An object of the notebook that pickles by its name, such as a sentinel."""
        if only_by_name and _plain_reduce(type(obj)):
            return NotImplemented
        try:
            if obj.__module__ != NOTEBOOK:
                return NotImplemented
        except AttributeError:
            return NotImplemented
        try:
            reduced = obj.__reduce_ex__(5)
        except Exception:
            if only_by_name:
                return NotImplemented
            raise
        if not isinstance(reduced, str):
            return NotImplemented if only_by_name else reduced
        if self.namespace.get(reduced.split(".")[0]) is None:
            raise NotPackable(f"{kind_of(obj)} goes by the name {reduced!r}, which isn't defined")
        return find_notebook_global, (reduced,)

    def _reduce_cell(self, cell: types.CellType) -> Any:
        """Cells of functions are made empty, and filled with the function's state."""
        return (make_cell, ()) if id(cell) in self._cells else NotImplemented

    def _reduce_module(self, module: types.ModuleType) -> Any:
        if vars(module) is self.namespace or module.__name__ == NOTEBOOK:
            return importlib.import_module, (NOTEBOOK,)
        refuse_unimportable(module.__name__)
        return import_with, (module.__name__, loaded_submodules(module))


class _PersistentPickler(NotebookPickler):
    def persistent_id(self, obj: Any) -> Any:
        key = self.persistent(obj) if self.persistent is not None else None
        if key is None and type(obj) is float and obj != obj:
            return self._nans.of(obj)
        if key is None and self._sets is not None and type(obj) in (set, frozenset):
            return self._set_key(obj, self._sets)
        return key

    def _set_key(self, value: Any, known: dict[int, SetKey]) -> SetKey | None:
        """What travels instead of a set that wouldn't keep its order; None where it would."""
        key = known.get(id(value))
        if key is None:
            plain, found = is_plain(value), recipe(value)
            if found is None:
                what = Live(
                    "a set whose order hangs on this process", "Use a list or dict.fromkeys(...)."
                )
                raise refusal(value, what)
            if plain:
                return None
            key = known[id(value)] = SetKey(type(value), found, value)
        return key


def _contents(cell: types.CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def _is_attribute(function: types.FunctionType) -> bool:
    """Whether its module and qualified name lead to ``function`` itself, in every process."""
    if function.__module__ == NOTEBOOK:
        return False  # a library's wrapper in a class of the notebook, as dataclasses have them
    return found_by_name(function) is function


def _plain_reduce(kind: type) -> bool:
    reduce: Any = kind.__reduce__
    return reduce is object.__reduce__


#: Exact type → how to rebuild an object of it, where that depends on what else is pickled.
_OWN_REDUCERS: dict[type, Callable[[NotebookPickler, Any], Any]] = {
    types.CellType: NotebookPickler._reduce_cell,
    types.ModuleType: NotebookPickler._reduce_module,
}
