"""Settings that a ``with`` changes and puts back: code after it sees nothing of them.

Filters of warnings that are put back leave a trace all the same: Python shows again what it has warned of. Where a
batch's warnings are shown again, that is as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import Effect

#: Context managers, and the calls whose changes each of them puts back.
_RESTORING = {
    "numpy.errstate": ("numpy.errstate", "numpy.seterr"),
    "numpy.printoptions": ("numpy.printoptions", "numpy.set_printoptions"),
    "pandas.option_context": ("pandas.option_context",),
    "sklearn.config_context": ("sklearn.config_context",),
    "warnings.catch_warnings": (
        *("warnings.catch_warnings", "warnings.simplefilter"),
        *("warnings.filterwarnings", "warnings.resetwarnings"),
    ),
}
_BLOCK = "with "


def restored(path: str, call: ast.Call, body: Iterable[ast.stmt]) -> tuple[str, ...]:
    """The calls in a ``with`` block, and the one that makes its manager, whose settings are put back after it."""
    if any(keyword.arg == "record" for keyword in call.keywords) or (call.args and "catch" in path):
        return ()  # what is recorded hangs on the filters, which are others in a batch
    if any(
        isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) for part in body for n in walk(part)
    ):
        return ()
    return _RESTORING.get(path, ())


def is_put_back(effect: Effect, undone: tuple[str, ...]) -> bool:
    """Whether the effect is one of those."""
    return effect.kind == "settings" and effect.what.partition("(")[0] in undone


def of_block(path: str) -> str:
    """What stands for all that is put back."""
    return _BLOCK + path


def is_of_block(effect: Effect) -> bool:
    """Whether the effect is over after the statement that has it."""
    return effect.kind == "settings" and effect.what.startswith(_BLOCK)
