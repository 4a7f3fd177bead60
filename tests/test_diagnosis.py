"""The diagnosis names a mistake only where it explains everything, and otherwise is silent."""

import numpy as np
import pytest
from problems import PRIMES, SQUARE, draw

from gradcheck.diagnosis import Case, explain
from gradcheck.networks import DenseNetwork


def sigmoid(u):
    return 1 / (1 + np.exp(-u))


def d_sigmoid(u):
    return sigmoid(u) * (1 - sigmoid(u))


def d_relu(u):
    return np.where(u > 0, 1.0, 0.0)


def by_hand(forward, slope):
    """Return a backward pass as people write it; `slope(u1, z1)` is their f'."""

    def backward(params, x, d):
        u1 = x @ params["W1"] + params["b1"]
        z1 = forward(u1)
        y = z1 @ params["W2"] + params["b2"]
        delta2 = y - d
        delta1 = delta2 @ params["W2"].T * slope(u1, z1)
        return {"W1": x.T @ delta1, "b1": delta1.sum(0), "W2": z1.T @ delta2, "b2": delta2.sum(0)}

    return backward


def relu(u):
    return np.maximum(u, 0)


def judged(network, backward, samples=1, widths=(2, 10, 1), count=3):
    draws = [draw(seed, samples, widths) for seed in range(count)]
    return explain(network, [Case(*drawn, backward(*drawn)) for drawn in draws])


SIGMOID = DenseNetwork(("sigmoid", "identity"))
RELU = DenseNetwork(("relu", "identity"))


@pytest.mark.parametrize("samples", [1, 3])
class TestCourseNote:
    def test_derivative_at_the_activation(self, samples):
        """d_sigmoid(z1): W2 and b2 are right, W1 and b1 wrong, and why."""
        (finding,) = judged(SIGMOID, by_hand(sigmoid, lambda u, z: d_sigmoid(z)), samples)

        assert finding.code == "DERIV_AT_Z"
        assert finding.parameters == ("W1", "b1")
        assert finding.residual < 1e-14
        assert (
            "W2 and b2 are right, so the output delta delta2 is right; W1 and b1 are wrong" in finding.message
        )
        assert "at the activation z1 where the pre-activation u1 belongs" in finding.message
        assert "explains all 90 wrong entries on 3 problems" in finding.message

    @pytest.mark.parametrize(
        ("slope", "where"),
        [
            (lambda u, z: d_sigmoid(z), "at the activation z1"),
            (lambda u, z: d_sigmoid(u), "at the pre-activation u1"),
            (lambda u, z: z * (1 - z), "in its form for the activation z1"),
        ],
    )
    def test_derivative_of_another_function(self, samples, slope, where):
        """A relu forward with d_sigmoid left in the backward is named as itself, at u1 or z1."""
        (finding,) = judged(RELU, by_hand(relu, slope), samples)

        assert finding.code == "WRONG_FUNC"
        assert f"derivative of sigmoid {where}, where forward uses relu" in finding.message

    @pytest.mark.parametrize("slope", [lambda u, z: d_relu(z), lambda u, z: d_relu(u)])
    def test_right_relu(self, samples, slope):
        """d_relu(z1) is right, since z1 > 0 where u1 > 0: no finding."""
        assert judged(RELU, by_hand(relu, slope), samples) == ()

    def test_right_sigmoid(self, samples):
        """The right gradient gets no finding."""
        assert judged(SIGMOID, by_hand(sigmoid, lambda u, z: z * (1 - z)), samples) == ()


@pytest.mark.parametrize("shape", [(1, (2, 10, 1)), PRIMES, SQUARE])
@pytest.mark.parametrize("loss", ["half_squared_error", "softmax_cross_entropy"])
@pytest.mark.parametrize("hidden", ["sigmoid", "relu", "gelu", "softmax"])
class TestSilence:
    def test_right_gradient(self, hidden, loss, shape):
        """A right network has no finding, and round-off is not a mistake."""
        network = DenseNetwork((hidden,) * (len(shape[1]) - 2) + ("identity",), loss)
        rng = np.random.default_rng(0)

        def backward(*drawn):
            return {
                n: g * (1 + 1e-13 * rng.normal(size=g.shape)) for n, g in network.gradient(*drawn).items()
            }

        assert judged(network, backward, *shape) == ()

    @pytest.mark.parametrize("size", [1e-5, 0.1, 10.0])
    def test_random_error(self, hidden, loss, shape, size):
        """A wrong gradient that no known mistake explains gets no finding."""
        network = DenseNetwork((hidden,) * (len(shape[1]) - 2) + ("identity",), loss)
        rng = np.random.default_rng(1)

        def backward(*drawn):
            return {n: g * (1 + size * rng.normal(size=g.shape)) for n, g in network.gradient(*drawn).items()}

        assert judged(network, backward, *shape) == ()

    def test_one_wrong_entry(self, hidden, loss, shape):
        """One entry beside a planted mistake's gradient: nothing explains all, so nothing is said."""
        network = DenseNetwork((hidden,) * (len(shape[1]) - 2) + ("identity",), loss)

        def backward(*drawn):
            gradient = {name: 2 * g for name, g in network.gradient(*drawn).items()}
            gradient["W1"][0, 0] *= 1.001
            return gradient

        assert judged(network, backward, *shape) == ()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(value):
    """What is not finite is wrong, and no known mistake explains it."""

    def backward(*drawn):
        gradient = SIGMOID.gradient(*drawn)
        gradient["W1"][0, 0] = value
        return {**gradient, "b2": 2 * gradient["b2"]}

    assert judged(SIGMOID, backward) == ()


def test_small_entries_count():
    """A mistake whose only trace is in small entries is no licence to explain others there."""

    def backward(params, x, d):
        gradient = SIGMOID.gradient(params, x, d)
        gradient["W1"][:, 0] *= 1.5
        return gradient

    def tiny(seed):
        params, x, d = draw(seed, 3, (2, 10, 1))
        params["W2"][0] *= 1e-11
        return params, x, d

    draws = [tiny(seed) for seed in range(3)]

    assert explain(SIGMOID, [Case(*drawn, backward(*drawn)) for drawn in draws]) == ()


def test_equals_are_listed():
    """With two samples a factor of 2 has two names; with three it has one."""
    network = DenseNetwork(loss="mean_squared_error")

    def backward(*drawn):
        return {name: 2 * g for name, g in network.gradient(*drawn).items()}

    (two,) = judged(network, backward, samples=2)
    (three,) = judged(network, backward, samples=3)

    assert {two.code, *two.equal} >= {"LOSS_X2", "NO_1_N"}
    assert {three.code, *three.equal} == {"LOSS_X2"}


def test_single_precision():
    """A float32 gradient is explained to the precision that it has."""
    wrong = by_hand(sigmoid, lambda u, z: d_sigmoid(z))
    draws = [draw(seed, 3, (2, 10, 1)) for seed in range(3)]
    cases = [
        Case(*drawn, {name: g.astype(np.float32) for name, g in wrong(*drawn).items()}) for drawn in draws
    ]

    (finding,) = explain(SIGMOID, cases, rtol=1e-3)

    assert finding.code == "DERIV_AT_Z"
