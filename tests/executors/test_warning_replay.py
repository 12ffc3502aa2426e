"""Warnings of a batch are shown where and as often as its cell would have shown them."""

from __future__ import annotations

import sys
import warnings

import pytest

from naavre_ext.executors.warning_replay import noted_warnings, warn_again

HERE = vars(sys.modules[__name__])


@pytest.fixture(autouse=True)
def filters():
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("default")
        yield
    HERE.pop("__warningregistry__", None)


def batch(times, between=lambda: None):
    """What a batch notes that warns so many times at one place."""
    noted = []
    with noted_warnings(noted.append, noted.append):
        for _ in range(times):
            warnings.warn("odd", UserWarning, stacklevel=1)
            between()
    return noted


def shown(*batches):
    """The texts that the merge shows."""
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "showwarning", lambda text, *_: seen.append(str(text)))
        for noted in batches:
            for message in noted:
                warn_again(message, {})
    return seen


def test_each_place_warns_once_over_all_batches():
    assert shown(batch(3), batch(3)) == ["odd"]


def test_what_the_batch_process_has_shown_before_counts_for_nothing():
    batch(1)
    assert shown(batch(1)) == ["odd"]


def test_filters_decide_in_the_merge():
    noted = batch(3)
    warnings.simplefilter("always")
    assert shown(noted, batch(3)) == ["odd"] * 4


def test_what_makes_python_forget_makes_the_merge_forget():
    def quietly():
        with warnings.catch_warnings():
            pass

    assert shown(batch(3, quietly)) == ["odd"] * 3


def test_filters_are_as_before():
    before = list(warnings.filters)
    batch(2)
    assert warnings.filters == before


def test_ignored_warnings_and_errors_stay_what_they_are():
    warnings.simplefilter("ignore")
    assert batch(2) == []
    warnings.simplefilter("error")
    with pytest.raises(UserWarning):
        batch(1)
