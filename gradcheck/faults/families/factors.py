"""Factors: a gradient that is a multiple of the right one, whatever computed it."""

from collections.abc import Callable, Iterable

import numpy as np

from gradcheck.faults.catalogue import Frequency
from gradcheck.faults.pattern import Array, Pattern, View

RATES = (0.1, 0.01, 0.001, 0.0001)
MOST_SAMPLES = 100_000
_NEAR = 1e-6


def _times(view: View, factor: Array | float) -> Array:
    return np.asarray(view.right * factor)


def _factor(
    code: str,
    name: str,
    formula: str,
    words: str,
    hint: str,
    fitted: Callable[[float], Iterable[float]],
    planted: Iterable[float],
    frequency: Frequency = "very common",
    freedom: int = 0,
) -> Pattern:
    values = tuple(planted)
    return Pattern(
        code,
        name=name,
        formula=formula,
        leaves_right="the other parameters",
        hint=hint,
        frequency=frequency,
        wrong=_times,
        fitted=lambda view: [c for c in fitted(view.ratio()) if np.isfinite(c) and c not in (0, 1)],
        planted=lambda view: values,
        words=lambda c: words.format(c=c, n=round(1 / c)),
        freedom=lambda view: freedom,
        elementwise=True,
    )


def _count(ratio: float) -> list[float]:
    near = 2.5 < ratio < MOST_SAMPLES and abs(ratio - round(ratio)) < _NEAR * ratio
    return [float(round(ratio))] if near else []


def _share(ratio: float) -> list[float]:
    return [1 / count for count in _count(1 / ratio)] if ratio > 0 else []


def _norms(view: View) -> dict[str, float]:
    own = float(np.linalg.norm(view.right))
    others = [float(np.linalg.norm(right)) for right in view.others.values()]
    return {"its own norm": own, "the norm of all gradients": float(np.hypot.reduce([own, *others]))}


def _norms_that_count(view: View) -> Iterable[str]:
    """Yield the names of the norms that are not 1; of a single number only the sign would be left."""
    for name, norm in _norms(view).items():
        if view.right.size > 1 and norm and abs(norm - 1) > _NEAR:
            yield name


def _column_factors(view: View) -> Iterable[Array]:
    """Read the factor of each column off the entry that is largest in it."""
    if view.right.ndim != 2 or len(view.right) < 3:
        return
    rows = np.argmax(np.where(np.isfinite(view.uncertainty), np.abs(view.right), -1), axis=0)
    columns = np.arange(view.right.shape[1])
    right = view.right[rows, columns]
    with np.errstate(all="ignore"):
        yield np.where(right != 0, view.given[rows, columns] / right, 1.0)


FAMILY = (
    _factor(
        "NEGATED",
        "the negative of the gradient",
        "-g",
        "is the negative of the right one",
        "If this parameter grows a little and the loss grows with it, which sign has its gradient?",
        lambda ratio: [-1.0],
        [-1.0],
    ),
    _factor(
        "DOUBLED",
        "twice the gradient",
        "2 g",
        "is twice the right one",
        "Which square is differentiated, and which factor stands in front of it? Is anything added twice?",
        lambda ratio: [2.0],
        [2.0],
    ),
    _factor(
        "HALVED",
        "half of the gradient",
        "g / 2",
        "is half of the right one",
        "What does the power rule leave of the factor in front of your loss?",
        lambda ratio: [0.5],
        [0.5],
    ),
    _factor(
        "TIMES_COUNT",
        "a whole multiple of the gradient: a sum where a mean belongs",
        "n g",
        "is {c:.0f} times the right one",
        "How many samples, outputs or time steps are there? Does the loss add them up, or average them?",
        _count,
        [3.0, 7.0],
        freedom=1,
    ),
    _factor(
        "DIVIDED_BY_COUNT",
        "the gradient divided by a whole number: a mean where a sum belongs",
        "g / n",
        "is 1/{n} of the right one",
        "How many samples, outputs or time steps are there? Is there a division that the loss does not have?",
        _share,
        [1 / 3, 1 / 7],
        freedom=1,
    ),
    _factor(
        "TIMES_RATE",
        "the gradient times 0.1, 0.01 or the like: a learning rate",
        "lr g",
        "is {c:g} times the right one",
        "A gradient does not know the step size.",
        lambda ratio: [rate for rate in RATES if abs(ratio - rate) < _NEAR * rate],
        RATES[:3],
        "occasional",
    ),
    Pattern(
        "NORMALISED",
        name="the gradient divided by its norm",
        formula="g / |g|",
        leaves_right="the other parameters",
        hint="A steeper loss has a larger gradient. Does the size of yours still say how steep it is?",
        frequency="occasional",
        wrong=lambda view, which: view.right / _norms(view)[which],
        fitted=_norms_that_count,
        planted=_norms_that_count,
        words=lambda which: f"is divided by {which}",
        elementwise=False,
    ),
    _factor(
        "TIMES_CONSTANT",
        "the gradient times some constant",
        "c g",
        "is {c:.6g} times the right one",
        "The same factor everywhere: which constant of the loss or the data has this size?",
        lambda ratio: [ratio],
        [1.7, -0.3],
        "common",
        freedom=2,
    ),
    Pattern(
        "UNIT_FACTORS",
        name="each column of the gradient times a factor of its own",
        formula="c_j g_ij",
        leaves_right="the other parameters",
        hint="All inputs of a unit share its delta. Which factor of delta belongs to the unit alone?",
        frequency="common",
        wrong=_times,
        fitted=_column_factors,
        planted=lambda view: (
            [np.linspace(0.5, 1.5, view.right.shape[1] + 1)[1:]]
            if view.right.ndim == 2 and len(view.right) > 2
            else []
        ),
        words=lambda c: f"has each column times a factor of its own, from {min(c):.3g} to {max(c):.3g}",
        freedom=lambda view: 2 * view.right.shape[1],
    ),
)
