"""The bytes that are told beforehand are never more than packing takes, and near them for plain containers."""

import numpy
import pytest

from naavre_ext.executors.least_sizes import least_bytes
from naavre_ext.executors.packing import pack

SAME = list(range(1000, 3000))


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ([list(range(100_000))], 0.4),
        ([[n / 7 for n in range(10_000)]], 0.9),
        ([tuple(range(10**9, 10**9 + 10_000))], 0.9),
        ([{n: n * 1.5 for n in range(10_000)}], 0.6),
        ([{f"name {n}" for n in range(10_000)}], 0.05),
        (["text" * 1000, b"bytes" * 1000], 0.9),
        ([numpy.zeros(10_000)], 0.9),
        ([SAME, SAME], 0.9),
        ([[None] * 10_000], 0.9),
        ([[], {}, set(), ""], 0.0),
        ([object, 3, [[1, 2], [3, 4]] * 1000], 0.0),
    ],
)
def test_least_bytes_are_near_what_packing_takes_and_no_more(values, share):
    packed = pack({f"v{number}": value for number, value in enumerate(values)}, {})
    assert share * packed.nbytes <= least_bytes(values) <= packed.nbytes
