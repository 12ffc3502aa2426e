"""Environment variables and log levels that hold while Ray starts, and not after."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from naavre_ext.startup import STUBS


def child_environment() -> dict[str, str]:
    """Variables that make Ray's processes start fast and keep them to themselves."""
    python_path = os.environ.get("PYTHONPATH")
    return {
        "PYTHONPATH": os.pathsep.join([str(STUBS), *([python_path] if python_path else [])]),
        "RAY_USAGE_STATS_ENABLED": "0",
        **hash_seed(),
    }


def hash_seed() -> dict[str, str]:
    """The variable by which all workers hash texts alike, as one kernel would: the user's, or a new one.

    Without, a set of texts iterates in another order in each process.
    """
    return {
        "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED") or str(1 + secrets.randbelow(2**32 - 1))
    }


def token_environment() -> dict[str, str]:
    """Variables with which Ray finds the user's cluster token; empty when there is none."""
    has_token = (
        os.environ.get("RAY_AUTH_TOKEN")
        or os.environ.get("RAY_AUTH_TOKEN_PATH")
        or (Path.home() / ".ray" / "auth_token").is_file()
    )
    return {"RAY_AUTH_MODE": "token"} if has_token else {}


@contextmanager
def environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """``os.environ`` with ``changes`` (None removes) for a while.

    What someone else set in the meantime stays.
    """
    before = {name: os.environ.get(name) for name in changes}
    _apply(changes)
    try:
        yield
    finally:
        _apply({k: v for k, v in before.items() if os.environ.get(k) == changes[k]})


def _apply(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def quiet_ray_logger() -> Iterator[None]:
    """Ray's Python logger tells errors only, for a while."""
    logger = logging.getLogger("ray")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
