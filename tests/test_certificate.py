"""The bound of the certificate: random directions hide an error no more often than it says."""

import numpy as np
import pytest

import gradcheck
from gradcheck.methods import certificate, directions
from gradcheck.methods.certificate import Certificate
from gradcheck.methods.probe import Gap

ERRORS = {
    "one-entry": np.array([1.0]),
    "two-alike": np.array([1.0, 1.0]),  # the worst there is: the largest section of a cube
    "uneven": np.array([3.0, -1.0, 0.2]),
    "many": np.linspace(-1, 1, 40),
}


def sizes(error, directions, draws=400_000, seed=0, noise=0.0):
    """Return the root of the sum of squares of error.v + noise over directions v, relative to the error."""
    rng = np.random.default_rng(seed)
    square = np.zeros(draws)
    for _ in range(directions):
        v = np.sqrt(12) * (rng.random((draws, len(error)), np.float32) - np.float32(0.5))
        square += (v @ error / np.linalg.norm(error) + noise * rng.normal(size=draws)) ** 2
    return np.sqrt(square)


def stated(size, directions):
    """Return the probability that the certificate states where gaps have this size together."""
    gap = Gap(float(size / directions**0.5), 0.0, 0.0, 0.0)
    return Certificate((gap,) * directions, 1.0).false_pass(1.0, 1.0)


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize(("directions", "size"), [(1, 0.05), (2, 0.2), (3, 0.4), (8, 1.2)])
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.5])
def test_bound_holds(error, directions, size, noise):
    """For any error, whatever the number of directions, and however loud the noise."""
    seen = np.mean(sizes(error, directions, noise=noise) <= size)

    assert 0 < seen <= 1.03 * stated(size, directions)  # 400,000 draws


def test_bound_is_reached():
    """By two entries that are wrong alike; a bound for Gaussian directions would be too small for it."""
    seen = np.mean(sizes(ERRORS["two-alike"], 1, 4_000_000) <= 0.025)

    assert seen == pytest.approx(stated(0.025, 1), rel=0.01)
    assert seen > 1.015 * 2 * 0.025 / np.sqrt(2 * np.pi)


def test_nothing_is_certain_of_large_gaps():
    """The probability is one at the most, and 0 only without any gap."""
    assert stated(1e200, 16) == stated(np.inf, 3) == 1.0
    assert stated(0.0, 3) == 0.0


@pytest.mark.parametrize("count", [2, 3, 4, 8, 16])
def test_bound_and_probability_agree(count):
    """An error as large as the bound of the estimate would pass with the certificate's probability."""
    found = Certificate((Gap(1e-9, 1e-8, 1e-8, 0.1),) * count, 5e-7)
    _, bound = found.estimate(0.25)

    assert found.false_pass(0.25, bound) == pytest.approx(5e-7, rel=1e-9)


def test_chances_to_pass_add_up():
    """Whatever way a leaf takes, it meets each stage once: together they have what is stated."""
    ways = (
        certificate.AT_ONCE,
        certificate.AGAIN,
        certificate.TOGETHER,
        certificate.ALONE,
        certificate.BENT,
        certificate.EXTENDED,
    )

    assert sum(stage.share for stages in ways for stage in stages) <= 1


LOSSES = {"exponentials": (np.exp, np.exp), "squares": (np.square, lambda w: 2 * w)}


@pytest.mark.parametrize("terms", LOSSES)
@pytest.mark.parametrize(("noise", "offset"), [(0, 0), (1e-15, 0), (1e-12, 0), (1e-10, 0), (0, 1e9)])
def test_wrong_gradient_passes_no_more_often_than_stated(terms, noise, offset, monkeypatch):
    """Neither do two entries that are wrong alike, which directions hide best, nor with a noisy loss."""
    stated, draws = 0.4, 300
    monkeypatch.setattr(certificate, "FALSE_PASS", stated)
    w = np.random.default_rng(0).normal(size=12)
    term, slope = LOSSES[terms]
    gradient = slope(w)
    gradient[[3, 7]] *= 1 + directions.TIMES_RTOL * 1e-6 / np.sqrt(2)

    def loss(w):
        value = np.sum(term(w)) + offset
        return value * (1 + noise * np.sin(1e16 * value))

    def passes(seed):
        return gradcheck.check_gradient(loss, w, gradient, rtol=1e-6, method="directions", seed=seed).ok

    passed = sum(map(passes, range(draws)))

    assert 0 < passed <= stated * draws


@pytest.mark.parametrize("seed", range(3))
def test_kinks_hide_no_error_either(seed, monkeypatch):
    """A wrong entry of the first layer passes no more often than stated, though each step crosses relus."""
    stated, draws = 0.4, 60
    monkeypatch.setattr(certificate, "FALSE_PASS", stated)
    monkeypatch.setattr(directions, "in_extended_precision", lambda *_: None)
    rng = np.random.default_rng(seed)
    x, d = rng.normal(size=(64, 6)), rng.normal(size=(64, 3))
    params = {"W": rng.normal(size=(6, 8)), "V": rng.normal(size=(8, 3))}

    def loss(params):
        return 0.5 * np.sum((np.maximum(x @ params["W"], 0) @ params["V"] - d) ** 2)

    z = np.maximum(x @ params["W"], 0)
    delta = z @ params["V"] - d
    right = {"W": x.T @ ((delta @ params["V"].T) * (z > 0)), "V": z.T @ delta}
    wrong = {name: g.copy() for name, g in right.items()}
    wrong["W"][3, 2] *= 1 + directions.TIMES_RTOL * 1e-6

    def verdicts(gradient, name):
        options = {"rtol": 1e-6, "method": "directions"}
        reports = (gradcheck.check_gradient(loss, params, gradient, seed=s, **options) for s in range(draws))
        return [report.parameters[name].verdict for report in reports]

    assert verdicts(wrong, "W").count("match") <= stated * draws
    assert "mismatch" not in verdicts(right, "W")
