"""A loss that differs between equal calls: said at once, at little cost, and judged where that allows it."""

import numpy as np
import pytest

from gradcheck import check_gradient


def squares_with_dropout(n, rate=0.5):
    """Return a loss that draws its mask anew, params, and the gradient without a mask."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=n)
    return lambda w: float(np.sum((w * (rng.random(n) > rate)) ** 2)), w, lambda w: 2 * w


def notes_of(report):
    assert report.verdict == "inconclusive", str(report)
    assert "nondeterministic" in report.flags
    return [note for note in report.notes if "equal calls" not in note]


@pytest.mark.parametrize("n", [400, 3000])
def test_entries_cost_little_more_than_two_evaluations_each(n):
    """No entry is looked at again and again if a sample of them shows that none can be decided."""
    report = check_gradient(*squares_with_dropout(n), method="entries")

    assert notes_of(report) == [note for note in report.notes if "the loss is noisy" in note]
    assert report.evaluations < 2 * n + 2000


def test_entries_are_not_tried_where_directions_drown():
    """By default many entries are judged by directions, and then each by itself: here that is in vain."""
    report = check_gradient(*squares_with_dropout(6000))

    assert report.method == "directions"
    assert report.evaluations < 1000
    assert not any("method='entries'" in note for note in notes_of(report))


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "match"), (1.001, "mismatch")])
def test_little_differences(factor, verdict):
    """What adds up in another order each time differs in its round-off: all is decided nevertheless."""
    rng = np.random.default_rng(0)
    w = np.append(rng.normal(size=200), np.zeros(60))

    def loss(w):
        return float(np.sum(np.exp(w[:200])) + np.sum(np.maximum(w[200:], 0)) + 1e-13 * rng.normal())

    def gradient(w):
        return np.append(factor * np.exp(w[:200]), np.zeros(60))

    report = check_gradient(loss, w, gradient, method="entries")

    assert report.verdict == verdict, str(report)
    assert "nondeterministic" in report.flags
    assert report.parameters["params"].kinks == 60
