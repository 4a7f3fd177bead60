"""Right gradients are called right and wrong ones wrong, whatever the point is made of."""

import re

import numpy as np
import pytest
from helpers import check

from gradcheck import (
    GradientInconclusive,
    GradientInterfaceError,
    GradientMismatch,
    UsageError,
    assert_gradient,
)

W = np.array([1.0, -2.0, 3.0])


def loss(w):
    return 0.5 * np.sum(np.square(w))


def gradient(w):
    return w.copy()


def frozen(array):
    array.flags.writeable = False
    return array


BIG = np.arange(1.0, 25.0).reshape(4, 6)
POINTS = {
    "0-d": np.array(3.0),
    "one entry": np.array([[2.0]]),
    "read-only": frozen(W.copy()),
    "strided": BIG[::2, ::3],
    "reversed": BIG[::-1, ::-1],
    "Fortran": np.asfortranarray(BIG),
    "transposed": BIG.T,
    "broadcast": np.broadcast_to(W, (2, 3)),
    "big-endian": W.astype(">f8"),
    "masked": np.ma.array(W),
    "float16": W.astype(np.float16),
    "float32": W.astype(np.float32),
    "longdouble": W.astype(np.longdouble),
    "number": 3.0,
    "numpy number": np.float64(3.0),
    "single number": np.float32(3.0),
    "list": [1.0, -2.0, 3.0],
}


class TestPoints:
    @pytest.mark.parametrize("name", POINTS)
    def test_right(self, name):
        """The right gradient is a match whatever the memory and type of the point."""
        report = check(loss, POINTS[name], lambda w: np.array(w))

        assert report.verdict == "match"
        assert not report.flags

    @pytest.mark.parametrize("name", POINTS)
    def test_wrong(self, name):
        """The same gradient with its first entry off by 1 % is a mismatch there and only there."""

        def wrong(w):
            g = np.array(w)
            g[(0,) * g.ndim] *= g.dtype.type(1.01)
            return g

        report = check(loss, POINTS[name], wrong)
        found = {name: p.wrong for name, p in report.parameters.items() if p.wrong}

        expected = {"0": ((),)} if name == "list" else {"params": ((0,) * np.ndim(POINTS[name]),)}
        assert report.verdict == "mismatch"
        assert found == expected

    def test_zero_size_leaves(self):
        """A leaf of size 0 beside others is nothing to get wrong, but its shape is looked at."""
        params = {"w": W, "none": np.zeros((0, 2))}

        def judged(shape, factor):
            return check(lambda p: loss(p["w"]), params, {"w": factor * W, "none": np.zeros(shape)})

        assert judged((0, 2), 1).verdict == "match"
        assert judged((0, 2), 1.001).verdict == "mismatch"
        with pytest.raises(GradientInterfaceError, match="another shape"):
            judged((0, 3), 1)

    @pytest.mark.parametrize("kind", [complex, np.complex64, np.clongdouble, lambda z: np.array([z, 1 + 1j])])
    def test_complex(self, kind):
        """The gradient of |w|^2 is 2 w, real and imaginary part; its conjugate is wrong."""

        def norm(w):
            return np.sum(np.abs(w) ** 2)

        assert check(norm, kind(3 + 2j), lambda w: 2 * w).verdict == "match"
        assert check(norm, kind(3 + 2j), lambda w: 2 * np.conj(w)).verdict == "mismatch"
        assert check(norm, kind(3 + 2j), lambda w: 2 * np.real(w)).verdict == "mismatch"

    def test_the_loss_returns_the_parameter(self):
        """A loss that returns its argument, an array, is read before the argument moves on."""
        assert check(lambda w: w, np.array(3.0), np.array(1.0)).verdict == "match"
        assert check(lambda w: w, np.array(3.0), np.array(0.0)).verdict == "mismatch"
        assert check(lambda w: w.reshape(()), np.array([3.0]), np.array([0.0])).verdict == "mismatch"


class TestOptions:
    @pytest.mark.parametrize(
        "options",
        [
            {"rtol": 0},
            {"rtol": -1},
            {"rtol": 1.0},
            {"rtol": "a"},
            {"rtol": [1e-6]},
            {"rtol": np.nan},
            {"seed": -1},
            {"seed": 1.5},
            {"seed": True},
        ],
    )
    def test_refused(self, options):
        """An option out of range is refused with its value."""
        with pytest.raises(UsageError, match=re.escape(repr(next(iter(options.values()))))):
            check(loss, W, gradient, **options)

    @pytest.mark.parametrize("error", [1e-4, 1e-3, 1e-2])
    def test_rtol_says_which_error_matters(self, error):
        """An error above rtol is a mismatch, below it a match."""
        assert check(loss, W, (1 + error) * W, rtol=error / 2).verdict == "mismatch"
        assert check(loss, W, (1 + error) * W, rtol=error * 2).verdict == "match"


class TestAssert:
    def test_match(self):
        """A right gradient passes in silence."""
        assert assert_gradient(loss, W, gradient) is None

    def test_mismatch(self):
        """A wrong one raises an AssertionError whose message holds the table."""
        with pytest.raises(GradientMismatch, match=r"(?s)MISMATCH.*params .*\[1\].*seed 0") as caught:
            assert_gradient(loss, W, W * [1, 1.1, 1])

        assert isinstance(caught.value, AssertionError)
        assert str(caught.value.report) in str(caught.value)

    def test_inconclusive(self):
        """One that cannot be decided raises its own AssertionError."""
        rng = np.random.default_rng(0)

        with pytest.raises(GradientInconclusive, match="INCONCLUSIVE") as caught:
            assert_gradient(lambda w: loss(w) + 1e-3 * rng.normal(), W, gradient)

        assert isinstance(caught.value, AssertionError)
