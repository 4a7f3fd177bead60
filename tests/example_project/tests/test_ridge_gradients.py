"""The gradients of ridge are right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ridge import Softplus, gradient, loss

import gradcheck as library
from gradcheck.laws import LayerCase
from gradcheck.strategies import batches, networks, parameters

rng = np.random.default_rng(0)
x, d = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
params = {"W": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}


def test_plain_function():
    library.assert_gradient(lambda p: loss(p, x, d), params, lambda p: gradient(p, x, d))


@pytest.mark.parametrize("strength", [0.0, 0.5, 10.0])
def test_fixture(gradcheck, strength):
    gradcheck(lambda p: loss(p, x, d, strength), params, lambda p: gradient(p, x, d, strength))


def test_layer(gradcheck):
    layer = Softplus()
    gradcheck.layer(layer.forward, layer.backward, ({"W": params["W"]}, x))


@settings(deadline=None, max_examples=30, derandomize=True)
@given(st.data())
def test_any_batch(gradcheck, data):
    network = data.draw(networks(layers=1, losses="mean_squared_error"))
    drawn = data.draw(parameters(network, scale=1).filter(lambda p: "b1" in p))
    x, d = data.draw(batches(network, drawn, scale=1))
    params = {"W": drawn["W1"], "b": drawn["b1"]}
    gradcheck(lambda p: loss(p, x, d), params, lambda p: gradient(p, x, d))


@library.parametrize_with_checks([LayerCase("softplus", Softplus(), {"W": params["W"]}, x)])
def test_laws(check):
    check()
