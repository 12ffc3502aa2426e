"""States of widgets: what several changes of one amount to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from naavre_ext.model.event import OutputMessage


def later_state(before: Mapping[str, Any], change: OutputMessage) -> OutputMessage:
    """The message that says what both say, of which ``before`` may be empty."""
    if change.get("closed"):
        return change
    if before.get("closed"):
        before = {}
    state = {**before.get("state", {}), **change.get("state", {})}
    changed = change.get("state", {}).keys()
    buffers = {
        tuple(buffer["path"]): buffer
        for buffer in before.get("buffers", ())
        if buffer["path"][0] not in changed
    }
    buffers.update((tuple(buffer["path"]), buffer) for buffer in change.get("buffers", ()))
    message = {**change, "state": state}
    message.pop("buffers", None)
    return {**message, "buffers": list(buffers.values())} if buffers else message
