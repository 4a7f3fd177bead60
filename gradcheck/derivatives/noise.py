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

# Irregular on purpose; the point itself (t = 0) is the twelfth.
_NODES = np.array([-0.97, -0.811, -0.602, -0.437, -0.228, -0.093, 0.131, 0.347, 0.518, 0.763, 0.949])
_SMOOTH = 4  # polynomial degrees that are not noise
_RADII = (2.0**-13, 2.0**-21, 2.0**-29)
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
    evaluations = 0
    best = np.inf
    values = np.array([value])
    for radius in _RADII:
        values = np.array([*(line(radius * float(node)) for node in _NODES), value])
        evaluations += len(_NODES)
        largest = float(np.nanmax(np.abs(values)))
        level, smooth = _scatter(values)
        # A kink or a bend falls with the radius, noise does not.
        settled = smooth and (level <= _QUIET * unit_roundoff * largest or level * _FALL > best)
        best = min(best, level)
        if settled:
            break
    floor = largest * unit_roundoff
    level = max(best, floor) if np.isfinite(best) else 4 * floor
    return Noise(level, evaluations, _is_single(values, level, largest))


def _scatter(values: NDArray[Any]) -> tuple[float, bool]:
    """Return the level, and whether the points were close enough for the curve to be smooth.

    On a curve that is not yet smooth the components fall with their degree; noise has the same
    level in all of them.
    """
    if not np.isfinite(values).all():
        return np.inf, False
    components = _COMPONENTS @ (values - values[-1])
    low, high = components[: len(components) // 2], components[len(components) // 2 :]
    level = float(np.sqrt(np.mean(np.square(high))))
    return level, float(np.sqrt(np.mean(np.square(low)))) <= 8 * level or not level


def _is_single(values: NDArray[Any], level: float, largest: float) -> bool:
    finite = values[np.isfinite(values)]
    exact = bool(np.all(finite.astype(np.float32) == finite)) and len(set(finite.tolist())) > len(finite) // 2
    return exact or 2.0**-28 * largest < level < 2.0**-18 * largest


def _components() -> NDArray[np.float64]:
    """Return the rows that map values to their coefficients of orthonormal polynomials."""
    nodes = np.append(_NODES, 0.0)
    basis, _ = np.linalg.qr(np.polynomial.legendre.legvander(nodes, len(nodes) - 1))
    return np.ascontiguousarray(basis[:, _SMOOTH:].T)


_COMPONENTS = _components()
