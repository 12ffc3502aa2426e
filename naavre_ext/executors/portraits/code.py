"""Rules for functions, methods and classes: by their code and by the state they keep."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from naavre_ext.executors.packing_instances import is_users
from naavre_ext.executors.packing_modules import found_by_name
from naavre_ext.executors.portraits.anatomy import Anatomy
from naavre_ext.executors.portraits.plain import is_own, qualified
from naavre_ext.planning.inner_rewriting import plain_code

#: Entries of a class that Python makes itself.
_OF_EVERY_CLASS = frozenset(
    {
        "__dict__", "__weakref__", "__module__", "__doc__", "__abstractmethods__", "_abc_impl",
        "__static_attributes__", "__firstlineno__", "__classdictcell__", "__slotnames__",
    }
)  # fmt: skip
#: The code that every function made by ``functools.singledispatch`` runs, and what it keeps besides its registry.
_DISPATCHING = functools.singledispatch(lambda _: None).__code__  # type: ignore[attr-defined]
_OF_DISPATCHING = ("register", "dispatch", "_clear_cache", "__wrapped__")


def _function(value: Any) -> Anatomy:
    if _is_of_library(value):  # all processes have one of their own, whose state is the library's
        return Anatomy("function", value.__qualname__, value.__module__, tracked=False)
    if value.__code__ is _DISPATCHING:
        # What it has looked up so far, it would look up again.
        parts = _attributes(value, without=_OF_DISPATCHING)
        return Anatomy("function", value.__qualname__, parts=parts)
    return Anatomy("function", value.__qualname__, parts=_function_parts(value))


def _is_of_library(function: Any) -> bool:
    """Whether an installed library has the function under its name, perhaps loaded once more since."""
    code = getattr(found_by_name(function), "__code__", None)
    return code == function.__code__ and not is_users(function)


def _function_parts(value: Any) -> Iterator[tuple[str, Any]]:
    yield ".__code__", value.__code__
    yield ".__defaults__", value.__defaults__
    yield ".__kwdefaults__", value.__kwdefaults__
    for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
        try:
            yield f" closure {name}", cell.cell_contents
        except ValueError:
            continue
    yield from _attributes(value)


def _attributes(value: Any, without: Collection[str] = ()) -> Iterator[tuple[str, Any]]:
    for name, entry in sorted(vars(value).items()):
        if name not in without:
            yield f".{name}", entry


def _code(value: types.CodeType) -> Anatomy:
    value = plain_code(value)
    names = (value.co_names, value.co_varnames, value.co_freevars, value.co_flags)
    content = value.co_code + repr(names).encode("utf-8", "surrogatepass")
    constants = ((f".co_consts[{n}]", part) for n, part in enumerate(value.co_consts))
    return Anatomy("code", value.co_name, content, parts=constants, tracked=False)


def _builtin(value: Any) -> Anatomy:
    owner = value.__self__
    parts = [] if owner is None or isinstance(owner, types.ModuleType) else [(".__self__", owner)]
    return Anatomy(type(value).__name__, value.__qualname__, parts=parts, tracked=False)


def _method(value: Any) -> Anatomy:
    parts = [(".__self__", value.__self__), (".__func__", value.__func__)]
    return Anatomy("method", value.__func__.__qualname__, parts=parts, tracked=False)


def _wrapper(value: Any) -> Anatomy:
    return Anatomy(type(value).__name__, parts=[(".__func__", value.__func__)], tracked=False)


def _property(value: Any) -> Anatomy:
    parts = [(f".{name}", getattr(value, name)) for name in ("fget", "fset", "fdel")]
    return Anatomy(type(value).__name__, parts=parts, tracked=False)


def _cached(value: Any) -> Anatomy:
    state = f"{value.__wrapped__.__qualname__} {tuple(value.cache_info())}"
    return Anatomy("cached function", state, parts=[(".__wrapped__", value.__wrapped__)])


def _partial(value: Any) -> Anatomy:
    parts = [(".func", value.func), (".args", value.args), (".keywords", value.keywords)]
    return Anatomy("partial", parts=parts)


def _descriptor(value: Any) -> Anatomy:
    return Anatomy(type(value).__name__, value.__name__, tracked=False)


def _class(value: type) -> Anatomy:
    name = qualified(value)
    if not is_own(value):
        return Anatomy("class", name, tracked=False)
    return Anatomy("class", name, parts=_class_parts(value))


def _class_parts(value: type) -> Iterator[tuple[str, Any]]:
    """Its bases and attributes, these by name: a class that travelled has them in another order."""
    yield ".__bases__", value.__bases__
    for name, entry in sorted(vars(value).items()):
        if name in _OF_EVERY_CLASS or isinstance(
            entry, (types.MemberDescriptorType, types.GetSetDescriptorType)
        ):
            continue
        if name == "__dataclass_fields__":
            yield from _fields(entry)
        elif not (dataclasses.is_dataclass(value) and _is_generated(name, entry)):
            yield f".{name}", entry


def _fields(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a dataclass's methods are generated from, without the marks for what isn't given."""
    for name, field in fields.items():
        yield f".{name}: init, repr, compare", (field.init, field.repr, field.compare)
        for part in ("default", "default_factory"):
            if getattr(field, part) is not dataclasses.MISSING:
                yield f".{name}: {part}", getattr(field, part)


def _is_generated(name: str, entry: Any) -> bool:
    """Whether a dataclass's attribute is one that ``dataclasses`` has written."""
    code = getattr(inspect.unwrap(entry), "__code__", None) if callable(entry) else None
    written = code is not None and code.co_filename.startswith("<string>")
    return name == "__dataclass_params__" or (name.startswith("__") and written)


RULES: dict[str, Callable[[Any], Anatomy]] = {
    "builtins.function": _function,
    "builtins.code": _code,
    "builtins.builtin_function_or_method": _builtin,
    "builtins.method": _method,
    "builtins.staticmethod": _wrapper,
    "builtins.classmethod": _wrapper,
    "builtins.property": _property,
    "builtins.type": _class,
    "builtins.method_descriptor": _descriptor,
    "builtins.wrapper_descriptor": _descriptor,
    "builtins.getset_descriptor": _descriptor,
    "builtins.member_descriptor": _descriptor,
    "builtins.method-wrapper": _descriptor,
    "functools.partial": _partial,
    qualified(type(functools.lru_cache(lambda: None))): _cached,
}
