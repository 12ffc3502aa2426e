"""What a batch runs: a loop of the cell itself, or one in a function of the cell."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.function_scope import in_function, is_of_function
from naavre_ext.planning.inner_rewriting import (
    CALL_HOOK,
    LOCALS_HOOK,
    inner_operations,
    nested_batch_tree,
)
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.rewriting import COLLECT, Operation, operations

#: The batch that a call of a task is.
_CALL = ast.parse(f"{COLLECT} = [{CALL_HOOK}({ITEMS}.items[0])]")


@dataclass(frozen=True, slots=True)
class BatchCode:
    """The tree of a batch and the operations that it records."""

    split: Split
    tree: ast.Module
    operations: tuple[Operation, ...]

    def hooks(
        self, given: Mapping[str, Any], namespace: dict[str, Any]
    ) -> dict[str, Callable[..., Any]]:
        """What the code of a function's loop calls.

        The body is called with the function's variables among ``given``; those that it leaves are in ``namespace``
        afterwards, under the names that the Split has for them.
        """
        split = self.split
        if not split.function:
            return {}

        def call(body: FunctionType) -> None:
            __tracebackhide__ = True
            body.__code__ = body.__code__.replace(co_name=split.function)
            found = body(*(given[name] for name in split.shared if is_of_function(name)))
            if COLLECT in found:
                namespace[COLLECT] = found[COLLECT]
            for name, value in found.items():
                namespace[in_function(name, split.function)] = value

        return {CALL_HOOK: call, LOCALS_HOOK: locals}


def batch_code(step: Step, split: Split) -> BatchCode:
    """The code of the split's batches."""
    if split.is_call:
        return BatchCode(split, _CALL, ())
    body = nested_batch_tree(step, split, COLLECT).body
    # At the end, as IPython may show what a cell sets last.
    tree = ast.Module([*body, ast.copy_location(ast.Pass(), body[-1])], [])
    if step.is_inner(split):
        return BatchCode(split, tree, inner_operations(step.source, split))
    return BatchCode(split, tree, operations(step.source, split))
