"""A match that is far coarser than what could be seen says so: it is often not a backward pass."""

import numpy as np
import pytest

import gradcheck

RNG = np.random.default_rng(0)
X, D = RNG.normal(size=(8, 5)), RNG.normal(size=(8, 3))
PARAMS = {"W": RNG.normal(size=(5, 3)), "b": RNG.normal(size=3)}


def loss(params):
    return 0.5 * np.sum((np.tanh(X @ params["W"] + params["b"]) - D) ** 2)


def gradient(params):
    y = np.tanh(X @ params["W"] + params["b"])
    delta = (y - D) * (1 - y**2)
    return {"W": X.T @ delta, "b": delta.sum(axis=0)}


def by_differences(params):
    found = {name: np.empty_like(value) for name, value in params.items()}
    for name, value in params.items():
        for index in np.ndindex(value.shape):
            above, below = ({n: v.copy() for n, v in params.items()} for _ in range(2))
            above[name][index] += 1e-4
            below[name][index] -= 1e-4
            found[name][index] = (loss(above) - loss(below)) / 2e-4
    return found


OFFENDERS = {
    "factor 1 + 2e-8": lambda p: {name: (1 + 2e-8) * value for name, value in gradient(p).items()},
    "rounded to single": lambda p: {n: v.astype("f").astype(float) for n, v in gradient(p).items()},
    "a finite difference": by_differences,
}


@pytest.mark.parametrize(
    ("name", "flag", "words"),
    [
        ("factor 1 + 2e-8", "numeric", "a finite difference"),
        ("rounded to single", "single-precision", "computed in single precision"),
        ("a finite difference", "numeric", "a finite difference"),
    ],
)
def test_coarse_agreement_is_said(name, flag, words):
    """Within rtol it is a match; flag and note say what is suspected, and both precisions."""
    report = gradcheck.check_gradient(loss, PARAMS, OFFENDERS[name])

    assert (report.verdict, report.flags) == ("match", (flag,))
    (note,) = report.notes
    assert note.startswith("W, b: right only to ")
    assert words in note


def test_a_right_gradient_gets_no_such_note():
    """Nothing is said of a gradient that is right to round-off."""
    assert gradcheck.check_gradient(loss, PARAMS, gradient).notes == ()
