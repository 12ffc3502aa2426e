"""What the loggers of a process were told: each process has its own, and a logger travels as its name."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from typing import Any

#: A logger that nobody has told anything since the process was fresh.
_PLAIN = b""
#: Whose loggers are the processes', not the notebook's.
_ENGINES = frozenset({"ray", "tornado"})
#: What loggers of libraries were told when the process was fresh, or when the library had been imported.
_fresh: dict[str, bytes] = {}


def forget_loggers() -> None:
    """Make the process fresh: what loggers of a notebook were told is taken back.

    What libraries tell theirs when they are imported stays, as they won't do so again.
    """
    _fresh.clear()
    left = told(states_of_loggers())
    for name in list(left):
        logger = sys.modules["logging"].getLogger(name)
        first = name.partition(".")[0]
        if first == "__main__" or first not in sys.modules:
            logger.handlers.clear()
            logger.filters.clear()
            logger.setLevel(0)
            logger.propagate, logger.disabled = True, False
            del left[name]
    _fresh.update(left)


def told_loggers(package: str) -> frozenset[str]:
    """The loggers of this package that were told something."""
    names = told(states_of_loggers())
    return frozenset(name for name in names if name.partition(".")[0] == package)


def settle_loggers(package: str, but: Collection[str]) -> None:
    """What loggers of this package are told by now, they are told by whoever imports it; ``but`` not these."""
    logging = sys.modules.get("logging")
    if logging is not None:
        for name, logger in _loggers(logging).items():
            if name.partition(".")[0] == package and name not in but:
                _fresh[name] = _state(logging, logger)


def states_of_loggers() -> dict[str, bytes]:
    """For each logger but the root, by name, what it was told: equal in processes where that is the same."""
    logging = sys.modules.get("logging")
    if logging is None:
        return {}
    found = {name: _state(logging, logger) for name, logger in _loggers(logging).items()}
    return {n: _PLAIN if state == _fresh.get(n) else state for n, state in found.items()}


def _loggers(logging: Any) -> dict[str, Any]:
    """All but the root logger and those of processes themselves, by name."""
    return {
        name: logger
        for name, logger in dict(logging.root.manager.loggerDict).items()
        if isinstance(logger, logging.Logger) and name.partition(".")[0] not in _ENGINES
    }


def told(states: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of the loggers that were told something."""
    return {name: state for name, state in states.items() if state != _PLAIN}


def told_otherwise(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """The first logger that was told something else than before, or anything if it is new; "" when none was."""
    return next((n for n in sorted(after) if after[n] != before.get(n, _PLAIN)), "")


def _state(logging: Any, logger: Any) -> bytes:
    handlers = logger.handlers
    if handlers:
        handlers = [h for h in handlers if not isinstance(h, logging.NullHandler)]
    if logger.level or handlers or not logger.propagate or logger.disabled or logger.filters:
        told = [logger.level, logger.propagate, logger.disabled, len(logger.filters)]
        return repr((told, [_of_handler(logging, handler) for handler in handlers])).encode()
    return _PLAIN


def _of_handler(logging: Any, handler: Any) -> tuple[Any, ...]:
    """What tells a handler from others. Only those that show records are alike in two processes."""
    stream = getattr(handler, "stream", None)
    shown = next((name for name in ("stdout", "stderr") if stream is getattr(sys, name)), "")
    if type(handler) is not logging.StreamHandler or not shown:
        return type(handler).__qualname__, os.getpid()
    formatter = handler.formatter
    layout = [getattr(formatter, name, "") for name in ("_fmt", "datefmt")]
    return handler.level, len(handler.filters), shown, type(formatter).__qualname__, layout
