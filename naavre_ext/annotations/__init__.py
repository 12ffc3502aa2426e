"""Comments → annotations and diagnostics, and the edit in the other direction."""

from naavre_ext.annotations.editing import (
    remove_annotation,
    set_annotation,
    written_annotations,
)
from naavre_ext.annotations.keys import ANNOTATION_KEYS, NOT_YET_IN_EFFECT, AnnotationKey
from naavre_ext.annotations.parsing import ParsedCell, parse_annotations

__all__ = [
    "ANNOTATION_KEYS",
    "NOT_YET_IN_EFFECT",
    "AnnotationKey",
    "ParsedCell",
    "parse_annotations",
    "remove_annotation",
    "set_annotation",
    "written_annotations",
]
