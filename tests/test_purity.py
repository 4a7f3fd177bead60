"""Functions that remember, change or share what they should not are named, and never a false match."""

import copy

import numpy as np
import pytest
from helpers import check

from gradcheck import check_gradient

POINT = {"w": np.array([1.0, -2.0, 3.0]), "b": 1.5}
RIGHT = {"w": POINT["w"], "b": POINT["b"]}


def loss(params):
    return 0.5 * float(np.sum(params["w"] ** 2)) + 0.5 * params["b"] ** 2


def gradient(params, factor=1.0):
    return {"w": factor * params["w"], "b": factor * params["b"]}


def doubled_in_place(params):
    params["w"] *= 2
    return loss({"w": params["w"] / 2, "b": params["b"]})


def rebound(params):
    params["w"] = params["w"] * 2
    params["b"] = params["b"] * 2
    return loss(params) / 4


def rebound_number(params):
    params["b"] -= 0.5
    return loss({"w": params["w"], "b": params["b"] + 0.5})


def popped(params):
    return loss({"w": params.pop("w"), "b": params.pop("b")})


def clipped(params):
    np.clip(params["w"], -3.0, 3.0, out=params["w"])
    return 0.5 * float(np.sum(np.minimum(params["w"], 2.9) ** 2))


MUTATING = [doubled_in_place, rebound, rebound_number, popped]


def test_pure_functions_have_no_flag():
    """Nothing is noticed of functions that leave everything as it was."""
    report = check(loss, POINT, gradient)

    assert report.verdict == "match"
    assert report.flags == ()
    assert report.notes == ()


def test_a_parameter_may_be_its_own_gradient():
    """A gradient that returns its argument's arrays is no buffer of its own."""
    report = check(loss, POINT, lambda params: params)

    assert report.verdict == "match"
    assert report.flags == ()


class TestMutation:
    @pytest.mark.parametrize("impure", MUTATING)
    def test_loss(self, impure):
        """A loss that changes its argument is named, and judged as if it did not."""
        before = copy.deepcopy(POINT)

        right = check(impure, POINT, RIGHT)
        wrong = check(impure, POINT, gradient(RIGHT, 1.001))

        assert right.flags == ("mutates",)
        assert any("the loss changes its argument" in note for note in right.notes)
        assert right.verdict == "match"
        assert wrong.verdict == "mismatch"
        assert all(np.array_equal(POINT[name], before[name]) for name in before)

    @pytest.mark.parametrize("impure", MUTATING)
    def test_zero_gradient_is_no_match(self, impure):
        """A loss that takes the parameters out of their nest does not make zeros right."""
        assert check(impure, POINT, gradient(RIGHT, 0.0)).verdict == "mismatch"

    def test_loss_near_the_point_only(self):
        """A loss that clips its argument in place is named though nothing is clipped at the point."""
        report = check(clipped, {"w": np.array([1.0, 3.0])}, {"w": np.array([1.0, 0.0])})

        assert report.flags == ("mutates",)
        assert report.verdict == "match"

    @pytest.mark.parametrize("impure", MUTATING)
    @pytest.mark.parametrize("factor", [1.0, 1.001])
    def test_gradient(self, impure, factor):
        """A gradient that changes its argument is named, and judged by what it returned."""

        def changing(params):
            found = gradient({"w": params["w"].copy(), "b": params["b"]}, factor)
            impure(params)
            return found

        report = check(loss, POINT, changing)

        assert report.flags == ("mutates",)
        assert any("the gradient changes its argument" in note for note in report.notes)
        assert report.verdict == ("match" if factor == 1 else "mismatch")

    @pytest.mark.parametrize("impure", MUTATING)
    def test_pair(self, impure):
        """The same where the loss returns value and gradient."""

        def pair(params):
            found = gradient({"w": params["w"].copy(), "b": params["b"]})
            return impure(params), found

        report = check(pair, POINT)

        assert report.flags == ("mutates",)
        assert report.verdict == "match"


class Remembering:
    """A loss that computes anew only where it is called with another object."""

    def __init__(self):
        self.last, self.value = None, 0.0

    def __call__(self, params):
        if params is not self.last:
            self.last, self.value = params, loss(params)
        return self.value


class TestState:
    def test_loss_that_puts_something_into_params(self):
        """It may be anything: params of 0 are not moved beside the point, and need no copy of it."""

        def leaving(params):
            params["context"] = object()
            return np.sum(np.sin(params["w"]))

        assert check(leaving, {"w": np.zeros(3)}, {"w": np.ones(3)}).ok

    def test_loss_that_differs_by_chance(self):
        """That it gives the same value for other params is no sign that it knows them by their object."""
        values = iter([1.0, 1.0, *np.random.default_rng(0).normal(size=10_000).tolist()])

        report = check(lambda params: next(values), POINT, gradient(RIGHT, 0.0))

        assert "nondeterministic" in report.flags
        assert "remembers" not in report.flags

    @pytest.mark.parametrize("method", ["entries", "directions"])
    def test_loss_that_tells_params_by_their_object(self, method):
        """It is called with another one each time, and named."""
        right = check_gradient(Remembering(), POINT, RIGHT, method=method)

        assert right.verdict == "match"
        assert right.flags == ("remembers",)
        wrong = check_gradient(Remembering(), POINT, gradient(RIGHT, 1.001), method=method)
        assert wrong.verdict == "mismatch"

    @pytest.mark.parametrize("start", [0.0, 1.0])
    def test_accumulation(self, start):
        """A gradient that adds up over calls is named and no match, whatever it began with."""
        total = {"w": np.full(3, start), "b": start}

        def adding(params):
            total["w"] = total["w"] + params["w"]
            total["b"] += params["b"]
            return dict(total)

        report = check(loss, POINT, adding)

        assert report.flags == ("accumulates",)
        assert report.verdict == "mismatch"

    def test_accumulation_of_one_parameter(self):
        """Where only one parameter adds up, the others stay right."""
        total = np.zeros(3)

        def adding(params):
            nonlocal total
            total = total + params["w"]
            return {"w": total, "b": params["b"]}

        report = check(loss, POINT, adding)

        assert report.flags == ("accumulates",)
        assert {name: p.verdict for name, p in report.parameters.items()} == {"w": "mismatch", "b": "match"}

    @pytest.mark.parametrize("factor", [1.0, 1.001])
    def test_buffer(self, factor):
        """A gradient that returns the same memory each time is named; its values are judged."""
        buffer = np.zeros(3)

        def filled(params):
            buffer[:] = factor * params["w"]
            return {"w": buffer, "b": params["b"]}

        report = check(loss, POINT, filled)

        assert report.flags == ("returns-buffer",)
        assert report.verdict == ("match" if factor == 1 else "mismatch")

    def test_one_buffer_for_two_parameters(self):
        """Two parameters whose gradients share one array cannot both be right."""
        buffer = np.zeros(2)

        def filled(params):
            for name in params:
                buffer[:] = params[name]
            return {"a": buffer, "b": buffer}

        report = check(
            lambda p: 0.5 * np.sum(p["a"] ** 2 + p["b"] ** 2), {"a": np.ones(2), "b": np.full(2, 2.0)}, filled
        )

        assert "returns-buffer" in report.flags
        assert {name: p.verdict for name, p in report.parameters.items()} == {"a": "mismatch", "b": "match"}

    @pytest.mark.parametrize("method", ["entries", "directions"])
    def test_what_the_loss_leaves_for_the_backward_pass(self, method):
        """A backward pass that uses what the forward pass has kept finds that of the point."""

        class Cubes:
            def loss(self, w):
                self.square = w * w
                return float(np.sum(self.square * w))

            def gradient(self, w):
                return 3 * self.square

        cubes = Cubes()

        report = check_gradient(cubes.loss, POINT["w"], cubes.gradient, method=method)

        assert report.verdict == "match", str(report)
        assert report.flags == ()


class TestChance:
    def test_gradient(self):
        """A gradient that differs between equal calls is named, and large differences are no match."""
        rng = np.random.default_rng(0)

        report = check(loss, POINT, lambda p: gradient(p, rng.normal(1.0, 0.1)))

        assert "nondeterministic" in report.flags
        assert "remembers" not in report.flags
        assert any("the gradient differs between equal calls" in note for note in report.notes)
        assert report.verdict != "match"

    def test_loss(self):
        """A loss that differs between equal calls is named, and confirms nothing finer than that."""
        rng = np.random.default_rng(0)

        report = check(lambda p: loss(p) + 1e-3 * rng.normal(), POINT, gradient)

        assert "nondeterministic" in report.flags
        assert "remembers" not in report.flags
        assert any("the loss differs between equal calls" in note for note in report.notes)
        assert report.verdict == "inconclusive"

    def test_gross_errors_show_through(self):
        """What is wrong by far more than the loss scatters is still a mismatch."""
        rng = np.random.default_rng(0)

        assert (
            check(lambda p: loss(p) + 1e-3 * rng.normal(), POINT, gradient(RIGHT, 2.0)).verdict == "mismatch"
        )

    def test_drift(self):
        """A loss that grows from call to call is no match."""
        calls = []

        def drifting(params):
            calls.append(0)
            return loss(params) + len(calls)

        report = check(drifting, POINT, gradient)

        assert "nondeterministic" in report.flags
        assert "remembers" not in report.flags
        assert report.verdict != "match"


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_same_seed_same_report(seed):
    """Two runs with one seed give equal reports, right or wrong."""
    for factor in (1.0, 1.001):
        first = check(loss, POINT, gradient(RIGHT, factor), seed=seed)

        assert first == check(loss, POINT, gradient(RIGHT, factor), seed=seed)
        assert first.seed == seed
