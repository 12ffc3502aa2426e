"""Instances of the user's own classes: copied attribute by attribute, whatever their pickling would do.

What a class says about pickling need not keep what the program sees: a ``__getstate__`` may leave
something out, a ``__setstate__`` count, an exception's ``__init__`` want other arguments than ``args``. A
copy made here has the attributes of the original, and no code of the class runs on the way.
"""

from __future__ import annotations

import collections
import copyreg
import dis
import enum
import os
import site
import sys
import sysconfig
import types
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from naavre_ext.executors import packing_sets
from naavre_ext.executors.class_homes import home_of

_NOTEBOOK = "__main__"
_PROTOCOL = (
    *("__reduce_ex__", "__reduce__", "__getstate__", "__setstate__"),
    *("__getnewargs__", "__getnewargs_ex__"),
)
#: Which of them may say that a copy isn't wanted.
_REFUSING = ("__reduce_ex__", "__reduce__", "__getstate__")

_make = copyreg.__newobj__  # type: ignore[attr-defined]

#: How a kind of instance is taken apart: ``(function, arguments, state, list items, dict items, setter)``.
Reduction = tuple[Any, ...]


class Plan(NamedTuple):
    """How instances of a class are copied; by their class's own way of pickling, which is trusted, unless said."""

    #: The built-in type that instances of a user's class rest on.
    base: type | None = None
    #: Why they can't be copied; empty if they can.
    why_not: str = ""
    #: Whether they are just their attributes, of which no code of the class has a say.
    is_simple: bool = False


_plans: weakref.WeakKeyDictionary[type, Plan] = weakref.WeakKeyDictionary()


def plan_of(kind: type) -> Plan:
    """How instances of the class are copied."""
    known = _plans.get(kind)
    if known is None:
        known = _plans[kind] = _plan(kind)
    return known


def _plan(kind: type) -> Plan:
    if issubclass(kind, (enum.Enum, type)):
        return Plan()
    if _is_error(kind):
        return Plan(solid_base(kind) if is_users(kind) or _is_builtin(kind) else None)
    providers = {name: _provider(kind, name) for name in _PROTOCOL}
    if _is_simple(kind, providers):
        return Plan(is_simple=True)
    if not is_users(kind):
        return Plan()
    for name in _REFUSING:
        provider = providers[name]
        if provider is not None and is_users(provider) and _may_refuse(vars(provider)[name]):
            return Plan(why_not=f"its class may refuse to be copied ({name})")
    if any(p is not None and not _is_plain_provider(p) for p in providers.values()):
        return Plan()
    base = solid_base(kind)
    if base in _CONTENTS:
        return Plan(base)
    if any(p is not None and is_users(p) for p in providers.values()):
        return Plan(why_not="its class has its own way of being copied, which can't be checked")
    return Plan()


def reduce_simple(obj: Any) -> Reduction:
    """How to rebuild an instance that is just its attributes."""
    return _make, (type(obj),), vars(obj), None, None, set_attributes


def reduce_instance(obj: Any, base: type) -> Reduction:
    """How to rebuild an instance of a user's class that rests on ``base``."""
    kind = type(obj)
    contents = _CONTENTS.get(base)
    args = (kind, base) if contents is None else (kind, base, *contents.new(obj))
    if issubclass(base, BaseException):
        args = (kind, base, *obj.args)
    state: list[Any] = [None if contents is None else contents.items(obj)]
    attributes = _attributes(obj)
    state.append(attributes)
    state.append(_slots(obj, base))
    if issubclass(base, BaseException):
        state.append((obj.args, obj.__cause__, obj.__context__, obj.__suppress_context__))
    return make_instance, args, tuple(state), None, None, fill_instance


def shares_dictionary(obj: Any) -> bool:
    """Whether something else holds the instance's own dictionary of attributes, as what ``vars(obj)`` gave."""
    return _references(obj) > _ALONE


def make_instance(kind: type, base: Any, *args: Any) -> Any:
    """A new instance, made without its class's ``__new__`` and ``__init__``."""
    return base.__new__(kind, *args)


def fill_instance(obj: Any, state: tuple[Any, ...]) -> None:
    """Gives the instance its contents, attributes and slots, without its class's ``__setattr__``."""
    items, attributes, slots, *error = state
    for base, contents in _CONTENTS.items():
        if items is not None and isinstance(obj, base):
            contents.fill(obj, items)
            break
    if attributes is not None:
        _intern_names(attributes)
        _set_dictionary(obj, attributes)
    for depth, name, value in slots:
        try:
            vars(type(obj).__mro__[depth])[name].__set__(obj, value)
        except AttributeError:
            continue  # a read-only field of a built-in error, which its arguments give
    if error:
        ((args, cause, context, suppress),) = error
        obj.args = args
        own = vars(BaseException)
        own["__cause__"].__set__(obj, cause)
        own["__context__"].__set__(obj, context)
        obj.__suppress_context__ = suppress


def set_attributes(obj: Any, attributes: dict[str, Any]) -> None:
    """Makes this very dictionary the instance's own: what ``vars(obj)`` gave stays one with it."""
    _intern_names(attributes)
    obj.__dict__ = attributes


def runs_code_when_made(kind: Any) -> bool:
    """Whether making a class of the user's anew would run code of the user's, such as a registration."""
    if any("__init_subclass__" in vars(base) and is_users(base) for base in kind.__mro__[1:]):
        return True
    making = ("__new__", "__init__", "__prepare__")
    metas = [meta for meta in type(kind).__mro__ if meta is not type and is_users(meta)]
    return any(name in vars(meta) for meta in metas for name in making)


def is_users(kind: Any) -> bool:
    """Whether the class or function is the notebook's own, or of a module that belongs to no installed library."""
    if kind.__module__ == _NOTEBOOK:
        return True
    file = getattr(sys.modules.get(home_of(kind)), "__file__", None)
    return isinstance(file, str) and not is_installed(file)


def is_installed(file: str) -> bool:
    """Whether the file is of an installed library, or of Python's own."""
    return os.path.realpath(file).startswith(_INSTALLED)


def _installed() -> tuple[str, ...]:
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), site.getusersitepackages()}
    folders |= {os.path.dirname(path) for path in (os.__file__, collections.__file__)}
    own = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    folders |= {entry for entry in sys.path if "-packages" in entry}
    return tuple(os.path.join(os.path.realpath(f), "") for f in {*folders, own} if f)


_INSTALLED = _installed()


def _is_error(kind: type) -> bool:
    return issubclass(kind, BaseException)


def _is_builtin(kind: type) -> bool:
    return kind.__module__ == "builtins"


def _provider(kind: type, name: str) -> type | None:
    return next((base for base in kind.__mro__ if name in vars(base)), None)


#: What may interfere when an instance is made and given its attributes as pickles do it.
_HOOKS = ("__new__", "__getattr__", "__getattribute__", "__setattr__", "__dict__", "__slots__")


def _is_simple(kind: type, providers: dict[str, type | None]) -> bool:
    """Whether instances are just their attributes, and no code of the class has a say in them."""
    if any(p not in (None, object) for p in providers.values()) or solid_base(kind) is not object:
        return False
    if _dictionary_of(kind) is None:
        return False
    return not any(
        name in vars(owner) and not (name == "__dict__" and _is_attribute_dict(vars(owner)[name]))
        for owner in kind.__mro__[:-1]
        for name in _HOOKS
    )


def _is_attribute_dict(descriptor: Any) -> bool:
    return isinstance(descriptor, types.GetSetDescriptorType)


def _is_plain_provider(provider: type) -> bool:
    """Whether copying attributes does all that this class's part in pickling does."""
    return is_users(provider) or provider.__module__ in ("builtins", "collections", "abc", "typing")


def _may_refuse(method: Any) -> bool:
    code = getattr(method, "__code__", None)
    if code is None:
        return method is None or not isinstance(method, types.FunctionType)
    return any(instruction.opname == "RAISE_VARARGS" for instruction in dis.get_instructions(code))


def solid_base(kind: type) -> type:
    """The first class whose instances C code makes."""
    return next(
        base
        for base in kind.__mro__
        if isinstance(vars(base).get("__new__"), types.BuiltinFunctionType)
    )


def _attributes(obj: Any) -> dict[str, Any] | None:
    """The instance's own dictionary of attributes, not what a class passes off as it."""
    descriptor = _dictionary_of(type(obj))
    return None if descriptor is None else descriptor.__get__(obj)


def _dictionary_of(kind: Any) -> Any:
    """What gives instances their dictionary of attributes; None where they have none."""
    for base in kind.__mro__:
        descriptor = vars(base).get("__dict__")
        if isinstance(descriptor, types.GetSetDescriptorType):
            return descriptor
    return None


def _set_dictionary(obj: Any, attributes: dict[str, Any]) -> None:
    """As :func:`set_attributes`, whatever the class does when an attribute is set."""
    descriptor = _dictionary_of(type(obj))
    try:
        descriptor.__set__(obj, attributes)
    except AttributeError:  # an OrderedDict keeps the one that it has
        descriptor.__get__(obj).update(attributes)


def _intern_names(attributes: dict[str, Any]) -> None:
    """Has names be the very texts that code has of them, as before the journey: a copy's pickle is the same."""
    if type(attributes) is dict and {*map(type, attributes)} <= {str}:
        named = dict(zip(map(sys.intern, attributes), attributes.values(), strict=True))
        attributes.clear()
        attributes.update(named)


class _Plain:
    pass


def _references(obj: Any) -> int:
    attributes = _attributes(obj)
    return 0 if attributes is None else sys.getrefcount(attributes)


#: How many references there are to a dictionary of attributes that only its instance has.
_ALONE = _references(_Plain())


def _slots(obj: Any, base: type) -> list[tuple[int, str, Any]]:
    """The values of ``__slots__`` and of the fields of built-in types, with the class's place in the MRO."""
    found = []
    kind: Any = type(obj)
    for depth, owner in enumerate(kind.__mro__):
        for name, descriptor in vars(owner).items():
            if isinstance(descriptor, types.MemberDescriptorType):
                try:
                    found.append((depth, name, descriptor.__get__(obj)))
                except AttributeError:
                    continue
    return found


class _Contents:
    """How the contents of a built-in type are taken from an instance of a subclass, and given to one."""

    def __init__(
        self,
        new: Callable[[Any], tuple[Any, ...]] = lambda obj: (),
        items: Callable[[Any], Any] = lambda obj: None,
        fill: Callable[[Any, Any], None] = lambda obj, items: None,
    ) -> None:
        self.new, self.items, self.fill = new, items, fill


def _fill_ordered(obj: Any, items: list[tuple[Any, Any]]) -> None:
    for key, value in items:
        collections.OrderedDict.__setitem__(obj, key, value)


def _fill_deque(obj: Any, items: tuple[list[Any], int | None]) -> None:
    collections.deque.__init__(obj, *items)


def _set_recipe(obj: Any) -> packing_sets.SetRecipe:
    found = packing_sets.recipe(obj)
    if found is None:
        raise ValueError("its order hangs on this process")
    return found


#: Subclasses before their bases.
_CONTENTS: dict[type, _Contents] = {
    collections.OrderedDict: _Contents(
        items=lambda obj: list(collections.OrderedDict.items(obj)), fill=_fill_ordered
    ),
    collections.defaultdict: _Contents(
        items=lambda obj: list(dict.items(obj)), fill=lambda obj, items: dict.update(obj, items)
    ),
    dict: _Contents(
        items=lambda obj: list(dict.items(obj)), fill=lambda obj, items: dict.update(obj, items)
    ),
    list: _Contents(
        items=lambda obj: list(list.__iter__(obj)), fill=lambda obj, items: list.extend(obj, items)
    ),
    collections.deque: _Contents(
        items=lambda obj: (list(collections.deque.__iter__(obj)), obj.maxlen), fill=_fill_deque
    ),
    tuple: _Contents(new=lambda obj: (tuple(tuple.__iter__(obj)),)),
    str: _Contents(new=lambda obj: (str.__str__(obj),)),
    bytes: _Contents(new=lambda obj: (bytes(memoryview(obj)),)),
    int: _Contents(new=lambda obj: (int.__index__(obj),)),
    float: _Contents(new=lambda obj: (float.__pos__(obj),)),
    complex: _Contents(new=lambda obj: (complex.__pos__(obj),)),
    set: _Contents(items=_set_recipe, fill=packing_sets.fill),
    object: _Contents(),
}
