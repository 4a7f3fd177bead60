"""Arrangement: the right numbers in wrong places, or with something added, whatever computed them."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradcheck.faults.pattern import Array, Pattern, View


def _square(view: View) -> bool:
    return view.right.ndim == 2 and view.right.shape[0] == view.right.shape[1] > 1 and not view.is_complex


def _oblong(view: View) -> bool:
    return view.right.ndim == 2 and min(view.right.shape) > 1 and not _square(view) and not view.is_complex


def _permutations(view: View) -> Iterable[tuple[int, tuple[int, ...]]]:
    """Match the rows, then the columns, of the given gradient with those of the right one."""
    for axis in range(min(view.right.ndim, 2)):
        count = view.right.shape[axis]
        if not 1 < count <= 1000:
            continue
        given, right = (np.moveaxis(a, axis, 0).reshape(count, -1) for a in (view.given, view.right))
        order = [int(np.argmin(np.abs(right - row).max(axis=1))) for row in np.nan_to_num(given)]
        if sorted(order) == list(range(count)):
            yield axis, tuple(order)


def _permuted(view: View, value: tuple[int, tuple[int, ...]]) -> Array:
    axis, order = value
    return np.take(view.right, order, axis=axis)


def _exchanged(view: View) -> list[str]:
    return [name for name, right in view.others.items() if right.shape == view.right.shape]


def _clip(view: View) -> list[float]:
    largest = float(np.max(np.abs(view.given), initial=0))
    at_limit = int((np.abs(view.given) == largest).sum())
    return [largest] if 2 <= at_limit < view.given.size and np.isfinite(largest) else []


def _kept(view: View, value: tuple[int, int]) -> Array:
    axis, index = value
    places = np.arange(view.right.shape[axis]) == index % view.right.shape[axis]
    shape = [-1 if i == axis else 1 for i in range(view.right.ndim)]
    return np.where(places.reshape(shape), view.right, 0)


def _only(index: int) -> Any:
    return lambda view: [
        (axis, index) for axis in range(min(view.right.ndim, 2)) if view.right.shape[axis] > 2
    ]


def _pattern(code: str, wrong: Any, fitted: Any, words: Any, **more: Any) -> Pattern:
    described = {"leaves_right": "the other parameters", "frequency": "common", "planted": fitted, **more}
    return Pattern(code, wrong=wrong, fitted=fitted, words=words, **described)


FAMILY = (
    _pattern(
        "ZERO",
        lambda view, value: np.zeros_like(view.right),
        lambda view: [0],
        lambda value: "is zero, as if never computed",
        name="no gradient at all",
        formula="0",
        hint="Where is this parameter's gradient computed, and does anything reach that line?",
        elementwise=True,
    ),
    _pattern(
        "TRANSPOSED",
        lambda view, value: view.right.T,
        lambda view: ["T"] if _square(view) else [],
        lambda value: "is transposed",
        name="the gradient of a square parameter, transposed",
        formula="g^T for g",
        hint="Which index of the parameter is the input, and which index of your gradient?",
    ),
    _pattern(
        "RESHAPED",
        lambda view, value: view.right.T.reshape(view.right.shape),
        lambda view: ["T"] if _oblong(view) else [],
        lambda value: "is the transposed gradient, forced into shape by reshape instead of .T",
        name="the transposed gradient, forced into the parameter's shape",
        formula="reshape(g^T)",
        hint="reshape keeps the order in memory. Does .T?",
        frequency="occasional",
    ),
    _pattern(
        "EXCHANGED",
        lambda view, name: view.others[name],
        _exchanged,
        lambda name: f"is the gradient that belongs to {name}",
        name="the gradient of another parameter",
        formula="dE/dW_k for dE/dW_l",
        hint="Look at the names on both sides of the assignment, and at the order in which you return.",
    ),
    _pattern(
        "PERMUTED",
        _permuted,
        _permutations,
        lambda value: f"has {('rows', 'columns')[value[0]]} in another order than the right one",
        name="rows or columns of the gradient in another order",
        formula="g[order] for g",
        hint="In which order do forward and backward go through samples, units or gates?",
        planted=lambda view: [
            (axis, (*range(1, n), 0)) for axis, n in enumerate(view.right.shape[:2]) if n > 1
        ],
        frequency="occasional",
    ),
    _pattern(
        "PLUS_PARAMETER",
        lambda view, slope: view.right + slope * view.parameter,
        lambda view: [slope for slope in [view.slope()] if np.isfinite(slope) and slope],
        lambda slope: (
            f"has {slope:.6g} times the parameter too much, as if of a penalty"
            if slope > 0
            else f"lacks {-slope:.6g} times the parameter, as if of a penalty"
        ),
        name="a multiple of the parameter too much or too little: a penalty",
        formula="g + lambda W",
        hint="Write down the penalty as it stands in your loss: which parameters are in it, and how often?",
        planted=lambda view: [0.1, -0.02],
        frequency="very common",
        freedom=lambda view: 1,
        elementwise=True,
    ),
    _pattern(
        "ONLY_LAST",
        _kept,
        _only(-1),
        lambda value: f"is right at the last index of axis {value[0]} and zero at all others",
        name="only the last sample (or row, or time step) has a gradient",
        formula="g_N, 0 for the others",
        hint="A loop that assigns leaves what its last round assigned. What should it do instead?",
    ),
    _pattern(
        "ONLY_FIRST",
        _kept,
        _only(0),
        lambda value: f"is right at the first index of axis {value[0]} and zero at all others",
        name="only the first sample (or row, or time step) has a gradient",
        formula="g_1, 0 for the others",
        hint="Do all samples count? Try a batch of two.",
        frequency="occasional",
    ),
    _pattern(
        "CLIPPED",
        lambda view, limit: np.clip(view.right, -limit, limit),
        _clip,
        lambda limit: f"is clipped to +-{limit:.6g}",
        name="the gradient clipped",
        formula="clip(g, -c, c)",
        hint="Scale the loss by 1000: does your gradient scale too?",
        planted=lambda view: [float(np.median(np.abs(view.right)))] if view.right.size > 4 else [],
        frequency="occasional",
        freedom=lambda view: 1,
        elementwise=True,
    ),
    _pattern(
        "CONJUGATED",
        lambda view, value: view.right * [1, -1],
        lambda view: [0] if view.is_complex else [],
        lambda value: "has an imaginary part of the opposite sign",
        name="the complex conjugate of the gradient",
        formula="conj(g)",
        hint="Is the gradient dE/dRe + i dE/dIm, or its conjugate? Which of them is expected here?",
        frequency="common",
    ),
)
