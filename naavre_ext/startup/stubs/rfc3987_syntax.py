"""Stands in for the package of this name, whose grammar is built on first use only."""

import importlib
import os
import sys
from importlib.machinery import PathFinder

_HERE = os.path.dirname(os.path.abspath(__file__))

# Processes that run a user's code see the paths they would see without us.
sys.path[:] = [entry for entry in sys.path if entry != _HERE]
if _HERE in os.environ.get("PYTHONPATH", ""):
    _kept = [e for e in os.environ["PYTHONPATH"].split(os.pathsep) if e != _HERE]
    if any(_kept):
        os.environ["PYTHONPATH"] = os.pathsep.join(_kept)
    else:
        del os.environ["PYTHONPATH"]

_spec = PathFinder.find_spec(__name__)
if _spec is None or _spec.submodule_search_locations is None:
    raise ImportError(f"No module named {__name__!r}", name=__name__)

# A package's own path makes ``rfc3987_syntax.utils`` and the like resolve to the real ones.
__path__ = list(_spec.submodule_search_locations)


def __getattr__(name):  # type: ignore[no-untyped-def]
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.syntax_helpers"), name)


def is_valid_syntax(term, value):  # type: ignore[no-untyped-def]
    """Whether ``value`` is a ``term`` of RFC 3987."""
    helpers = importlib.import_module(f"{__name__}.syntax_helpers")
    return helpers.is_valid_syntax(term=term, value=value)
