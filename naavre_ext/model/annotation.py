"""What a user's comments say about a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MergeMethod = Literal["concat", "update", "sum", "min", "max"]


@dataclass(frozen=True, slots=True)
class MergeClause:
    """One output of an ``# over`` cell and how its pieces are joined."""

    name: str
    method: MergeMethod = "concat"

    def __str__(self) -> str:
        """As it is written: ``y``, ``total=sum``."""
        return self.name if self.method == "concat" else f"{self.name}={self.method}"


@dataclass(frozen=True, slots=True)
class LoopAnnotation:
    """``# split: TITLE`` directly above a loop; ``line`` is the loop's own line, from 1.

    ``batches`` is as for a cell.
    """

    line: int
    title: str
    batches: int | str = "auto"


@dataclass(frozen=True, slots=True)
class TaskAnnotation:
    """``# task`` above a ``def``; ``line`` is the line of the ``def``, from 1.

    ``when`` is an expression over the function's parameters, as source text.
    """

    line: int
    function: str
    resources: Mapping[str, float] = field(default_factory=dict)
    when: str | None = None


@dataclass(frozen=True, slots=True)
class HeaderDeclaration:
    """The ``NaaVRE: cell:`` YAML comment header: names it declares, with types as written."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    confs: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotations:
    """All annotations of one cell; the defaults mean 'not annotated'.

    ``batches`` is a number, a variable's name, or ``"auto"``. ``resources`` uses Ray's
    keys, ``memory`` in bytes. ``timeout_s`` is in seconds.
    """

    title: str | None = None
    split: bool = False
    over: tuple[str, ...] = ()
    merge: tuple[MergeClause, ...] = ()
    batches: int | str = "auto"
    containerize: bool = True
    group: str | None = None
    resources: Mapping[str, float] = field(default_factory=dict)
    replicas: int | None = None
    concurrency: int | None = None
    retries: int | None = None
    timeout_s: float | None = None
    cache: bool = True
    image: str | None = None
    loops: tuple[LoopAnnotation, ...] = ()
    tasks: tuple[TaskAnnotation, ...] = ()
    header: HeaderDeclaration | None = None
