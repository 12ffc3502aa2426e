"""While a notebook is edited, what is kept of its cells from one compilation to the next changes nothing."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from notebook_strategy import write_notebook

from naavre_ext.planning import units
from naavre_ext.server.compiling import compile_document


def _edited(choose: Random) -> list[dict[str, str]]:
    """The states of a notebook, cells by id: some of their texts change, come, go, or change places."""
    state = {f"c{number}": text for number, text in enumerate(write_notebook(choose.choice))}
    others = write_notebook(choose.choice)
    states = [state]
    for number in range(3):
        place = choose.choice(list(state))
        rest = {cell: text for cell, text in state.items() if cell != place}
        state = choose.choice(
            [
                {**state, place: choose.choice(others)},
                {**state, place: f"# more\n{state[place]}"},
                {**state, place: f"# split: it\n{state[place]}"},
                {**state, f"new{number}": state[place]},
                {**rest, place: state[place]},
                rest or state,
            ]
        )
        states.append(state)
    return states


def _document(state: dict[str, str]) -> dict[str, Any]:
    cells = [
        {"cell_type": "code", "id": cell, "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for cell, text in state.items()
    ]  # fmt: skip
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}


@settings(max_examples=8, database=None, deadline=None)
@given(st.integers(0, 2**32))
def test_what_is_kept_of_cells_changes_no_answer(seed: int) -> None:
    states = _edited(Random(seed))
    kept = [compile_document(_document(state)) for state in states]
    for state, answer in zip(states, kept, strict=True):
        units.kept_tree.cache_clear()  # new trees: nothing that is known of others counts
        assert answer == compile_document(_document(state))
