"""What the surfaces read from the process environment; nothing below them does."""

from __future__ import annotations

from collections.abc import Mapping

SECRET_PREFIX = "secret_"


def ray_address(environ: Mapping[str, str]) -> str | None:
    """The cluster that the environment names: ``NAAVRE_ADDRESS``, else ``RAY_ADDRESS``."""
    return environ.get("NAAVRE_ADDRESS") or environ.get("RAY_ADDRESS") or None


def secret_variables(name: str) -> tuple[str, ...]:
    """The variables that may hold the secret ``name``, the first wins.

    >>> secret_variables("secret_key")
    ('NAAVRE_SECRET_KEY', 'secret_key', 'SECRET_KEY')
    """
    short = name[len(SECRET_PREFIX) :] if name.startswith(SECRET_PREFIX) else name
    return (f"NAAVRE_SECRET_{short.upper()}", name, name.upper())


def secret_value(name: str, environ: Mapping[str, str]) -> str | None:
    """The secret's value from the environment; None when no variable holds it."""
    found = (environ[variable] for variable in secret_variables(name) if variable in environ)
    return next(found, None)
