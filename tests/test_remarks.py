"""Whatever is left open, the report says why."""

import numpy as np

from gradcheck import check_gradient

W = np.array([1.0, 2.0, 3.0])


def cubes(w):
    return float(np.sum(w**3))


def slopes(w):
    return 3 * w**2


def said(*arguments, **options):
    report = check_gradient(*arguments, **options)
    assert report.verdict == "inconclusive", str(report)
    return " ".join(report.notes)


def test_what_a_loss_raises_beside_the_point():
    """A mistake in the loss looks like an edge of its domain: the exception tells."""

    def breaks(w):
        return cubes(w) if w[0] == 1 else float(np.ones(3) @ np.ones(2))

    assert "beside the point the loss raised ValueError: matmul" in said(breaks, W, slopes)


def test_domain_is_no_exception():
    """Where the loss is NaN, or ends without a word, none is made up."""
    notes = said(lambda w: cubes(w) if w[0] == 1 else np.nan, W, slopes)

    assert "no value on either side" in notes
    assert "raised" not in notes


def test_loss_with_too_few_digits():
    """An offset leaves too few digits: how many, and what to do."""

    def lifted(w):
        return 1e14 + float(np.sum([float(x) ** 3 for x in w]))  # neither extended nor complex

    notes = said(lifted, W, slopes)

    assert "3 of 3 entries measured to" in notes
    assert "leave constants out" in notes


def test_directions_at_a_kink():
    """Directions that disagree at a kink say that they do, and what lies there."""
    notes = said(
        lambda w: np.sum(np.maximum(w, 0)), np.array([0.0, 1.0]), np.array([0.0, 1.0]), method="directions"
    )

    assert "the directions disagree, but no entry that they lead to is wrong for certain" in notes
    assert "at a kink" in notes


def test_chance_is_no_single_precision():
    """Random noise as loud as single precision does not make 5e-4 a match, as it would be there."""
    rng = np.random.default_rng(1)

    report = check_gradient(lambda w: cubes(w) * (1 + 3e-8 * rng.normal()), W, lambda w: 1.0005 * slopes(w))

    assert report.verdict == "mismatch", str(report)
    assert "nondeterministic" in report.flags
    assert not any("single precision" in note for note in report.notes)


def test_every_other_call():
    """A loss that differs in every other call is found out."""
    calls = 0

    def alternating(w):
        nonlocal calls
        calls += 1
        return cubes(w) * (1 + calls % 2)

    assert "nondeterministic" in check_gradient(alternating, W, slopes).flags
