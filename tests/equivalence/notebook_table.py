"""Hand-written notebooks, one row per surprise. Every row must end as it does top to bottom.

The rows are those of each ``rows_of_TOPIC.py`` here: its ``ROWS`` (name → :class:`Row`), named ``topic: name``.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from notebook_row import Row


def _collect() -> dict[str, Row]:
    modules = sorted(path.stem for path in Path(__file__).parent.glob("rows_of_*.py"))
    return {
        f"{module.removeprefix('rows_of_').replace('_', ' ')}: {name}": row
        for module in modules
        for name, row in importlib.import_module(module).ROWS.items()
    }


TABLE = _collect()
