"""When what two cells show is the same: a table of pairs."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import pytest

from naavre_ext.model.portrait import first_mismatch
from naavre_ext.verification.outputs import portray_outputs


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def shown(mime: str, data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {mime: data}, "metadata": {}}


def error(evalue: str, traceback: str = "") -> dict[str, Any]:
    return {"output_type": "error", "ename": "E", "evalue": evalue, "traceback": [traceback]}


def png(pixel: int, *, level: int = 6, software: bytes = b"") -> str:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    label = chunk(b"tEXt", b"Software\0" + software) if software else b""
    image = chunk(b"IDAT", zlib.compress(bytes([0, pixel]), level))
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + header + label + image + chunk(b"IEND", b"")
    ).decode()


ROWS: dict[str, tuple[list[Any], list[Any], str]] = {
    "a stream cut elsewhere": ([stream("a\nb"), stream("c")], [stream("a\nbc")], ""),
    "another line": ([stream("a\nb\n")], [stream("a\nc\n")], "o, output 1, line 2 is 'b', not 'c'"),
    "another stream": (
        [stream("a")],
        [stream("a", "stderr")],
        "o, output 1 is a stdout, not a stderr",
    ),
    "one more": ([stream("a")], [], "o is 1 outputs, not 0 outputs"),
    "addresses": ([stream("<P at 0x7f12ab>")], [stream("<P at 0x7f99cd>")], ""),
    "measured times": ([stream("Wall time: 3 ms\nx")], [stream("Wall time: 4 ms\nx")], ""),
    "the time that joblib took": (
        [stream("[Parallel(n_jobs=1)]: Done  10 out of  10 | elapsed:    0.0s finished\n")],
        [stream("[Parallel(n_jobs=1)]: Done  10 out of  10 | elapsed:  1.2min finished\n")],
        "",
    ),
    "the time that scikit-learn took": (
        [stream("[CV 1/2] END .....C=1;, score=0.5 total time=   0.0s")],
        [stream("[CV 1/2] END ...C=1;, score=0.5 total time= 1.2min")],
        "",
    ),
    "another score beside a time": (
        [stream("[CV 1/2] END ...C=1;, score=0.5 total time=   0.0s")],
        [stream("[CV 1/2] END ...C=1;, score=0.6 total time=   0.0s")],
        "o, output 1, line 1 is '[CV 1/2] END …C=1;, score=0.5 total time=…', "
        "not '[CV 1/2] END …C=1;, score=0.6 total time=…'",
    ),
    "a duration that the notebook says itself": (
        [stream("elapsed: 3s")],
        [stream("elapsed: 4s")],
        "o, output 1, line 1 is 'elapsed: 3s', not 'elapsed: 4s'",
    ),
    "colours": ([stream("\x1b[31ma\x1b[0m")], [stream("a")], ""),
    "compression and labels of an image": (
        [shown("image/png", png(7, level=0, software=b"A"))],
        [shown("image/png", png(7))],
        "",
    ),
    "a pixel": (
        [shown("image/png", png(7))],
        [shown("image/png", png(8))],
        "o, output 1 image/png has other contents",
    ),
    "an image that isn't one": (
        [shown("image/png", "abc")],
        [shown("image/png", "abd")],
        "o, output 1 image/png has other contents",
    ),
    "ids of a diagram": (
        [shown("text/html", '<p id="sk-id-1">a</p><a for="sk-id-1"/>')],
        [shown("text/html", '<p id="sk-id-7">a</p><a for="sk-id-7"/>')],
        "",
    ),
    "ids that are swapped": (
        [shown("text/html", '<p id="a1"/><p id="a2"/><a for="a1"/>')],
        [shown("text/html", '<p id="a1"/><p id="a2"/><a for="a2"/>')],
        "o, output 1 text/html, line 1 is",
    ),
    "a styler's ids": (
        [shown("text/html", "#T_1a2b3 th {}")],
        [shown("text/html", "#T_fffff th {}")],
        "",
    ),
    "html": (
        [shown("text/html", "<b>1</b>")],
        [shown("text/html", "<b>2</b>")],
        "o, output 1 text/html, line 1 is '<b>1</b>', not '<b>2</b>'",
    ),
    "a widget's id": (
        [shown("application/vnd.jupyter.widget-view+json", {"model_id": "a", "v": 1})],
        [shown("application/vnd.jupyter.widget-view+json", {"model_id": "b", "v": 1})],
        "",
    ),
    "json": (
        [shown("application/json", {"a": 1})],
        [shown("application/json", {"a": 2})],
        "o, output 1 application/json['a'] is 1, not 2",
    ),
    "tracebacks don't count": ([error("bad", "x")], [error("bad", "y")], ""),
    "an error's text": (
        [error("bad")],
        [error("worse")],
        "o, output 1 evalue is 'bad', not 'worse'",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_where_outputs_differ(row: tuple[list[Any], list[Any], str]) -> None:
    one, other, text = row
    found = first_mismatch(portray_outputs(one, "o"), portray_outputs(other, "o"))
    assert found.startswith(text) if text else found == ""
