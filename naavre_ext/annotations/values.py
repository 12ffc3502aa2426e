"""Parsers for annotation values: text → value, or ValueError with the reason in words."""

from __future__ import annotations

import difflib
import keyword
import math
import re
from collections.abc import Callable
from typing import get_args

from naavre_ext.annotations.lexing import split_options
from naavre_ext.model.annotation import MergeClause, MergeMethod

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GROUP = re.compile(r"[^\W\d][\w.-]*")
_IMAGE = re.compile(r"[A-Za-z0-9][\w.:/@+-]*", re.ASCII)
_RESOURCE = re.compile(r"[A-Za-z_][\w.:-]*", re.ASCII)
_SIZE = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)\s*([A-Za-z]*)", re.ASCII)
_DURATION_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)\s*([a-z]+)\s*", re.ASCII)

_BYTES: dict[str, int] = {
    "": 1,
    "b": 1,
    **{f"{prefix}b": 1000**power for power, prefix in enumerate("kmgt", start=1)},
    **{f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgt", start=1)},
}
_SECONDS = {
    **dict.fromkeys(("ms",), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
_RAY_KEYS = ("num_cpus", "num_gpus", "memory")
#: Names that mean one of Ray's own keys; as custom resources no node would ever have them.
_MEANT_RAY_KEY = {
    **dict.fromkeys(("cpu", "cpus", "ncpus", "cores", "num_cores"), "num_cpus"),
    **dict.fromkeys(("gpu", "gpus", "ngpus"), "num_gpus"),
    **dict.fromkeys(("mem", "ram"), "memory"),
}


def parse_title(text: str) -> str:
    """The text itself."""
    return text


def parse_identifier(text: str) -> str:
    """A Python name."""
    if not text.isidentifier() or keyword.iskeyword(text):
        raise ValueError(f"{text!r} isn't a variable name")
    return text


def parse_names(text: str) -> tuple[str, ...]:
    """Python names, each once, in the order written."""
    names = tuple(parse_identifier(part.strip()) for part in text.split(","))
    _refuse_repeated(names)
    return names


def parse_merge(text: str) -> tuple[MergeClause, ...]:
    """Clauses ``NAME`` or ``NAME=METHOD``, each name once."""
    clauses = tuple(_merge_clause(name, method) for name, method in split_options(text))
    _refuse_repeated(tuple(clause.name for clause in clauses))
    return clauses


def _merge_clause(name: str, method: str | None) -> MergeClause:
    parse_identifier(name)
    if method is None:
        return MergeClause(name)
    for known in get_args(MergeMethod):
        if method.lower() == known:
            return MergeClause(name, known)
    raise ValueError(f"{method!r} isn't a way to merge")


def whole_number(least: int) -> Callable[[str], int]:
    """A parser of whole numbers from ``least`` on."""

    def parse(text: str) -> int:
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{text!r} isn't a whole number")
        if int(text) < least:
            raise ValueError(f"{text} is less than {least}")
        return int(text)

    return parse


def parse_batches(text: str) -> int | str:
    """A number from 1, ``"auto"``, or a variable's name."""
    if text.lower() == "auto":
        return "auto"
    if text.isidentifier() and not keyword.iskeyword(text):
        return text
    return whole_number(1)(text)


def parse_group(text: str) -> str:
    """One word."""
    return _full_match(_GROUP, text, "isn't one word of letters, digits, '_', '-' and '.'")


def parse_image(text: str) -> str:
    """A container image's name as docker takes it."""
    return _full_match(_IMAGE, text, "isn't an image name")


def parse_switch(text: str) -> bool:
    """``on`` or ``off``."""
    if text.lower() not in ("on", "off"):
        raise ValueError(f"{text!r} is neither 'on' nor 'off'")
    return text.lower() == "on"


#: No clock of Python's or Ray's waits for any time.
_LONGEST_S = 1000 * 24 * 60 * 60.0


def parse_duration(text: str) -> float:
    """Seconds: ``90``, ``90s``, ``10m``, ``1h30m``, ``500ms``."""
    seconds = float(text) if _DECIMAL.fullmatch(text) else _sum_of_units(text.lower())
    if not math.isfinite(seconds) or seconds <= 0:
        raise ValueError(f"{text!r} isn't a time above 0")
    if seconds > _LONGEST_S:
        raise ValueError(f"{text!r} is longer than 1000 days")
    return seconds


def _sum_of_units(text: str) -> float:
    seconds, position = 0.0, 0
    while position < len(text):
        part = _DURATION_PART.match(text, position)
        if part is None or part.group(2) not in _SECONDS:
            raise ValueError(f"{text!r} isn't a time")
        seconds += float(part.group(1)) * _SECONDS[part.group(2)]
        position = part.end()
    return seconds


def parse_resources(text: str) -> dict[str, float]:
    """Ray resources by name; ``memory`` in bytes."""
    resources: dict[str, float] = {}
    for name, value in split_options(text):
        if name in resources:
            raise ValueError(f"{name!r} stands twice")
        resources[name] = parse_resource(name, value)
    return resources


def parse_resource(name: str, value: str | None) -> float:
    """The amount of one resource."""
    if not _RESOURCE.fullmatch(name):
        raise ValueError(f"{name!r} isn't a resource name")
    if name == "object_store_memory":
        raise ValueError(f"Ray reserves no {name!r} for a cell")
    meant = _meant_ray_key(name)
    if meant is not None:
        raise ValueError(f"Ray has no resource {name!r} (did you mean {meant!r}?)")
    if not value:
        raise ValueError(f"{name!r} has no amount")
    if name == "memory":
        return parse_bytes(value)
    return _parse_amount(name, value)


def _meant_ray_key(name: str) -> str | None:
    if name in _RAY_KEYS:
        return None
    if name.lower() in _MEANT_RAY_KEY:
        return _MEANT_RAY_KEY[name.lower()]
    return next(iter(difflib.get_close_matches(name.lower(), _RAY_KEYS, 1, 0.8)), None)


def parse_bytes(text: str) -> int:
    """Bytes of an amount of memory like 2GiB or 500MB. Raises ValueError."""
    size = _SIZE.fullmatch(text)
    if size is None or size.group(2).lower() not in _BYTES:
        raise ValueError(f"{text!r} isn't an amount of memory like 2GiB or 500MB")
    amount = float(size.group(1)) * _BYTES[size.group(2).lower()]
    if not math.isfinite(amount) or amount < 1:
        raise ValueError(f"{text!r} isn't at least one byte")
    return round(amount)


def _parse_amount(name: str, text: str) -> float:
    amount = float(text) if _DECIMAL.fullmatch(text) else math.nan
    if not math.isfinite(amount) or amount < 0:
        raise ValueError(f"{name}={text} isn't a number from 0")
    # Ray's own limits: told here, before anything runs.
    if 0 < amount < 0.0001:
        raise ValueError(f"{name}={text} is finer than 0.0001")
    if name == "num_gpus" and amount > 1 and not amount.is_integer():
        raise ValueError(f"{name}={text}: above 1, GPUs are reserved whole")
    return amount


def _full_match(pattern: re.Pattern[str], text: str, reason: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} {reason}")
    return text


def _refuse_repeated(names: tuple[str, ...]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ValueError(f"{name!r} stands twice")
