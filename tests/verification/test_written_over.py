"""Texts that write over themselves are compared by what they look like in the end."""

from __future__ import annotations

import pytest

from naavre_ext.verification.written_over import final_text, with_bars_last

TEXTS = {
    "a bar": ("\r  0%|   | 0/3 [00:00<?, ?it/s]\r100%|###| 3/3 [00:01<00:00, 2.9it/s]\n", "100%|…| 3/3 […]\n"),
    "a postfix": ("\rfit: 100%|█| 3/3 [00:01<00:00,  2.94s/it, loss=0.5]\n", "fit: 100%|…| 3/3 […, loss=0.5]\n"),
    "no total": ("\r0it [00:00, ?it/s]\r7it [1:02:03, 81.2kit/s]\n", "7it […]\n"),
    "gone at the end": ("\r 50%|##  | 1/2 [00:00<?, ?it/s]\r"+" " * 40 + "\r", ""),
    "a bar below a bar": ("\router 0\n\rinner 1\x1b[A\router 1\n\rinner 2\x1b[A\router 2\n", "outer 2\ninner 2\n"),
    "a shorter text over a longer one": ("\rabcdef\rxy", "xycdef\n"),
    "a table": ("a | 1 | b\n", "a | 1 | b\n"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "shown"), TEXTS.values(), ids=TEXTS)
def test_text_is_what_a_terminal_shows_in_the_end(given, shown):
    assert final_text(given) == shown


def test_bars_come_last_in_one_text_and_other_outputs_keep_their_order():
    def stream(name, text):
        return {"output_type": "stream", "name": name, "text": text}

    found = with_bars_last(
        [stream("stderr", "\r1/2"), stream("stdout", "a\n"), stream("stderr", "\r2/2\n")]
    )
    assert found == [stream("stdout", "a\n"), stream("stderr", "2/2\n")]
    plain = [stream("stderr", "warned\n"), stream("stdout", "a\n")]
    assert with_bars_last(plain) == plain
