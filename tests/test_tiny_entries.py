"""Parameters that are 0 but for round-off, as 0.1 + 0.2 - 0.3, hide no error in their derivative."""

import numpy as np
import pytest

from gradcheck import check_gradient

NOUGHT = 0.1 + 0.2 - 0.3  # 5.6e-17


def sines(x):
    return float(np.sum(np.sin(x)))


def shifted(params):
    return sines(params["w"]) + sines(params["b"] + 0.3)


@pytest.mark.parametrize("method", ["entries", "directions"])
@pytest.mark.parametrize("factor", [1.01, 2.0, 0.0, -1.0])
@pytest.mark.parametrize("size", [NOUGHT, 1e-20, 1e-15, 1e-13])
class TestWrong:
    def test_entry_beside_others(self, size, factor, method):
        x = np.array([size, 0.5, -0.8])
        report = check_gradient(sines, x, np.cos(x) * [factor, 1, 1], method=method)
        assert report.verdict != "match", str(report)

    def test_whole_parameter(self, size, factor, method):
        params = {"w": np.array([0.5, -0.8]), "b": size * np.array([1.0, -2.0, 3.0])}
        wrong = {"w": np.cos(params["w"]), "b": factor * np.cos(params["b"] + 0.3)}
        report = check_gradient(shifted, params, wrong, method=method)
        assert report.verdict != "match", str(report)
        assert report.parameters["w"].verdict == "match"


@pytest.mark.parametrize("method", ["entries", "directions"])
@pytest.mark.parametrize("size", [NOUGHT, 1e-15, 1e-12, 1e-10, 1e-8])
def test_right_gradient(size, method):
    """It is confirmed where every entry is looked at, and never refused."""
    params = {"w": np.array([0.5, -0.8]), "b": size * np.array([1.0, -2.0, 3.0])}
    right = {"w": np.cos(params["w"]), "b": np.cos(params["b"] + 0.3)}
    report = check_gradient(shifted, params, right, method=method)
    assert report.verdict in (("match",) if method == "entries" else ("match", "inconclusive")), str(report)


@pytest.mark.parametrize("method", ["entries", "directions"])
def test_sizes_that_are_meant(method):
    """A loss that is steep by parameters of 1e-12 beside 1 is judged by their own size."""
    params = {"w": np.array([0.5, -0.8]), "c": 1e-12 * np.array([1.0, -2.0, 3.0])}

    def loss(params):
        return sines(params["w"]) + sines(1e12 * params["c"])

    right = {"w": np.cos(params["w"]), "c": 1e12 * np.cos(1e12 * params["c"])}
    wrong = {**right, "c": right["c"] * [1, 1.0001, 1]}

    assert check_gradient(loss, params, right, method=method).verdict == "match"
    assert check_gradient(loss, params, wrong, method=method).verdict == "mismatch"


@pytest.mark.parametrize("method", ["entries", "directions"])
@pytest.mark.parametrize("nought", [5e-324, 1e-310, -3e-305])
def test_smallest_numbers_are_taken_for_zeros(nought, method):
    """Steps of their size would vanish."""
    for x in (np.array([nought, 0.5, -0.8]), np.full(3, nought)):
        wrong = np.cos(x) * [1, 1.001, 1]

        assert check_gradient(sines, x, np.cos, method=method).verdict == "match"
        assert check_gradient(sines, x, wrong, method=method).verdict == "mismatch"


@pytest.mark.parametrize("entry", [1, 2])
def test_entry_that_bends_far_more_is_no_excuse_for_others(entry):
    """Round-off is measured by how fast derivatives change, but not by that of an entry unlike the others."""
    x = np.array([1 + 2.8e-6, 1.5, 0.5])

    def loss(x):
        return float(0.8 * np.tanh((x[0] - 1) / 2e-6) + x[1] ** 3 + x[2] ** 3)

    right = np.array([4e5 / np.cosh((x[0] - 1) / 2e-6) ** 2, 3 * x[1] ** 2, 3 * x[2] ** 2])
    wrong = right.copy()
    wrong[entry] *= 1.00005

    assert check_gradient(loss, x, right).verdict == "match"
    assert check_gradient(loss, x, wrong).parameters["params"].wrong == ((entry,),)
