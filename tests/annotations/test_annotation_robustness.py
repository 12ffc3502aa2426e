"""Any text at all has annotations, and reading them never fails."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from naavre_ext.annotations import ANNOTATION_KEYS, parse_annotations, set_annotation
from naavre_ext.annotations.lexing import logical_lines, physical_lines, split_options
from naavre_ext.model.notebook import Cell, CellId

FRAGMENTS = st.sampled_from(
    [
        *("#", " ", "\n", "\r\n", "\r", '"""', "'", '"', "\\", "(", "]", ",", "=", ":", "%%", "!"),
        *("---", "NaaVRE:", "...", "cell:", "for", "def f", "@", "when=", "2GiB", "\x00", "\ud800"),
        *("do not containerize", "- a: b", "&a *a", "# ---\n# NaaVRE:\n#", *ANNOTATION_KEYS),
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(), max_size=200),
    st.lists(FRAGMENTS, max_size=40).map("".join),
    st.lists(FRAGMENTS, max_size=20).map(lambda parts: "\n# ".join(["", *parts])),
)


@given(TEXTS)
def test_any_text_can_be_parsed(source: str) -> None:
    lines = max(len(physical_lines(source)), 1)
    for diagnostic in parse_annotations(Cell(CellId("c"), 0, "code", source)).diagnostics:
        assert diagnostic.line is not None
        assert 1 <= diagnostic.line <= lines
        assert diagnostic.describe()


@given(TEXTS)
def test_lines_cover_the_source(source: str) -> None:
    logical = logical_lines(source)
    assert "".join(line.text for line in logical) == source
    assert "".join(physical_lines(source)) == source
    assert [line.first for line in logical[1:]] == [line.last + 1 for line in logical[:-1]]
    assert not logical or logical[-1].last == len(physical_lines(source))


@given(TEXTS)
def test_options_of_any_text_can_be_split(text: str) -> None:
    assert split_options(text)


@given(TEXTS, st.sampled_from(sorted(ANNOTATION_KEYS)), TEXTS)
def test_any_edit_is_made_or_refused_in_words(source: str, key: str, value: str) -> None:
    try:
        edited = set_annotation(source, key, value)
    except ValueError:
        return
    assert set_annotation(edited, key, value) == edited
