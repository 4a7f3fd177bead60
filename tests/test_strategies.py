"""Random networks: within their bounds, rebuilt from their repr, shrunk to the smallest that fails."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import gradcheck
from gradcheck import strategies
from gradcheck.errors import UsageError
from gradcheck.networks import ACTIVATIONS, LOSSES, RIGHT, DenseNetwork
from gradcheck.strategies import Batch, NetworkProblem, batches, networks, parameters, problems

NAMES = {"array": np.array, "float32": np.float32, "DenseNetwork": DenseNetwork, "Batch": Batch,
         "NetworkProblem": NetworkProblem}  # fmt: skip
ranges = st.tuples(st.integers(1, 3), st.integers(0, 2)).map(lambda pair: (pair[0], sum(pair)))
some = settings(max_examples=40)


def widths_of(problem):
    return [len(problem.params["W1"]), *(W.shape[1] for n, W in problem.params.items() if n[0] == "W")]


def assert_equal(first, second):
    for a, b in zip(first, second, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


class TestBounds:
    @some
    @given(
        st.data(),
        ranges,
        ranges,
        ranges,
        st.sampled_from(sorted(LOSSES)),
        st.sampled_from(sorted(ACTIVATIONS)),
    )
    def test_are_kept(self, data, layers, widths, batch, loss, activation):
        """Every number of layers, units and samples, and every name, is one that was asked for."""
        bounds = {"layers": layers, "widths": widths, "batch": batch}

        problem = data.draw(problems(**bounds, losses=loss, activations=[activation, "tanh"]))

        assert layers[0] <= problem.network.depth <= layers[1]
        assert all(widths[0] <= width <= widths[1] for width in widths_of(problem))
        assert batch[0] <= len(problem.x) <= batch[1]
        assert problem.network.criterion.name == loss
        assert {a.name for a in problem.network.activations.values()} <= {activation, "tanh"}

    @some
    @given(problems(dtype=np.float32, scale=0.5, activations="tanh", losses="huber"))
    def test_of_numbers_are_kept(self, problem):
        """The type asked for, and at most one entry of an array above the scale."""
        for leaf in [*problem.params.values(), problem.x]:
            assert leaf.dtype == np.float32
            assert np.sum(np.abs(leaf) > 0.5) <= 1

    @given(st.data())
    def test_parameters_and_batches_fit_a_given_network(self, data):
        """The network that is given can be run with what is drawn for it."""
        network = DenseNetwork(("tanh", "relu", "tanh", "identity"), "softmax_cross_entropy")

        params = data.draw(parameters(network, widths=(2, 3)))
        x, d = data.draw(batches(network, params, batch=2))

        assert np.isfinite(network.loss(params, x, d))

    @pytest.mark.parametrize(
        ("bounds", "words"),
        [
            ({"layers": 0}, "`layers` leaves nothing to draw"),
            ({"widths": (3, 2)}, r"\(3, 2\)"),
            ({"batch": 1.5}, "a whole number >= 1"),
            ({"layers": True}, "`layers`"),
            ({"activations": ["gelo"]}, "gelu"),
            ({"activations": []}, "at least one name"),
            ({"losses": "hubr"}, "huber"),
            ({"dtype": "int64"}, "float64 or float32"),
            ({"dtype": "nonsense"}, "float64 or float32"),
            ({"scale": 0}, "from 1e-6 to 1e6"),
            ({"scale": 1e20}, "from 1e-6 to 1e6"),
            ({"layer": 1}, "layers"),
        ],
    )
    @pytest.mark.parametrize("strategy", [networks, parameters, batches, problems])
    def test_that_cannot_be_met_are_refused_at_once(self, strategy, bounds, words):
        """Before anything is drawn, with what was given and what would do."""
        with pytest.raises(UsageError, match=words):
            strategy(**bounds)

    def test_params_without_their_network_are_refused(self):
        """Data of unknown layers cannot be drawn."""
        with pytest.raises(UsageError, match="network"):
            batches(params={"W1": np.ones((1, 1))})


class TestRepr:
    @some
    @given(problems(dtype="float32") | problems(widths=(8, 9), layers=1))
    def test_of_a_problem_rebuilds_it(self, problem):
        """The repr and the script give the same network, and every digit of its numbers."""
        script = {}
        exec(problem.code, script)

        twin = eval(repr(problem), NAMES)

        for rebuilt in (twin, NetworkProblem(*(script[n] for n in ("network", "params", "x", "d")))):
            assert repr(rebuilt.network) == repr(problem.network)
            assert list(rebuilt.params) == list(problem.params)
            assert_equal([*rebuilt.params.values(), rebuilt.x, rebuilt.d],
                         [*problem.params.values(), problem.x, problem.d])  # fmt: skip

    @some
    @given(parameters(), batches())
    def test_of_the_parts_rebuilds_them(self, params, batch):
        """Parameters and batches alone, too."""
        assert_equal(eval(repr(params), NAMES).values(), params.values())
        assert_equal(eval(repr(batch), NAMES), batch)


AWKWARD = {
    "one sample": lambda p: len(p.x) == 1,
    "one unit": lambda p: 1 in widths_of(p),
    "square weights": lambda p: any(W.ndim == 2 and 1 < len(W) == W.shape[1] for W in p.params.values()),
    "equal widths": lambda p: p.network.depth > 1 and len(set(widths_of(p))) == 1 < widths_of(p)[0],
    "zero weights": lambda p: not p.params["W1"].any(),
    "tied weights": lambda p: p.params["W1"].size > 2 and len(np.unique(p.params["W1"])) == 1,
    "saturated unit": lambda p: bool(np.max(np.abs(p.params["W1"])) > 10),
    "no bias": lambda p: "b1" not in p.params,
    "kink": lambda p: p.network.activations[1].name == "relu"
    and bool(np.any(p.x @ p.params["W1"] + p.params.get("b1", 0) == 0)),
    "optimum": lambda p: p.network.criterion.name == "huber"
    and not p.network.trace(p.params, p.x, p.d).dy.any(),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_problems_are_drawn(name):
    """Within a few hundred draws there is one of each kind."""
    found = find(
        problems(activations=["identity", "relu"], losses=["huber", "half_squared_error"]),
        AWKWARD[name],
        settings=settings(max_examples=1000, phases=[Phase.generate], database=None),
    )

    assert AWKWARD[name](found)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_few_draws_are_given_up(name, dtype):
    """In either precision, so that Hypothesis does not complain; a slope that bends is no kink."""
    drawn = []

    @settings(max_examples=20, phases=[Phase.generate], database=None, derandomize=True)
    @given(problems(activations=[name], dtype=dtype, scale=1))
    def draw(problem):
        drawn.append(problem.params["W1"].dtype)

    draw()

    assert drawn == [dtype] * 20


def without_transpose(run, layer, delta):
    """Carry delta down by W in the place of its transpose, where the shapes allow it."""
    W = run.W(layer)
    return delta @ (W if W.shape[0] == W.shape[1] else W.T)


def has_wrong_gradient(problem):
    wrong = problem.network.trace(
        problem.params, problem.x, problem.d, replace(RIGHT, through_weights=without_transpose)
    )
    report = gradcheck.check_gradient(problem.loss, problem.params, wrong.gradient)
    return report.verdict == "mismatch"


def test_a_wrong_transpose_shrinks_to_the_smallest_network():
    """One or two layers, widths of at most 2, one sample, small whole numbers."""
    always_the_same = settings(max_examples=1000, database=None, derandomize=True)
    smallest = find(problems(), has_wrong_gradient, settings=always_the_same)

    assert smallest.network.depth <= 2
    assert max(widths_of(smallest)) <= 2
    assert len(smallest.x) == 1
    numbers = np.concatenate([leaf.ravel() for leaf in smallest.params.values()])
    assert set(np.abs(numbers)) <= {0, 1, 2}


def test_strategies_are_found_without_an_import_of_their_own():
    """``gradcheck.strategies`` is loaded when it is first named."""
    assert gradcheck.strategies is strategies
