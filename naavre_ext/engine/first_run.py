"""What an engine's first run would otherwise do while its user waits."""

from __future__ import annotations

from functools import cache
from typing import Any

_CELL: dict[str, Any] = {
    "cell_type": "code", "id": "cell", "metadata": {}, "source": "x = 1", "outputs": [], "execution_count": None
}  # fmt: skip
_NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [_CELL]}


@cache
def prepare_first_run() -> None:
    """Import what runs import when they begin, and plan a small notebook; once."""
    from naavre_ext import run_recording  # noqa: F401
    from naavre_ext.executors import driver, resuming  # noqa: F401
    from naavre_ext.executors.ray import executor  # noqa: F401
    from naavre_ext.preparing import prepare_notebook
    from naavre_ext.storage import output_recorder, resumable, run_store  # noqa: F401

    prepare_notebook(_NOTEBOOK)
