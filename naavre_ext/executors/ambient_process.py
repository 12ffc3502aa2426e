"""Settings of the Python process itself, as differences from a fresh one."""

from __future__ import annotations

import operator
import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from naavre_ext.executors.list_changes import ListChange, apply_change, list_change

#: Environment variables that differ from process to process and steer no cell.
_OWN_VARIABLES = ("PWD", "OLDPWD", "SHLVL", "_", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK")

#: Python's own: the notebook may have put others in their place, as tests do.
_getcwd, _chdir = os.getcwd, os.chdir


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a fresh process of this kind has, where there is no default for all processes."""

    environ: dict[str, str]
    cwd: str
    path: tuple[str, ...]
    filters: tuple[Any, ...]
    locale: str
    recursion: int
    logging: Any
    zone: tuple[Any, ...]
    umask: int


_baseline: Baseline | None = None
#: The environment as it was when it was last read, and what was found.
_environ_seen: tuple[Any, dict[str, str | None] | None] = (None, None)
#: The same of ``sys.path``: the fresh one, the one that was read, and how that had changed.
_path_seen: tuple[Any, list[str], ListChange | None] = (None, [], None)


def baseline(*, renew: bool = False) -> Baseline:
    """This process's fresh state: as of the first call, or of the last one with ``renew``."""
    global _baseline, _environ_seen
    if _baseline is None or renew:
        _environ_seen = (None, None)
        import locale

        _baseline = Baseline(
            environ=dict(os.environ),
            cwd=_getcwd(),
            path=tuple(sys.path),
            filters=tuple(warnings.filters),
            locale=locale.setlocale(locale.LC_ALL),
            recursion=sys.getrecursionlimit(),
            logging=_logging_fingerprint(),
            zone=_zone(),
            umask=_umask(),
        )
    return _baseline


def read_environ(_shell: Any) -> dict[str, str | None] | None:
    """Variables that were set, and with None those that were deleted."""
    global _environ_seen
    # It is read around each cell: decoding all of it takes longer than many a cell.
    raw = getattr(os.environ, "_data", None)
    if raw is None or raw != _environ_seen[0]:
        _environ_seen = raw and dict(raw), _environ_change()
    return _environ_seen[1]


def _environ_change() -> dict[str, str | None] | None:
    fresh, now = baseline().environ, dict(os.environ)
    if fresh == now:
        return None
    change: dict[str, str | None] = {k: v for k, v in now.items() if fresh.get(k) != v}
    change.update((k, None) for k in fresh if k not in now)
    if change.get("OMP_NUM_THREADS") == "1":  # Ray sets it before each task where it isn't set
        del change["OMP_NUM_THREADS"]
    return {k: v for k, v in change.items() if k not in _OWN_VARIABLES} or None


def write_environ(value: dict[str, str | None] | None, _shell: Any) -> None:
    """Sets the environment to the fresh one with these changes."""
    wanted: dict[str, str | None] = {**baseline().environ, **(value or {})}
    for name in [*os.environ, *wanted]:
        content = wanted.get(name)
        if name in _OWN_VARIABLES:
            continue
        if content is None:
            os.environ.pop(name, None)
        elif os.environ.get(name) != content:
            os.environ[name] = content


def read_cwd(_shell: Any) -> str | None:
    """The working directory, where the process was moved."""
    try:
        cwd = _getcwd()
    except FileNotFoundError:
        return "deleted"
    return cwd if cwd != baseline().cwd else None


def write_cwd(value: str | None, _shell: Any) -> None:
    """Moves the process: out of the way when the folder of an earlier run is gone."""
    try:
        _chdir(value or baseline().cwd)
    except FileNotFoundError:
        if value is not None:
            raise
        _chdir(os.sep)


def read_path(_shell: Any) -> ListChange | None:
    """How ``sys.path`` was changed."""
    global _path_seen
    fresh, now = baseline().path, list(sys.path)
    if fresh is not _path_seen[0] or now != _path_seen[1]:
        _path_seen = fresh, now, list_change(fresh, now)
    return _path_seen[2]


def write_path(value: ListChange | None, _shell: Any) -> None:
    """Changes ``sys.path`` likewise."""
    sys.path[:] = apply_change(baseline().path, value)


@contextmanager
def on_path(change: ListChange | None) -> Iterator[None]:
    """Modules are found as where ``sys.path`` was changed so."""
    before = list(sys.path)
    if change is not None and change != read_path(None):
        write_path(change, None)
    try:
        yield
    finally:
        if sys.path != before:
            sys.path[:] = before


def read_recursion(_shell: Any) -> int | None:
    """The recursion limit, where it was changed."""
    limit = sys.getrecursionlimit()
    return limit if limit != baseline().recursion else None


def write_recursion(value: int | None, _shell: Any) -> None:
    """Sets the recursion limit."""
    sys.setrecursionlimit(value or baseline().recursion)


def read_zone(_shell: Any) -> tuple[Any, ...] | None:
    """The time zone that the process goes by, where it was changed (``TZ`` and ``time.tzset()``)."""
    zone = _zone()
    return zone if zone != baseline().zone else None


def write_zone(_value: tuple[Any, ...] | None, _shell: Any) -> None:
    """Makes the process go by its environment's time zone, which has been taken over by then."""
    if hasattr(time, "tzset"):
        time.tzset()


def _zone() -> tuple[Any, ...]:
    return time.tzname, time.timezone, time.altzone


def read_umask(_shell: Any) -> str | None:
    """The permissions that new files don't get, where they were changed."""
    umask = _umask()
    return oct(umask) if umask != baseline().umask else None


def write_umask(value: str | None, _shell: Any) -> None:
    """Sets the permissions that new files don't get."""
    os.umask(int(value, 8) if value else baseline().umask)


def _umask() -> int:
    umask = os.umask(0o077)  # it can't be read otherwise; a file made meanwhile is the more private
    os.umask(umask)
    return umask


def read_filters(_shell: Any) -> ListChange | None:
    """How the warning filters were changed, except by libraries that are imported."""
    global _seen_filters
    fresh, now = baseline().filters, warnings.filters
    if now == list(fresh):
        return None
    if _seen_filters[:2] != (fresh, now):
        own, kept = ([each for each in some if not _is_of_library(each)] for some in (now, fresh))
        _seen_filters = fresh, list(now), list_change(tuple(kept), own)
    return _seen_filters[2]


#: The filters of a fresh process and those that were looked at last, and how they differ: to be found before and
#: after each step, and mostly the same.
_seen_filters: tuple[Any, Any, ListChange | None] = ((), [], None)


def write_filters(value: ListChange | None, _shell: Any) -> None:
    """Changes the filters likewise; those of libraries stay where they are among those that stay."""
    fresh = [each for each in baseline().filters if not _is_of_library(each)]
    wanted = list(apply_change(fresh, value))
    new = next((at for at, each in enumerate(wanted) if each in warnings.filters), len(wanted))
    filters, wanted = wanted[:new], wanted[new:]
    for each in warnings.filters:
        if _is_of_library(each):
            filters.append(each)
        elif each in wanted:
            at = wanted.index(each) + 1
            filters, wanted = [*filters, *wanted[:at]], wanted[at:]
    warnings.filters[:] = [*filters, *wanted]  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]  # so that the registry is renewed


#: Parts of the patterns of filters that libraries add while they are imported.
_LIBRARY_PATTERNS = (
    "numpy.ndarray size changed",
    "numpy.dtype size changed",
    "numpy.ufunc size changed",
    "^sklearn\\.",
    "the matrix subclass is not the recommended way",
)


def _is_of_library(entry: Any) -> bool:
    """Whether a library adds this filter when it is imported, or IPython when it starts."""
    action, message, category, module, _ = entry
    patterns = [getattr(each, "pattern", each) for each in (message, module)]
    if any(pattern in _LIBRARY_PATTERNS for pattern in patterns if pattern):
        return True
    if patterns == [None, None]:
        shows = action in ("always", "default", "once")
        own = category.__module__.partition(".")[0] not in ("builtins", "__main__")
        return own and (shows or category.__name__ == "DependencyWarning")
    return (category.__name__, patterns) == ("DeprecationWarning", [None, "__main__"])


def read_locale(_shell: Any) -> str | None:
    """The locale of all categories, where it was changed."""
    import locale

    now = locale.setlocale(locale.LC_ALL)
    return now if now != baseline().locale else None


def write_locale(value: str | None, _shell: Any) -> None:
    """Sets the locale."""
    import locale

    locale.setlocale(locale.LC_ALL, value or baseline().locale)


#: The plain settings of a decimal context.
_of_decimal = operator.attrgetter("prec", "rounding", "Emin", "Emax", "capitals", "clamp")


def _decimal_settings(context: Any) -> tuple[Any, ...]:
    traps = tuple(sorted(kind.__name__ for kind, trapped in context.traps.items() if trapped))
    return (*_of_decimal(context), traps)


def read_decimal(_shell: Any) -> tuple[Any, ...] | None:
    """The decimal context of this thread, without its flags, where it isn't the default."""
    import decimal

    now, default = decimal.getcontext(), decimal.DefaultContext
    if _of_decimal(now) == _of_decimal(default) and now.traps == default.traps:
        return None
    return _decimal_settings(now)


def write_decimal(value: tuple[Any, ...] | None, _shell: Any) -> None:
    """Sets the decimal context of this thread."""
    import decimal

    context = decimal.getcontext()
    prec, rounding, low, high, capitals, clamp, traps = value or _decimal_settings(
        decimal.DefaultContext
    )
    context.prec, context.rounding, context.Emin, context.Emax = prec, rounding, low, high
    context.capitals, context.clamp = capitals, clamp
    for kind in context.traps:
        context.traps[kind] = kind.__name__ in traps


def read_digits(_shell: Any) -> int | None:
    """How many digits a text of an integer may have, where that isn't the default."""
    if not hasattr(sys, "get_int_max_str_digits"):  # from Python 3.10.7 on
        return None
    now, default = sys.get_int_max_str_digits(), sys.int_info.default_max_str_digits
    return None if now == default else now or -1  # 0 stands for no limit


def write_digits(value: int | None, _shell: Any) -> None:
    """Sets how many digits a text of an integer may have."""
    if hasattr(sys, "set_int_max_str_digits"):
        default = sys.int_info.default_max_str_digits
        sys.set_int_max_str_digits(default if value is None else max(value, 0))


#: The attributes of a dialect of csv files, and the dialects and the longest field that Python begins with.
_OF_DIALECT = ("delimiter", "doublequote", "escapechar", "lineterminator", "quotechar", "quoting",
               "skipinitialspace", "strict")  # fmt: skip
_DIALECTS, _LONGEST_FIELD = ("excel", "excel-tab", "unix"), 131_072


def read_csv(_shell: Any) -> tuple[int, dict[str, dict[str, Any]]] | None:
    """The longest field of csv files and the dialects that were registered, where any of these was."""
    import csv

    names = [name for name in csv.list_dialects() if name not in _DIALECTS]
    if not names and csv.field_size_limit() == _LONGEST_FIELD:
        return None
    dialects = {n: {part: getattr(csv.get_dialect(n), part) for part in _OF_DIALECT} for n in names}
    return csv.field_size_limit(), dialects


def write_csv(value: tuple[int, dict[str, dict[str, Any]]] | None, _shell: Any) -> None:
    """Sets the longest field of csv files and the registered dialects."""
    import csv

    longest, dialects = value or (_LONGEST_FIELD, {})
    csv.field_size_limit(longest)
    for name in csv.list_dialects():
        if name not in (*_DIALECTS, *dialects):
            csv.unregister_dialect(name)
    for name, parts in dialects.items():
        csv.register_dialect(name, **parts)


def read_timeout(_shell: Any) -> float | None:
    """The default timeout of sockets, in seconds."""
    import socket

    return socket.getdefaulttimeout()


def write_timeout(value: float | None, _shell: Any) -> None:
    """Sets the default timeout of sockets."""
    import socket

    socket.setdefaulttimeout(value)


def _logging_fingerprint() -> Any:
    import logging

    root = logging.getLogger()
    return root.level, len(root.handlers), root.manager.disable


def read_logging(_shell: Any) -> Any:
    """The root logger's level and number of handlers, where they were changed."""
    now = _logging_fingerprint()
    return now if now != baseline().logging else None


def read_random(_shell: Any) -> Any:
    """The state of Python's generator."""
    import random

    return random.getstate()


def write_random(value: Any, _shell: Any) -> None:
    """Sets Python's generator."""
    import random

    random.setstate(value)
