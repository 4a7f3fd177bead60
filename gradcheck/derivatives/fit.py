"""A derivative of a loss with much noise, by a polynomial fitted to many values.

A difference takes few values, and the noise of each is in it; a fit takes their mean. At Chebyshev
points t_j = h cos(pi (j + 1/2) / m) the polynomials T_k(t / h) are orthogonal, so that

    phi(t) ~ sum c_k T_k(t / h),    c_k = (2 / m) sum phi(t_j) T_k(t_j / h),
    phi'(0) ~ (c_1 - 3 c_3 + 5 c_5) / h,    variance (2 / m) (1 + 9 + 25) sigma^2 / h^2.

The fit counts only where what is left of phi looks like noise: its successive differences are as
large as those of independent numbers (von Neumann [1]_). A curve, a kink or a jump is none. That is
asked of a cubic; the derivative is that of the quintic, so that what the cubic leaves out unseen is
not in it.

References
----------
.. [1] J. von Neumann, "Distribution of the Ratio of the Mean Square Successive Difference to the
   Variance", Annals of Mathematical Statistics 12(4), 1941.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives.extrapolation import Estimate
from gradcheck.derivatives.lines import Line
from gradcheck.derivatives.noise import Noise

Array = NDArray[Any]

_POINTS, _MOST = 48, 16 * 48
_CUBIC, _QUINTIC = 3, 5
_EXPONENTS = range(1, 9)  # of 1/2: the range of the points
_DEVIATIONS = 7.0  # of the error of a mean of 48, exceeded once in 10^8
_MARGIN = 1.5
_LOUDER, _QUIETER = 4.0, 1 / 8  # than the noise that is known
_RATIO = 1.2  # expected 2, of 48 independent numbers less than this once in 300
_WEIGHTS = np.array([0.0, 1.0, 0.0, -3.0, 0.0, 5.0])


def fitted_derivative(line: Line, value: float, scale: float, noise: Noise, enough: float) -> Estimate:
    """Estimate phi'(0) by a fit over the widest range in which phi is a polynomial and noise.

    Parameters
    ----------
    line : Line
    value : float
        phi(0).
    scale : float
        Size of what moves, in the units of t.
    noise : Noise
    enough : float
        A bound on the error that serves: more points are taken if they can reach it.

    Returns
    -------
    Estimate
        Of kind ``"fitted"``; its value is NaN if there is no such range.
    """
    evaluations = 0
    for exponent in _EXPONENTS:
        reach = scale * 2.0**-exponent
        if _error(_QUIETER * noise.level, reach, _MOST) > enough:
            break
        slope, error = _fit(line, value, reach, noise, _POINTS)
        evaluations += _POINTS
        if np.isnan(slope):
            continue
        more = int(_POINTS * (_MARGIN * error / enough) ** 2)
        if _POINTS < more <= _MOST:
            slope, error = _fit(line, value, reach, noise, more)
            evaluations += more
        return Estimate(slope, error, slope, slope, "fitted", evaluations)
    return Estimate(np.nan, np.inf, np.nan, np.nan, "fitted", evaluations)


def _fit(line: Line, value: float, reach: float, noise: Noise, points: int) -> tuple[float, float]:
    """Return the slope at 0 and a bound on its error; NaN if phi is no polynomial and noise."""
    basis = _basis(points)
    values = np.array(line.values((reach * basis[1]).tolist()), float)
    found = values - value
    coefficients = 2 / points * (basis @ found)
    coefficients[0] /= 2
    below = _CUBIC + 1
    if not np.isfinite(coefficients).all() or not _is_noise(found - coefficients[:below] @ basis[:below]):
        return np.nan, np.inf
    rest = found - coefficients @ basis
    # Along one entry there may be less noise than elsewhere: of the samples that make a loss it may move one.
    deviation = float(np.sqrt(np.sum(rest**2) / (points - len(basis))))
    if not 0 < deviation <= _LOUDER * noise.at(np.max(np.abs(values))):
        return np.nan, np.inf  # a step of a staircase, or an oscillation faster than the points
    return float(_WEIGHTS @ coefficients) / reach, _error(deviation, reach, points)


def _error(deviation: float, reach: float, points: int) -> float:
    """Return the bound on the error of a slope, given the standard deviation of the values."""
    return float(_DEVIATIONS * deviation * np.sqrt(2 / points * np.sum(_WEIGHTS**2)) / reach)


@lru_cache
def _basis(points: int) -> Array:
    """Return the Chebyshev polynomials up to the quintic at the Chebyshev points."""
    angles = np.pi * (np.arange(points) + 0.5) / points
    return np.cos(np.arange(_QUINTIC + 1)[:, None] * angles)


def _is_noise(values: Array) -> bool:
    """Whether neighbours differ as independent numbers do."""
    return bool(np.sum(np.diff(values) ** 2) >= _RATIO * np.sum(values**2))
