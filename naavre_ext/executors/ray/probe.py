"""Tries to connect to the Ray cluster at ``argv[1]``, in a process that may hang or die for it.

Prints one JSON object: ``{"ok": true}``, or ``{"ok": false, "error": TEXT}``.
"""

from __future__ import annotations

import json
import logging
import sys


def main(address: str) -> None:
    """Connect, disconnect, and print how that went."""
    from naavre_ext.startup import defer_slow_imports

    defer_slow_imports()
    import ray

    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        ray.shutdown()
        answer = {"ok": True, "error": ""}
    except Exception as error:  # noqa: BLE001 - any failure is the answer
        reasons = [str(error)]
        while (cause := error.__cause__) is not None:
            reasons.append(str(cause))
            error = cause  # type: ignore[assignment]
        answer = {"ok": False, "error": "\n".join(reasons)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
