"""Mistakes in layers other than dense ones: planted in each example of the layer, found by name."""

import numpy as np
import pytest

import gradcheck
from gradcheck.diagnosis import Case, explain
from gradcheck.faults import FAULTS, NetworkFault
from gradcheck.networks import LAYERS, RIGHT, Network
from gradcheck.networks.layers import (
    LSTM,
    RNN,
    Activate,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    MaxPool2d,
    MultiHeadAttention,
    Residual,
)
from gradcheck.networks.layers.layer import Example, normal


def around(example):
    """Return a network of the example's layer, with a dense layer before it that needs its dx."""
    x = example.draw_input(np.random.default_rng(0))
    floats = isinstance(x, np.ndarray) and x.dtype.kind == "f"
    return Network([*([Dense(x.shape[-1])] if floats else []), example.layer], "half_squared_error")


EXAMPLES = {**LAYERS, "conv2d_square": Example(Conv2d(2, 3), normal(2, 2, 5, 4))}
NETWORKS = {name: around(example) for name, example in EXAMPLES.items()}
LAYER_FAULTS = {
    code: fault
    for code, fault in FAULTS.items()
    if isinstance(fault, NetworkFault)
    and any(plant.step == "layer" for network in NETWORKS.values() for plant in fault.plants(network))
}


def drawn(network, draw_input, seed):
    """Return params, x and d for a network."""
    rng = np.random.default_rng(seed)
    x = draw_input(rng)
    params = network.draw(rng, x)
    y, _ = network.body.forward(params, x)
    return params, x, rng.normal(size=y.shape)


def plantings(code):
    """Yield the network, the plant, and the cases with the wrong gradient, wherever it is wrong."""
    for name, network in NETWORKS.items():
        for plant in FAULTS[code].plants(network):
            cases = []
            for seed in (1, 2):
                data = drawn(network, EXAMPLES[name].draw_input, seed)
                cases.append(Case(*data, plant.gradient(network.forward(*data))))
            rights = [network.gradient(case.params, case.x, case.d) for case in cases]
            if any(
                not np.allclose(case.gradient[n], right[n], rtol=1e-5, atol=0)
                for case, right in zip(cases, rights, strict=True)
                for n in right
            ):
                yield network, plant, cases


@pytest.mark.parametrize("code", LAYER_FAULTS)
def test_planted_fault_is_named(code):
    """In every example of its layer, as itself or as a listed equal."""
    count = 0
    for network, plant, cases in plantings(code):
        (finding,) = explain(network, cases)
        count += 1

        assert code in (finding.code, *finding.equal), (network, plant.message)
        assert "LAYER" not in finding.message
        assert finding.residual < 1e-10

    assert count


@pytest.mark.parametrize("name", EXAMPLES)
def test_right_layer(name):
    """A right layer has no finding, and random errors no name."""
    network = NETWORKS[name]
    params, x, d = drawn(network, EXAMPLES[name].draw_input, 3)
    right = network.gradient(params, x, d)
    rng = np.random.default_rng(0)
    noisy = {n: g * (1 + 0.1 * rng.normal(size=g.shape)) for n, g in right.items()}

    assert explain(network, [Case(params, x, d, right)]) == ()
    assert explain(network, [Case(params, x, d, noisy)]) == ()


def test_every_layer_has_faults():
    """Each family of layers is in the catalogue."""
    named = {
        type(NETWORKS[name].body.layers[plant.layers[0] - 1]).__name__
        for fault in LAYER_FAULTS.values()
        for name in EXAMPLES
        for plant in fault.plants(NETWORKS[name])
        if plant.step == "layer"
    }

    assert named >= {
        "Conv2d", "MaxPool2d", "AveragePool2d", "BatchNorm", "LayerNorm", "Dropout", "Embedding", "Residual",
        "RNN", "LSTM", "GRU", "MultiHeadAttention",
    }  # fmt: skip


IMAGES = Network(
    [Conv2d(3, 3, padding=1), BatchNorm(), Activate("tanh"), MaxPool2d(3, 2), Flatten(), Dense(3)],
    "softmax_cross_entropy",
    {"l2": 0.1},
)
WORDS = Network(
    [Embedding(7, 4), LSTM(5), Residual(Dense(5)), MultiHeadAttention(1), RNN(3)], "mean_squared_error"
)


class TestDeepNetworks:
    @pytest.mark.parametrize(
        "codes", [("NORM_NO_STATS",), ("CONV_DW_FLIP", "NORM_NO_MEAN"), ("REG_X2", "WINDOW_OVERLAP")]
    )
    def test_images(self, codes):
        """One mistake or two, in different layers, are named by one call of check_gradient."""
        rng = np.random.default_rng(0)
        x, d = rng.normal(size=(4, 2, 7, 7)), rng.integers(3, size=4)
        assert self.found(IMAGES, x, d, codes) == set(codes)

    @pytest.mark.parametrize(
        "codes", [("LSTM_NO_CELL",), ("EMB_LAST", "RNN_TRUNC"), ("RES_NO_SKIP", "ATT_NO_SCALE"), ("NO_1_N",)]
    )
    def test_words(self, codes):
        """The same through time."""
        rng = np.random.default_rng(0)
        x, d = rng.integers(5, size=(3, 6)), rng.normal(size=(3, 6, 3))
        assert self.found(WORDS, x, d, codes) == set(codes)

    def found(self, network, x, d, codes):
        """Return the codes that are named for planted ones."""
        params = network.draw(np.random.default_rng(1), x)
        run = network.forward(params, x, d)
        plants = [list(FAULTS[code].plants(network))[-1] for code in codes]
        steps = next((plant.steps for plant in plants if plant.step != "layer"), RIGHT)
        wrong = {plant.layers[0]: plant.wrong for plant in plants if plant.step == "layer"}

        report = gradcheck.check_gradient(
            network.problem(x, d).loss, params, run.backward(steps, wrong).gradient
        )

        return {finding.code for finding in report.findings}


def test_dropout_in_a_network():
    """A layer with arrays among its attributes can be planted into as well."""
    network = Network([Dense(4), Dropout(np.array([True, False, True, True]), 0.75), Dense(2)])
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    params = network.draw(rng, x)
    plant = next(iter(FAULTS["DROP_NO_SCALE"].plants(network)))

    (finding,) = explain(network, [Case(params, x, d, plant.gradient(network.forward(params, x, d)))])

    assert finding.code == "DROP_NO_SCALE"
    assert finding.message.startswith(
        "3.W and 3.b are right; 1.W and 1.b are wrong: Dropout 2 does not divide"
    )
