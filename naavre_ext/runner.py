"""Where a surface's run happens: in the resident engine where one may be used, else here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from naavre_ext.model.run import RunOptions, RunResult


def find_runner(
    options: RunOptions, parameters: Mapping[str, Any] | None = None
) -> Callable[..., RunResult]:
    """A function like ``api.run_notebook``: a running engine's, if it takes such a run, or ours."""
    if options.resident and options.executor == "ray":
        from naavre_ext.engine.client import find_engine

        engine = find_engine(options.address)
        if engine is not None and engine.accepts(parameters, options):
            return engine.run
    from naavre_ext.api import run_notebook

    return run_notebook
