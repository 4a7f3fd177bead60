"""Derivatives beneath the round-off of a loss: a right gradient is never called wrong for them.

The networks were found by drawing tens of thousands with units far out on their flat ends.
"""

import mpmath
import numpy as np
import pytest
from helpers import check, noise_of
from numpy import array

from gradcheck.derivatives.complex_step import ComplexStep
from gradcheck.networks import DenseNetwork
from gradcheck.problem import Problem
from gradcheck.strategies import NetworkProblem

HIDDEN = {
    # The noise of the loss is that of its largest logit, far above the round-off of 1e-17.
    "a nearly certain class": NetworkProblem(
        DenseNetwork(("leaky_relu", "silu"), "softmax_cross_entropy"),
        {
            "W1": array([[-1.7], [0.8], [40.0], [0.0]]),
            "b1": array([-40.0]),
            "W2": array([[-0.5, 0.1, -1.7, 0.5]]),
            "b2": array([40.0, 0.1, -1.7, 0.5]),
        },
        array([[0.0, -1.0, -1.0, 0.1]]),
        array([0]),
    ),
    # The square of its noise is less than the smallest number.
    "a loss of 1e-175": NetworkProblem(
        DenseNetwork(("relu", "silu", "identity"), "softmax_cross_entropy"),
        {
            "W1": array([[0.0, -1.3], [-0.4, 0.8]]),
            "b1": array([0.2, 1.0]),
            "W2": array([[40.0, -1.2], [1.5, 0.2]]),
            "b2": array([0.0, 0.0]),
            "W3": array([[40.0, -1.2], [1.5, 0.2]]),
            "b3": array([40.0, -1.3]),
        },
        array([[0.0, 0.0], [0.0, 0.0]]),
        array([0, 0]),
    ),
    "a loss of 1e-112": NetworkProblem(
        DenseNetwork(("silu",), "binary_cross_entropy"),
        {"W1": array([[-16.0]]), "b1": array([0.0])},
        array([[-16.0]]),
        array([[1.0]]),
    ),
    # To one side the output is flat, and what rises on the other does so beneath the round-off.
    "a flat side": NetworkProblem(
        DenseNetwork(("gelu_tanh", "tanh"), "smoothed_cross_entropy"),
        {
            "W1": array([[-40.0, 0.7, -0.1]]),
            "b1": array([-1.7, -1.6, -0.8]),
            "W2": array([[-0.3, -1.8, -2.0], [1.3, -0.2, -0.1], [0.0, 0.0, -1.0]]),
            "b2": array([40.0, 1.1, 1.4]),
        },
        array([[-40.0], [-2.0]]),
        array([0, 0]),
    ),
    # Two steps agree by chance on a value that smaller ones contradict.
    "an agreement by chance": NetworkProblem(
        DenseNetwork(("elu", "selu", "selu"), "smoothed_cross_entropy", {"l2": 0.1}),
        {
            "W1": array([[-1.3, 1.4], [-0.2, 0.0]]),
            "b1": array([40.0, 2.0]),
            "W2": array([[-1.3], [-0.2]]),
            "b2": array([40.0]),
            "W3": array([[0.8, 0.8, 0.8]]),
            "b3": array([40.0, 0.8, 1.2]),
        },
        array([[40.0, -0.3], [0.0, -1.0], [-1.5, 1.4]]),
        array([0, 0, 0]),
    ),
    # A kink at the point, and on one side another unit that wakes up close by.
    "a kink beside a kink": NetworkProblem(
        DenseNetwork(("hard_tanh",), "softmax_cross_entropy", {"l1": 0.1}),
        {"W1": np.zeros((3, 2)), "b1": array([-40.0, -2.0])},
        array([[40.0, -1.8, -0.7], [1.9, 1.9, 0.9]]),
        array([1, 1]),
    ),
}


@pytest.mark.parametrize("problem", HIDDEN.values(), ids=HIDDEN)
def test_a_right_gradient_is_not_refused(problem):
    """What cannot be seen may be inconclusive, but is no mismatch."""
    assert check(problem.loss, problem.params, problem.gradient).verdict != "mismatch"


@pytest.mark.parametrize("name", ["a nearly certain class", "a loss of 1e-175", "a loss of 1e-112"])
def test_a_tiny_loss_is_no_excuse(name):
    """A right gradient of a tiny loss matches; with one entry off by 0.1 % it does not."""
    problem = HIDDEN[name]

    def wrong(params):
        gradient = problem.gradient(params)
        gradient["b1"] = gradient["b1"] * 1.001
        return gradient

    assert check(problem.loss, problem.params, problem.gradient).ok
    assert check(problem.loss, problem.params, wrong).verdict == "mismatch"


class TestExtendedPrecision:
    """A small derivative beneath a large value is seen in extended precision where the loss takes it."""

    x = np.array([0.3, -1.2, 0.7])

    def loss(self, w):
        return 1e8 + np.sum(np.sin(w) * self.x)

    def in_double(self, w):
        return float(self.loss(w))

    def gradient(self, w):
        return np.cos(w) * self.x

    def wrong(self, w):
        return np.cos(w) * self.x * [1, 1, 1 + 2e-6]

    w = np.array([0.4, 1.1, -0.6])

    @pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="the platform has no wider type")
    def test_confirms(self):
        """It confirms what differences in double precision leave open, and says so."""
        assert check(self.in_double, self.w, self.gradient).verdict == "inconclusive"

        report = check(self.loss, self.w, self.gradient)

        assert report.ok
        assert "confirmed in extended precision" in " ".join(report.notes)

    def test_confirms_nothing_wrong(self):
        """An error that double precision cannot see is no match in extended precision either."""
        assert check(self.loss, self.w, self.wrong).verdict == "inconclusive"


def test_noise_of_one_entry_alone():
    """Noise that all entries together do not show does not make small steps object to a right derivative."""

    def loss(w):
        a, b = (float(number) for number in w)  # neither the complex step nor extended precision
        noise = np.random.default_rng(int(np.float64(b).view(np.uint64))).normal()
        return a * a + np.exp(2 * b) + 3e-14 * noise * (a == 0.5)

    def slope(w):
        return np.array([2 * w[0], 2 * np.exp(2 * w[1])])

    w = np.array([0.5, -0.3])

    assert check(loss, w, slope).ok
    assert not check(loss, w, lambda w: slope(w) * [1, 1 + 1e-5]).ok


class TestComplexStep:
    """Derivatives that differences see but do not resolve, in any precision, where the loss is analytic."""

    @pytest.mark.parametrize("seed", range(4))
    def test_of_an_ill_conditioned_loss(self, seed):
        """Its digits are lost like those of the loss, which its bound tells."""
        rng = np.random.default_rng(seed)
        basis, y, w = np.vander(np.linspace(0, 1, 12), 8), rng.normal(size=12), rng.normal(size=8)

        def loss(w):
            kernel = basis @ np.diag(np.exp(w)) @ basis.T + 1e-9 * np.eye(12)
            return 0.5 * y @ np.linalg.inv(kernel) @ y

        with mpmath.workdps(50):
            terms, scales = mpmath.matrix(basis.tolist()), [mpmath.exp(float(v)) for v in w]
            kernel = terms * mpmath.diag(scales) * terms.T + mpmath.mpf(1e-9) * mpmath.eye(12)
            fitted = mpmath.lu_solve(kernel, mpmath.matrix(y.tolist()))
            right = [float(-scales[k] * (terms[:, k].T * fitted)[0] ** 2 / 2) for k in range(8)]
        step = ComplexStep(Problem(loss, w, np.zeros(8)))
        k = int(np.argmax(np.abs(right)))
        found = step.estimate(0, k, abs(right[k]))

        assert found == step.estimate(0, k, abs(right[k]))
        assert 1e-9 * abs(right[k]) < abs(found.value - right[k]) <= found.uncertainty < 1e-2 * abs(right[k])

    @pytest.fixture
    def params(self):
        return {"W": np.array([0.3, -1.2]), "b": np.array([0.4, 0.7])}

    def loss(self, params):
        return np.sum(np.sin(params["W"])) + 4e-13 * np.sum(np.sin(params["b"]))

    def broken(self, params):
        """Return the same, through code that drops imaginary parts."""
        return self.loss({**params, "b": np.real(params["b"])})

    def gradient(self, params):
        return {"W": np.cos(params["W"]), "b": 4e-13 * np.cos(params["b"])}

    def test_confirms(self, params):
        """Where it agrees with the other leaves and with the largest entry of this one."""
        report = check(self.loss, params, self.gradient)

        assert report.ok
        assert "b: 2 of 2 entries too small for differences, confirmed by the complex step" in report.notes

    def test_confirms_nothing_where_it_is_broken(self, params):
        """Other leaves may pass code that this one does not."""
        report = check(self.broken, params, self.gradient)

        assert report.parameters["b"].verdict == "inconclusive"
        assert report.parameters["b"].inconclusive_count == 2


class TestSinglePrecision:
    """A loss that computes in single precision, whatever it is given."""

    u = np.random.default_rng(0).normal(size=25).astype(np.float32).astype(float)
    d = np.arange(25) % 4 + 0.7

    def loss(self, u):
        """Return the sum over samples, of which each entry moves one."""
        return float(np.sum((np.exp(np.float32(u)) - np.float32(self.d) * np.float32(u)).astype(float)))

    def gradient(self, u):
        return np.exp(u) - self.d

    @pytest.mark.parametrize("seed", range(4))
    def test_noise_of_one_entry(self, seed):
        """An entry is not judged by the noise of all samples together."""
        assert check(self.loss, self.u, self.gradient, rtol=1e-3, seed=seed).ok

    @pytest.mark.parametrize("entry", np.argsort(np.abs(np.exp(u) - d))[:6].tolist())
    def test_small_entries_are_judged(self, entry):
        """Those that need it most are not accepted if they are wrong."""

        def wrong(u):
            return self.gradient(u) * np.where(np.arange(25) == entry, 1.01, 1.0)

        assert check(self.loss, self.u, wrong, rtol=1e-3).verdict == "mismatch"

    @pytest.mark.parametrize("offset", [1e1, 1e2, 1e3, 1e4])
    def test_one_step_of_a_staircase(self, offset):
        """A loss that is constant over small steps, since its value is large, is no reason to refuse."""
        a, w = np.random.default_rng(0).normal(size=(2, 4))

        def loss(w):
            return float(np.float32(offset) + np.float32(np.sum(a * np.sin(w))))

        for wrong in (1.0, 1.05):
            verdict = check(loss, w, a * np.cos(w) * [1, 1, 1, wrong], rtol=1e-3).verdict

            assert verdict != ("mismatch" if wrong == 1.0 else "match")

    def test_beneath_a_step(self):
        """Zero is not confirmed where the entries do not move the loss by one of its steps."""

        def loss(params):
            small = np.float32(1e-5) * np.float32(np.sum(np.sin(params["b"])))
            return float(np.float32(1000.0) + np.float32(np.sum(np.sin(params["a"]))) + small)

        a = np.array([0.3, -1.2])

        report = check(loss, {"a": a, "b": np.array([0.4, 0.7])}, {"a": np.cos(a), "b": np.zeros(2)})

        assert report.parameters["b"].verdict == "inconclusive"


class TestNoise:
    @pytest.mark.parametrize("exponent", [-5, -40, -160, -300])
    def test_of_tiny_values(self, exponent):
        """Noise is measured alike in all units, also where its square is no number."""
        unit = 10.0**exponent
        rng = np.random.default_rng(0)

        found = noise_of(lambda u: unit * (np.sin(u) + 1e-6 * rng.normal()), 1.3).level / unit

        assert 2.5e-7 < found < 4e-6

    @pytest.mark.parametrize("rate", [1.0, 30.0, 300.0])
    def test_grows_with_the_function(self, rate):
        """The noise of exp(a u) is relative to it: near the point that of the point, farther off more."""
        rng = np.random.default_rng(1)

        def function(u):
            return np.exp(rate * u) * (1 + 1e-9 * rng.normal())

        noise, value = noise_of(function, 1.0), np.exp(rate)

        assert 2.5e-10 < noise.level / value < 1e-8
        assert noise.at(50 * value) > 50 * 2.5e-10 * value

    def test_does_not_grow_where_it_is_constant(self):
        """Noise on top of a function that falls to almost nothing is the same where that is larger."""
        rng = np.random.default_rng(2)
        noise = noise_of(lambda u: (u - 0.999) ** 2 + 1e-12 * rng.normal(), 1.0)

        assert noise.at(0.01) < 1e-11
