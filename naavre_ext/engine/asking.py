"""``python -m naavre_ext.engine.asking``: where this interpreter's engine is, for another's process.

Prints one line of JSON: ``version`` of this package, whether there is ``ray``, and the ``socket`` of the engine,
or null when none runs; ``--start`` starts it. ``error`` says why it didn't start.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from naavre_ext import __version__
from naavre_ext.engine.client import DEFAULT_IDLE_S, find_engine, start_engine
from naavre_ext.model.diagnostic import ClusterError


def answer(
    address: str | None,
    *,
    start: bool,
    idle_s: float = DEFAULT_IDLE_S,
    owner: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What is printed; the arguments are as for :func:`start_engine`."""
    about: dict[str, Any] = {"version": __version__, "ray": find_spec("ray") is not None}
    try:
        engine = find_engine(address)
        about["started"] = start and engine is None and about["ray"]
        if about["started"]:
            start_engine(address, idle_s=idle_s, owner=owner)
            engine = find_engine(address)
    except ClusterError as error:
        return {**about, "socket": None, "error": str(error)}
    return {**about, "socket": None if engine is None else str(engine.socket_path)}


def main(arguments: list[str]) -> None:
    """Print the answer."""
    parser = argparse.ArgumentParser(prog="python -m naavre_ext.engine.asking")
    parser.add_argument("--address")
    parser.add_argument("--start", action="store_true")
    parser.add_argument("--idle-s", type=float, default=DEFAULT_IDLE_S)
    parser.add_argument("--owner", type=json.loads)
    print(json.dumps(answer(**vars(parser.parse_args(arguments)))))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
