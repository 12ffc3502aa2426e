"""What is said of a setting that was looked at before is what is said of it at the first look."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from naavre_ext.executors.plain_settings import Look

HERE = __name__.partition(".")[0]
NOTHING = re.compile("a^")


class Config:
    """An object of the package's own."""

    def __init__(self, **options: Any) -> None:
        self.__dict__.update(options)


names = st.sampled_from(["unit", "units", "hook", "other"])
leaves = st.one_of(st.integers(0, 300), st.sampled_from(["m", "ft", None, True, 1.5, print, re]))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(names, inner, max_size=3),
        st.dictionaries(names, inner, max_size=3).map(lambda options: Config(**options)),
        st.sets(st.integers(0, 9), max_size=3),
    ),
    max_leaves=12,
)


def changeable(value: Any) -> list[Any]:
    """All lists, dictionaries and sets in the value."""
    inner = vars(value) if isinstance(value, Config) else value
    parts = list(inner.values()) if isinstance(inner, dict) else inner
    found = [] if isinstance(inner, (tuple, str)) or not hasattr(inner, "__len__") else [inner]
    if isinstance(parts, (list, tuple, set)):
        for part in parts:
            found += changeable(part)
    return found


def change(container: Any, new: Any, name: str) -> None:
    if isinstance(container, set):
        container ^= {hash(name)}
    elif isinstance(container, dict):
        container[name] = new
    elif container:
        container[0] = new
    else:
        container.append(new)


def say(look: Look, settings: list[Any]) -> list[str]:
    with look.round():
        return [look.say(setting) for setting in settings]


@given(st.lists(values, min_size=1, max_size=3), st.data())
def test_a_later_look_says_what_a_first_one_does(settings, data):
    settings.append(settings[0])  # two names for it
    look = Look(HERE, NOTHING)
    for _ in range(data.draw(st.integers(1, 4))):
        assert say(look, settings) == say(Look(HERE, NOTHING), settings)
        places = [place for setting in settings for place in changeable(setting)]
        if places and data.draw(st.booleans()):
            place = data.draw(st.sampled_from(places))
            change(place, data.draw(values), data.draw(names))
        elif data.draw(st.booleans()):
            settings[data.draw(st.integers(0, len(settings) - 1))] = data.draw(values)
    assert say(look, settings) == say(Look(HERE, NOTHING), settings)


@given(values, values)
def test_what_is_said_is_the_same_for_equal_settings_only(one, other):
    alike = repr_of(one) == repr_of(other)
    first, second = say(Look(HERE, NOTHING), [one, other])
    assert first == second if alike else first != second or depth(one) > 4


def depth(value: Any) -> int:
    """How deep the innermost part lies."""
    inner = vars(value) if isinstance(value, Config) else value
    parts = list(inner.values()) if isinstance(inner, dict) else inner
    return 1 + max(map(depth, parts), default=0) if isinstance(parts, (list, tuple, set)) else 0


def repr_of(value: Any) -> Any:
    if isinstance(value, Config):
        return "Config", repr_of(vars(value))
    if isinstance(value, dict):
        return "dict", sorted((name, repr_of(part)) for name, part in value.items())
    if isinstance(value, set):
        return "set", sorted(value)
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [repr_of(part) for part in value]
    return repr(value)
