"""From what a kernel sends to its front end to the outputs of a cell."""

from __future__ import annotations

import base64
import datetime
import numbers
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_client.session import Session

from naavre_ext.model.event import OutputMessage


class CapturingSession(Session):
    """A kernel's connection that hands what is sent to a function instead of a socket."""

    def __init__(self, deliver: Callable[[OutputMessage], None]) -> None:
        super().__init__(key=b"nothing is signed")
        self._deliver = deliver

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> Any:
        """Delivers the message when it is one that a cell shows."""
        if isinstance(msg_or_type, str):
            kind, content = msg_or_type, content or {}
        else:
            kind, content = msg_or_type["header"]["msg_type"], msg_or_type["content"]
        output = output_message(kind, content)
        if output is not None:
            self._deliver(output)
        return msg_or_type


def output_message(kind: str, content: Mapping[str, Any]) -> OutputMessage | None:
    """The output that a Jupyter message of this type makes; None when it makes none."""
    fields = _FIELDS.get(kind)
    if fields is None:
        return None
    output: dict[str, Any] = {"output_type": kind}
    output.update((name, json_safe(content[name])) for name in fields if name in content)
    display_id = (content.get("transient") or {}).get("display_id")
    if display_id is not None:
        output["transient"] = {"display_id": json_safe(display_id)}
    return output


_FIELDS = {
    "stream": ("name", "text"),
    "display_data": ("data", "metadata"),
    "update_display_data": ("data", "metadata"),
    "execute_result": ("execution_count", "data", "metadata"),
    "error": ("ename", "evalue", "traceback"),
    "clear_output": ("wait",),
}


#: NumPy's numbers, say, count as numbers.
_PLAIN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (str, str),
    (bool, bool),
    (numbers.Integral, int),
    (numbers.Real, float),
)


def json_safe(value: Any) -> Any:
    """``value`` in JSON's types: bytes as base64, dates as ISO text, the unknown as its repr."""
    if value is None or type(value) in (str, bool, int, float):
        return value
    if isinstance(value, Mapping):
        return {str(key): json_safe(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_safe(each) for each in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    for kind, plain in _PLAIN:
        if isinstance(value, kind):
            return plain(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    return repr(value)
