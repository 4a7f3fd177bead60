"""The reference networks: known values, the delta recursion, stable numbers, clear refusals."""

from itertools import pairwise

import numpy as np
import pytest
from problems import draw

from gradcheck.errors import UsageError
from gradcheck.networks import ACTIVATIONS, LOSSES, DenseNetwork

HALF = 0.5
KNOWN = {  # f(0.5), f'(0.5)
    "identity": (0.5, 1.0),
    "sigmoid": (0.6224593312018546, 0.2350037122015945),
    "tanh": (0.46211715726000973, 0.7864477329659274),
    "relu": (0.5, 1.0),
}


def slope(f, at):
    """Return the derivative of f to about 1e-11, by extrapolated central differences."""
    steps = 0.02 * 0.5 ** np.arange(5)
    table = [(f(at + h) - f(at - h)) / (2 * h) for h in steps]
    for order in range(1, len(table)):
        table = [b + (b - a) / (4**order - 1) for a, b in pairwise(table)]
    return table[0]


class TestActivations:
    @pytest.mark.parametrize("name", ACTIVATIONS)
    def test_known_value(self, name):
        """Each activation has the value and the slope that mathematics gives it."""
        value, derivative = KNOWN[name]
        u = np.array([HALF])

        assert ACTIVATIONS[name].f(u)[0] == pytest.approx(value, rel=1e-14)
        assert ACTIVATIONS[name].derivative(u)[0] == pytest.approx(derivative, rel=1e-14)

    @pytest.mark.parametrize("name", ACTIVATIONS)
    def test_derivative(self, name):
        """The derivative is the slope of f, also where f is flat."""
        activation = ACTIVATIONS[name]
        u = np.array([-20.0, -3.1, -1.7, -0.3, 0.2, 0.9, 2.6, 20.0])

        numeric = slope(activation.f, u)

        np.testing.assert_allclose(activation.derivative(u), numeric, rtol=1e-9, atol=1e-12)

    @pytest.mark.parametrize("name", ACTIVATIONS)
    def test_form_in_the_output(self, name):
        """The derivative written with z = f(u) equals the one written with u."""
        activation = ACTIVATIONS[name]
        u = np.linspace(-4, 4, 9)
        if activation.from_output is None:
            pytest.skip("has no such form")

        np.testing.assert_allclose(
            activation.from_output(activation.f(u)), activation.derivative(u), rtol=1e-9
        )

    @pytest.mark.parametrize("name", ACTIVATIONS)
    def test_far_out(self, name):
        """At +-1e4 values and slopes are finite and nothing overflows."""
        u = np.array([-1e4, 1e4])

        with np.errstate(over="raise", invalid="raise", divide="raise"):
            assert np.isfinite(ACTIVATIONS[name].f(u)).all()
            assert np.isfinite(ACTIVATIONS[name].derivative(u)).all()


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

    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize(
        "activations", [("sigmoid", "identity"), ("tanh", "relu", "sigmoid"), ("identity",)]
    )
    @pytest.mark.parametrize("bias", [True, False])
    def test_gradient(self, activations, loss, bias):
        """The gradient is the slope of the loss, in every entry."""
        network = DenseNetwork(activations, loss)
        params, x, d = draw(1, widths=(2, 5, 4, 3)[: len(activations) + 1], bias=bias)

        gradient = network.gradient(params, x, d)

        assert list(gradient) == list(params)
        for name, leaf in params.items():
            assert gradient[name].shape == leaf.shape
            for index in np.ndindex(leaf.shape):
                unit = np.zeros(leaf.shape)
                unit[index] = 1
                numeric = slope(
                    lambda t, unit=unit, name=name: network.loss(
                        {**params, name: params[name] + t * unit}, x, d
                    ),
                    0.0,
                )
                assert gradient[name][index] == pytest.approx(numeric, rel=1e-7, abs=1e-9)

    def test_stacked_parameters(self):
        """Parameters stacked along a new first axis give the losses of the single ones."""
        network = DenseNetwork(("sigmoid", "tanh"), "mean_squared_error")
        draws = [draw(seed)[0] for seed in range(4)]
        _, x, d = draw(9)
        stacked = {name: np.stack([params[name] for params in draws]) for name in draws[0]}

        losses = network.loss(stacked, x, d)

        np.testing.assert_allclose(losses, [network.loss(params, x, d) for params in draws], rtol=1e-13)

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("loss", LOSSES)
    def test_single_precision_stays(self, activation, loss):
        """float32 in, float32 out: loss and gradient."""
        network = DenseNetwork((activation, activation), loss)
        params, x, d = draw(2)
        single = {name: leaf.astype(np.float32) for name, leaf in params.items()}
        x, d = x.astype(np.float32), d.astype(np.float32)

        assert network.loss(single, x, d).dtype == np.float32
        assert {g.dtype for g in network.gradient(single, x, d).values()} == {np.dtype(np.float32)}

    def test_repr_rebuilds(self):
        """The repr of a network is code that rebuilds it."""
        network = DenseNetwork(("tanh", "identity"), "mean_squared_error")

        assert repr(eval(repr(network))) == repr(network)

    def test_refusals(self):
        """What cannot be used is named, with the nearest names or both shapes."""
        with pytest.raises(UsageError, match="sigmoid"):
            DenseNetwork(("sigmoi", "identity"))
        with pytest.raises(UsageError, match="half_squared_error"):
            DenseNetwork(loss="half_square_error")
        with pytest.raises(UsageError, match="one activation for each layer"):
            DenseNetwork("relu")
        params, x, d = draw(0)
        with pytest.raises(UsageError, match=r"\(3,\).*\n.*\(3, 3\)"):
            DenseNetwork().loss(params, x, d[:, 0])
