"""One comment line → the cell annotation it is, or what it was probably meant to be."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any

from naavre_ext.annotations.keys import ANNOTATION_KEYS, DO_NOT_CONTAINERIZE, AnnotationKey

_HEAD = re.compile(r"\s*#[^\S\n]*(?P<key>[A-Za-z][\w-]*)\s*:\s*")
_NOTE = re.compile(r"(?:\s+#.*)?\s*\Z", re.DOTALL)
_END = re.compile(r"\s*\Z")

_WORDS = r"(?:please\s+)?do(?:\s*n[o'’]t|[\s_-]+not)[\s_-]+containeri[sz]e(?:\s+this(?:\s+cell)?)?"
_WHOLE_COMMENT = re.compile(
    rf"\s*#\s*[(\[{{]?\s*{_WORDS}\s*[!.]*\s*[)\]}}]?\s*[!.]*\s*", re.IGNORECASE
)
_AT_THE_END = re.compile(
    rf"(?P<before>\s*#.*?\S)(?P<mark>\s*\(\s*{_WORDS}\s*[!.]*\s*\)\s*[!.]*)\s*",
    re.IGNORECASE | re.DOTALL,
)
_CONTAINERIZE_LETTERS = ("donotcontainerize", "donotcontainerizethiscell")

#: How alike a word and a key must be (difflib's ratio) for a warning.
_NEAR = 0.8
_ALIASES = {"batch": "batches", "retry": "retries"}
_CELL_KEYS = tuple(
    key
    for key, row in ANNOTATION_KEYS.items()
    if row.scope == "cell" and key != DO_NOT_CONTAINERIZE
)
#: English words that are alike to a key and begin ordinary comments.
_ORDINARY_WORDS = frozenset(
    [
        *("branches", "cached", "catch", "catches", "cover", "currency", "entries", "groupby"),
        *("groups", "images", "matches", "merged", "patches", "replicates", "slit"),
        *("source", "sources", "spit", "splits", "tries", "watches"),
    ]
)
_MISSING_COLON = re.compile(r"\s*#\s*(?P<key>[a-z]+)(?:\s*=\s*|\s+)(?P<value>\S+)\s*")


@dataclass(frozen=True, slots=True)
class AnnotationLine:
    """``head + text + tail`` is the comment line, ``text`` the value as written.

    ``value`` is the parsed value; ``problem`` says why there is none. A key that is written
    ``like_a_sentence``, with a capital, may be prose, so nothing about it is an error.
    """

    key: AnnotationKey
    head: str
    text: str
    tail: str
    value: Any = None
    problem: str | None = None

    @property
    def like_a_sentence(self) -> bool:
        """Whether the key begins with a capital."""
        return self.head.lstrip(" \t#")[:1].isupper()


def read_annotation(line: str) -> AnnotationLine | None:
    """The cell annotation on this comment line, or None for an ordinary comment.

    A malformed value is an annotation with a ``problem``, unless it reads like prose:
    ``# Resources: https://...`` or ``# over: the last ten years of data``.
    """
    annotation = _keyed(line)
    if annotation is None:
        return _do_not_containerize(line)
    if annotation.problem is not None and _reads_like_prose(annotation):
        return _do_not_containerize(line)
    return annotation


def _keyed(line: str) -> AnnotationLine | None:
    head = _HEAD.match(line)
    if head is None:
        return None
    row = ANNOTATION_KEYS.get(head["key"].lower())
    if row is None or row.key not in _CELL_KEYS:
        return None
    start = head.end()
    tail = (_END if row.key == "split" else _NOTE).search(line, max(start - 1, 0))
    assert tail is not None  # both match at the end of any line
    end = max(tail.start(), start)
    text = line[start:end]
    parts = (row, line[:start], text, line[end:])
    if not text:
        return AnnotationLine(*parts, problem="it has no value")
    try:
        return AnnotationLine(*parts, value=row.parse(text))
    except ValueError as error:
        return AnnotationLine(*parts, problem=str(error))


def _do_not_containerize(line: str) -> AnnotationLine | None:
    row = ANNOTATION_KEYS[DO_NOT_CONTAINERIZE]
    if _WHOLE_COMMENT.fullmatch(line):
        return AnnotationLine(row, "", line, "", value=False)
    at_the_end = _AT_THE_END.fullmatch(line)
    if at_the_end is None:
        return None
    before, mark = at_the_end["before"], at_the_end["mark"]
    return AnnotationLine(row, before, mark, line[len(before) + len(mark) :], value=False)


def _reads_like_prose(annotation: AnnotationLine) -> bool:
    text = annotation.text
    if "://" in text or "=" in text:
        return "://" in text
    if annotation.like_a_sentence:
        return len(text.split()) > 2 or text.replace(" ", "").isalpha() or not text
    # A list of names has one word between two commas, prose has more.
    return max(len(part.split()) for part in text.split(",")) > 2


def explain_prose(line: str) -> AnnotationLine | None:
    """The malformed annotation that was taken for prose here, if that deserves a warning.

    Sentences with a capital and links don't.
    """
    annotation = _keyed(line)
    if annotation is None or annotation.problem is None or "://" in annotation.text:
        return None
    sentence = annotation.like_a_sentence and len(annotation.text.split()) > 2
    return None if sentence else annotation


def likely_annotation(line: str) -> str | None:
    """What an ordinary comment was probably meant to be, as it should be written, or None.

    ``# splt: A`` → ``# split: A``; ``# retries 3`` → ``# retries: 3``. The value must be
    one that the key takes.
    """
    head = _HEAD.match(line)
    if head is not None:
        return _likely_key(head["key"].lower(), line[head.end() :].strip())
    if re.fullmatch(r"\s*#\s*split\s*", line):
        return "# split: TITLE"
    missing = _MISSING_COLON.fullmatch(line)
    if missing is not None and is_unmistakable(missing["key"], missing["value"]):
        return f"# {missing['key']}: {missing['value']}"
    letters = re.sub(r"[\W_]+", "", line).lower()
    if difflib.get_close_matches(letters, _CONTAINERIZE_LETTERS, 1, 0.88):
        return "# (do not containerize!)"
    return None


def _likely_key(word: str, value: str) -> str | None:
    if word.replace("_", "-") == DO_NOT_CONTAINERIZE:
        return "# (do not containerize!)"
    if word in ANNOTATION_KEYS or word in _ORDINARY_WORDS or re.search("[0-9]", word):
        return None
    close = difflib.get_close_matches(word, _CELL_KEYS, 1, _NEAR)
    key = _ALIASES.get(word) or next(iter(close), None)
    if key is None or not _parses(key, value):
        return None
    return f"# {key}: {value}"


def is_unmistakable(key: str, value: str) -> bool:
    """Whether ``key`` with this value can hardly be prose: ``retries 3``, ``cache off``."""
    row = ANNOTATION_KEYS.get(key)
    if row is None or row.scope != "cell" or row.everyday or not _parses(key, value):
        return False
    return key == "cache" or value[:1].isdigit() or (key == "resources" and "=" in value)


def _parses(key: str, value: str) -> bool:
    try:
        ANNOTATION_KEYS[key].parse(value)
    except ValueError:
        return False
    return bool(value)
