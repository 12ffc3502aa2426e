"""Whether a loop over a table's rows may change the row that it is at while others go over later ones."""

from __future__ import annotations

import sys
from typing import Any

from naavre_ext.executors.packing_tables import has_copy_on_write


def why_rows_meet(table: Any) -> str:
    """Why a change of one row may be seen in another one, or in one that was handed out; "" where it can't."""
    pandas = sys.modules.get("pandas")
    if pandas is None or type(table) is not pandas.DataFrame:
        return f"is a {type(table).__name__}, whose rows may be changed by what is done to others"
    if not has_copy_on_write(pandas):
        return "hands out rows that change with it, in this version of pandas"
    if not table.index.is_unique:
        return "has several rows of one label, which would change together"
    return ""
