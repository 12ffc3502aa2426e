"""Portraits of what cells show: without what is different in any two processes."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from naavre_ext.executors.portraits import portray
from naavre_ext.executors.portraits.anatomy import Anatomy, Leaf
from naavre_ext.model.portrait import Portrait
from naavre_ext.verification.written_over import with_bars_last

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")
_TIMES = re.compile(r"^(CPU times|Wall time|Compiler|Parser)( *:) .*$", re.MULTILINE)
#: Lines with which joblib and scikit-learn tell how long they took, if they are asked to.
_VERBOSE = re.compile(
    r"^\[(Parallel\(|CV|Pipeline|ColumnTransformer|FeatureUnion|Voting|Stacking).*$", re.MULTILINE
)
_TOOK = re.compile(r"\.{3,}|(?<=[:=])\s*\d+(\.\d+)?(e-?\d+)?\s?(ms|s|min|h)\b")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ID = re.compile(r"""\bid=["']([^"'\s]*\d[^"'\s]*)["']""")
_STYLER = re.compile(r"\bT_[0-9a-f]{5}")
_DATE = re.compile(r"<dc:date>[^<]*</dc:date>")
#: PNG chunks that say what the pixels are; others hold dates and the names of programs.
_PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")
_PNG = b"\x89PNG\r\n\x1a\n"


def portray_outputs(outputs: Iterable[Mapping[str, Any]], label: str = "outputs") -> Portrait:
    """The portrait of a cell's outputs; texts line by line, images by their pixels.

    Neighbouring texts of one stream count as one, progress bars by their last state. Tracebacks don't count (the
    error does).
    """
    merged = list(_merged(outputs))
    parts = [(f", output {number}", _output(each)) for number, each in enumerate(merged, 1)]
    return portray(Anatomy("outputs", f"{len(parts)} outputs", parts=parts), label)


def _merged(outputs: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    last: dict[str, Any] = {}
    for output in with_bars_last(outputs):
        if output["output_type"] == "stream" and output["name"] == last.get("name"):
            last["text"] += output["text"]
            continue
        if last:
            yield last
        last = dict(output)
    if last:
        yield last


def _output(output: Mapping[str, Any]) -> Anatomy:
    kind = str(output["output_type"])
    if kind == "stream":
        return Anatomy(str(output["name"]), parts=lines(output["text"]))
    if kind == "error":
        parts = [(f" {name}", scrubbed(str(output.get(name)))) for name in ("ename", "evalue")]
        return Anatomy("error", parts=parts)
    data = sorted(dict(output.get("data", {})).items())
    shown = [(f" {mime}", _representation(mime, value)) for mime, value in data]
    extra = {k: v for k, v in dict(output.get("metadata", {})).items() if v}
    extra["execution_count"] = output.get("execution_count")
    return Anatomy(kind, parts=[*shown, (" metadata", extra)])


def _representation(mime: str, value: Any) -> Any:
    if mime == "image/png" and isinstance(value, str):
        return pixels(value)
    if isinstance(value, dict) and "model_id" in value:
        return {**value, "model_id": ""}
    if not isinstance(value, str):
        return value
    if mime in ("text/html", "image/svg+xml"):
        value = _without_ids(value)
    return Anatomy("text", parts=lines(value))


def lines(text: str) -> Iterator[tuple[str, Any]]:
    """The lines of a text as parts."""
    for number, line in enumerate(scrubbed(text).split("\n"), 1):
        yield f", line {number}", line


def scrubbed(text: str) -> str:
    """The text without addresses, colours and measured times."""
    plain = _TIMES.sub(r"\1", _ADDRESS.sub("0x…", _ANSI.sub("", text)))
    return _VERBOSE.sub(lambda line: _TOOK.sub("…", line[0]), plain)


def _without_ids(text: str) -> str:
    """Ids that libraries draw or count (stylers, diagrams, clip paths) numbered as they come."""
    text = _DATE.sub("", text)
    found = dict.fromkeys([*_ID.findall(text), *_STYLER.findall(text)])
    if not found:
        return text
    numbers = {name: f"id-{number}" for number, name in enumerate(found)}
    pattern = "|".join(re.escape(name) for name in sorted(numbers, key=len, reverse=True))
    return re.sub(pattern, lambda match: numbers[match.group()], text)


def pixels(encoded: str | bytes) -> Leaf:
    """A PNG image (base64, or its bytes) by what it shows, however it was compressed and labelled."""
    try:
        data = encoded if isinstance(encoded, bytes) else base64.b64decode(encoded)
        content = _pixel_data(data)
    except (ValueError, binascii.Error, zlib.error, IndexError):
        content = encoded if isinstance(encoded, bytes) else encoded.encode()
    return Leaf("image", "another image", content)


def _pixel_data(data: bytes) -> bytes:
    if not data.startswith(_PNG):
        raise ValueError("no PNG")
    position, kept, packed = len(_PNG), [], []
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        body = data[position + 8 : position + 8 + size]
        if kind == b"IDAT":
            packed.append(body)
        elif kind in _PIXEL_CHUNKS:
            kept.append(kind + body)
        position += size + 12
    return b"".join(kept) + zlib.decompress(b"".join(packed))
