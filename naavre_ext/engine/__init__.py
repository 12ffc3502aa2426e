"""The resident engine: one process that holds Ray and warm workers, for many runs."""

from naavre_ext.engine.client import (
    EngineClient,
    engine_status,
    find_engine,
    start_engine,
    stop_engine,
)

__all__ = ["EngineClient", "engine_status", "find_engine", "start_engine", "stop_engine"]
