"""The reference networks: values as mathematics gives them, the delta recursion, clear refusals."""

import mpmath
import numpy as np
import pytest
from problems import draw, target

import gradcheck
from gradcheck.errors import UsageError
from gradcheck.networks import ACTIVATIONS, LOSSES, PENALTIES, DenseNetwork

ELEMENTWISE = [name for name, row in ACTIVATIONS.items() if row.elementwise]
DIGITS = 5e-13  # exp(-36**2 / 2) turns a rounding of its argument into 648 of its own
POINTS = [-700.0, -36.0, -5.0, -1.7, -0.3, 0.2, 0.9, 1.1, 4.0, 36.0, 700.0]
COMBINED = [(a, "huber") for a in ACTIVATIONS] + [("tanh", loss) for loss in LOSSES]


def logistic(u):
    return 1 / (1 + mpmath.exp(-u))


def elu(u):
    return u if u > 0 else mpmath.expm1(u)


def gelu_tanh(u):
    return u / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (u + mpmath.mpf("0.044715") * u**3)))


def selu(u):
    alpha, scale = mpmath.mpf("1.6732632423543772"), mpmath.mpf("1.0507009873554805")
    return scale * (u if u > 0 else alpha * mpmath.expm1(u))


DEFINITIONS = {
    "identity": lambda u: u,
    "sigmoid": logistic,
    "tanh": mpmath.tanh,
    "relu": lambda u: max(u, 0),
    "leaky_relu": lambda u: max(u, u / 100),
    "elu": elu,
    "selu": selu,
    "gelu": lambda u: u * mpmath.erfc(-u / mpmath.sqrt(2)) / 2,
    "gelu_tanh": gelu_tanh,
    "softplus": lambda u: mpmath.log1p(mpmath.exp(u)),
    "silu": lambda u: u * logistic(u),
    "mish": lambda u: u * mpmath.tanh(mpmath.log1p(mpmath.exp(u))),
    "hard_tanh": lambda u: max(-1, min(1, u)),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
class TestActivations:
    def test_value_and_slope(self, name):
        """Both f and f' are those of the definition, to nearly all digits, far out as well."""
        activation = ACTIVATIONS[name]
        with mpmath.workdps(700):
            f = DEFINITIONS[name]
            values = np.array([float(f(mpmath.mpf(u))) for u in POINTS])
            slopes = np.array(
                [float(mpmath.diff(f, mpmath.mpf(u), h=mpmath.mpf(10) ** -300)) for u in POINTS]
            )

        with np.errstate(over="raise", invalid="raise", divide="raise"):
            np.testing.assert_allclose(activation.f(np.array(POINTS)), values, rtol=DIGITS, atol=1e-300)
            np.testing.assert_allclose(
                activation.derivative(np.array(POINTS)), slopes, rtol=1e-13, atol=1e-300
            )

    def test_form_in_the_output(self, name):
        """The derivative written with z = f(u) equals the one written with u."""
        activation = ACTIVATIONS[name]
        u = np.array([-4, -3, -0.5, 0.5, 2])

        if activation.from_output is not None:
            np.testing.assert_allclose(
                activation.from_output(activation.f(u)), activation.derivative(u), rtol=1e-12
            )

    def test_kinks(self, name):
        """Left and right slope differ at the listed kinks, and nowhere else on a grid."""
        activation = ACTIVATIONS[name]
        u = np.linspace(-3, 3, 25)
        h = 1e-6

        left = (activation.f(u) - activation.f(u - h)) / h
        right = (activation.f(u + h) - activation.f(u)) / h

        assert set(u[np.abs(left - right) > 1e-3]) == set(activation.kinks)

    def test_at_a_kink(self, name):
        """The derivative at a kink is one of those between the left and the right slope."""
        activation = ACTIVATIONS[name]
        for kink in activation.kinks:
            around = [np.nextafter(kink, -9.0), kink, np.nextafter(kink, 9.0)]
            left, at, right = activation.derivative(np.array(around))

            assert min(left, right) <= at <= max(left, right)


@pytest.mark.parametrize("loss", LOSSES)
class TestLosses:
    def check(self, loss, y, d):
        row = LOSSES[loss]
        gradcheck.assert_gradient(lambda y: row.value(y, d), y, lambda y: row.gradient(y, d))

    def test_gradient(self, loss):
        """The gradient is that of the value."""
        rng = np.random.default_rng(3)

        self.check(loss, rng.normal(size=(5, 3)), target(rng, loss, (5, 3)))

    @pytest.mark.parametrize("scale", [40.0, 1e4])
    def test_saturated(self, loss, scale):
        """Outputs that are certain, right or wrong, give finite numbers and a gradient with all digits."""
        rng = np.random.default_rng(3)
        d = target(rng, loss, (2, 3))
        if LOSSES[loss].target == "probabilities":
            d = np.round(d)
        signs = np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0]])

        with np.errstate(over="raise", invalid="raise", divide="raise"):
            self.check(loss, scale * signs * rng.uniform(0.9, 1, size=(2, 3)), d)

    def test_of_the_sum_or_the_mean(self, loss):
        """Repeating the batch doubles a sum and keeps a mean."""
        rng = np.random.default_rng(4)
        y, d = rng.normal(size=(5, 3)), target(rng, loss, (5, 3))

        once, twice = (LOSSES[loss].value(np.tile(y, (k, 1)), np.concatenate([d] * k)) for k in (1, 2))

        assert twice == pytest.approx(once if LOSSES[loss].averages else 2 * once, rel=1e-14)

    def test_wrong_target(self, loss):
        """A target of another shape is refused with both shapes, never broadcast."""
        y = np.zeros((3, 2))

        for shape in ((3, 1), (2,), (1, 2), ()):
            with pytest.raises(UsageError, match="does not fit"):
                LOSSES[loss].check_target(y, np.zeros(shape))


def test_losses_by_hand():
    """Values that can be computed on paper."""
    y, d = np.array([[1.0, 3.0]]), np.array([[0.5, 0.0]])
    expected = {
        "half_squared_error": (0.25 + 9) / 2,
        "mean_squared_error": (0.25 + 9) / 2,
        "absolute_error": 3.5,
        "huber": 0.125 + 2.5,
    }

    assert {name: LOSSES[name].value(y, d) for name in expected} == pytest.approx(expected)
    assert LOSSES["hinge"].value(y, np.array([[-1.0, 1.0]])) == 2
    assert LOSSES["binary_cross_entropy"].value(np.zeros((1, 1)), np.ones((1, 1))) == pytest.approx(np.log(2))
    assert LOSSES["softmax_cross_entropy"].value(np.zeros((1, 4)), np.array([2])) == pytest.approx(np.log(4))


def test_certain_samples_keep_their_digits():
    """Where a class is as good as certain, neither loss nor gradient is rounded to 0."""
    near, far = np.exp(-40.0), np.exp(-50.0)
    softmax, binary = LOSSES["softmax_cross_entropy"], LOSSES["binary_cross_entropy"]
    y, d = np.array([[40.0, 0.0, -10.0]]), np.array([0])

    np.testing.assert_allclose(softmax.value(y, d), near + far, rtol=1e-13)
    np.testing.assert_allclose(softmax.gradient(y, d), [[-near - far, near, far]], rtol=1e-13)
    for logit, label in ((40.0, 1.0), (-40.0, 0.0)):
        y, d = np.array([[logit]]), np.array([[label]])
        np.testing.assert_allclose(binary.value(y, d), near, rtol=1e-13)
        np.testing.assert_allclose(binary.gradient(y, d), [[near if label == 0 else -near]], rtol=1e-13)


def test_target_in_single_precision():
    """It costs an output in double precision no digit: what is zero by symmetry stays zero."""
    row, d = LOSSES["smoothed_cross_entropy"], np.array([[0, 1, 0]], np.float32)
    y = np.array([[0.3, 0.3, 0.3]])

    assert row.gradient(y.astype(np.float32), d).dtype == np.float32
    assert abs(row.gradient(y, d).sum()) < 1e-15


def test_index_or_one_hot():
    """The index of a class and its one-hot row are the same target."""
    y = np.random.default_rng(0).normal(size=(3, 4))
    d = np.array([0, 3, 1])
    for name in ("softmax_cross_entropy", "smoothed_cross_entropy"):
        loss = LOSSES[name]

        assert loss.value(y, d) == loss.value(y, np.eye(4)[d])
        np.testing.assert_array_equal(loss.gradient(y, d), loss.gradient(y, np.eye(4)[d]))


class TestDenseNetwork:
    def test_by_hand(self):
        """One sample, one hidden unit: every number of the recursion as one computes it on paper."""
        network = DenseNetwork(("relu", "identity"))
        params = {"W1": [[2.0]], "b1": [1.0], "W2": [[3.0]], "b2": [-1.0]}
        params = {name: np.array(value) for name, value in params.items()}

        trace = network.trace(params, np.array([[1.0]]), np.array([[6.0]]))

        assert (trace.u[1].item(), trace.z[1].item(), trace.y.item(), trace.dy.item()) == (3, 3, 8, 2)
        assert (trace.delta[2].item(), trace.delta[1].item()) == (2, 6)
        assert {name: g.item() for name, g in trace.gradient.items()} == {"W1": 6, "b1": 6, "W2": 6, "b2": 2}

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("bias", [True, False])
    def test_activations(self, activation, bias):
        """The gradient is that of the loss, with every activation in a hidden layer and at the output."""
        network = DenseNetwork((activation, "tanh", activation))
        params, x, d = draw(1, widths=(2, 5, 4, 3), bias=bias)

        gradcheck.assert_gradient(
            lambda p: network.loss(p, x, d), params, lambda p: network.gradient(p, x, d)
        )

    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("penalties", [{}, {"l1": 0.3}, {"l2": 0.7}, {"l1": 0.3, "l2": 0.7}])
    def test_losses_and_penalties(self, loss, penalties):
        """The gradient is that of the loss with its penalties; biases are not penalised."""
        network = DenseNetwork(("sigmoid", "identity"), loss, penalties)
        params, x, d = draw(2, loss=loss)

        gradient = network.gradient(params, x, d)

        gradcheck.assert_gradient(lambda p: network.loss(p, x, d), params, gradient)
        plain = DenseNetwork(("sigmoid", "identity"), loss).gradient(params, x, d)
        np.testing.assert_array_equal(gradient["b1"], plain["b1"])
        if penalties:
            assert np.abs(gradient["W1"] - plain["W1"]).min() > 0

    @pytest.mark.parametrize("loss", LOSSES)
    def test_stacked_parameters(self, loss):
        """Parameters stacked along a new first axis give the losses of the single ones."""
        network = DenseNetwork(("sigmoid", "softmax"), loss, dict.fromkeys(PENALTIES, 0.2))
        draws = [draw(seed)[0] for seed in range(4)]
        _, x, d = draw(9, loss=loss)
        stacked = {name: np.stack([params[name] for params in draws]) for name in draws[0]}

        losses = network.loss(stacked, x, d)

        assert losses.shape == (4,)
        np.testing.assert_allclose(losses, [network.loss(params, x, d) for params in draws], rtol=1e-13)

    @pytest.mark.parametrize(("activation", "loss"), COMBINED)
    def test_complex_step(self, activation, loss):
        """The loss is analytic where it is smooth: the complex step gives its gradient."""
        network = DenseNetwork((activation, activation), loss, {"l1": 0.1, "l2": 0.1})
        params, x, d = draw(2, loss=loss)
        gradient = network.gradient(params, x, d)

        for name, leaf in params.items():
            steps = 1e-30j * np.eye(leaf.size).reshape(-1, *leaf.shape)
            found = [np.imag(network.loss({**params, name: leaf + h}, x, d)) / 1e-30 for h in steps]

            np.testing.assert_allclose(np.reshape(found, leaf.shape), gradient[name], rtol=1e-11, atol=1e-14)

    @pytest.mark.parametrize(("activation", "loss"), COMBINED)
    def test_single_precision_stays(self, activation, loss):
        """float32 in, float32 out: loss and gradient."""
        network = DenseNetwork((activation, activation), loss, {"l1": 0.1, "l2": 0.1})
        params, x, d = draw(2, loss=loss)
        single = {name: leaf.astype(np.float32) for name, leaf in params.items()}
        x, d = x.astype(np.float32), d if d.dtype.kind == "i" else d.astype(np.float32)

        assert network.loss(single, x, d).dtype == np.float32
        assert {g.dtype for g in network.gradient(single, x, d).values()} == {np.dtype(np.float32)}

    def test_repr_rebuilds(self):
        """The repr of a network is code that rebuilds it."""
        network = DenseNetwork(("tanh", "identity"), "mean_squared_error", {"l2": 0.1})

        assert repr(eval(repr(network))) == repr(network)
        assert "'l2': 0.1" in repr(network)

    def test_refusals(self):
        """What cannot be used is named, with the nearest names or both shapes."""
        with pytest.raises(UsageError, match="sigmoid"):
            DenseNetwork(("sigmoi", "identity"))
        with pytest.raises(UsageError, match="half_squared_error"):
            DenseNetwork(loss="half_square_error")
        with pytest.raises(UsageError, match="l2"):
            DenseNetwork(penalties={"L2": 1.0})
        with pytest.raises(UsageError, match="one activation for each layer"):
            DenseNetwork("relu")
        params, x, d = draw(0)
        with pytest.raises(UsageError, match=r"\(3,\)(.|\n)*\(3, 3\)"):
            DenseNetwork().loss(params, x, d[:, 0])
