"""A derivative along a direction from six evaluations, more only where it is not smooth enough."""

import numpy as np

from gradcheck.derivatives.ladder import SAFETY, Ladder, Limit, central
from gradcheck.derivatives.lines import Line

_FIRST, _LAST = 9, 26  # exponents of 1/2
_STRIDE = 1
_REGULAR = 16.0


def directional_derivative(
    line: Line, value: float, noise: float, unit_roundoff: float, enough: float
) -> tuple[float, float]:
    """Estimate phi'(0) by three central differences at halving steps.

    Parameters
    ----------
    line : Line
        Along which a step of 1 moves entries by about the size of their leaf.
    value, noise, unit_roundoff : float
        As in `gradcheck.derivatives.extrapolation.extrapolate`.
    enough : float
        A bound on the error that serves: smaller steps follow until it is reached.

    Returns
    -------
    (float, float)
        The derivative and a bound on its error.
    """
    ladder = Ladder(line, value, 1.0, noise, unit_roundoff)
    best = Limit(np.nan, np.inf)
    for first in range(_FIRST, _LAST, _STRIDE):
        window = (first, first + _STRIDE, first + 2 * _STRIDE)
        ladder.climb(window)
        found = _extrapolated(ladder, window)
        best = min((best, found), key=lambda limit: limit.error)
        smallest_step_noise = ladder.noise_of(ladder.pairs[window[-1]])
        if SAFETY * best.error <= enough or smallest_step_noise > best.error:
            break
    return best.value, SAFETY * best.error


def _extrapolated(ladder: Ladder, window: tuple[int, int, int]) -> Limit:
    """Extrapolate twice; the differences of the tableau must fall as they do for a smooth phi.

    Where they do not (a kink within the steps), the bound is all that the last extrapolation changed.
    """
    coarse, middle, fine = (central(ladder.pairs[exponent], ladder.value) for exponent in window)
    ratio = 4.0**_STRIDE
    rough = (ratio * middle - coarse) / (ratio - 1)
    better = (ratio * fine - middle) / (ratio - 1)
    value = (ratio**2 * better - rough) / (ratio**2 - 1)
    change = abs(better - rough)
    regular = change <= abs(fine - middle) / _REGULAR
    noise = ladder.noise_of(ladder.pairs[window[-1]])
    error = max(change / _REGULAR if regular else change, noise)
    return Limit(value, error if np.isfinite(value) else np.inf)
