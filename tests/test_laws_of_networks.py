"""The laws that every reference layer keeps, run over the table of layers."""

import re

import numpy as np
import pytest
from problems import target

import gradcheck
from gradcheck.errors import UsageError
from gradcheck.networks import ACTIVATIONS, LAYERS, LOSSES, DenseNetwork, Layer, Network, layers
from gradcheck.networks.layers import (
    GRU,
    Activate,
    AveragePool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Embedding,
    Flatten,
    LayerNorm,
    MaxPool2d,
    MultiHeadAttention,
    Residual,
    ScaledDotProductAttention,
    Sequential,
)


@pytest.fixture(params=LAYERS)
def example(request):
    return LAYERS[request.param]


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def arrays(nest):
    """Return all arrays of a nest of dicts, lists and tuples."""
    if isinstance(nest, np.ndarray):
        return [nest]
    if isinstance(nest, dict):
        nest = list(nest.values())
    return [a for item in nest for a in arrays(item)] if isinstance(nest, list | tuple) else []


def backward(example, params, x, dz):
    return example.layer.backward(dz, example.layer.forward(params, x)[1])


def cotangent(example, params, x, rng):
    return rng.normal(size=example.layer.forward(params, x)[0].shape)


def rows(x, index):
    """Return these samples of an input."""
    return tuple(a[index] for a in x) if isinstance(x, tuple) else x[index]


def test_every_layer_has_an_example():
    """A layer that is published is in the table, by itself or in a composition."""
    published = [getattr(layers, name) for name in layers.__all__]
    kinds = {kind for kind in published if isinstance(kind, type) and issubclass(kind, Layer)} - {Layer}

    assert kinds == {type(example.layer) for example in LAYERS.values()}


class TestLayers:
    def test_gradient(self, example, rng):
        """The derivatives for parameters and input are those of the output, along a random dz."""
        params, x = example.draw(rng)
        dz = cotangent(example, params, x, rng)

        def loss(nest):
            return np.sum(dz * example.layer.forward(nest["params"], nest["x"])[0])

        dparams, dx = backward(example, params, x, dz)

        gradcheck.assert_gradient(loss, {"params": params, "x": x}, {"params": dparams, "x": dx})

    def test_shapes(self, example, rng):
        """The gradient has the names and shapes of the parameters, and dx the shape of x."""
        params, x = example.draw(rng)

        dparams, dx = backward(example, params, x, cotangent(example, params, x, rng))

        assert {n: g.shape for n, g in dparams.items()} == {n: p.shape for n, p in params.items()}
        assert [g.shape for g in arrays(dx)] == [a.shape for a in arrays(x)]

    def test_arguments_unchanged_and_calls_equal(self, example, rng):
        """Neither pass writes to its arguments or remembers: a second call gives the same."""
        params, x = example.draw(rng)
        dz = cotangent(example, params, x, rng)
        given = [a.copy() for a in arrays([params, x, dz])]
        _, cache = example.layer.forward(params, x)

        first = [a.copy() for a in arrays(example.layer.backward(dz, cache))]
        second = arrays(example.layer.backward(dz, cache))

        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)
        for a, b in zip(given, arrays([params, x, dz]), strict=True):
            np.testing.assert_array_equal(a, b)

    def test_linear_in_the_cotangent(self, example, rng):
        """Twice dz minus another gives twice the derivatives minus the other's; zero gives zero."""
        params, x = example.draw(rng)
        one, two = (cotangent(example, params, x, rng) for _ in range(2))

        parts = [arrays(backward(example, params, x, dz)) for dz in (one, two, 2 * one - two, 0 * one)]

        for a, b, both, none in zip(*parts, strict=True):
            np.testing.assert_allclose(both, 2 * a - b, rtol=1e-10, atol=1e-12)
            assert not none.any()

    def test_single_precision_stays(self, example, rng):
        """float32 in, float32 out: output and derivatives."""
        params, x = example.draw(rng)
        params = {name: leaf.astype(np.float32) for name, leaf in params.items()}
        x = tuple(a.astype(np.float32) for a in x) if isinstance(x, tuple) else x
        if isinstance(x, np.ndarray) and x.dtype.kind == "f":
            x = x.astype(np.float32)
        z, cache = example.layer.forward(params, x)

        found = arrays([z, *example.layer.backward(z, cache)])

        assert {a.dtype for a in found if a.dtype.kind == "f"} == {np.dtype(np.float32)}

    def test_batch_in_another_order(self, example, rng):
        """The batch in another order gives dx in that order and the same dparams."""
        params, x = example.draw(rng)
        dz = cotangent(example, params, x, rng)
        order = np.roll(np.arange(len(dz)), 1)

        dparams, dx = backward(example, params, x, dz)
        dparams_moved, dx_moved = backward(example, params, rows(x, order), dz[order])

        for a, b in zip(arrays(dx_moved), arrays(rows(dx, order)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
        for name, g in dparams.items():
            np.testing.assert_allclose(dparams_moved[name], g, rtol=1e-10, atol=1e-12)

    def test_samples_add_up(self, example, rng):
        """Each sample alone gives its part of dparams and its own dx, unless samples are mixed."""
        params, x = example.draw(rng)
        dz = cotangent(example, params, x, rng)
        dparams, dx = backward(example, params, x, dz)

        alone = [backward(example, params, rows(x, [n]), dz[[n]]) for n in range(len(dz))]

        total = {name: sum(own[name] for own, _ in alone) for name in dparams}
        joined = arrays(
            [total, [np.concatenate(parts) for parts in zip(*(arrays(own) for _, own in alone), strict=True)]]
        )
        equal = all(np.allclose(a, b, rtol=1e-10) for a, b in zip(joined, arrays([dparams, dx]), strict=True))
        assert equal != example.mixes_samples

    def test_repr_rebuilds(self, example, rng):
        """The repr of a layer is code that rebuilds it."""
        params, x = example.draw(rng)

        twin = eval(repr(example.layer), {**vars(layers), "array": np.array})

        np.testing.assert_array_equal(twin.forward(params, x)[0], example.layer.forward(params, x)[0])

    @pytest.mark.parametrize("plant", ["doubled", "one entry"])
    def test_a_wrong_layer_is_caught(self, example, plant, rng):
        """The check above fails for each layer when its backward pass is wrong."""
        params, x = example.draw(rng)
        dz = cotangent(example, params, x, rng)
        dparams, dx = backward(example, params, x, dz.copy())
        wrong = next(a for a in arrays([dparams, dx]) if a.dtype.kind == "f" and a.any())
        if plant == "doubled":
            wrong *= 2
        else:
            wrong.flat[np.abs(wrong).argmax()] *= 1.001

        report = gradcheck.check_gradient(
            lambda nest: np.sum(dz * example.layer.forward(nest["params"], nest["x"])[0]),
            {"params": params, "x": x},
            {"params": dparams, "x": dx},
        )

        assert report.verdict == "mismatch"


NETWORKS = {
    "convolutional": (
        (Conv2d(2, 3, padding=1), BatchNorm(), Activate("tanh"), MaxPool2d(2, 2), Flatten(), Dense(3)),
        lambda rng: rng.normal(size=(3, 2, 4, 5)),
    ),
    "average": (
        (Conv2d(2, 2), AveragePool2d(2, 1), Flatten(), Dense(3)),
        lambda rng: rng.normal(size=(2, 1, 4, 4)),
    ),
    "language": (
        (Embedding(5, 4), Residual(MultiHeadAttention(2)), LayerNorm(), Residual(Dense(4)), Dense(3)),
        lambda rng: rng.integers(5, size=(2, 4)),
    ),
    "recurrent": ((GRU(3), Dense(4), Activate("silu"), Dense(3)), lambda rng: rng.normal(size=(2, 4, 2))),
}


class TestNetwork:
    @pytest.mark.parametrize("name", NETWORKS)
    @pytest.mark.parametrize("loss", LOSSES)
    def test_gradient(self, name, loss, rng):
        """The gradient is that of the loss with its penalties."""
        parts, draw_input = NETWORKS[name]
        network = Network(parts, loss, {"l2": 0.1, "l1": 0.05})
        x = draw_input(rng)
        params = network.draw(rng, x)
        d = target(rng, loss, network.body.forward(params, x)[0].shape)

        gradcheck.assert_gradient(
            lambda p: network.loss(p, x, d), params, lambda p: network.gradient(p, x, d)
        )

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_dense_layers_are_a_dense_network(self, activation, rng):
        """Dense layers and activations give loss, gradient and deltas of the dense network."""
        network = Network((Dense(4), Activate(activation), Dense(3)), "mean_squared_error", {"l2": 0.3})
        dense = DenseNetwork((activation, "identity"), "mean_squared_error", {"l2": 0.3})
        x, d = rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
        params = network.draw(rng, x)
        same = dict(zip(("W1", "b1", "W2", "b2"), params.values(), strict=True))

        trace, expected = network.trace(params, x, d), dense.trace(same, x, d)

        assert network.loss(params, x, d) == dense.loss(same, x, d)
        for a, b in zip(trace.gradient.values(), expected.gradient.values(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(trace.dz[1], expected.delta[1], rtol=1e-13)
        np.testing.assert_allclose(trace.dz[3], expected.delta[2], rtol=1e-13)

    def test_trace(self, rng):
        """The trace holds every z and the derivative of the loss for each of them."""
        parts, draw_input = NETWORKS["recurrent"]
        x, network = draw_input(rng), Network(parts)
        params = network.draw(rng, x)
        d = rng.normal(size=(2, 4, 3))

        trace = network.trace(params, x, d)

        assert [z.shape for z in trace.z] == [dz.shape for dz in trace.dz]
        for start in range(len(parts)):
            rest = Network(parts[start:])
            own = {
                f"{int(number) - start}.{rest_}": value
                for (number, rest_), value in ((name.split(".", 1), p) for name, p in params.items())
                if int(number) > start
            }
            gradcheck.assert_gradient(
                lambda z, rest=rest, own=own: rest.loss(own, z, d), trace.z[start], trace.dz[start]
            )

    def test_names(self, rng):
        """Names begin with the layer's number, within a composition too."""
        body = (Dense(2), LayerNorm(), Residual(Sequential((Activate("relu"), Dense(2)))))

        params = Network(body).draw(rng, rng.normal(size=(3, 2)))

        assert list(params) == ["1.W", "1.b", "2.gamma", "2.beta", "3.2.W", "3.2.b"]

    @pytest.mark.parametrize("name", NETWORKS)
    def test_repr_rebuilds(self, name, rng):
        """The repr of a network is code that rebuilds it."""
        parts, draw_input = NETWORKS[name]
        network = Network(parts, "huber", {"l2": 0.1})
        x = draw_input(rng)
        params = network.draw(rng, x)
        d = np.zeros(network.body.forward(params, x)[0].shape)

        twin = eval(repr(network), {**vars(layers), "Network": Network})

        assert twin.loss(params, x, d) == network.loss(params, x, d)

    def test_gradient_keeps_the_order_of_params(self, rng):
        """The gradient lists the parameters as params does."""
        network = Network((Dense(2), Dense(3)))
        x, d = rng.normal(size=(3, 2)), rng.normal(size=(3, 3))
        params = network.draw(rng, x)

        assert list(network.gradient(params, x, d)) == list(params)

    def test_refusals(self, rng):
        """What cannot be used is named, with what was given."""
        with pytest.raises(UsageError, match="at least one layer"):
            Network(())
        with pytest.raises(UsageError, match="gelu"):
            Activate("gelo")
        with pytest.raises(UsageError, match="no key"):
            ScaledDotProductAttention(np.zeros((2, 2), bool))
        with pytest.raises(UsageError, match=re.escape("(2, 2)")):
            MaxPool2d(3, 1).forward({}, np.zeros((1, 1, 2, 2)))
        with pytest.raises(UsageError, match="changes the shape"):
            Residual(Flatten()).forward({}, np.zeros((1, 2, 2)))
        network = Network((Dense(2),))
        x = rng.normal(size=(3, 2))
        with pytest.raises(UsageError, match="does not fit"):
            network.loss(network.draw(rng, x), x, np.zeros((3, 1)))
