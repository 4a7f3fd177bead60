"""Where most of a value cancels, what is left moves in steps: within one the slope is 0."""

import numpy as np
import pytest

from gradcheck import check_gradient


def cross_entropy(z):
    return -np.log(np.exp(z[0]) / np.sum(np.exp(z)))


def cross_entropy_gradient(z):
    p = np.exp(z) / np.sum(np.exp(z))
    return np.array([-np.sum(p[1:]), *p[1:]])


def certain(seed, margin):
    z = np.random.default_rng(seed).normal(size=5)
    z[0] += margin
    return z


STAIRS = {
    "1 - cos": (lambda x: 1 - np.cos(x), np.sin, (1e-7, 1e-6)),
    "1 - tanh": (lambda x: 1 - np.tanh(x), lambda x: -1 / np.cosh(x) ** 2, (15.0, 17.5)),
    "-log sigmoid": (lambda u: -np.log(1 / (1 + np.exp(-u))), lambda u: -1 / (1 + np.exp(u)), (28.0, 34.0)),
    "log(1 + exp)": (lambda u: np.log(1 + np.exp(-u)), lambda u: -1 / (1 + np.exp(u)), (26.0, 35.0)),
    "sqrt(1 + x^2)": (lambda x: np.sqrt(1 + x * x) - 1, lambda x: x / np.sqrt(1 + x * x), (1e-7, 1e-6)),
}


@pytest.mark.parametrize("method", ["entries", "directions"])
@pytest.mark.parametrize("name", STAIRS)
def test_right_gradient_is_not_refused(name, method):
    loss, slope, between = STAIRS[name]
    for seed in range(20):
        x = np.random.default_rng(seed).uniform(*between)
        report = check_gradient(loss, x, slope, method=method, seed=seed)
        assert report.verdict != "mismatch", f"seed {seed}: {report}"


@pytest.mark.parametrize("method", ["entries", "directions"])
@pytest.mark.parametrize("margin", [28, 30, 32, 34, 36, 38])
def test_nor_of_classes_that_are_certain(margin, method):
    for seed in range(10):
        z = certain(seed, margin)
        report = check_gradient(cross_entropy, z, cross_entropy_gradient, method=method, seed=seed)
        assert report.verdict != "mismatch", f"seed {seed}: {report}"


@pytest.mark.parametrize("factor", [0.0, 2.0])
def test_wrong_gradient_is_seen_over_many_stairs(factor):
    for seed in range(10):
        x = np.random.default_rng(seed).uniform(3e-7, 1e-6)
        assert check_gradient(lambda x: 1 - np.cos(x), x, lambda x: factor * np.sin(x)).verdict != "match"
        z = certain(seed, 26)
        wrong = check_gradient(cross_entropy, z, lambda z: factor * cross_entropy_gradient(z))
        assert wrong.verdict == "mismatch"
