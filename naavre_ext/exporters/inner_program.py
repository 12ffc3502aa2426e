"""Split loops in functions and blocks, printed where they stand: batch after batch, each merged when it is done.

::

    for batch in batch_items(ITERABLE, 4):                  # the splitter
        with Record(("keep",)) as record:                   # the batch, in a worker when it is run
            for TARGET in batch:
                record(0, ...)
        for number, operands in replay([record]):           # the merger
            ...

So they see a function's variables as the loop did.
"""

from __future__ import annotations

import ast
from typing import Any, Protocol

from naavre_ext.dataflow.walking import copied
from naavre_ext.exporters.takings import AUTO_BATCHES, taking_texts
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.inner_loops import InnerLoop
from naavre_ext.planning.inner_rewriting import chosen_loops, inner_operations, inner_reductions
from naavre_ext.planning.loops import Comprehension
from naavre_ext.planning.rewriting import collecting, recorded, replay

_EMPTY = {"list": "[]", "set": "set()", "dict": "{}"}


class Names(Protocol):
    """What the program calls its helpers, and what they are handed."""

    def __getitem__(self, name: str, /) -> str:
        """The name chosen for a thing."""
        ...


def with_inner_loops(tree: ast.Module, step: Step, names: Names) -> ast.NodeTransformer:
    """What replaces the split loops of functions and blocks in a tree made of this one's nodes."""
    return _Replace(chosen_loops(tree, step.inner_splits, step.source), step, names)


class _Replace(ast.NodeTransformer):
    def __init__(
        self, chosen: dict[int, tuple[InnerLoop, Split]], step: Step, names: Names
    ) -> None:
        self._chosen, self._step, self._names = chosen, step, names

    def visit(self, node: ast.AST) -> Any:
        """The node, with what is split in it."""
        if id(node) not in self._chosen:
            return self.generic_visit(node)
        _, split = self._chosen[id(node)]
        if isinstance(node, ast.For):
            return self._for(node, split)
        self.generic_visit(node)
        assert isinstance(node, Comprehension)
        return self._comprehension(node, split)

    def _batches(self, iterable: ast.expr, split: Split) -> ast.expr:
        count = AUTO_BATCHES if split.batches == "auto" else split.batches
        made = _expression(f"{self._names['batch_items']}(None, {count})")
        assert isinstance(made, ast.Call)
        made.args[0] = iterable
        return made

    def _for(self, node: ast.For, split: Split) -> list[ast.stmt]:
        names, reductions = self._names, inner_reductions(node, split)
        does = [copied(replay(reduction)) for reduction in reductions]
        body = recorded(node.body, reductions)
        self.generic_visit(node)
        takings = ", ".join(
            taking_texts(inner_operations(self._step.source, split), names["keeps"])
        )
        made = ast.parse(
            f"for {names['batch']} in ():\n"
            f"    with {names['Record']}({takings}) as {names['record']}:\n"
            f"        for _ in {names['batch']}:\n"
            "            pass\n"
            f"    for {names['number']}, {names['operands']} in {names['replay']}([{names['record']}]):\n"
            "        pass"
        ).body[0]
        assert isinstance(made, ast.For)
        made.iter = self._batches(node.iter, split)
        batch, merge = made.body
        assert isinstance(batch, ast.With)
        assert isinstance(merge, ast.For)
        loop = batch.body[0]
        assert isinstance(loop, ast.For)
        loop.target = node.target
        loop.body = [part for each in body for part in self._visited(each)]
        merge.body = self._branches(does)
        return [made, *node.orelse]

    def _visited(self, statement: ast.stmt) -> list[ast.stmt]:
        found = self.visit(statement)
        return found if isinstance(found, list) else [found]

    def _branches(self, does: list[ast.stmt]) -> list[ast.stmt]:
        branches: list[ast.stmt] = []
        for index, done in reversed(list(enumerate(does))):
            test = _expression(f"{self._names['number']} == {index}")
            branches = [ast.If(test, [done], branches)]
        return branches or [ast.Pass()]

    def _comprehension(self, node: Comprehension, split: Split) -> ast.expr:
        names = self._names
        empty = _EMPTY.get(split.form, "[]")
        made = _expression(
            f"{names['join']}([{names['collected']}(None) for {names['batch']} in ()], {empty})"
        )
        assert isinstance(made, ast.Call)
        every = made.args[0]
        assert isinstance(every, ast.ListComp)
        every.generators[0].iter = self._batches(node.generators[0].iter, split)
        assert isinstance(every.elt, ast.Call)
        every.elt.args[0] = collecting(node, ast.Name(names["batch"], ast.Load()))
        return made


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
