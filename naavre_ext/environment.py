"""What the surfaces read from the process environment; nothing below them does."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, get_args

from naavre_ext.model.run import ExecutorName

T = TypeVar("T")
SECRET_PREFIX = "secret_"
#: The file, beside a run's results, with the seed by which its workers hash texts.
HASH_SEED_FILE = "hash-seed"


@contextmanager
def temporarily(variables: Mapping[str, str]) -> Iterator[None]:
    """The process environment with these variables for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


#: What Python and libraries read once, as they start, beside the variables whose names begin so.
_READ_AT_START = (
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "MPLBACKEND",
    "MPLCONFIGDIR",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
)
_PYTHONS = "PYTHON"
#: Of Python's, those on which no cell's result depends, or that workers are given each time.
_INDIFFERENT = (
    "PYTHONHASHSEED", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONPATH",
)  # fmt: skip


def startup_key(environ: Mapping[str, str]) -> str:
    """Stands for the variables that a process which runs already can't take over.

    Of the places on ``PYTHONPATH`` this package's own doesn't count, with which engines are started.
    """
    found = {
        name: value
        for name, value in environ.items()
        if value
        and (name in _READ_AT_START or name.startswith(_PYTHONS))
        and name not in _INDIFFERENT
    }
    own = str(Path(__file__).parents[1])
    places = [place for place in environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    basis = (sorted(found.items()), [place for place in places if place != own])
    return hashlib.sha256(repr(basis).encode()).hexdigest()[:16]


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


def without_secrets(variables: Mapping[str, T]) -> dict[str, T]:
    """The variables but for secrets, which are never stored."""
    return {n: value for n, value in variables.items() if not n.startswith(SECRET_PREFIX)}


def secret_value(name: str, environ: Mapping[str, str]) -> str | None:
    """The secret's value from the environment; None when no variable holds it."""
    found = (environ[variable] for variable in secret_variables(name) if variable in environ)
    return next(found, None)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("takes text")
    return value


def _path(value: Any) -> str:
    return os.fspath(value) if isinstance(value, os.PathLike) else _text(value)


def _executor(value: Any) -> str:
    if value not in get_args(ExecutorName):
        raise ValueError("takes 'ray' or 'local'")
    return str(value)


def _count(value: Any) -> int:
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if type(number) is not int or number < 1:
        raise ValueError("takes a whole number from 1")
    return number


def _switch(value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.strip().lower() not in words:
        raise ValueError("takes true or false")
    return words[value.strip().lower()]


#: Run options that a notebook's metadata, the environment and Python callers may set.
OPTION_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "address": _text,
    "eager": _switch,
    "executor": _executor,
    "guards": _switch,
    "max_parallelism": _count,
    "resident": _switch,
    "resume": _text,
    "store": _path,
    "store_results": _switch,
}


def merge_options(
    metadata: Any, environ: Mapping[str, str], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of OPTION_PARSERS that are set; ``given`` wins over environment and metadata.

    None and, in the environment, empty text mean 'not set'.

    Raises:
        ValueError: an option is unknown or has the wrong type; the text names it and its place.
    """
    if metadata is not None and not isinstance(metadata, Mapping):
        raise ValueError("the notebook's metadata 'naavre' must be a mapping of options")
    merged = _parsed("option {0!r} in the notebook's metadata 'naavre'", metadata or {})
    address = environ.get("RAY_ADDRESS")
    merged |= _parsed("environment variable RAY_ADDRESS", {"address": address or None})
    variables = {name: environ.get(f"NAAVRE_{name.upper()}") or None for name in OPTION_PARSERS}
    for name, value in variables.items():
        merged |= _parsed(f"environment variable NAAVRE_{name.upper()}", {name: value})
    return merged | _parsed("engine option {0!r}", given)


def _parsed(place: str, values: Mapping[str, Any]) -> dict[str, Any]:
    parsed = {}
    for name, value in values.items():
        where = place.format(name)
        if name not in OPTION_PARSERS:
            known = ", ".join(OPTION_PARSERS)
            raise ValueError(f"{where} is unknown; the options are {known}")
        if value is not None:
            try:
                parsed[name] = OPTION_PARSERS[name](value)
            except ValueError as error:
                raise ValueError(f"{where} {error}, not {value!r}") from None
    return parsed
