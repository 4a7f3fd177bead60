"""A loss that turns within far less than the size of its parameters looks noisy, but is not."""

import numpy as np
import pytest

import gradcheck


@pytest.mark.parametrize("periods", [1e7, 2.5e7, 1e8])
@pytest.mark.parametrize("constant", [0.0, 1e6, 1e8])
@pytest.mark.parametrize("method", ["entries", "directions"])
def test_time_stamps(periods, constant, method):
    """Steps pass over millions of periods, but the smallest see the derivative: no right one is refused."""
    start, k = 1.7e9, 2 * np.pi * periods / 1.7e9
    t = start + np.array([0.2, 0.45]) * 2 * np.pi / k
    right = -k * np.sin(k * (t - start))

    def checked(gradient):
        return gradcheck.check_gradient(
            lambda t: constant + np.sum(2 + np.cos(k * (t - start))), t, gradient, method=method
        )

    report = checked(right)

    assert report.verdict == "inconclusive", str(report)
    assert any("give them as offsets" in note for note in report.notes)
    assert checked(2 * right).verdict == "mismatch"


@pytest.mark.parametrize("width", [1e-4, 1e-6])
@pytest.mark.parametrize("off", [1, 2, 5])
@pytest.mark.parametrize("seed", range(5))
def test_narrow_valleys(width, off, seed):
    """A few units of the last digit beside the middle of a valley the derivative is small, not 0."""
    middle = np.random.default_rng(seed).uniform(0.1, 2, size=5)
    x = middle + off * np.spacing(middle)
    right = (x - middle) / np.hypot(x - middle, width)

    def checked(gradient):
        return gradcheck.check_gradient(
            lambda x: np.sum(np.sqrt((x - middle) ** 2 + width**2)), x, gradient, method="entries"
        )

    assert checked(right).verdict != "mismatch", str(checked(right))
    assert checked(right + 0.01).verdict == "mismatch"


def test_steps_that_round_to_different_lengths():
    """Below 1 numbers lie closer than above, so that x is not in the middle of x + t and x - t."""
    x, width = np.array([1 - 2.0**-53, 1 - 2.0**-52, 1 - 2.0**-51]), 1e-6
    d = x - (1 - 3 * 2.0**-53)

    report = gradcheck.check_gradient(
        lambda x: np.sum(np.sqrt((x - (1 - 3 * 2.0**-53)) ** 2 + width**2)), x, d / np.hypot(d, width)
    )

    assert report.verdict == "match", str(report)
