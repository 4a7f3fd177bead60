"""What the layers compute, against definitions written out entry by entry."""

import math

import numpy as np
import pytest
from scipy.signal import correlate2d

from gradcheck.networks.layers import (
    GRU,
    LSTM,
    RNN,
    AveragePool2d,
    BatchNorm,
    BatchNormInference,
    Conv2d,
    Dense,
    Dropout,
    Embedding,
    LayerNorm,
    MaxPool2d,
    MultiHeadAttention,
    Residual,
    ScaledDotProductAttention,
)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def run(layer, rng, x):
    """Return random parameters and the layer's output."""
    params = layer.draw(rng, x)
    return params, layer.forward(params, x)[0]


def sigmoid(u):
    return 1 / (1 + np.exp(-u))


def test_dense(rng):
    """Each output is the sum of inputs times weights, plus the bias."""
    x = rng.normal(size=(2, 3))

    params, u = run(Dense(2), rng, x)

    for n in range(2):
        for j in range(2):
            assert u[n, j] == pytest.approx(
                sum(x[n, i] * params["W"][i, j] for i in range(3)) + params["b"][j]
            )


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 2)])
def test_convolution(rng, stride, padding):
    """Each output channel is the sum of cross-correlations of the input channels."""
    x = rng.normal(size=(2, 3, 6, 7))
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])

    params, u = run(Conv2d(4, 3, stride, padding), rng, x)

    for n in range(2):
        for o in range(4):
            full = sum(correlate2d(padded[n, c], params["W"][o, c], mode="valid") for c in range(3))
            np.testing.assert_allclose(u[n, o], full[::stride, ::stride] + params["b"][o], rtol=1e-12)


@pytest.mark.parametrize(("layer", "summary"), [(MaxPool2d(3, 2), np.max), (AveragePool2d(3, 2), np.mean)])
def test_pooling(rng, layer, summary):
    """Each output is the maximum, or the mean, of its window."""
    x = rng.normal(size=(1, 2, 8, 6))

    _, z = run(layer, rng, x)

    assert z.shape == (1, 2, 3, 2)
    for c, i, j in np.ndindex(2, 3, 2):
        assert z[0, c, i, j] == pytest.approx(summary(x[0, c, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]))


def test_tied_maxima(rng):
    """Of equal maxima the first gets the error, once."""
    _, cache = MaxPool2d(2, 2).forward({}, np.ones((1, 1, 2, 2)))

    _, dx = MaxPool2d(2, 2).backward(np.ones((1, 1, 1, 1)), cache)

    np.testing.assert_array_equal(dx[0, 0], [[1, 0], [0, 0]])


def test_batch_normalisation(rng):
    """Every channel of the batch gets mean beta and standard deviation gamma."""
    x = 100 + 5 * rng.normal(size=(4, 3, 5, 6))

    params, z = run(BatchNorm(), rng, x)

    np.testing.assert_allclose(z.mean(axis=(0, 2, 3)), params["beta"], rtol=1e-10)
    np.testing.assert_allclose(z.std(axis=(0, 2, 3)), np.abs(params["gamma"]), rtol=1e-6)


def test_inference_agrees_with_training(rng):
    """Given the batch's own mean and variance, inference is training's forward pass."""
    x = rng.normal(size=(5, 3))
    params, z = run(BatchNorm(), rng, x)

    inference, _ = BatchNormInference(x.mean(axis=0), x.var(axis=0)).forward(params, x)

    np.testing.assert_allclose(inference, z, rtol=1e-12)


def test_layer_normalisation(rng):
    """Every sample is normalised by itself, by the population variance plus 1e-5."""
    x = rng.normal(size=(2, 4))

    params, z = run(LayerNorm(), rng, x)

    for n in range(2):
        h = (x[n] - np.mean(x[n])) / math.sqrt(np.var(x[n]) + 1e-5)
        np.testing.assert_allclose(z[n], params["gamma"] * h + params["beta"], rtol=1e-12)


def test_dropout():
    """What is kept is scaled up, the rest is zero."""
    z, _ = Dropout(np.array([True, False]), 0.5).forward({}, np.array([[3.0, 4.0]]))

    np.testing.assert_array_equal(z, [[6, 0]])


def test_embedding(rng):
    """Each index becomes its row, and a row used twice gets both shares of the error."""
    x = np.array([[1, 1], [0, 1]])
    params, z = run(Embedding(3, 2), rng, x)
    _, cache = Embedding(3, 2).forward(params, x)

    gradient, _ = Embedding(3, 2).backward(np.ones((2, 2, 2)), cache)

    np.testing.assert_array_equal(z[1], params["W"][[0, 1]])
    np.testing.assert_array_equal(gradient["W"], [[1, 1], [3, 3], [0, 0]])


def test_residual(rng):
    """The input is added to the inner layer's output."""
    x = rng.normal(size=(3, 2))

    params, z = run(Residual(Dense(2)), rng, x)

    np.testing.assert_allclose(z, x + x @ params["W"] + params["b"], rtol=1e-13)


class TestRecurrent:
    def steps(self, layer, rng, step):
        """Compare the states with those of `step(params, u, state)`, from zero, one by one."""
        x = rng.normal(size=(2, 4, 3))
        params, states = run(layer, rng, x)
        state = np.zeros((2, 2, layer.units))  # h and, for an LSTM, c
        for t in range(4):
            state = step(params, x[:, t], *state)
            np.testing.assert_allclose(states[:, t], state[0], rtol=1e-12)

    def test_rnn(self, rng):
        """The new state is tanh of input and old state."""

        def step(p, x, h, c):
            return np.tanh(x @ p["Wx"] + h @ p["Wh"] + p["b"]), c

        self.steps(RNN(5), rng, step)

    def test_lstm(self, rng):
        """Input, forget and output gate are sigmoids, the candidate is a tanh."""

        def step(p, x, h, c):
            i, f, o, g = np.split(x @ p["Wx"] + h @ p["Wh"] + p["b"], 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            return sigmoid(o) * np.tanh(c), c

        self.steps(LSTM(5), rng, step)

    def test_gru(self, rng):
        """The update gate mixes old state and candidate; the reset gate acts before the weights."""

        def step(p, x, h, c):
            (Wz, Wr, Wn), (Uz, Ur, Un), (bz, br, bn) = (np.split(p[k], 3, axis=-1) for k in ("Wx", "Wh", "b"))
            z, r = sigmoid(x @ Wz + h @ Uz + bz), sigmoid(x @ Wr + h @ Ur + br)
            return (1 - z) * np.tanh(x @ Wn + (r * h) @ Un + bn) + z * h, c

        self.steps(GRU(5), rng, step)


def attend(q, k, v, mask):
    """Return attention for one sequence, one query at a time."""
    rows = []
    for query, allowed in zip(q, mask, strict=True):
        weights = np.array(
            [math.exp(query @ key / math.sqrt(len(query))) * ok for key, ok in zip(k, allowed, strict=True)]
        )
        rows.append(weights / weights.sum() @ v)
    return np.array(rows)


@pytest.mark.parametrize("mask", [None, np.tri(4, dtype=bool)])
class TestAttention:
    def test_scaled_dot_product(self, rng, mask):
        """Each query gets the mean of the values it may see, weighted by exp(q k / sqrt(d))."""
        q, k, v = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.normal(size=(4, 2))

        _, z = run(ScaledDotProductAttention(mask), rng, (q, k, v))

        np.testing.assert_allclose(z, attend(q, k, v, np.ones((4, 4)) if mask is None else mask), rtol=1e-12)

    def test_heads(self, rng, mask):
        """Each head attends with its own columns; the joined heads go through Wo."""
        x = rng.normal(size=(2, 4, 6))

        params, z = run(MultiHeadAttention(3, mask), rng, x)

        for n in range(2):
            q, k, v = (np.split(x[n] @ params[name], 3, axis=1) for name in ("Wq", "Wk", "Wv"))
            allowed = np.ones((4, 4)) if mask is None else mask
            heads = [attend(*parts, allowed) for parts in zip(q, k, v, strict=True)]
            np.testing.assert_allclose(z[n], np.concatenate(heads, axis=1) @ params["Wo"], rtol=1e-12)


def test_large_numbers(rng):
    """Scores of 1e4 and states far out overflow nowhere."""
    x = 1e4 * rng.normal(size=(2, 3, 4))

    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for layer in (RNN(4), LSTM(4), GRU(4), MultiHeadAttention(2), LayerNorm()):
            params = layer.draw(rng, x)
            z, cache = layer.forward(params, x)
            dparams, dx = layer.backward(np.ones_like(z), cache)

            assert all(np.isfinite(a).all() for a in (z, dx, *dparams.values()))
