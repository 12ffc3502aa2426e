"""What tables are changed through."""

from __future__ import annotations

import ast

#: What a table is changed through: ``df.loc[key] = row``.
BY_LABEL, BY_POSITION = frozenset({"loc", "at"}), frozenset({"iloc", "iat"})
ACCESSORS = BY_LABEL | BY_POSITION


def is_accessor(node: ast.expr) -> bool:
    """Whether it is ``df.loc`` or the like, through which a table itself is changed, and nothing that it holds."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr in ACCESSORS
        and isinstance(node.value, ast.Name)
    )
