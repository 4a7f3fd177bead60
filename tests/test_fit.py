"""A fit to many values tells a derivative that noise hides from differences, and never a false one."""

import numpy as np
import pytest
from helpers import THOROUGH, FunctionLine, noise_of

import gradcheck
from gradcheck.derivatives.fit import fitted_derivative

DRAWN = 20_000 if THOROUGH else 1_000
SMOOTH = (
    (np.sin, np.cos),
    (np.tanh, lambda u: 1 / np.cosh(u) ** 2),
    (np.exp, np.exp),
    (lambda u: u**3 - u, lambda u: 3 * u**2 - 1),
    (lambda u: np.log1p(u * u), lambda u: 2 * u / (1 + u * u)),
    (lambda u: np.sin(8 * u), lambda u: 8 * np.cos(8 * u)),
)


def fit(function, x, enough=np.inf):
    """Return the fitted derivative of a function, by steps of about 1."""
    return fitted_derivative(FunctionLine(function, x), function(x), 1.0, noise_of(function, x), enough)


def noisy(function, level, rng):
    """Return a function with normal noise on top."""
    return lambda u: function(u) + level * rng.normal()


def single(function):
    """Return a function that computes in single precision."""
    return lambda u: function(np.float32(u))


class TestTruth:
    @pytest.mark.parametrize("enough", [np.inf, 100.0])
    def test_error_is_within_the_stated_uncertainty(self, enough):
        """The true error is never larger than stated, of any function, at any level of noise."""
        rng = np.random.default_rng(3)
        stated = []
        for _ in range(DRAWN):
            function, slope = SMOOTH[rng.integers(len(SMOOTH))]
            x, level = rng.uniform(-2, 2), 10.0 ** rng.uniform(-9, -3)
            found = fit(noisy(function, level, rng), x, enough * level)
            assert not abs(found.value - slope(x)) > found.uncertainty
            stated.append(found.uncertainty / level)

        assert np.median(stated) < 200

    def test_a_bolder_statement_would_be_false(self):
        """A seventh of what is stated is exceeded now and then: the law above can be broken."""
        rng = np.random.default_rng(4)
        found = [fit(noisy(np.sin, 1e-6, rng), 0.3) for _ in range(100)]

        beyond = [abs(f.value - np.cos(0.3)) > f.uncertainty / 14 for f in found]

        assert sum(beyond) > 2

    def test_single_precision(self):
        """Round-off of single precision is noise to it."""
        for function, slope in SMOOTH:
            for x in np.linspace(-2, 2, 21):
                found = fit(single(function), x)
                assert not abs(found.value - slope(x)) > found.uncertainty

    def test_more_points_where_they_serve(self):
        """An uncertainty up to four times as small is reached, at sixteen times the evaluations."""
        rng = np.random.default_rng(5)
        coarse = fit(noisy(np.sin, 1e-6, rng), 0.3)
        fine = fit(noisy(np.sin, 1e-6, rng), 0.3, enough=coarse.uncertainty / 2)

        assert fine.uncertainty <= coarse.uncertainty / 2
        assert coarse.evaluations < fine.evaluations <= 17 * coarse.evaluations


class TestNotFooled:
    @pytest.mark.parametrize("distance", [0.0, 0.01, 0.1, -0.3])
    def test_kink(self, distance):
        """A kink in the range is no noise."""
        rng = np.random.default_rng(6)
        found = fit(noisy(lambda u: abs(u - distance), 1e-6, rng), 0.0)

        assert np.isnan(found.value) or (distance and abs(found.value + np.sign(distance)) < 1e-4)

    def test_jump(self):
        """Nor is a jump."""
        rng = np.random.default_rng(7)

        assert np.isnan(fit(noisy(lambda u: 1.0 * (u > 0), 1e-6, rng), 0.0).value)

    @pytest.mark.parametrize("frequency", [1e3, 1e5])
    def test_oscillation(self, frequency):
        """Nor is what oscillates faster than its points."""
        rng = np.random.default_rng(8)

        assert np.isnan(fit(noisy(lambda u: np.sin(frequency * u) / frequency, 1e-9, rng), 0.0).value)

    def test_edge_of_the_domain(self):
        """A range beyond the domain is left for a smaller one."""
        rng = np.random.default_rng(9)
        with np.errstate(all="ignore"):
            found = fit(noisy(np.log, 1e-6, rng), 0.2)

        assert abs(found.value - 5) < 1e-3


class TestCheck:
    """A loss that computes in single precision, whatever it is given."""

    rng = np.random.default_rng(1)
    x, d = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    params = {"W": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}  # noqa: RUF012

    def loss(self, params):
        x, W, b = (a.astype(np.float32) for a in (self.x, params["W"], params["b"]))
        return np.sum((np.tanh(x @ W + b) - self.d.astype(np.float32)) ** 2)

    def gradient(self, params, factor=1.0):
        z = np.tanh(self.x @ params["W"] + params["b"])
        delta = 2 * (z - self.d) * (1 - z * z)
        return {"W": factor * (self.x.T @ delta), "b": delta.sum(axis=0)}

    def test_right(self):
        """A right gradient is confirmed, and the report says by what."""
        report = gradcheck.check_gradient(self.loss, self.params, self.gradient)

        assert report.verdict == "match", str(report)
        assert any("confirmed by a fit" in note for note in report.notes)

    def test_wrong(self):
        """A wrong one is not."""
        report = gradcheck.check_gradient(self.loss, self.params, self.gradient(self.params, 1.02))

        assert report.parameters["W"].verdict == "mismatch"
        assert report.parameters["b"].verdict == "match"
