"""Objects that libraries keep under a name are those of the process that they arrive in."""

import dataclasses
import importlib
import os
import sys

import pytest

from naavre_ext.executors import packing_instances
from naavre_ext.executors.packing import PackingError, pack, shares_objects, unpack

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")


def there_and_back(value):
    return [unpack(pack({"v": value}, {}), {}, writable=w)["v"] for w in (True, False)]


NAMED = {
    "a distribution": lambda: __import__("scipy.stats").stats.norm,
    "a discrete distribution": lambda: __import__("scipy.stats").stats.poisson,
    "a domain": lambda: __import__("sympy").ZZ,
    "slices": lambda: np.s_,
    "a grid": lambda: np.mgrid,
    "an indexer": lambda: pd.IndexSlice,
    "options": lambda: pd.options,
    "a mark": lambda: dataclasses.KW_ONLY,
    "what Python tells of itself": lambda: sys.version_info,
}


@pytest.mark.parametrize("make", NAMED.values(), ids=NAMED)
def test_named_object_is_the_one_of_the_process(make):
    value = make()
    for got in there_and_back({"a": [value], value.__class__.__name__: value}):
        assert got["a"][0] is value
        assert got[value.__class__.__name__] is value


def test_others_of_the_same_class_are_copied():
    stats = pytest.importorskip("scipy.stats")
    frozen = stats.norm(1, 2)
    for got in there_and_back(frozen):
        assert got is not frozen
        assert got.dist is not stats.norm
        assert got.mean() == 1


@pytest.fixture
def library(monkeypatch, tmp_path):
    """An installed module with objects of its own."""
    code = "class Kind:\n    def __init__(self, n): self.n = n\nfirst, _hidden = Kind(1), Kind(2)\n"
    (tmp_path / "library_with_names.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(packing_instances, "_INSTALLED", (f"{tmp_path}{os.sep}",))
    yield importlib.import_module("library_with_names")
    del sys.modules["library_with_names"]


def test_only_public_names_count(library):
    assert all(got is library.first for got in there_and_back(library.first))
    assert [got.n for got in there_and_back(library._hidden)] == [2, 2]
    assert all(got is not library._hidden for got in there_and_back(library._hidden))


class Own:
    def __init__(self, n):
        self.n = n

    def __reduce__(self):
        return Own, (self.n,)


named = Own(1)


def test_objects_of_the_users_own_modules_are_copied():
    assert [got.n for got in there_and_back(named)] == [1, 1]
    assert all(got is not named for got in there_and_back(named))
    assert shares_objects([[named]], [[named]])


def test_those_of_libraries_are_nothing_that_values_share(library):
    assert not shares_objects([[library.first]], [[library.first]])
    assert shares_objects([[library._hidden]], [[library._hidden]])


def test_a_name_that_gets_another_object_is_looked_up_again(library):
    old, library.first = library.first, library.Kind(3)
    assert [got.n for got in there_and_back(old)] == [1, 1]
    assert all(got is not library.first for got in there_and_back(old))
    library.second = old
    assert all(got is old for got in there_and_back(old))


def test_an_object_of_another_type_under_the_name_is_an_error(library):
    packed = pack({"v": library.first}, {})
    library.first = [1]
    with pytest.raises(PackingError, match="first is no Kind here"):
        unpack(packed, {}, writable=True)
