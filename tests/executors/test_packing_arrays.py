"""Arrays keep their values, and the memory they share."""

import pickle

import pytest

from naavre_ext.executors.packing import PackingError, fingerprint, pack, unpack

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")


def big():
    return np.arange(100_000.0).reshape(100, 1000)


ARRAYS = {
    "contiguous": big,
    "fortran": lambda: np.asfortranarray(big()),
    "transposed": lambda: big().T,
    "strided": lambda: big()[::3, ::-2],
    "reversed": lambda: big()[::-1],
    "column": lambda: big()[:, 3],
    "small": lambda: np.arange(3),
    "small strided": lambda: np.arange(30)[::7],
    "empty": lambda: np.empty((0, 3)),
    "zero-dimensional": lambda: np.array(5.0),
    "broadcast": lambda: np.broadcast_to(np.arange(4.0), (1000, 4)),
    "windows": lambda: np.lib.stride_tricks.sliding_window_view(np.arange(5000.0), 100),
    "bool": lambda: np.array([True, False]),
    "complex": lambda: np.array([1 + 2j]),
    "dates": lambda: np.array(["2020-01-01", "NaT"], "M8[D]"),
    "text": lambda: np.array(["a", "bcd"]),
    "bytes": lambda: np.array([b"a", b"bc"]),
    "records": lambda: np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
    "records view": lambda: np.zeros(500, dtype=[("a", "i4"), ("b", "f8")])["b"],
    "big endian": lambda: np.arange(1000, dtype=">i4"),
    "objects": lambda: np.array([1, "a", None], dtype=object),
    "masked": lambda: np.ma.array([1, 2], mask=[True, False]),
    "matrix": lambda: np.arange(1000.0).view(np.recarray),
    "from bytes": lambda: np.frombuffer(b"abcdefgh" * 1000, np.uint8),
}


@pytest.mark.parametrize("writable", [False, True])
def test_types_are_those_of_the_process(writable):
    dtypes = [np.dtype(code) for code in np.typecodes["All"] if np.dtype(code).isbuiltin == 1]
    numbers = [d for d in dtypes if d.kind in "bifc"]
    values = {
        "dtypes": dtypes,
        "arrays": [np.ones(3, d) for d in numbers],
        "others": [np.ones((2, 3), float).T, np.array([None]), np.eye(2).view(np.recarray)],
        "frame": pd.DataFrame({"a": [1.5], "b": [2]}),
        "masked": np.ma.masked_array([1.0, 2.0]),
    }
    got = unpack(pack(values, {}), {}, writable=writable)
    assert all(one is other for one, other in zip(got["dtypes"], dtypes, strict=True))
    assert all(a.dtype is d for a, d in zip(got["arrays"], numbers, strict=True))
    assert [a.dtype.isbuiltin for a in got["others"]] == [1, 1, 1]
    assert [d.isbuiltin for d in got["frame"].dtypes] == [1, 1]
    assert got["masked"].dtype is np.dtype(float)
    array = got["arrays"][-1]
    assert np.asarray(array, numbers[-1]) is array


@pytest.mark.parametrize("writable", [False, True])
@pytest.mark.parametrize("make", ARRAYS.values(), ids=ARRAYS)
def test_array_arrives_as_it_was(make, writable):
    array = make()
    packed = pickle.loads(pickle.dumps(pack({"a": array, "b": [array]}, {}), protocol=5))
    got = unpack(packed, {}, writable=writable)
    assert type(got["a"]) is type(array)
    assert got["a"].dtype == array.dtype
    assert got["a"].shape == array.shape
    np.testing.assert_array_equal(got["a"], array)
    assert got["a"] is got["b"][0]


@pytest.mark.parametrize("size", [3, 100_000])
def test_writable_says_whether_arrays_can_be_changed(size):
    packed = pack({"a": np.arange(size)}, {})
    window = unpack(packed, {}, writable=False)["a"]
    copy = unpack(packed, {}, writable=True)["a"]
    assert not window.flags.writeable
    assert copy.flags.owndata
    copy[:] = 0
    copy.resize(size + 1)
    assert window[1] == 1


def test_large_arrays_are_not_copied_on_the_way():
    array = big()
    packed = pack({"a": array}, {})
    buffers = []
    pickle.dumps(packed, protocol=5, buffer_callback=buffers.append)
    got = unpack(packed, {}, writable=False)["a"]
    assert np.shares_memory(got, array)
    assert any(buffer.raw().nbytes == array.nbytes for buffer in buffers)
    assert packed.nbytes < array.nbytes + 2000


#: Two arrays made from a big one; whether they share memory.
PAIRS = {
    "base and row": (lambda x: (x, x[5]), True),
    "row and base": (lambda x: (x[5], x), True),
    "base and transposed": (lambda x: (x, x.T), True),
    "two overlapping": (lambda x: (x[2:6], x[4:8]), True),
    "two apart": (lambda x: (x[:2], x[90:]), False),
    "columns apart": (lambda x: (x[:, 0], x[:, 1]), False),
    "same column twice": (lambda x: (x[:, 0], x[:, 0]), True),
    "reversed": (lambda x: (x[::-1], x[3]), True),
    "view of bytes": (lambda x: (x, x.view(np.uint8)), True),
    "copy": (lambda x: (x, x.copy()), False),
}


@pytest.mark.parametrize(("make", "shared"), PAIRS.values(), ids=PAIRS)
def test_shared_memory_stays_shared_and_separate_stays_separate(make, shared):
    one, other = make(big())
    packed = pickle.loads(pickle.dumps(pack({"one": one, "other": other}, {}), protocol=5))
    got = unpack(packed, {}, writable=True)
    np.testing.assert_array_equal(got["one"], one)
    np.testing.assert_array_equal(got["other"], other)
    assert np.shares_memory(one, other) == shared
    assert np.shares_memory(got["one"], got["other"]) == shared
    got["one"][...] = 7
    one[...] = 7
    np.testing.assert_array_equal(got["other"], other)


def test_lone_view_does_not_drag_its_base_along():
    base = np.zeros(1_000_000)
    assert pack({"row": base[:1000]}, {}).nbytes < 10_000
    assert pack({"strided": base[::1000]}, {}).nbytes < 20_000  # with gaps of one element


def test_read_only_arrays_stay_read_only_and_lent_ones_become_writable_again():
    fixed = np.arange(1000)
    fixed.flags.writeable = False
    got = unpack(pack({"f": fixed, "a": np.arange(1000)}, {}), {}, writable=False)
    home = unpack(pack({"a": got["a"], "v": got["a"][3:]}, {}), {}, writable=True)
    home["a"][5] = -1
    assert home["v"][2] == -1
    assert not unpack(pack({"f": fixed}, {}), {}, writable=True)["f"].flags.writeable


needs_copy_on_write = pytest.mark.skipif(
    int(pd.__version__.split(".")[0]) < 3, reason="needs copy-on-write"
)

#: What a batch takes from inputs that it can't write to, and whether it can be written to in the notebook.
TAKEN = {
    "a part of an array": (lambda given: given["a"][1:3], True),
    "a part of a read-only array": (lambda given: given["f"][1:3], False),
    "a read-only view that travels with its array": (lambda given: given["view"], False),
    "a read-only array of objects": (lambda given: given["o"], False),
    "a column's values": (lambda given: given["df"]["x"].values, False),
    "a column as an array": (lambda given: np.asarray(given["df"]["x"]), False),
    "a series' values": (lambda given: given["s"].to_numpy(), False),
    "a table's values": (lambda given: given["df"][["x"]].values, False),
    "dates": (lambda given: given["df"]["t"].values, False),
    "texts as objects": (lambda given: given["df"]["k"].values, False),
    "an index' values": (lambda given: given["df"].index.values, False),
    "an index as an array": (lambda given: np.asarray(given["df"].index), True),
    "codes": (lambda given: given["df"]["c"].cat.codes.values, False),
    "a copy": (lambda given: given["df"]["x"].to_numpy(copy=True), True),
}


@needs_copy_on_write
@pytest.mark.parametrize(("take", "writable"), TAKEN.values(), ids=TAKEN)
def test_what_is_taken_from_lent_inputs_can_be_written_to_where_it_can_in_the_notebook(
    take, writable
):
    frame = pd.DataFrame(
        {"x": [1.0, 2.0], "t": pd.to_datetime(["2020", "2021"]), "c": pd.Categorical(["a", "b"])},
        index=[3, 4],
    )
    frame["k"] = pd.Series(["u", None], dtype=object, index=[3, 4])
    fixed, objects, array = np.arange(9), np.array([[1], None], dtype=object), np.arange(9)
    view = array[2:]
    for one in (fixed, objects, view):
        one.flags.writeable = False
    values = {"df": frame, "s": frame["x"], "a": array, "view": view, "f": fixed, "o": objects}
    assert take(values).flags.writeable == writable
    given = unpack(pack(values, {}), {}, writable=False)
    home = unpack(pack({"taken": take(given)}, {}), {}, writable=True)
    assert home["taken"].flags.writeable == writable
    assert not any(given[name].flags.writeable for name in ("a", "view", "f", "o"))


@needs_copy_on_write
def test_tables_that_were_lent_can_be_changed_again():
    frame = pd.DataFrame({"x": [1.0, 2.0], "t": pd.to_datetime(["2020", "2021"])})
    given = unpack(pack({"df": frame}, {}), {}, writable=False)["df"]
    home = unpack(pack({"df": given, "x": given["x"], "t": given["t"]}, {}), {}, writable=True)
    home["df"].loc[0, "x"] = home["x"].loc[0] = 5.0
    home["df"].loc[0, "t"] = home["t"].loc[0] = pd.Timestamp(0)
    assert home["df"].iloc[0].tolist() == [5.0, pd.Timestamp(0)]


@needs_copy_on_write
@pytest.mark.parametrize("referred", [False, True])
def test_values_of_a_table_see_its_changes_as_they_would_in_the_notebook(referred):
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})
    values, column = frame["x"].values, frame["x"] if referred else None
    got = unpack(pack({"df": frame, "values": values, "column": column}, {}), {}, writable=True)
    for each in (frame, got["df"]):
        each.loc[0, "x"] = 9.0
    assert got["values"].tolist() == values.tolist() == [1.0 if referred else 9.0, 2.0]


def test_arrays_of_objects_that_share_memory_do_not_travel_together():
    objects = np.array([1, None, "x"], dtype=object)
    with pytest.raises(PackingError, match="shares memory with another"):
        pack({"a": objects, "b": objects[1:]}, {})
    assert pack({"a": objects, "b": objects.copy(), "c": objects}, {}).names == ("a", "b", "c")


def test_array_that_writes_to_a_file_is_refused(tmp_path):
    mapped = np.memmap(tmp_path / "m", dtype="f8", mode="w+", shape=(10,))
    for value in (mapped[2:].view(np.ndarray), np.asarray(mapped)):
        with pytest.raises(PackingError, match="memory of a file"):
            pack({"m": value}, {})


def test_fingerprint_sees_a_change_in_a_large_array():
    array = big()
    before = fingerprint([array], {})
    array[50, 50] += 1
    assert fingerprint([array], {}) != before


FRAMES = {
    "mixed": lambda: pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "c": [True, False]}),
    "large": lambda: pd.DataFrame(big()),
    "dates": lambda: pd.DataFrame({"t": pd.date_range("2020", periods=3, tz="UTC")}),
    "categories": lambda: pd.DataFrame({"c": pd.Categorical(["a", "b", "a"])}),
    "nullable": lambda: pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}),
    "index": lambda: pd.DataFrame({"v": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, 2), (3, 4)])),
    "objects": lambda: pd.DataFrame({"o": [[1], {"a": 2}]}, dtype=object),
}


@pytest.mark.parametrize("writable", [False, True])
@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_frames_arrive_as_they_were(make, writable):
    frame = make()
    got = unpack(pack({"f": frame, "g": frame}, {}), {}, writable=writable)
    pd.testing.assert_frame_equal(got["f"], frame)
    assert got["f"] is got["g"]


@needs_copy_on_write
@pytest.mark.parametrize("make", [FRAMES[k] for k in FRAMES if k != "objects"])
def test_frames_that_copy_on_write_do_not_see_each_others_changes(make):
    frame = make()
    other = frame.copy(deep=False)
    column = frame[frame.columns[0]]
    expected = frame.copy(deep=True)
    got = unpack(pack({"f": frame, "o": other, "c": column}, {}), {}, writable=True)
    got["f"].iloc[0, 0] = got["f"].iloc[1, 0]
    pd.testing.assert_frame_equal(got["o"], expected)
    pd.testing.assert_series_equal(got["c"], expected[expected.columns[0]])


def test_many_small_arrays_stay_cheap():
    arrays = [np.arange(5) for _ in range(5000)]
    packed = pack({"a": arrays}, {})
    assert len(packed.buffers) == 0
    assert packed.nbytes < 5000 * 200
    assert unpack(packed, {}, writable=True)["a"][4999][4] == 4


def test_ray_like_out_of_band_round_trip():
    array = big()
    buffers = []
    data = pickle.dumps(pack({"a": array}, {}), protocol=5, buffer_callback=buffers.append)
    shared = [bytes(buffer.raw()) for buffer in buffers]
    packed = pickle.loads(data, buffers=shared)
    got = unpack(packed, {}, writable=False)["a"]
    np.testing.assert_array_equal(got, array)
    assert not got.flags.writeable


@pytest.mark.parametrize("dtype", ["string[pyarrow]", "int64[pyarrow]", "bool[pyarrow]"])
def test_arrow_column_that_was_received_has_the_bytes_that_were_sent(dtype):
    """Else a look at whether it changed would take two more packs."""
    pytest.importorskip("pyarrow")
    column = pd.Series(pd.array([1, None, 3], dtype="Int64").astype(dtype))
    pieces = pd.concat([column, column], ignore_index=True)
    for value in (column, pieces):
        sent = pack({"value": value}, {}).detached()
        received = unpack(sent, {}, writable=False)
        assert bytes(pack(received, {}).data) == bytes(sent.data)
        assert received["value"].equals(value)
