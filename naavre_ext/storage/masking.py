"""Secrets kept out of what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MASK = "***"
#: Fields that name things, which programs compare: they hold no user's text.
_NAMES = frozenset(
    {"type", "output_type", "name", "step", "cell_id", "run_id", "id", "status", "placement"}
)
#: Anything shorter is no secret, and would be found by chance everywhere.
_SHORTEST = 4


class SecretMask:
    """Replaces secrets in JSON-like data by ``***``, wherever they stand within a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        long_enough = {secret for secret in secrets if len(secret) >= _SHORTEST}
        self._secrets = tuple(sorted(long_enough, key=lambda secret: (-len(secret), secret)))

    def __call__(self, data: Any) -> Any:
        """``data`` without secrets, tuples as lists; names, such as ids, stay."""
        if not self._secrets:
            return data
        if isinstance(data, str):
            for secret in self._secrets:
                data = data.replace(secret, MASK)
            return data
        if isinstance(data, Mapping):
            return {k: v if k in _NAMES else self(v) for k, v in data.items()}
        if isinstance(data, (list, tuple)):
            return [self(item) for item in data]
        return data
