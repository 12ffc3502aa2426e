"""Items come in order, each once, whoever takes them, and drawing stops where the cell must go on itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naavre_ext.executors.sources import Drawn, source_of


def shown_nothing(call: Callable[[], None]) -> list[Any]:
    call()
    return []


def drawn(iterator: Iterator[Any]) -> Drawn:
    return Drawn(iterator, {}, shown_nothing)


@given(
    st.lists(st.integers(), max_size=30),
    st.lists(st.tuples(st.booleans(), st.integers(1, 9)), max_size=12),
    st.booleans(),
    st.sampled_from([0, 1]),
)
def test_every_item_is_given_once_and_in_order(
    items: list[int], calls: list[tuple[bool, int]], lazy: bool, kept: int
) -> None:
    made: Any = (item for item in items) if lazy else items
    source, reason = source_of(made, {}, may_draw=True, divert=shown_nothing)
    assert not reason
    assert source is not None
    source.kept = kept
    found: list[int] = []
    for own, most in sorted(calls, reverse=True):  # the cell's own share comes first
        before = source.taken
        part = list(source.step(most) if own else source.take(most))
        assert len(part) <= most
        found += part
        assert source.taken == len(found)
        assert source.left in (None, max(0, len(items) - len(found) - kept))
        assert own or source.taken <= max(before, len(items) - kept)
    assert [*found, *source.rest()] == items


def test_the_last_batch_is_known_as_such() -> None:
    source = drawn(iter([1, 2, 3, 4]))
    assert (source.take(2), source.left) == ([1, 2], None)
    assert (source.take(2), source.left) == ([3, 4], 0)


@pytest.mark.parametrize("items", [[1, 2, 3], iter([1, 2, 3])], ids=["sequence", "iterator"])
def test_what_is_kept_is_the_rest(items: Any) -> None:
    source, _ = source_of(items, {}, may_draw=True, divert=shown_nothing)
    assert source is not None
    source.kept = 1
    assert source.count() == 2
    assert [list(source.take(2)), list(source.take(2)), source.left] == [[1, 2], [], 0]
    assert [*source.rest()] == [3]


def test_counting_draws_everything() -> None:
    source = drawn(iter("abc"))
    assert source.count() == 3
    assert source.take(9) == ["a", "b", "c"]


def test_what_is_raised_while_items_are_made_is_raised_by_the_rest() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise KeyError("made no second item")

    source = drawn(failing())
    assert source.take(5) == [1]
    with pytest.raises(KeyError, match="second"):
        list(source.rest())


def test_drawing_stops_at_what_shows_something() -> None:
    count = iter(range(9))

    def divert(call: Callable[[], None]) -> list[Any]:
        call()
        return [{"output_type": "stream"}] if source.taken + len(source.ahead) == 2 else []

    source = Drawn(count, {}, divert)
    assert source.take(5) == [0, 1]
    assert source.held == [{"output_type": "stream"}]
    assert list(source.rest()) == list(range(2, 9))


def test_drawing_stops_at_what_cannot_be_copied() -> None:
    source = drawn(iter([1, iter("ab"), 3]))
    assert source.take(5) == [1]
    lazy, last = source.rest()
    assert (list(lazy), last) == (["a", "b"], 3)
