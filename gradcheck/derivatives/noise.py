"""The noise level of a function: how far its computed values scatter about a smooth curve.

Values at closely, unequally spaced points are compared with the best polynomial of low degree;
what is left is noise (round-off, truncated inner iterations, single precision inside, random
numbers). This is the difference table of More and Wild [1]_ for unequal spacing: equally spaced
points fall into step with the rounding of the argument and underestimate badly.

References
----------
.. [1] J. J. More and S. M. Wild, "Estimating Computational Noise", SIAM J. Sci. Comput. 33(3),
   2011.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives.lines import Line

# Irregular on purpose.
_NODES = np.array([-0.49, -0.405, -0.301, -0.218, -0.083, 0.065, 0.173, 0.331, 0.474])
_SMOOTH = 4  # polynomial degrees that are not noise
# Centre and width. Beside the point, where kinks are most likely; first as far as steps are taken,
# since at an optimum the noise of a squared error grows with the distance.
_WINDOWS = tuple(
    (sign * centre, width)
    for centre, width in (
        (2.0**-5, 2.0**-13),
        (2.0**-12, 2.0**-13),
        (2.0**-20, 2.0**-21),
        (2.0**-28, 2.0**-29),
    )
    for sign in (1, -1)
)
_QUIET = 64.0  # unit round-offs: less is taken for noise without another look
_FALL = 16.0


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise level of a function near a point.

    Attributes
    ----------
    level : float
        Standard deviation, in the units of the function.
    evaluations : int
        What it cost.
    single : bool
        Whether all values were representable in single precision, or scatter as if they were.
    """

    level: float
    evaluations: int
    single: bool


def measure_noise(line: Line, value: float, unit_roundoff: float) -> Noise:
    """Measure the noise level of phi near 0.

    Parameters
    ----------
    line : Line
        Along which a step of 1 moves parameters by about their own size.
    value : float
        phi(0).
    unit_roundoff : float
        Of the type in which the loss returns its value.

    Returns
    -------
    Noise
        Its level is at least one unit round-off of the largest value.
    """
    largest = abs(value)
    found: list[NDArray[Any]] = []
    levels: list[float] = []
    every: list[float] = []
    evaluations = 0
    for centre, width in _WINDOWS:
        values = np.array([line(centre + width * float(node)) for node in _NODES])
        evaluations += len(_NODES)
        if not np.isfinite(values).all():
            continue  # beyond the domain
        found.append(values)
        largest = max(largest, float(np.max(np.abs(values))))
        level, smooth = _scatter(values - value)
        every.append(level)
        if smooth:
            levels.append(level)
            if level <= _QUIET * unit_roundoff * largest or _agreeing(levels):
                break
    floor = largest * unit_roundoff
    level = max(_agreeing(levels) or min(every), floor) if every else 4 * floor
    return Noise(level, evaluations, _is_single(np.ravel(found), level, largest))


def _agreeing(levels: list[float]) -> float | None:
    """Return the largest of three windows that agree: noise is in every one, a kink is not."""
    ordered = sorted(levels)
    for quietest, loudest in zip(ordered, ordered[2:], strict=False):
        if loudest <= _FALL * quietest:
            return loudest
    return None


def _scatter(values: NDArray[Any]) -> tuple[float, bool]:
    """Return the level, and whether the points were close enough for the curve to be smooth.

    On a curve that is not yet smooth the components fall with their degree; noise has the same
    level in all of them.
    """
    components = _COMPONENTS @ values
    low, high = (float(np.sqrt(np.mean(np.square(part)))) for part in (components[:2], components[2:]))
    smooth = low <= 8 * high or not high
    return max(high, low) if smooth and low <= 2 * high else high, smooth


def _is_single(values: NDArray[Any], level: float, largest: float) -> bool:
    exact = bool(np.all(values.astype(np.float32) == values)) and len(set(values.tolist())) > len(values) // 2
    return exact or 2.0**-28 * largest < level < 2.0**-18 * largest


def _components() -> NDArray[np.float64]:
    """Return the rows that map values to their coefficients of orthonormal polynomials."""
    basis, _ = np.linalg.qr(np.polynomial.legendre.legvander(2 * _NODES, len(_NODES) - 1))
    return np.ascontiguousarray(basis[:, _SMOOTH:].T)


_COMPONENTS = _components()
