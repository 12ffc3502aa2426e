"""Settings and random number generators that a cell changes for all later cells.

Each kind of setting is a *domain*: a row in a table, with how it is read and how it is set in
another process. A domain's value holds only what differs from a fresh process, so processes whose
environment, path or libraries differ can exchange it, and a library is imported to set its options
only where they aren't its defaults.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from naavre_ext.executors import ambient_libraries as libraries
from naavre_ext.executors import ambient_process as process
from naavre_ext.executors import ambient_shell as ipython
from naavre_ext.executors.library_settings import Told


@dataclass(frozen=True, slots=True)
class Domain:
    """One kind of setting, of ``module`` (None: always there).

    ``read(shell)`` gives its value, None or empty where it is as in a fresh process; ``write``
    makes the process have that value, and is None for what can't be shipped.
    """

    name: str
    module: str | None
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], None] | None = None
    is_rng: bool = False


DOMAINS: tuple[Domain, ...] = (
    Domain("os.environ", None, process.read_environ, process.write_environ),
    Domain("time zone", None, process.read_zone, process.write_zone),
    Domain("umask", None, process.read_umask, process.write_umask),
    Domain("working directory", None, process.read_cwd, process.write_cwd),
    Domain("sys.path", None, process.read_path, process.write_path),
    Domain("recursion limit", None, process.read_recursion, process.write_recursion),
    Domain("warnings filters", None, process.read_filters, process.write_filters),
    Domain("locale", "locale", process.read_locale, process.write_locale),
    Domain("decimal context", "decimal", process.read_decimal, process.write_decimal),
    Domain("digits of integers", None, process.read_digits, process.write_digits),
    Domain("csv dialects", "csv", process.read_csv, process.write_csv),
    Domain("socket timeout", "socket", process.read_timeout, process.write_timeout),
    Domain("logging", "logging", process.read_logging),
    Domain("numpy print options", "numpy", libraries.read_printing, libraries.write_printing),
    Domain("numpy error state", "numpy", libraries.read_errors, libraries.write_errors),
    Domain("pandas options", "pandas", libraries.read_pandas, libraries.write_pandas),
    Domain("matplotlib rcParams", "matplotlib", libraries.read_rc, libraries.write_rc),
    Domain(
        "matplotlib colours", "matplotlib.colors", libraries.read_colors, libraries.write_colors
    ),
    Domain("sklearn config", "sklearn", libraries.read_sklearn, libraries.write_sklearn),
    Domain("IPython settings", None, ipython.read_settings, ipython.write_settings),
    Domain("inline figures", None, ipython.read_inline, ipython.write_inline),
    Domain("IPython extensions", None, ipython.read_extensions),
    Domain("display formatters", None, ipython.read_formatters),
    Domain("random", "random", process.read_random, process.write_random, is_rng=True),
    Domain("numpy.random", "numpy", libraries.read_rng, libraries.write_rng, is_rng=True),
    Domain("torch", "torch", libraries.read_torch, libraries.write_torch, is_rng=True),
)

_BY_NAME = {domain.name: domain for domain in DOMAINS}


@dataclass(frozen=True, slots=True)
class AmbientState:
    """Values of domains, by name; a domain that is as in a fresh process isn't listed.

    Where values hold functions of the notebook, only
    :func:`naavre_ext.executors.packing.pack` can pickle it. ``modules`` says what the modules beside the
    notebook hold, ``loggers`` and ``libraries`` what loggers and libraries were told: that is compared, but can't
    be set. ``libraries_there`` is what libraries were told in another process.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    rng: Mapping[str, Any] = field(default_factory=dict)
    modules: Mapping[str, bytes] = field(default_factory=dict)
    loggers: Mapping[str, bytes] | None = None
    libraries: Told = field(default_factory=dict)
    libraries_there: Told = field(default_factory=dict)

    def unshippable_changes(self, since: AmbientState) -> tuple[str, ...]:
        """Domains that differ from ``since`` and that :func:`restore` can't set elsewhere."""
        return tuple(n for n in changed(since, self) if _BY_NAME[n].write is None)


def capture(*, rng: bool = True, shell: Any = None) -> AmbientState:
    """The settings of this process, and with ``rng`` its random number generators.

    ``shell`` is the session's IPython shell; without it, its settings aren't looked at.
    """
    process.baseline()
    settings: dict[str, Any] = {}
    generators: dict[str, Any] = {}
    for domain in DOMAINS:
        if (domain.module is not None and domain.module not in sys.modules) or (
            domain.is_rng and not rng
        ):
            continue
        value = domain.read(shell)
        if domain.is_rng:
            generators[domain.name] = value
        elif value:
            settings[domain.name] = value
    return AmbientState(settings, generators)


def restore(state: AmbientState, *, shell: Any = None) -> AmbientState | None:
    """Makes this process's settings those of ``state``, and its generators where it has them.

    Returns the settings as they are now, None where some had to be set.

    Domains that can't be shipped are left alone. A library is imported only where its
    settings aren't its defaults.
    """
    now = capture(rng=bool(state.rng), shell=shell)
    different = changed(now, state)
    for name in different:
        domain = _BY_NAME[name]
        if domain.write is None or (domain.is_rng and name not in state.rng):
            continue
        domain.write((state.rng if domain.is_rng else state.settings).get(name), shell)
    return None if different else now


def generators(names: Iterable[str]) -> dict[str, Any]:
    """The present states of these random number generators."""
    return {name: _BY_NAME[name].read(None) for name in names}


def set_generators(states: Mapping[str, Any]) -> None:
    """Gives these random number generators these states."""
    for name, state in states.items():
        write = _BY_NAME[name].write
        assert write is not None
        write(state, None)


def changed(before: AmbientState, after: AmbientState) -> tuple[str, ...]:
    """Names of the domains that differ, in the table's order.

    Generators are compared where both states have them.
    """
    if not before.rng and not after.rng and same(before.settings, after.settings):
        return ()
    return tuple(name for name in _BY_NAME if _differs(name, before, after))


def pristine() -> AmbientState:
    """The settings of a process that no cell has changed."""
    return AmbientState()


def mark_pristine() -> None:
    """From here on this process's environment, path, filters and folder count as a fresh one's.

    For the moment after a session was set up in the notebook's folder.
    """
    process.baseline(renew=True)


@contextlib.contextmanager
def restored(*, rng: bool = False, shell: Any = None) -> Iterator[None]:
    """Puts the settings back when the block is left."""
    state = capture(rng=rng, shell=shell)
    try:
        yield
    finally:
        restore(state, shell=shell)


def _differs(name: str, before: AmbientState, after: AmbientState) -> bool:
    if _BY_NAME[name].is_rng:
        if name not in before.rng or name not in after.rng:
            return name in before.rng or (name in after.rng and bool(before.rng))
        return not same(before.rng[name], after.rng[name])
    return not same(before.settings.get(name), after.settings.get(name))


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, False where that can't be said."""
    if one is other:
        return True
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001  (equality may be any library's code)
        return False
