"""What makes a derivative hard: kinks, jumps, edges of the domain, scales."""

import warnings

import numpy as np
import pytest
from helpers import check

import gradcheck

W = np.array([1.0, -2.0, 3.0])


def at(x, function, derivative, **options):
    """Check a function of one number with a second, well-behaved parameter beside it."""
    params = np.array([x, 2.0])
    return check(lambda w: function(w[0]) + w[1] ** 2, params, np.array([derivative, 4.0]), **options)


class TestKinks:
    @pytest.mark.parametrize("slope", [0.0, 0.25, 0.5, 1.0])
    def test_at_the_point(self, slope):
        """At relu(0) every value between the one-sided derivatives is right."""
        assert at(0.0, lambda u: max(u, 0.0), slope).verdict == "match"

    @pytest.mark.parametrize("slope", [-0.1, 1.1, 1.001])
    def test_outside_of_the_interval(self, slope):
        """A value beyond both one-sided derivatives is wrong."""
        assert at(0.0, lambda u: max(u, 0.0), slope).verdict == "mismatch"

    def test_said(self):
        """A kink that decided the verdict is counted and noted."""
        report = at(0.0, lambda u: max(u, 0.0), 0.0)

        assert report.parameters["params"].kinks == 1
        assert any("kink" in note for note in report.notes)

    @pytest.mark.parametrize("method", ["entries", "directions"])
    def test_several_in_one_entry(self, method):
        """Where several kinks meet a right backward pass may be beyond both slopes: it is not refuted."""
        rng = np.random.default_rng(2)
        x, W2, d = rng.normal(size=(5, 3)), rng.normal(size=(4, 2)), rng.normal(size=(5, 2))
        params = {"W1": np.zeros((3, 4)), "b1": np.zeros(4)}

        def forward(p):
            u = x @ p["W1"] + p["b1"]
            return u, np.maximum(u, 0) @ W2

        def gradient(p, factor=1.0):
            u, y = forward(p)
            delta = (y - d) @ W2.T * (factor * (u > 0))
            return {"W1": x.T @ delta, "b1": delta.sum(axis=0)}

        def loss(p):
            return 0.5 * np.sum((forward(p)[1] - d) ** 2)

        def judged(gradient):
            return gradcheck.check_gradient(loss, params, gradient, method=method)

        assert judged(gradient).verdict == "inconclusive"
        assert any("several kinks meet" in note for note in judged(gradient).notes) or method == "directions"
        assert judged(lambda p: gradient(p, 1.01)).verdict == "mismatch"
        assert judged(gradient(params)).verdict == "mismatch"

    def test_many_cost_little(self):
        """A penalty sum |w| where most weights are 0 takes little more than two evaluations for each."""
        w, c = np.where(np.arange(1000) % 10, 0.0, 1.0), np.linspace(-1.0, 1.0, 1000)

        report = check(lambda w: np.sum(np.abs(w) + (w - c) ** 2), w, np.sign(w) + 2 * (w - c))

        assert report.verdict == "match"
        assert report.evaluations < 2500

    @pytest.mark.parametrize("distance", [1e-9, -1e-9, 1e-6, -1e-6, 1e-3, -1e-3])
    def test_near(self, distance):
        """Beside a kink only the slope of the own side is right, however near it is."""
        right, other = (1.0, 0.0) if distance > 0 else (0.0, 1.0)

        assert at(distance, lambda u: max(u, 0.0), right).verdict == "match"
        assert at(distance, lambda u: max(u, 0.0), other).verdict == "mismatch"
        assert at(distance, lambda u: max(u, 0.0), 0.5).verdict == "mismatch"

    @pytest.mark.parametrize("distance", [1e-9, 1e-8])
    @pytest.mark.parametrize("error", [0.0, 2e-5, -2e-5])
    def test_near_excuses_nothing(self, distance, error):
        """A kink so near that differences hardly see an error is no reason to accept it.

        The exponential makes steps small: over such a step the kink bends at 1e5 times any slope.
        """

        def loss(w):
            return 0.04 * w[0] + 0.5 * max(1 - distance - w[0], 0.0) + np.exp(w[1])

        report = check(loss, np.ones(2), np.array([0.04 * (1 + error), np.e]))

        assert report.verdict == ("inconclusive" if error else "match")

    @pytest.mark.parametrize("exponent", range(16, 22))
    def test_another_excuses_nothing(self, exponent):
        """Nor is one just within the step of another entry, which is 2**-exponent for one of these."""

        def loss(w):
            kinks = 0.5 * max(1 - 1e-9 - w[0], 0.0) + 0.5 * max(1 - 0.9 * 2.0**-exponent - w[2], 0.0)
            return 0.04 * w[0] + kinks + np.exp(w[1])

        right = np.array([0.04, np.e, 0.0])

        assert check(loss, np.ones(3), right).verdict == "match"
        assert check(loss, np.ones(3), right * [1 + 2e-5, 1, 1]).verdict == "inconclusive"

    @pytest.mark.parametrize("slope", [0.0, 1.0, 1e6])
    def test_jump(self, slope):
        """At a jump there is no derivative to confirm, and none to refute."""
        assert at(0.0, np.sign, slope).verdict == "inconclusive"


def warned(u):
    """Return log1p(u), warning where it has no value whatever the caller has set."""
    with np.errstate(invalid="warn"):
        return np.log1p(u)


class TestEdges:
    def test_near_the_edge(self):
        """A point just inside of the domain is differentiated by steps that stay inside."""
        w = np.array([1e-3, 1.0, 5.0])

        assert check(lambda w: np.sum(np.log(w)), w, lambda w: 1 / w).verdict == "match"
        assert check(lambda w: np.sum(np.log(w)), w, lambda w: (1 + 1e-4) / w).verdict == "mismatch"

    @pytest.mark.parametrize("function", [np.log1p, warned, lambda u: float(u + 1) ** 1.5])
    @pytest.mark.parametrize("x", [-0.999, -0.9, -0.5])
    def test_both_kinds_of_no_value(self, function, x):
        """NaN, a complex root and a warning of the loss all mean: no value there."""
        right = 1 / (1 + x) if function in (np.log1p, warned) else 1.5 * (1 + x) ** 0.5

        assert at(x, function, right).verdict == "match"
        assert at(x, function, right * 1.0001).verdict == "mismatch"

    @pytest.mark.parametrize("x", [-0.9, -1 + 1e-9])
    def test_steps_beyond_the_edge_are_silent(self, x):
        """The warnings of steps that gradcheck takes do not reach the caller."""
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            at(x, np.log1p, 1 / (1 + x))
            at(x, np.log1p, 2 / (1 + x))

        assert not seen

    def test_on_the_edge(self):
        """On an edge the one-sided derivative judges, and the report says so."""

        def inside(u):
            return 3 * u if u >= 0 else np.nan

        assert at(0.0, inside, 3.0).verdict == "match"
        assert at(0.0, inside, 3.001).verdict == "mismatch"
        assert any("edge of the domain" in note for note in at(0.0, inside, 3.001).notes)

    @pytest.mark.parametrize("wrong", [np.nan, np.inf])
    @pytest.mark.parametrize("inside", [lambda u: u >= 0, lambda u: u == 0], ids=["one side", "no side"])
    def test_what_is_no_number_is_wrong_there_too(self, wrong, inside):
        """Also where differences give no number, either."""
        assert at(0.0, lambda u: 3 * u if inside(u) else np.nan, wrong).verdict == "mismatch"

    @pytest.mark.parametrize("at_edge", [1, 300])
    def test_some_on_the_edge(self, at_edge):
        """Entries on an edge, though theirs are the largest derivatives, hinder no others."""
        w = np.linspace(1.0, 2.0, 1000)
        w[:at_edge] = 0.0
        slope = np.where(w == 0, 100.0, 1.0)

        def inside(w):
            return float(np.sum(slope * w + w**2)) if np.all(w >= 0) else np.nan

        report = check(inside, w, slope + 2 * w)

        assert report.verdict == "match"
        assert report.evaluations < 2 * w.size + 100 * at_edge + 200

    def test_edges_on_both_sides(self):
        """A loss that has a value at the point alone confirms nothing, and the report says so."""
        report = at(0.0, lambda u: 0.0 if u == 0 else np.nan, 0.0)

        assert report.verdict == "inconclusive"
        assert any("no value on either side" in note for note in report.notes)


class TestScales:
    @pytest.mark.parametrize("factor", [1e8, 1.0, 1e-9, 1e-100, 1e30])
    def test_loss(self, factor):
        """The units of the loss do not matter."""

        def scaled(w):
            return factor * np.sum(np.sin(w) ** 2)

        right = factor * np.sin(2 * W)

        assert check(scaled, W, right).verdict == "match"
        assert check(scaled, W, right * [1, 1, 1 + 1e-4]).parameters["params"].wrong == ((2,),)

    @pytest.mark.parametrize("factor", [1e-310, 1e-315])
    def test_numbers_beside_zero(self, factor):
        """Numbers that have lost digits because they are so small refuse no right gradient."""
        report = check(lambda w: factor * np.sum(np.sin(w) ** 2), W, factor * np.sin(2 * W))

        assert report.verdict == "match"
        assert not report.flags
        assert check(lambda w: np.sum(w * w), W * 1e-160, lambda w: 2 * w).verdict != "mismatch"

    def test_a_value_that_happens_to_be_zero(self):
        """Noise is a matter of the values near the point: no word of it where they are exact enough."""
        report = check(lambda w: np.sum(w * np.log(w)), np.array([1e-300, 1.0]), lambda w: np.log(w) + 1)

        assert report.verdict == "match"
        assert not report.notes

    @pytest.mark.parametrize("factor", [1e-9, 1e-6, 1e6, 1e9])
    def test_params(self, factor):
        """The units of the parameters do not matter."""

        def scaled(w):
            return np.sum(np.sin(w / factor) ** 2)

        right = np.sin(2 * W) / factor

        assert check(scaled, factor * W, right).verdict == "match"
        assert check(scaled, factor * W, right * [1, 1 + 1e-4, 1]).parameters["params"].wrong == ((1,),)

    @pytest.mark.parametrize(
        "function", [(np.sin, np.cos), (np.exp, np.exp), (np.tanh, lambda v: 1 / np.cosh(v) ** 2)]
    )
    def test_mixed_leaf(self, function):
        """A leaf that holds 1e6 beside 1e-6 is judged entry by entry, at the scale of each."""
        f, slope = function
        w, units = np.array([1e6, 1e-6, 2.0]), np.array([1e6, 1e-6, 1.0])
        right = slope(w / units) / units

        assert check(lambda w: np.sum(f(w / units)), w, right).verdict == "match"
        # The derivative by the first is 1e-12 of the second's: it has that much round-off to itself.
        for k, factor in enumerate((2.0, 1.001, 1.001)):
            wrong = right * np.where(np.arange(3) == k, factor, 1.0)
            assert check(lambda w: np.sum(f(w / units)), w, wrong).parameters["params"].wrong == ((k,),)

    def test_offset(self):
        """A loss with a large constant in it is judged by what is left, never falsely."""

        def lifted(w):
            return 1e6 + np.sum(np.sin(w) ** 2)

        assert check(lifted, W, np.sin(2 * W)).verdict == "match"
        assert check(lifted, W, np.sin(2 * W) * [1, 1, 1.001]).parameters["params"].wrong == ((2,),)

    @pytest.mark.parametrize("offset", [1e5, 12345678.0, 1e9])
    def test_offset_in_single_precision(self, offset):
        """Where the constant hides all that the parameters change, nothing is called wrong."""

        def lifted(w):
            return float(np.float32(offset) + np.sum(np.sin(w) ** 2, dtype=np.float32))

        report = check(lifted, W, np.sin(2 * W))

        assert report.verdict == "inconclusive"
        assert "single precision" in report.notes[0]

    @pytest.mark.parametrize("constant", [0.0, 0.1, 1.0, 1000.0])
    def test_constant(self, constant):
        """A loss that does not change at all has the derivative 0, whatever the constant."""
        assert check(lambda w: constant, W, np.ones(3)).verdict == "mismatch"

    @pytest.mark.parametrize("point", [W, 0 * W, 1e-6 * W])
    def test_optimum(self, point):
        """At an optimum right zeros match, and 1e-6 where 0 belongs does not."""

        def bowl(w):
            return np.sum((w - point) ** 2)

        zeros = np.zeros(3)

        assert check(bowl, point, zeros).verdict == "match"
        assert check(bowl, point, np.array([0, 1e-6, 0])).parameters["params"].wrong == ((1,),)

    def test_staircase(self):
        """A loss of steps has slope 0 within a step, whatever large steps say."""

        def stairs(w):
            return float(np.floor(1000 * w[0])) + w[1]

        assert check(stairs, np.array([1.2345, 2.0]), np.array([0.0, 1.0])).verdict == "match"
        assert check(stairs, np.array([1.2345, 2.0]), np.array([1000.0, 1.0])).verdict == "mismatch"
