"""Right gradients are called right, wrong ones wrong, and what does not fit is refused in words."""

import re
import warnings

import numpy as np
import pytest
from helpers import check

from gradcheck import GradientInconclusive, GradientInterfaceError, GradientMismatch, assert_gradient
from gradcheck.errors import UsageError

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


class TestLoss:
    @pytest.mark.parametrize(
        ("value", "given"),
        [
            (np.ones(3), "ndarray, dtype float64, shape (3,)"),
            (np.ones((1, 1)), "ndarray, dtype float64, shape (1, 1)"),
            ([1.0], "list, dtype float64, shape (1,)"),
            (None, "NoneType"),
            (1 + 0j, "complex"),
            ("1.0", "str"),
            (True, "bool"),
            ({"loss": 1.0}, "dict"),
            ((1.0, W, W), "tuple"),
        ],
    )
    def test_not_a_real_number(self, value, given):
        """What is not one real number is refused, with its type and shape."""
        with pytest.raises(GradientInterfaceError, match="the loss is not a real number") as caught:
            check(lambda w: value, W, gradient)

        assert given in str(caught.value)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, value):
        """A loss that is not finite at the point is refused."""
        with pytest.raises(GradientInterfaceError, match="the loss is not finite at the point") as caught:
            check(lambda w: value, W, gradient)

        assert str(value) in str(caught.value)

    def test_pair(self):
        """Without a gradient the loss returns (value, gradient), and says so if it does not."""
        assert check(lambda w: (loss(w), w.copy()), W).verdict == "match"
        assert check(lambda w: (loss(w), 1.001 * w), W).verdict == "mismatch"
        with pytest.raises(GradientInterfaceError, match="there is no gradient to check"):
            check(loss, W)
        with pytest.raises(GradientInterfaceError, match="leave the gradient argument out"):
            check(lambda w: (loss(w), w), W, gradient)

    def test_order_of_arguments(self):
        """A loss that cannot be called is refused with the right order."""
        with pytest.raises(GradientInterfaceError, match=r"check_gradient\(loss, params, gradient\)"):
            check(W, loss, gradient)

    def test_its_own_error_is_not_ours(self):
        """What the loss raises at the point reaches the caller as it is."""
        with pytest.raises(ZeroDivisionError):
            check(lambda w: 1 / 0, W, gradient)

    @pytest.mark.parametrize("zero", [True, False])
    def test_constant(self, zero):
        """A loss that depends on nothing confirms nothing, and refutes what is not 0."""
        report = check(lambda w: 1.0, W, 0 * W if zero else W)

        assert report.verdict == ("inconclusive" if zero else "mismatch")
        assert ("trivial" in report.flags) == zero


class TestCost:
    @pytest.mark.parametrize(
        "kind",
        [
            float,
            np.array,
            np.float32,
            lambda v: int(1e6 * v),
            lambda v: (v, W),
            lambda v: v if v >= 7 else 1j,
            lambda v: v if v >= 7 else 1 / 0,
        ],
    )
    def test_evaluations(self, kind):
        """The evaluations reported are the calls of the loss, whatever it returns, in its domain or not."""
        calls = []

        def counted(w):
            calls.append(0)
            return kind(loss(w))

        report = check(counted, W, None if isinstance(kind(7.0), tuple) else W)

        assert report.evaluations == len(calls)

    def test_what_the_loss_returns_costs_nothing(self):
        """A loss that returns an array of no axes is called as often as one that returns a number."""
        assert check(lambda w: np.array(loss(w)), W, W).evaluations == check(loss, W, W).evaluations


class TestGradient:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (W[None], "differ only by axes of length 1"),
            (W[:, None], "differ only by axes of length 1"),
            (np.ones((5, 3)), "a leading axis of 5 is left"),
            (W[:2], "one number for each entry"),
            (1.0, "one number for each entry"),
        ],
    )
    def test_shape(self, given, words):
        """Another shape is refused, both shapes are said, and what may have happened."""
        with pytest.raises(GradientInterfaceError, match="another shape") as caught:
            check(loss, W, given)

        assert re.search(rf"given: +{re.escape(str(np.shape(given)))}", str(caught.value))
        assert re.search(r"expected: +\(3,\)", str(caught.value))
        assert words in str(caught.value)

    def test_transposed(self):
        """A transposed gradient is named as such."""
        with pytest.raises(GradientInterfaceError, match="transposed"):
            check(loss, np.ones((2, 3)), lambda w: w.T)

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (None, "nothing for parameter 'W'"),
            ({}, "nothing for parameter 'W'"),
            ({"W": W}, "nothing for parameter 'b'"),
            ({"W": W, "b": None}, "nothing for parameter 'b'"),
            ({"dW": W, "db": 0.0}, "name each as its parameter: W, b"),
            ({"W": W, "b": 0.0, "c": 0.0}, "'c', which is no parameter"),
            ((W, 0.0), "nothing for parameter 'W'"),
        ],
    )
    def test_structure(self, given, words):
        """A missing or an extra name is said, with the names that there are."""
        with pytest.raises(GradientInterfaceError) as caught:
            check(lambda p: loss(p["W"]) + p["b"], {"W": W, "b": 1.0}, lambda p: given)

        assert words in str(caught.value)
        assert "expected: W (3,), b ()" in str(caught.value)

    @pytest.mark.parametrize(
        "given",
        [W > 0, W * 1j, W + 0j, W.astype(object), W.astype(str), np.array([1.0, None, 2.0]),
         [1.0, [2.0, 3.0]],
         (number for number in W), {"w": W}],
    )  # fmt: skip
    def test_not_real_numbers(self, given):
        """Booleans, complex numbers, objects and text are no gradient of a real parameter."""
        with pytest.raises(GradientInterfaceError, match="does not consist of real numbers"):
            check(loss, W, given)

    @pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, wrong):
        """NaN and inf are a mismatch where they are, never equal to anything."""
        report = check(loss, W, np.array([1.0, wrong, 3.0]))

        assert report.verdict == "mismatch"
        assert report.parameters["params"].wrong == ((1,),)
        assert report.max_relative_error == np.inf

    @pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8])
    def test_integers(self, dtype):
        """Integers are exact numbers: no precision is forgiven."""
        assert check(np.sum, W, np.ones(3, dtype)).verdict == "match"
        assert check(lambda w: 1.0005 * np.sum(w), W, np.ones(3, dtype)).verdict == "mismatch"


class TestOptions:
    @pytest.mark.parametrize(
        "options",
        [
            {"rtol": 0},
            {"rtol": -1},
            {"rtol": 1.0},
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


def at(x, function, derivative, **options):
    """Check a function of one number with a second, well-behaved parameter beside it."""
    params = np.array([x, 2.0])
    return check(lambda w: function(w[0]) + w[1] ** 2, params, np.array([derivative, 4.0]), **options)


class TestKinks:
    @pytest.mark.parametrize("slope", [0.0, 0.25, 0.5, 1.0])
    def test_at_the_point(self, slope):
        """At relu(0) every value between the one-sided derivatives is right."""
        assert at(0.0, lambda u: max(u, 0.0), slope).verdict == "match"

    @pytest.mark.parametrize("slope", [-0.1, 1.1, 1.001])
    def test_outside_of_the_interval(self, slope):
        """A value beyond both one-sided derivatives is wrong."""
        assert at(0.0, lambda u: max(u, 0.0), slope).verdict == "mismatch"

    def test_said(self):
        """A kink that decided the verdict is counted and noted."""
        report = at(0.0, lambda u: max(u, 0.0), 0.0)

        assert report.parameters["params"].kinks == 1
        assert any("kink" in note for note in report.notes)

    @pytest.mark.parametrize("distance", [1e-9, -1e-9, 1e-6, -1e-6, 1e-3, -1e-3])
    def test_near(self, distance):
        """Beside a kink only the slope of the own side is right, however near it is."""
        right, other = (1.0, 0.0) if distance > 0 else (0.0, 1.0)

        assert at(distance, lambda u: max(u, 0.0), right).verdict == "match"
        assert at(distance, lambda u: max(u, 0.0), other).verdict == "mismatch"
        assert at(distance, lambda u: max(u, 0.0), 0.5).verdict == "mismatch"

    @pytest.mark.parametrize("slope", [0.0, 1.0, 1e6])
    def test_jump(self, slope):
        """At a jump there is no derivative to confirm, and none to refute."""
        assert at(0.0, np.sign, slope).verdict == "inconclusive"


def warned(u):
    """Return log1p(u), warning where it has no value whatever the caller has set."""
    with np.errstate(invalid="warn"):
        return np.log1p(u)


class TestEdges:
    def test_near_the_edge(self):
        """A point just inside of the domain is differentiated by steps that stay inside."""
        w = np.array([1e-3, 1.0, 5.0])

        assert check(lambda w: np.sum(np.log(w)), w, lambda w: 1 / w).verdict == "match"
        assert check(lambda w: np.sum(np.log(w)), w, lambda w: (1 + 1e-4) / w).verdict == "mismatch"

    @pytest.mark.parametrize("function", [np.log1p, warned, lambda u: float(u + 1) ** 1.5])
    @pytest.mark.parametrize("x", [-0.999, -0.9, -0.5])
    def test_both_kinds_of_no_value(self, function, x):
        """NaN, a complex root and a warning of the loss all mean: no value there."""
        right = 1 / (1 + x) if function in (np.log1p, warned) else 1.5 * (1 + x) ** 0.5

        assert at(x, function, right).verdict == "match"
        assert at(x, function, right * 1.0001).verdict == "mismatch"

    @pytest.mark.parametrize("x", [-0.9, -1 + 1e-9])
    def test_steps_beyond_the_edge_are_silent(self, x):
        """The warnings of steps that gradcheck takes do not reach the caller."""
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            at(x, np.log1p, 1 / (1 + x))
            at(x, np.log1p, 2 / (1 + x))

        assert not seen

    def test_on_the_edge(self):
        """On an edge the one-sided derivative judges, and the report says so."""

        def inside(u):
            return 3 * u if u >= 0 else np.nan

        assert at(0.0, inside, 3.0).verdict == "match"
        assert at(0.0, inside, 3.001).verdict == "mismatch"
        assert any("edge of the domain" in note for note in at(0.0, inside, 3.001).notes)

    def test_edges_on_both_sides(self):
        """A loss that has a value at the point alone confirms nothing, and the report says so."""
        report = at(0.0, lambda u: 0.0 if u == 0 else np.nan, 0.0)

        assert report.verdict == "inconclusive"
        assert any("no value on either side" in note for note in report.notes)


class TestScales:
    @pytest.mark.parametrize("factor", [1e8, 1.0, 1e-9, 1e-100, 1e30])
    def test_loss(self, factor):
        """The units of the loss do not matter."""

        def scaled(w):
            return factor * np.sum(np.sin(w) ** 2)

        right = factor * np.sin(2 * W)

        assert check(scaled, W, right).verdict == "match"
        assert check(scaled, W, right * [1, 1, 1 + 1e-4]).parameters["params"].wrong == ((2,),)

    @pytest.mark.parametrize("factor", [1e-9, 1e-6, 1e6, 1e9])
    def test_params(self, factor):
        """The units of the parameters do not matter."""

        def scaled(w):
            return np.sum(np.sin(w / factor) ** 2)

        right = np.sin(2 * W) / factor

        assert check(scaled, factor * W, right).verdict == "match"
        assert check(scaled, factor * W, right * [1, 1 + 1e-4, 1]).parameters["params"].wrong == ((1,),)

    @pytest.mark.parametrize(
        "function", [(np.sin, np.cos), (np.exp, np.exp), (np.tanh, lambda v: 1 / np.cosh(v) ** 2)]
    )
    def test_mixed_leaf(self, function):
        """A leaf that holds 1e6 beside 1e-6 is judged entry by entry, at the scale of each."""
        f, slope = function
        w, units = np.array([1e6, 1e-6, 2.0]), np.array([1e6, 1e-6, 1.0])
        right = slope(w / units) / units

        assert check(lambda w: np.sum(f(w / units)), w, right).verdict == "match"
        # The derivative by the first is 1e-12 of the second's: it has that much round-off to itself.
        for k, factor in enumerate((2.0, 1.001, 1.001)):
            wrong = right * np.where(np.arange(3) == k, factor, 1.0)
            assert check(lambda w: np.sum(f(w / units)), w, wrong).parameters["params"].wrong == ((k,),)

    def test_offset(self):
        """A loss with a large constant in it is judged by what is left, never falsely."""

        def lifted(w):
            return 1e6 + np.sum(np.sin(w) ** 2)

        assert check(lifted, W, np.sin(2 * W)).verdict == "match"
        assert check(lifted, W, np.sin(2 * W) * [1, 1, 1.001]).parameters["params"].wrong == ((2,),)

    @pytest.mark.parametrize("point", [W, 0 * W, 1e-6 * W])
    def test_optimum(self, point):
        """At an optimum right zeros match, and 1e-6 where 0 belongs does not."""

        def bowl(w):
            return np.sum((w - point) ** 2)

        zeros = np.zeros(3)

        assert check(bowl, point, zeros).verdict == "match"
        assert check(bowl, point, np.array([0, 1e-6, 0])).parameters["params"].wrong == ((1,),)

    def test_staircase(self):
        """A loss of steps has slope 0 within a step, whatever large steps say."""

        def stairs(w):
            return float(np.floor(1000 * w[0])) + w[1]

        assert check(stairs, np.array([1.2345, 2.0]), np.array([0.0, 1.0])).verdict == "match"
        assert check(stairs, np.array([1.2345, 2.0]), np.array([1000.0, 1.0])).verdict == "mismatch"


class TestPrecision:
    def test_float32_params_are_widened(self):
        """A loss that takes float64 is judged to float64's tolerance though params are float32."""
        w = W.astype(np.float32)

        report = check(lambda w: np.sum(np.sin(w)), w, lambda w: np.cos(w.astype(np.float64)))

        assert report.verdict == "match"
        assert report.max_relative_error < 1e-9
        assert check(lambda w: np.sum(np.sin(w)), w, lambda w: np.cos(w) * (1 + 1e-5)).verdict == "mismatch"

    def test_float32_loss(self):
        """A loss that computes in float32 is judged at 1e-3 and the report says so."""

        def single(w):
            return np.sum(np.sin(w.astype(np.float32)))

        report = check(single, W, np.cos(W))

        assert report.verdict == "match"
        assert any("single precision" in note for note in report.notes)
        assert check(single, W, 1.01 * np.cos(W)).verdict == "mismatch"

    def test_a_loss_that_refuses_float64(self):
        """A loss that takes float32 only is called with float32, and the report says so."""

        def strict(w):
            if w.dtype != np.float32:
                raise TypeError("float32 please")
            return np.sum(w * w)

        report = check(strict, W.astype(np.float32), lambda w: 2 * w)

        assert report.verdict == "match"
        assert any("does not take a float64 copy" in note for note in report.notes)
        assert check(strict, W.astype(np.float32), lambda w: 2.1 * w).verdict == "mismatch"
