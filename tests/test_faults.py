"""The catalogue of known mistakes: each entry plants itself, and is found by its plant."""

import random

import numpy as np
import pytest
from problems import ALL_EQUAL, PRIMES, SQUARE, draw

from gradcheck.diagnosis import Case, explain
from gradcheck.faults import FAULTS, NetworkFault
from gradcheck.networks import DenseNetwork

SHAPES = (PRIMES, SQUARE, ALL_EQUAL)
NETWORKS = [
    DenseNetwork(("sigmoid", "tanh", "identity"), "half_squared_error"),
    DenseNetwork(("relu", "tanh", "sigmoid"), "mean_squared_error", {"l2": 0.3}),
    DenseNetwork(("gelu", "relu", "softmax"), "huber", {"l1": 0.2}),
    DenseNetwork(("tanh", "sigmoid", "identity"), "softmax_cross_entropy", {"l2": 0.3}),
    DenseNetwork(("silu", "silu", "identity"), "binary_cross_entropy"),
]

DENSE_FAULTS = {
    code: fault
    for code, fault in FAULTS.items()
    if isinstance(fault, NetworkFault) and any(list(fault.plants(network)) for network in NETWORKS)
}


def problems(network, shape):
    samples, widths = shape
    return [draw(seed, samples, widths, network.criterion.name) for seed in (1, 2)]


def changes(right, planted):
    return any(not np.allclose(right[name], planted[name], rtol=1e-5, atol=0) for name in right)


def planted_in(network, fault, shape):
    """Yield each way in which a fault changes the gradient, as the cases it leads to."""
    draws = problems(network, shape)
    runs = [network.forward(*drawn) for drawn in draws]
    if not all(fault.applies(run) for run in runs):
        return
    for plant in fault.plants(network):
        gradients = [plant.gradient(run) for run in runs]
        rights = [network.gradient(*drawn) for drawn in draws]
        if any(changes(*pair) for pair in zip(rights, gradients, strict=True)):
            yield plant, [Case(*drawn, g) for drawn, g in zip(draws, gradients, strict=True)]


@pytest.mark.parametrize("code", DENSE_FAULTS)
def test_planted_fault_is_named(code):
    """A planted fault is found as itself or as a listed equal, and said to explain all."""
    planted = [
        (network, *found)
        for shape in SHAPES
        for network in NETWORKS
        for found in planted_in(network, FAULTS[code], shape)
    ]
    assert planted

    for network, plant, cases in random.Random(code).sample(planted, min(len(planted), 12)):
        (finding,) = explain(network, cases)

        assert code in (finding.code, *finding.equal), (network, plant.message)
        assert finding.residual < 1e-10
        assert finding.message.endswith(".")
        assert "#" not in finding.message


@pytest.mark.parametrize("code", FAULTS)
def test_entry_is_complete(code):
    """Every entry says what is written, what stays right, and asks a question or states a fact."""
    fault = FAULTS[code]

    assert fault.code == code
    assert all((fault.name, fault.formula, fault.leaves_right))
    assert fault.hint.endswith(("?", "."))
    assert "f'(u" not in fault.hint


@pytest.mark.parametrize("shape", SHAPES)
def test_plants_keep_names_shapes_and_arguments(shape):
    """A planted gradient has the parameters' names and shapes, and changes no argument."""
    for network in NETWORKS:
        params, x, d = draw(1, *shape, network.criterion.name)
        before = {name: leaf.copy() for name, leaf in params.items()}
        run = network.forward(params, x, d)
        for fault in DENSE_FAULTS.values():
            for plant in fault.plants(network) if fault.applies(run) else ():
                gradient = plant.gradient(run)

                assert {n: g.shape for n, g in gradient.items()} == {n: p.shape for n, p in params.items()}
        for name, leaf in params.items():
            np.testing.assert_array_equal(leaf, before[name])
