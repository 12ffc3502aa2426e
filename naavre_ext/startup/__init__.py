"""Keeps a parser that nearly nobody calls out of every process's start-up.

JupyterLab brings in ``rfc3987_syntax``, with which ``jsonschema`` checks internationalised
addresses. Importing it builds a grammar for over a second of CPU time, and both ``nbformat`` and
``ray`` import ``jsonschema``: each of the eight processes of a local Ray pays for it. The module in
``stubs`` stands in for it and builds the grammar when it is first used.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from pathlib import Path

#: The folder to put first on ``PYTHONPATH`` of a child process. The stand-in takes it off again.
STUBS = Path(__file__).parent / "stubs"

_SLOW_MODULE = "rfc3987_syntax"


def defer_slow_imports() -> None:
    """From now on, importing ``jsonschema`` builds no grammar in this process.

    What ``jsonschema`` and ``rfc3987_syntax`` do stays the same. To be called before the first
    import of ``nbformat`` or ``ray``; costs nothing where the module isn't installed.
    """
    if _SLOW_MODULE in sys.modules:
        return
    sys.path.insert(0, str(STUBS))
    try:
        with suppress(ImportError):
            importlib.import_module(_SLOW_MODULE)
    finally:
        with suppress(ValueError):
            sys.path.remove(str(STUBS))
