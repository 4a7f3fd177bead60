"""Precision: a gradient that was rounded by the type that holds it."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradcheck.faults.pattern import Array, Pattern, View

_FACTOR = 64  # units of round-off that a computation in that type may add up
_FEW = 2  # entries, that may happen to be round numbers


def _integers(view: View) -> Iterable[str]:
    given = view.given
    if given.size > _FEW and given.any() and np.array_equal(given, np.rint(given)):
        yield from ("trunc", "rint", "floor")


def _representable(dtype: Any) -> Any:
    def fitted(view: View) -> Iterable[Any]:
        with np.errstate(all="ignore"):
            narrow = view.given.astype(dtype)
        if view.given.size > _FEW and view.given.any() and np.array_equal(view.given, narrow):
            yield dtype

    return fitted


def _rounded(view: View, dtype: Any) -> Array:
    with np.errstate(all="ignore"):
        return view.right.astype(dtype).astype(np.float64)


def _slack(view: View, dtype: Any) -> float:
    return float(_FACTOR * np.finfo(dtype).eps * np.max(np.abs(view.right), initial=0))


def _float(code: str, dtype: Any, name: str) -> Pattern:
    return Pattern(
        code,
        name=f"the gradient in {name} precision",
        formula=f"{np.dtype(dtype)}(g)",
        leaves_right="the other parameters",
        hint="What is the dtype of the arrays that the backward pass works in? Which one decides it?",
        frequency="common",
        wrong=_rounded,
        fitted=_representable(dtype),
        planted=lambda view: [dtype] if view.right.size > _FEW else [],
        words=lambda value: f"is the right one to {name} precision, and holds only numbers of that type",
        slack=_slack,
        elementwise=True,
    )


FAMILY = (
    Pattern(
        "INTEGERS",
        name="the gradient in an array of integers",
        formula="int(g)",
        leaves_right="the other parameters",
        hint="What is the dtype of the array that you write the gradient into?",
        frequency="occasional",
        wrong=lambda view, rounding: np.asarray(getattr(np, rounding)(view.right)),
        fitted=_integers,
        planted=lambda view: ["trunc"] if view.right.size > _FEW else [],
        words=lambda rounding: "is the right one, rounded to integers",
        elementwise=True,
    ),
    _float("FLOAT16", np.float16, "half"),
    _float("FLOAT32", np.float32, "single"),
)
