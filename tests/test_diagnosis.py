"""The diagnosis names a mistake only where it explains everything, and otherwise is silent."""

import numpy as np
import pytest
from problems import PRIMES, SQUARE, draw

from gradcheck.diagnosis import Case, explain
from gradcheck.faults import FAULTS
from gradcheck.networks import RIGHT, DenseNetwork, Steps


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
        """A known mistake is named only with the step that it does not explain."""
        network = DenseNetwork((hidden,) * (len(shape[1]) - 2) + ("identity",), loss)

        def backward(*drawn):
            gradient = {name: 2 * g for name, g in network.gradient(*drawn).items()}
            gradient["W1"][0, 0] *= 1.001
            return gradient

        found = judged(network, backward, *shape)

        expected = ["LOSS_X2", "WEIGHT_STEP"] if loss == "half_squared_error" else []
        assert [finding.code for finding in found] == expected
        assert all("this explains the other" in finding.message for finding in found)


@pytest.mark.parametrize("at_kink", [0, 0.5, 1])
@pytest.mark.parametrize("zero", ["sample", "weights"])
def test_slope_at_a_kink_is_a_choice(at_kink, zero):
    """Whatever relu'(0) is, no finding; beside a mistake, nothing but that is charged."""
    params, x, d = draw(0, 5, (3, 4, 2))
    params["b1"][:] = 0
    (x[2] if zero == "sample" else params["W1"])[...] = 0
    backward = by_hand(relu, lambda u, z: np.where(u > 0, 1, np.where(u == 0, at_kink, 0)))
    gradient = backward(params, x, d)
    mean = {**gradient, "b2": gradient["b2"] / len(x)}

    assert explain(RELU, [Case(params, x, d, gradient)]) == ()
    (finding,) = explain(RELU, [Case(params, x, d, mean)])
    assert "B_MEAN" in (finding.code, *finding.equal)
    assert finding.parameters == ("b2",)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(value):
    """What is not finite is wrong, and no known mistake explains it."""

    def backward(*drawn):
        gradient = SIGMOID.gradient(*drawn)
        gradient["W1"][0, 0] = value
        return {**gradient, "b2": 3 * gradient["b2"]}

    found = judged(SIGMOID, backward)

    assert [(finding.code, finding.parameters) for finding in found] == [
        ("BIAS_STEP", ("b2",)),
        ("WEIGHT_STEP", ("W1",)),
    ]


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

    found = explain(SIGMOID, [Case(*drawn, backward(*drawn)) for drawn in draws])

    assert [finding.code for finding in found] == ["WEIGHT_STEP"]


HIDDEN = ("sigmoid", "tanh", "relu", "tanh")
PAIRS = [
    ("LOSS_X2", "DERIV_AT_Z"),
    ("DERIV_AT_Z", "B_MEAN"),
    ("PREACT", "WRONG_FUNC"),
    ("REG_X2", "NO_DERIV_ALL"),
    ("DROP_LAST", "W_MISSING"),
    ("B_FIRST", "OUTER_OF_MEANS"),
    ("REG_BIAS", "SIGN"),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_two_mistakes(first, second, depth):
    """Two mistakes are both named, each with the parameters that it makes wrong."""
    network = DenseNetwork((*HIDDEN[: depth - 1], "identity"), "mean_squared_error", {"l2": 0.1})
    plants = [next(iter(FAULTS[code].plants(network))) for code in (first, second)]
    steps = {plant.step: getattr(plant.steps, plant.step) for plant in plants}

    def backward(*drawn):
        return network.trace(*drawn, steps=Steps(**steps)).gradient

    found = judged(network, backward, 5, (3, 4, 6, 5, 7, 3)[: depth + 1])

    assert {finding.code for finding in found} == {first, second}
    assert f"Together with {found[1].code} this explains all" in found[0].message
    assert f"Together with {found[0].code} this explains all" in found[1].message


@pytest.mark.filterwarnings("error")
def test_mistake_that_divides_by_zero_is_quiet():
    """Where classes are certain, 1 / p overflows: no warning reaches the user."""
    network = DenseNetwork(("sigmoid", "identity"), "softmax_cross_entropy")
    params, x, d = draw(0, 5, (3, 4, 3), "softmax_cross_entropy")
    params["W2"] *= 1e4
    gradient = network.gradient(params, x, d)
    gradient["W1"] = 1.1 * gradient["W1"] + 0.1

    assert {finding.code for finding in explain(network, [Case(params, x, d, gradient)])} <= {"WEIGHT_STEP"}


def test_what_overflows_explains_nothing():
    """Where outputs are certain the derivative for p is infinite, beside which any gradient is small."""
    network = DenseNetwork(("sigmoid", "sigmoid", "identity"), "binary_cross_entropy")
    params, x, d = draw(0, 1, (3, 3, 3, 3), "binary_cross_entropy")
    params["b3"] += [50, 0, 50]
    gradient = network.gradient(params, x, d)
    gradient["W3"][0, 0] *= 1.5

    (finding,) = explain(network, [Case(params, x, d, gradient)])

    assert finding.code == "WEIGHT_STEP"


def test_transposition_forgotten_in_the_one_square_layer():
    """Other layers may have shapes that do not let the mistake pass."""
    network = DenseNetwork(("sigmoid", "tanh", "identity"))

    def through(run, layer, delta):
        return delta @ run.W(2) if layer == 2 else RIGHT.through_weights(run, layer, delta)

    def backward(*drawn):
        return network.trace(*drawn, steps=Steps(through_weights=through)).gradient

    (finding,) = judged(network, backward, 3, (2, 5, 5, 1))

    assert finding.code == "W_NO_T"
    assert "through W2 where its transpose belongs" in finding.message


class TestUnknownStep:
    """A step that is wrong in no known way is found from what agrees with what."""

    def test_delta(self):
        """W1 and b1 agree on one delta1 that does not follow from the right delta2."""
        (finding,) = judged(SIGMOID, by_hand(sigmoid, lambda u, z: np.cos(u)), 2, (4, 5, 3))

        assert (finding.code, finding.parameters) == ("DELTA_STEP", ("W1", "b1"))
        assert "the output delta delta2 is right; W1 and b1 are wrong: " in finding.message
        assert "agree on one delta1, which is not the one that follows from above" in finding.message

    def test_mistake_below_it(self):
        """The implementation's own delta goes on down, where a known mistake is still seen."""
        network = DenseNetwork(("sigmoid", "tanh", "identity"))

        def through(run, layer, dz):
            return dz * np.cos(run.u[layer]) if layer == 2 else RIGHT.through_activation(run, layer, dz)

        mean = next(iter(FAULTS["B_MEAN"].plants(network)))

        def backward(*drawn):
            steps = Steps(through_activation=through, bias_gradient=mean.steps.bias_gradient)
            return network.trace(*drawn, steps=steps).gradient

        found = judged(network, backward, 2, (4, 5, 6, 3))

        assert [finding.code for finding in found] == ["DELTA_STEP", "B_MEAN"]
        assert found[1].parameters == ("b1",)

    def test_no_redundancy(self):
        """Where any delta fits, nothing is said."""
        assert judged(SIGMOID, by_hand(sigmoid, lambda u, z: np.cos(u)), 5, (4, 5, 3)) == ()

    def test_everything_is_wrong(self):
        """Where no parameter proves a delta, nothing is said."""
        rng = np.random.default_rng(0)

        def backward(*drawn):
            return {name: rng.normal(size=g.shape) for name, g in SIGMOID.gradient(*drawn).items()}

        assert judged(SIGMOID, backward) == ()


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
