"""Whether one gradient is another, by the one decision rule at the strictest tolerance."""

import numpy as np
from numpy.typing import NDArray

from gradcheck.decision import MATCH, ROUND_OFF, decide_entries
from gradcheck.networks.arrays import Array

FIT = 1e-10
COARSE_FIT = 1e-8  # where a delta had to be solved for
_FAR = 1e-4


def compared(given: Array, expected: Array, rtol: float) -> tuple[NDArray[np.bool_], Array]:
    """Return which entries are wrong, and each one's relative error.

    Parameters
    ----------
    given, expected : ndarray, same shape
        The gradient of one parameter; `given` may hold what is not finite.
    rtol : float

    Returns
    -------
    wrong : ndarray of bool
    relative : ndarray
    """
    finite = np.isfinite(given)
    gap = np.where(finite, np.abs(np.where(finite, given, 0) - expected), np.inf)
    size = np.maximum(np.where(finite, np.abs(given), 0), np.abs(expected))
    scale = float(np.max(np.abs(expected), initial=0))
    severity, judged, _ = decide_entries(gap, np.zeros_like(gap), size, scale, rtol, _unit_roundoff(given))
    return severity != MATCH, gap / np.where(judged > 0, judged, 1)


def residual(given: Array, expected: Array, *, coarse: bool = False) -> float | None:
    """Return the largest relative error of an entry, None if one is wrong.

    Parameters
    ----------
    given, expected : ndarray
    coarse : bool, optional
        Whether `expected` rests on numbers that are good to about eight digits.

    Returns
    -------
    float or None
    """
    if given.shape != expected.shape:
        return None
    rtol = max(COARSE_FIT if coarse else FIT, ROUND_OFF * _unit_roundoff(given))
    gap = np.max(np.abs(given - expected), initial=0)
    if not gap <= max(_FAR, 2 * rtol) * np.max(np.abs(expected), initial=0):
        return None  # the usual case, decided fast
    wrong, relative = compared(given, expected, rtol)
    return None if wrong.any() else float(np.max(relative, initial=0))


def _unit_roundoff(array: Array) -> float:
    return float(np.finfo(array.dtype).eps) if array.dtype.kind == "f" else 0.0
