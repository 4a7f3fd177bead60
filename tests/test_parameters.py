"""Any nest keeps its structure and its names; one wrong entry is found where it is and nowhere else."""

import copy
import dataclasses

import numpy as np
import pytest
from helpers import (
    Frozen,
    Layer,
    Slotted,
    check,
    flat_entries,
    half_square,
    itself,
    mapped,
    named_leaves,
    nests,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck import GradientInterfaceError
from gradcheck.parameters import Parameters


def same(a, b):
    """Whether two nests are equal in structure, types and bits."""
    if isinstance(a, np.ndarray):
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(
            same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a)
        )
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


class TestAnyNest:
    @given(nests())
    def test_copy_and_names(self, nest):
        """The private copy is equal and shares no array; leaves are named by their path, in order."""
        parameters = Parameters(nest)

        assert same(parameters.nest, nest)
        assert [leaf.name for leaf in parameters.leaves] == [name for name, _ in named_leaves(nest)]
        assert [leaf.shape for leaf in parameters.leaves] == [
            np.shape(leaf) for _, leaf in named_leaves(nest)
        ]
        for (_, mine), (_, given_) in zip(named_leaves(parameters.nest), named_leaves(nest), strict=True):
            assert not np.shares_memory(mine, given_)

    @given(nests(), st.data())
    def test_setting_an_entry_changes_the_nest(self, nest, data):
        """An entry set in a leaf is what the loss then sees, in its place and nowhere else."""
        parameters = Parameters(nest)
        entries = flat_entries(nest)
        name, index = data.draw(st.sampled_from(entries))
        leaf = next(leaf for leaf in parameters.leaves if leaf.name == name)
        expected = mapped(lambda n, value: _with(value, index, 7.0) if n == name else value, nest)

        leaf.values[np.ravel_multi_index(index, leaf.shape) if index else 0] = 7.0
        if leaf.sync:
            leaf.sync()

        assert same(parameters.nest, expected)
        assert parameters.intact()

    @given(nests())
    def test_right_gradient(self, nest):
        """The right gradient of a quadratic loss is a match for every parameter."""
        report = check(half_square, nest, itself)

        assert report.verdict == "match"
        assert list(report.parameters) == [name for name, _ in named_leaves(nest)]

    @given(nests(), st.data())
    def test_one_wrong_entry(self, nest, data):
        """One entry off by 1e-3 is a mismatch at exactly that index and nowhere else."""
        name, index = data.draw(st.sampled_from(flat_entries(nest)))

        def wrong(params):
            return mapped(
                lambda n, value: (
                    _with(value, index, np.asarray(value)[index] * 1.001) if n == name else value
                ),
                params,
            )

        report = check(half_square, nest, wrong)

        assert report.verdict == "mismatch"
        assert {n: p.wrong for n, p in report.parameters.items() if p.wrong} == {name: (index,)}
        assert report.parameters[name].max_relative_error == pytest.approx(1e-3, rel=1e-2)

    @given(nests())
    @settings(max_examples=30)
    def test_caller_keeps_his_arrays(self, nest):
        """Whatever is checked, the caller's nest is bit for bit as before."""
        before = copy.deepcopy(nest)

        check(half_square, nest, itself)

        assert same(nest, before)


def _with(value, index, number):
    """Return a copy of a leaf with one entry replaced, of the same type."""
    if isinstance(value, np.ndarray):
        changed = value.copy()
        changed[index] = number
        return changed
    return type(value)(number)


class TestIntact:
    """`intact` sees every way in which a loss can take a leaf out of its nest."""

    def planted(self):
        return Parameters({"w": np.ones(3), "b": 1.0, "layers": [Layer(np.ones((2, 2)), 2.0)]})

    def test_untouched(self):
        """Reading and writing into arrays leaves it intact."""
        parameters = self.planted()
        parameters.nest["w"][1] = 5.0

        assert parameters.intact()

    @pytest.mark.parametrize(
        "change",
        [
            lambda nest: nest.update(w=nest["w"] * 1.0),
            lambda nest: nest.update(b=2.0),
            lambda nest: nest.pop("w"),
            lambda nest: nest.update(extra=1.0),
            lambda nest: nest["layers"].clear(),
            lambda nest: nest["layers"].__setitem__(0, Layer(np.ones((2, 2)), 2.0)),
            lambda nest: nest.update(w=nest["w"][::-1]),
        ],
    )
    def test_taken_out(self, change):
        """Another array or number in the place of a leaf is seen, even an equal one."""
        parameters = self.planted()

        change(parameters.nest)

        assert not parameters.intact()


class TestRefused:
    @pytest.mark.parametrize(
        "nest", [{}, [], (), None, 3, "abc", np.arange(3), {"a": 1, "b": [None, ()]}, np.sum]
    )
    def test_nothing_to_differentiate(self, nest):
        """A nest without a floating-point leaf is refused, and integers are said to be constants."""
        with pytest.raises(GradientInterfaceError, match="integers are constants"):
            check(lambda p: 1.0, nest, lambda p: p)

    @pytest.mark.parametrize("nest", [np.zeros(0), {"a": np.zeros((0, 3))}])
    def test_only_empty_arrays(self, nest):
        """Where all leaves have size 0 there is nothing to check: never a match."""
        with pytest.raises(GradientInterfaceError, match="nothing to check"):
            check(lambda p: 1.0, nest, lambda p: p)

    @pytest.mark.parametrize("nest", [{"a.b": 1.0, "a": {"b": 2.0}}, {1: 1.0, "1": 2.0}])
    def test_duplicate_names(self, nest):
        """Two leaves of the same name are refused."""
        with pytest.raises(GradientInterfaceError, match="two parameters have the same name"):
            check(lambda p: 1.0, nest, lambda p: p)

    @pytest.mark.parametrize(
        ("leaf", "words"),
        [
            (np.array([1.0, None], object), "dtype object"),
            (np.zeros(2, [("x", float)]), "dtype"),
            (np.zeros(2, "M8[s]"), "datetime64"),
            ({1.0, 2.0}, "builtins.set"),
            (range(3), "builtins.range"),
        ],
    )
    def test_types_that_cannot_be_differentiated(self, leaf, words):
        """A leaf of an unknown type is refused by name, never taken for a constant."""
        with pytest.raises(GradientInterfaceError, match=r"layers\.0\.W") as caught:
            check(lambda p: 1.0, {"layers": [{"W": leaf}], "b": 1.0}, lambda p: p)

        assert words in str(caught.value)

    def test_nest_without_end(self):
        """A list that contains itself is refused."""
        endless = [1.0]
        endless.append(endless)

        with pytest.raises(GradientInterfaceError, match="no end"):
            check(lambda p: 1.0, endless, lambda p: p)

    @pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("kind", [float, np.float32, np.array, lambda x: np.array([1.0, x])])
    def test_not_finite(self, kind, wrong):
        """A point that is not finite is refused, and the parameter named."""
        with pytest.raises(GradientInterfaceError, match="parameter 'W' is not finite"):
            check(lambda p: 1.0, {"W": kind(wrong)}, lambda p: p)

    def test_masked_entries(self):
        """What a mask hides is no part of the point, and the loss would not see it move."""
        masked = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])

        with pytest.raises(GradientInterfaceError, match="parameter 'W' has masked entries") as caught:
            check(lambda p: np.sum(p["W"] ** 2), {"b": 1.0, "W": masked}, lambda p: p)

        assert "1 masked of 3" in str(caught.value)


class TestConstants:
    @pytest.mark.parametrize(
        "constant", [3, True, "relu", None, np.arange(3), np.array(["a"]), np.int64(2), max]
    )
    def test_constants_may_be_left_out_of_the_gradient(self, constant):
        """Constants reach the loss as they are, and the gradient may hold anything for them or nothing."""
        seen = []

        def loss(params):
            seen.append(type(params["n"]))
            return half_square(params["W"])

        params = {"W": np.ones(2), "n": constant}

        for gradient in ({"W": np.ones(2)}, {"W": np.ones(2), "n": None}, {"W": np.ones(2), "n": 0}):
            assert check(loss, params, gradient).verdict == "match"
        assert check(loss, params, {"W": np.array([1.0, 1.001])}).verdict == "mismatch"
        assert set(seen) == {type(constant)}

    def test_containers_of_the_gradient_may_differ(self):
        """The gradient of a dataclass may be a dict of the same names, a list's an array."""
        params = {"layer": Slotted(np.ones(2), 2.0), "more": [1.0, 2.0], "last": Frozen(1.0, 2)}
        gradient = {"layer": {"first": np.ones(2), "second": 2.0}, "more": np.array([1.0, 2.0])}

        assert check(half_square, params, {**gradient, "last": {"first": 1.0}}).verdict == "match"
        assert check(half_square, params, {**gradient, "last": {"first": 1.1}}).verdict == "mismatch"
