"""``python -m naavre_ext.server.compile_process``: compiles for the server until its standard input ends.

It is a process of its own so that planning takes no time from the server's event loop, and a notebook that is
too much for the compiler ends it and not the server. It runs in the notebook's interpreter, if this version of
naavre-ext is installed there: syntax and ``from module import *`` are that interpreter's. Requests, ``{op, ...}``,
and answers are JSON, each with its length in bytes before it.
"""

from __future__ import annotations

import gc
import json
import os
import struct
import sys
from typing import Any, BinaryIO

LENGTH = struct.Struct(">Q")


def main() -> None:
    """Answer requests one after the other."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever is printed must not come between the answers.
    os.dup2(2, 1)
    from naavre_ext import __version__
    from naavre_ext.server.compiling import OPERATIONS

    gc.freeze()
    _write(answers, {"version": __version__})
    while (request := _read(sys.stdin.buffer)) is not None:
        operation = OPERATIONS[request.pop("op")]
        try:
            answer: dict[str, Any] = {"answer": operation(**request)}
        except (Exception, RecursionError) as error:  # noqa: BLE001 - the server hears of it
            answer = {"error": f"{type(error).__name__}: {error}"}
        _write(answers, answer)


def _read(stream: BinaryIO) -> dict[str, Any] | None:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    request: dict[str, Any] = json.loads(stream.read(LENGTH.unpack(head)[0]))
    return request


def _write(stream: BinaryIO, answer: dict[str, Any]) -> None:
    data = json.dumps(answer).encode()
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


if __name__ == "__main__":
    main()
