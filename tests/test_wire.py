"""Frames: what goes in comes out, bit for bit; what is no frame is refused."""

import io
import json
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcheck.submissions import rows, wire

ARRAYS = hnp.arrays(
    st.sampled_from(["<f8", ">f8", "<f4", "<i8", "|b1", "<c16"]), hnp.array_shapes(min_dims=0, min_side=0)
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text() | ARRAYS
NESTS = st.recursive(
    LEAVES,
    lambda n: st.lists(n, max_size=3) | st.tuples(n, n) | st.dictionaries(st.text(), n, max_size=3),
    max_leaves=8,
)


def read(frame: bytes):
    stream = io.BytesIO(frame)

    def take(size):
        data = stream.read(size)
        if len(data) < size:
            raise EOFError
        return data

    return wire.read(take)


def framed(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<II", len(text), len(body)) + text + body


def same(a, b) -> bool:
    if isinstance(a, np.ndarray):
        alike = a.shape == b.shape and a.dtype.newbyteorder("=") == b.dtype.newbyteorder("=")
        return alike and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return (a == b and type(a) is type(b)) or (a != a and b != b)


@given(NESTS)
def test_what_goes_in_comes_out(nest):
    """Any nest of plain values and arrays, bit for bit."""
    assert same(nest, read(wire.pack(nest)))


def test_array_that_comes_out_can_be_written_to():
    """A submission may work in place on what it is given."""
    array = read(wire.pack(np.ones(3)))
    array += 1

    assert array.tolist() == [2, 2, 2]


class Rigged:
    """An object that would do harm when unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (Rigged(), "Rigged"),
        (np.array([Rigged()]), "array of object"),
        (np.array(["text"]), "array of str128"),
        (np.ma.masked_array([1.0]), "MaskedArray"),
        ({1: 2}, "dict"),
        (2**70, "int"),
    ],
)
def test_what_cannot_travel_arrives_as_its_type(value, type_):
    """Objects never cross; a name of their type does."""
    assert read(wire.pack([value])) == [wire.Opaque(type_)]


def test_endless_nest_arrives_as_such():
    """A list that holds itself does not hang the sender."""
    nest: list[object] = []
    nest.append(nest)

    assert "a nest that is too deep" in repr(read(wire.pack(nest)))


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack("<II", wire.MAX_HEADER + 1, 0),
        struct.pack("<II", 0, wire.MAX_BODY + 1),
        framed(b"{"),
        framed(pickle.dumps(Rigged())),
        framed(b"[" * 100_000),
        framed({"$dict": {}, "$tuple": []}),
        framed({"$unknown": 1}),
        framed({"$dict": 1}),
        framed({"$array": ["|O", [1], 0]}, bytes(8)),
        framed({"$array": ["<f8", [2], 0]}, bytes(8)),
        framed({"$array": ["<f8", [10**30], 0]}, bytes(8)),
        framed({"$array": ["<f8", [-1], 0]}, bytes(8)),
        framed({"$array": ["<f8", [1], -8]}, bytes(8)),
        framed({"$array": ["<f8", ["1"], 0]}, bytes(8)),
        framed({"$array": ["no type", [1], 0]}, bytes(8)),
    ],
)
def test_forged_frame_is_refused(frame):
    """With one error, before memory is taken for what it claims."""
    with pytest.raises(wire.WireError):
        read(frame)


def test_value_too_large_for_a_frame_is_refused():
    """The sender says so, not the reader."""
    with pytest.raises(wire.WireError, match="too large"):
        wire.pack(np.zeros(wire.MAX_BODY // 8 + 1))


REF = wire.Ref(("network",))
ROWS = st.integers(1, 4).flatmap(lambda n: st.lists(st.floats(allow_nan=False), min_size=n, max_size=n))


class TestRows:
    @given(ROWS, hnp.arrays(np.float64, 3))
    def test_batch_comes_out_as_it_went_in(self, numbers, array):
        """Nests of equal structure travel as one, and what is common to them only once."""
        nests = [{"x": array, "w": [np.full(2, number), (number,)], "at": REF, "no": 7} for number in numbers]

        stacked = rows.stack(nests)

        assert isinstance(stacked, dict)
        assert stacked["x"] is array
        assert same(read(wire.pack(nests)), rows.unstack(read(wire.pack(stacked)), len(nests)))

    @pytest.mark.parametrize(
        "nests",
        [
            [{"x": np.ones(2)}, {"x": np.ones(3)}],
            [{"x": np.ones(2)}, {"x": np.ones(2, int)}],
            [{"x": 1.0}, {"y": 1.0}],
            [{"x": 1.0}, {"x": 1}],
            [{"x": [1.0]}, {"x": [1.0, 2.0]}],
            [{"x": 1}, {"x": 2}],
            [{"x": np.array([None])}, {"x": np.array([1, "a"], object)}],
            [{"error": "text"}, {"result": 1.0}],
        ],
    )
    def test_nests_of_different_structure_travel_one_by_one(self, nests):
        """Nothing is made equal."""
        assert rows.stack(nests) == nests

    def test_no_nest_writes_into_another(self):
        """A function that works in place spoils its own arguments alone."""
        common = np.ones(2)
        first, second = rows.unstack(rows.stack([{"x": common, "k": 1.0}, {"x": common, "k": 2.0}]), 2)
        first["x"] += 1

        assert second["x"].tolist() == common.tolist() == [1, 1]

    @pytest.mark.parametrize("nest", [[{}], wire.Rows(np.ones(3), are_numbers=True)])
    def test_another_count_is_refused(self, nest):
        """A batch of answers is as long as that of the requests."""
        with pytest.raises(ValueError, match="not 2"):
            rows.unstack(nest, 2)

    @pytest.mark.parametrize("content", [["no array", 0], [{"$array": ["<f8", [], 0]}, 1], []])
    def test_forged_rows_are_refused(self, content):
        """With the one error."""
        with pytest.raises(wire.WireError):
            read(framed({"$rows": content}, bytes(8)))
