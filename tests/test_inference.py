"""What a network computes is told from its values alone, and nothing is told where nothing fits."""

import itertools

import numpy as np
import pytest

from gradcheck.networks import ACTIVATIONS, LOSSES, DenseNetwork
from gradcheck.submissions.arrangement import Arrangement, arrangements
from gradcheck.submissions.calling import matched
from gradcheck.submissions.inference import Seen, activations_that_fit, loss_that_fits, network_that_fits

WIDTHS = (4, 5, 3)


def seen(network, transform=lambda y: y, extra=lambda loss: loss):
    """Return problems with the outputs and losses of a network, changed by hand."""
    cases = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        params = {}
        for layer, (before, after) in enumerate(itertools.pairwise(WIDTHS), 1):
            params |= {f"W{layer}": rng.normal(size=(before, after)), f"b{layer}": rng.normal(size=after)}
        x, d = rng.normal(size=(6, 4)), np.eye(3)[rng.integers(3, size=6)]
        y = network.forward(params, x, d).y
        cases.append(Seen(params, x, d, transform(y), extra(float(network.loss(params, x, d))), 1e-9))
    return cases


@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("output", ["identity", "sigmoid", "softmax"])
def test_activations_are_told_by_the_output(hidden, output):
    """Each of the table, and no other."""
    cases = seen(DenseNetwork((hidden, output)))

    assert activations_that_fit(cases, 2, None) == (hidden, output)
    assert activations_that_fit(cases, 2, hidden) == (hidden, output)
    assert activations_that_fit(cases, 2, "elu" if hidden != "elu" else "relu") is None


def test_unknown_output_is_no_known_network():
    """A sine is none of the table; 0.1 % more is another function."""
    for transform in (np.sin, lambda y: 1.001 * y):
        assert activations_that_fit(seen(DenseNetwork(("relu", "identity")), transform), 2, None) is None


@pytest.mark.parametrize("name", LOSSES)
def test_loss_is_told_with_its_factor_and_penalty(name):
    """Whether it is a mean, a sum, doubled, or has a penalty."""
    network = DenseNetwork(("tanh", "identity"), name, {"l2": 0.3})
    found = loss_that_fits(seen(network, extra=lambda loss: 2 * loss), ("tanh", "identity"), None)

    assert found is not None
    rebuilt = found.network(("tanh", "identity"))
    for case in seen(network):
        expected = 2 * network.loss(case.params, case.x, case.d)
        assert found.factor * rebuilt.loss(case.params, case.x, case.d) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("extra", [lambda loss: loss + 0.01, lambda loss: loss**1.01, lambda loss: -loss])
def test_other_loss_is_none_that_is_known(extra):
    """Nothing is said rather than something wrong."""
    cases = seen(DenseNetwork(("tanh", "identity")), extra=extra)

    assert loss_that_fits(cases, ("tanh", "identity"), None) is None


@pytest.mark.parametrize(
    ("squash", "name"), [("softmax", "softmax_cross_entropy"), ("sigmoid", "binary_cross_entropy")]
)
def test_epsilon_inside_the_logarithm_is_told(squash, name):
    """Of a loss of probabilities and of logits."""
    for activations, of_logits in (("relu", squash), False), (("relu", "identity"), True):
        cases = seen(DenseNetwork(activations))
        for i, case in enumerate(cases):
            p = ACTIVATIONS[squash].f(case.y) if of_logits else case.y
            loss = -np.sum(case.d * np.log(p + 1e-7)) / len(p)
            if squash == "sigmoid":
                loss -= np.sum((1 - case.d) * np.log(1 - p + 1e-7)) / len(p)
            cases[i] = Seen(case.params, case.x, case.d, case.y, float(loss), 1e-9)
        found = loss_that_fits(cases, activations, None)

        assert (found.name, found.epsilon, found.logits) == (name, 1e-7, not of_logits)


def test_network_is_told_by_its_loss_alone():
    """Where it does not show its output."""
    cases = seen(DenseNetwork(("sigmoid", "identity"), "softmax_cross_entropy"))
    names, loss = network_that_fits(cases, 2, None, None)

    assert (names, loss.name) == (("sigmoid", "identity"), "softmax_cross_entropy")


class TestArrangement:
    def test_rows_columns_and_vectors(self):
        """However the parameters are named and stored."""
        rows = {"W1": (2, 5), "b1": (5,), "W2": (5,), "b2": ()}
        columns = {"w": (5, 2), "bias": (5, 1), "w_out": (3, 5), "bias_out": (3, 1)}
        nameless = {"0": (2, 5), "1": (5,)}
        lists = {"weights.0": (2, 5), "weights.1": (5, 3), "biases.0": (5,), "biases.1": (3,)}

        assert [a.widths for a in arrangements(rows)] == [(2, 5, 1)]
        assert [(a.widths, a.transposed) for a in arrangements(columns)] == [((2, 5, 3), True)]
        assert next(arrangements(lists)).own_names["b2"] == "biases.1"
        assert next(arrangements(nameless)).own_names == {"W1": "0", "b1": "1"}

    def test_square_ones_are_read_both_ways(self):
        """What they compute decides."""
        assert [a.transposed for a in arrangements({"W1": (3, 3), "W2": (3, 3)})] == [False, True]

    def test_biases_in_the_first_column(self):
        """They are taken out, and the rest is turned."""
        [found] = arrangements({"Theta1": (5, 3), "Theta2": (4, 6)})
        Theta1 = np.arange(15.0).reshape(5, 3)
        rows = found.in_rows({"Theta1": Theta1, "Theta2": np.zeros((4, 6))})

        assert found.widths == (2, 5, 4)
        np.testing.assert_array_equal(rows["b1"], Theta1[:, 0])
        np.testing.assert_array_equal(rows["W1"], Theta1[:, 1:].T)

    @pytest.mark.parametrize(
        "shapes",
        [
            {},
            {"W1": (2, 5), "W2": (4, 4)},
            {"W1": (2, 5), "b1": (4,)},
            {"W1": (2, 5, 1)},
            {"b1": (3,)},
            {"W1": (0, 3)},
        ],
    )
    def test_what_is_no_chain_of_layers_is_none(self, shapes):
        """Nothing is guessed."""
        assert list(arrangements(shapes)) == []

    def test_transposed_parameters_come_back_turned(self):
        """Entry by entry."""
        W = np.arange(6.0).reshape(3, 2)
        found = Arrangement((2, 3), ("W",), (None,), transposed=True)

        np.testing.assert_array_equal(found.in_rows({"W": W})["W1"], W.T)


@pytest.mark.parametrize(
    ("names", "places", "expected"),
    [
        (["params", "x", "y"], (), ["params", "x", "d"]),
        (["X", "labels", "W1"], (), ["x", "d", "W1"]),
        (["x", "t", "y"], (), ["x", "d", "y"]),
        (["a", "b"], ("x", "d"), ["x", "d"]),
        (["x", "d", "momentum"], ("params", "x", "d"), ["x", "d", None]),
        (["theta0", "x", "d"], ("params", "x", "d"), ["params", "x", "d"]),
    ],
)
def test_parameters_are_told_by_name_then_by_place(names, places, expected):
    """A place is taken only where the order agrees."""
    assert matched(names, ["params", "x", "d", "y", "W1"], places) == expected
