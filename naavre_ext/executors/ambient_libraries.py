"""Options of libraries, as differences from the library's defaults, and their generators."""

from __future__ import annotations

import importlib
import pickle
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_PRINTING: dict[str, Any] = {
    "edgeitems": 3,
    "threshold": 1000,
    "floatmode": "maxprec",
    "precision": 8,
    "suppress": False,
    "linewidth": 75,
    "nanstr": "nan",
    "infstr": "inf",
    "sign": "-",
    "formatter": None,
    "legacy": False,
    "override_repr": None,
}
_ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}

#: Set by IPython's inline backend when it is loaded, and by the choice of a backend.
_BACKEND_KEYS = frozenset({"backend", "backend_fallback", "interactive"})


def read_printing(_shell: Any) -> dict[str, Any]:
    """NumPy's print options that aren't the default."""
    numpy = sys.modules["numpy"]
    now = numpy.get_printoptions()
    return {k: v for k, v in now.items() if k not in _PRINTING or v != _PRINTING[k]}


def write_printing(value: dict[str, Any] | None, _shell: Any) -> None:
    """Sets NumPy's print options."""
    import numpy

    known = numpy.get_printoptions()
    numpy.set_printoptions(
        **{k: v for k, v in {**_PRINTING, **(value or {})}.items() if k in known}
    )


def read_errors(_shell: Any) -> dict[str, str]:
    """How NumPy handles floating-point errors, where it isn't the default."""
    numpy = sys.modules["numpy"]
    return {k: v for k, v in numpy.geterr().items() if v != _ERRORS[k]}


def write_errors(value: dict[str, str] | None, _shell: Any) -> None:
    """Sets how NumPy handles floating-point errors."""
    import numpy

    handling: Any = {**_ERRORS, **(value or {})}
    numpy.seterr(**handling)


def read_pandas(_shell: Any) -> dict[str, Any]:
    """pandas options that aren't the default."""
    config = _pandas_config()
    if config is None:
        return {}
    return {
        key: here[name]
        for key, here, name, default in _places(config)
        if here[name] is not default and not _equal(here[name], default)
    }


def write_pandas(value: dict[str, Any] | None, _shell: Any) -> None:
    """Sets pandas' options; those not listed become the default."""
    import pandas

    wanted = value or {}
    config = _pandas_config()
    with _quiet():
        for key in read_pandas(None):
            if key not in wanted:
                pandas.set_option(key, config._registered_options[key].defval)
        for key, setting in wanted.items():
            if config is not None and key in config._registered_options:
                pandas.set_option(key, setting)


def _pandas_config() -> Any:
    return sys.modules.get("pandas._config.config")


#: Where pandas keeps its options: each one's name, the dictionary that holds it, its name there, and its default.
_Place = tuple[str, dict[str, Any], str, Any]
_options: list[_Place] = []


def _places(config: Any) -> list[_Place]:
    registered = config._registered_options
    if len(_options) != len(registered):
        _options[:] = [
            (key, *_nested(config._global_config, key), option.defval)
            for key, option in registered.items()
        ]
    return _options


def _nested(tree: Any, key: str) -> tuple[dict[str, Any], str]:
    *path, name = key.split(".")
    for part in path:
        tree = tree[part]
    return tree, name


def read_rc(_shell: Any) -> dict[str, Any]:
    """matplotlib's rcParams that aren't as they were when it was imported."""
    matplotlib = sys.modules["matplotlib"]
    fresh = getattr(matplotlib, "rcParamsOrig", None)
    if fresh is None:
        return {}
    # matplotlib's own look-ups would choose a backend, and sort.
    now, original = dict.items(matplotlib.rcParams), dict(dict.items(fresh))
    other = [
        (key, value) for key, value in now if value is not original[key] or key in _BACKEND_KEYS
    ]
    found = {}
    for key, value in sorted(other):
        if key in _BACKEND_KEYS:
            if _is_chosen(key, value):
                found[key] = value
        elif not _equal(value, original[key]):
            found[key] = list(value) if isinstance(value, list) else value
    return found


def _is_chosen(key: str, value: Any) -> bool:
    """Whether the user chose this, rather than the inline backend for itself."""
    is_inline = "matplotlib_inline.backend_inline" in sys.modules
    if key == "interactive":
        return bool(value) != is_inline
    return key == "backend" and isinstance(value, str) and "inline" not in value


def write_rc(value: dict[str, Any] | None, _shell: Any) -> None:
    """Sets matplotlib's rcParams; those not listed become as when it was imported."""
    import matplotlib

    wanted = value or {}
    with _quiet():
        for key in read_rc(None):
            if key not in wanted and key not in _BACKEND_KEYS:
                matplotlib.rcParams[key] = matplotlib.rcParamsOrig[key]
        for key, setting in wanted.items():
            if key == "backend":
                matplotlib.use(setting)
            elif key in matplotlib.rcParams:
                matplotlib.rcParams[key] = setting
        if "interactive" not in wanted and "matplotlib_inline.backend_inline" in sys.modules:
            matplotlib.interactive(True)


def read_colors(_shell: Any) -> dict[str, Any]:
    """Names of colours that matplotlib didn't have when it was imported, or that mean another one now."""
    colors = sys.modules["matplotlib.colors"]
    now: dict[str, Any] = getattr(colors, "get_named_colors_mapping", dict)()
    fresh = _fresh_colors()
    if not fresh or _equal(now, fresh):
        return {}
    named = {n: c for n, c in now.items() if n not in fresh or not _equal(fresh[n], c)}
    return {"named": named, "gone": sorted(fresh.keys() - now)}


def write_colors(value: dict[str, Any] | None, _shell: Any) -> None:
    """Gives matplotlib's names of colours these meanings; others mean what they did when it was imported."""
    colors = importlib.import_module("matplotlib.colors")
    now, wanted = colors.get_named_colors_mapping(), value or {"named": {}, "gone": ()}
    meant = {n: c for n, c in _fresh_colors().items() if n not in wanted["gone"]} | wanted["named"]
    for name in now.keys() - meant:
        del now[name]
    for name, color in meant.items():
        if name not in now or not _equal(now[name], color):
            now[name] = color


_colors: dict[str, Any] = {}


def _fresh_colors() -> dict[str, Any]:
    """The names as matplotlib puts them together: those that come later count. Empty while it is imported."""
    data = sys.modules.get("matplotlib._color_data")
    if _colors or not hasattr(data, "XKCD_COLORS"):
        return _colors
    assert data is not None
    grey = {n.replace("grey", "gray"): c for n, c in data.XKCD_COLORS.items() if "grey" in n}
    gray = {n.replace("gray", "grey"): c for n, c in data.TABLEAU_COLORS.items() if "gray" in n}
    tables = (data.XKCD_COLORS, grey, data.CSS4_COLORS, data.TABLEAU_COLORS, gray, data.BASE_COLORS)
    for table in tables:
        _colors.update(table)
    return _colors


def read_sklearn(_shell: Any) -> dict[str, Any]:
    """scikit-learn's configuration where it isn't the default."""
    sklearn = sys.modules["sklearn"]
    get_config = getattr(sklearn, "get_config", None)
    if get_config is None:
        return {}
    now = get_config()
    fresh = _sklearn_defaults
    if not fresh:
        # Its defaults are looked at once: after the first import nothing has changed them yet.
        fresh.update(sys.modules["sklearn._config"]._global_config)
    return {k: v for k, v in now.items() if v != fresh.get(k)}


_sklearn_defaults: dict[str, Any] = {}


def write_sklearn(value: dict[str, Any] | None, _shell: Any) -> None:
    """Sets scikit-learn's configuration."""
    import sklearn

    read_sklearn(None)
    sklearn.set_config(**{**_sklearn_defaults, **(value or {})})


def read_rng(_shell: Any) -> bytes:
    """The pickled state of NumPy's global generator.

    NumPy 2.4 loads it when something needs it, as many parts of SciPy do: that isn't to look like a change.
    """
    random = importlib.import_module("numpy.random")
    return pickle.dumps(random.get_state(legacy=False), protocol=5)


def write_rng(value: bytes | None, _shell: Any) -> None:
    """Sets NumPy's global generator."""
    import numpy

    if value is not None:
        numpy.random.set_state(pickle.loads(value))


def read_torch(_shell: Any) -> bytes | None:
    """The state of torch's default generator."""
    torch = sys.modules["torch"]
    return bytes(torch.get_rng_state().numpy().tobytes()) if hasattr(torch, "rand") else None


def write_torch(value: bytes | None, _shell: Any) -> None:
    """Sets torch's default generator."""
    if value is not None:
        torch = importlib.import_module("torch")
        torch.set_rng_state(torch.frombuffer(bytearray(value), dtype=torch.uint8))


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except (TypeError, ValueError):
        return False


@contextmanager
def _quiet() -> Iterator[None]:
    """Setting an option again must not warn a second time that it is deprecated.

    ``catch_warnings`` would make Python forget, and show again, what the notebook's cells warned of.
    """
    ignore = ("ignore", None, Warning, None, 0)
    warnings.filters.insert(0, ignore)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        warnings.filters.remove(ignore)  # type: ignore[attr-defined]
