"""Changes the syntax tree of a cell within IPython, with errors that reach us."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.error import InputRejected

from naavre_ext.executors.session_streams import OutputBuffer

Transform = Callable[[ast.Module], ast.Module]


class Rewriter:
    """An AST transformer whose exception reaches us instead of being swallowed by IPython."""

    def __init__(self, transform: Transform, buffer: OutputBuffer) -> None:
        self._transform = transform
        self._buffer = buffer
        self.raised: BaseException | None = None

    def visit(self, node: ast.AST) -> ast.AST:
        """The transformed module; other nodes as they are."""
        if not isinstance(node, ast.Module):
            return node
        try:
            return self._transform(node)
        except Exception as error:
            self.raised = error
            self._buffer.drop()
            raise InputRejected(str(error)) from error

    @contextmanager
    def among(self, transformers: list[Any]) -> Iterator[None]:
        """In the block, IPython has the cell's tree changed by this one, too."""
        transformers.append(self)
        try:
            yield
        finally:
            if self in transformers:
                transformers.remove(self)
