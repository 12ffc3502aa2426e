"""Slices of arrays are found again; other windows aren't taken for slices."""

import pytest

from naavre_ext.executors.array_windows import slice_of

np = pytest.importorskip("numpy")

SLICES = {
    "a part": lambda a: a[2:5],
    "each second": lambda a: a[1::2],
    "backwards": lambda a: a[::-1],
    "backwards to the first, by two": lambda a: a[4::-2],
    "a row": lambda a: a[3],
    "a column": lambda a: a[:, 2],
    "a block": lambda a: a[1:3, 2:4],
    "a part of a column": lambda a: a[2:5, -1],
    "one element's window": lambda a: a[2:3, 1:2],
    "rows backwards, each second column": lambda a: a[::-1, ::2],
    "all": lambda a: a.view(),
    "of three axes": lambda a: a.reshape(7, 3, 2)[2:4, 1],
}
OTHERS = {
    "transposed": lambda a: a.T,
    "diagonal": lambda a: a.diagonal(),
    "raised to more axes": lambda a: a[:, None],
    "flat": lambda a: a.reshape(-1),
    "of another type": lambda a: a.view("i8"),
    "repeated": lambda a: np.broadcast_to(a[0], (4, 6)),
    "sliding": lambda a: np.lib.stride_tricks.sliding_window_view(a[0], 3),
    "overlapping": lambda a: np.lib.stride_tricks.as_strided(a, (3, 6), (8, 8)),
}


def array():
    return np.arange(42.0).reshape(7, 6)


@pytest.mark.parametrize("take", SLICES.values(), ids=SLICES)
def test_slice_is_found_again(take):
    base = array()
    window = take(base)
    owner = base.reshape(7, 3, 2) if window.shape == (2, 2) and window[0, 0] == 14 else base
    index = slice_of(owner, window)
    assert index is not None
    again = owner[index]
    assert np.shares_memory(again, window)
    assert (again.shape, again.__array_interface__["data"]) == (
        window.shape,
        window.__array_interface__["data"],
    )
    np.testing.assert_array_equal(again, window)


@pytest.mark.parametrize("take", OTHERS.values(), ids=OTHERS)
def test_other_window_is_no_slice(take):
    base = array()
    assert slice_of(base, take(base)) is None


@pytest.mark.parametrize("seed", range(200))
def test_any_slice_of_any_array(seed):
    random = np.random.default_rng(seed)

    def index(length):
        if random.random() < 0.3:
            return int(random.integers(-length, length))
        start, stop = sorted(random.integers(0, length + 1, 2).tolist())
        step = int(random.integers(1, 4))
        return slice(start, stop, step) if random.random() < 0.6 else slice(stop, start, -step)

    base = np.arange(int(np.prod(shape := tuple(random.integers(1, 6, random.integers(1, 4))))))
    base = base.reshape(shape).transpose(random.permutation(len(shape)))
    base = base[tuple(slice(None, None, random.choice([1, -1])) for _ in shape)]
    window = base[tuple(index(length) for length in base.shape)]
    if not isinstance(window, np.ndarray) or not window.size:
        return
    found = slice_of(base, window)
    assert found is not None
    again = base[found]
    assert again.__array_interface__["data"] == window.__array_interface__["data"]
    np.testing.assert_array_equal(again, window)
