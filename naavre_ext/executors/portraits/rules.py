"""Which rule tells a value's anatomy: by its type, then by how Python itself would copy it."""

from __future__ import annotations

import enum
import itertools
import types
import warnings
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from naavre_ext.executors.class_homes import package_of
from naavre_ext.executors.global_generators import home_of_generator
from naavre_ext.executors.portraits import arrays, code, expressions, figures, frames, plain
from naavre_ext.executors.portraits.anatomy import Anatomy, elements
from naavre_ext.executors.portraits.plain import is_own, qualified

Rule = Callable[[Any], Anatomy]

#: By the qualified name of a type, so that no library is imported for it.
RULES: dict[str, Rule] = {
    **plain.RULES,
    **code.RULES,
    **arrays.RULES,
    **frames.RULES,
    **expressions.RULES,
}

#: What CPython calls heap types: those made by class statements (and some of C libraries).
_HEAP_TYPE = 1 << 9

#: Attributes that libraries fill in or count on when they are asked for something, or by which they know objects,
#: by the class that has them.
DERIVED_ATTRIBUTES = {
    "pandas.core.generic.NDFrame": frozenset(
        {"_item_cache", "_mgr", "_attrs", "_flags", "_metadata", "_typ", "_is_copy"}
    ),
    # Counts on whenever somebody asks for a copy.
    "matplotlib.cbook.CallbackRegistry": frozenset({"_cid_gen"}),
    # Drawn at random.
    "ipywidgets.widgets.widget.Widget": frozenset({"_model_id"}),
    "comm.base_comm.BaseComm": frozenset({"comm_id", "topic"}),
}


#: Dictionaries that libraries make when they are first read: empty ones are none.
MADE_LATE = dict.fromkeys(
    ("xarray.core.dataset.Dataset", "xarray.core.variable.Variable"),
    frozenset({"_attrs", "_encoding"}),
)


def anatomy_of(value: Any, *, render: bool) -> Anatomy:
    """What the value consists of. No code of the notebook is run for it."""
    kind = type(value)
    if issubclass(kind, enum.Enum):
        member = value.name if isinstance(value.name, str) else repr(value._value_)
        return Anatomy(kind.__qualname__, f"{kind.__qualname__}.{member}", tracked=False)
    home = home_of_generator(value)
    if home is not None:  # its state isn't the variable's
        return Anatomy(kind.__qualname__, ".".join((home[0].__name__, home[1])), tracked=False)
    if figures.is_artist(kind):
        return figures.anatomy(value, render=render)
    for base in kind.__mro__[:-1]:
        rule = RULES.get(qualified(base))
        if rule is not None:
            found = rule(value)
            return found if base is kind else _extended(found, value, base)
    return _of_object(value)


def _extended(found: Anatomy, value: Any, base: type) -> Anatomy:
    """The anatomy of an instance of a subclass: that of its base, and the attributes that others than the base's
    own library gave it."""
    kind = type(value)
    found.kind = kind.__qualname__
    if issubclass(kind, type):  # a class has nothing but what classes have, whatever makes it
        return found
    home = package_of(kind)  # none: made by a function of the base's library
    if home and home != package_of(base):
        inner = found.parts
        found.parts = itertools.chain(inner, attributes(value))
        found.tracked = found.tracked or hasattr(value, "__dict__")
    return found


def _of_object(value: Any) -> Anatomy:
    kind = type(value)
    native = next((b for b in kind.__mro__[:-1] if not b.__flags__ & _HEAP_TYPE), None)
    if native is None and (is_own(kind) or (_has_attributes(kind) and not _copies_itself(kind))):
        return Anatomy(kind.__qualname__, parts=_class_and_attributes(value))
    return _reduced(value, native if is_own(kind) else kind)


def _class_and_attributes(value: Any) -> Iterator[tuple[str, Any]]:
    if is_own(type(value)):
        yield ".__class__", type(value)
    yield from attributes(value)


def attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """The instance's attributes and slots, sorted, without what is computed from others when asked for."""
    kind = type(value)
    found: dict[str, Any] = {}
    skipped, late = {"__dict__", "__weakref__", *_derived(kind)}, set[str]()
    for base in kind.__mro__:
        late |= MADE_LATE.get(qualified(base), frozenset())
        for name, entry in vars(base).items():
            if isinstance(entry, types.MemberDescriptorType) and base.__flags__ & _HEAP_TYPE:
                try:
                    found[name] = entry.__get__(value)
                except AttributeError:
                    continue
            elif isinstance(entry, cached_property):
                skipped.add(name)
    own = getattr(value, "__dict__", None)
    if isinstance(own, dict):
        found.update((name, entry) for name, entry in own.items() if isinstance(name, str))
    for name in sorted(found):
        if name not in skipped and (name not in late or found[name]):
            yield f".{name}", found[name]


def _derived(kind: type) -> set[str]:
    """The names in the class's instances that :data:`DERIVED_ATTRIBUTES` has of it and its bases."""
    tables = (DERIVED_ATTRIBUTES.get(qualified(base), frozenset()) for base in kind.__mro__)
    return set[str]().union(*tables)


def _has_attributes(kind: type) -> bool:
    """Whether all that an instance holds can be seen from Python; not so with the types of C libraries."""
    return kind is object or any(
        "__dict__" in vars(base) or "__slots__" in vars(base) for base in kind.__mro__
    )


def _copies_itself(kind: type) -> bool:
    """Whether the class says by itself how it is copied."""
    return any(
        name in vars(base)
        for base in kind.__mro__[:-1]
        for name in ("__reduce__", "__reduce_ex__", "__getstate__")
    )


def _reduced(value: Any, base: Any) -> Anatomy:
    """What is needed to make the object again, as its class (or its native base) tells it."""
    kind = type(value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reduced = value.__reduce_ex__(4) if base is kind else base.__reduce_ex__(value, 4)
    except Exception as error:  # noqa: BLE001  (any library's code)
        text = str(error) or type(error).__name__
        return Anatomy(kind.__qualname__, parts=attributes(value), opaque=text)
    if isinstance(reduced, str):
        return Anatomy(kind.__qualname__, reduced, tracked=False)
    return Anatomy(kind.__qualname__, parts=_of_reduced(value, reduced))


def _of_reduced(value: Any, reduced: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    yield ".__class__", type(value)
    yield ".__new__", make
    for index, argument in enumerate(arguments):
        yield f".__args__[{index}]", argument
    if isinstance(state, dict) and all(isinstance(name, str) for name in state):
        for name in sorted(state.keys() - _derived(type(value))):
            yield f".{name}", state[name]
    elif state is not None:
        yield ".__state__", state
    if items is not None:
        yield from elements(list(items))
    if pairs is not None:
        yield ".__items__", dict(pairs)
