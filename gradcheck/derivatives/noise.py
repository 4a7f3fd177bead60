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
# Windows lie as far from the point as steps are taken (kinks are most likely at the point, and at an
# optimum the noise of a squared error grows with the distance), or closer at an edge of the domain.
_CENTRES = (2.0**-3, 2.0**-12, 2.0**-20)
# What is as loud in narrow windows as in wide ones is noise; a curve, however rough, is quieter there.
# In the last one single precision may show nothing but one of its steps: it is left out where the
# others show what looks like single precision.
_WIDTHS = (2.0**-13, 2.0**-16, 2.0**-23)
_ALIKE = 4.0  # less than a kink falls from the first width to the second
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
    windows = _Windows(line, value, unit_roundoff)
    level = windows.level()
    return Noise(level, windows.evaluations, _is_single(np.ravel(windows.found), level, windows.largest))


class _Windows:
    """Values of phi in some windows, and what they have in common."""

    def __init__(self, line: Line, value: float, unit_roundoff: float) -> None:
        self.line, self.value, self.unit = line, value, unit_roundoff
        self.largest = abs(value)
        self.evaluations = 0
        self.found: list[NDArray[Any]] = []

    def level(self) -> float:
        """Return the level of the noise: of those that agree with the quietest width the loudest."""
        for centre in _CENTRES:
            levels = self._levels(centre)
            if levels:
                alike = [level for level in levels if level <= _FALL * min(levels)]
                return max(*alike, self.unit * self.largest)
        return 4 * self.unit * self.largest

    def _levels(self, centre: float) -> list[float]:
        """Return the scatter in windows of several widths, or of the first alone if that is quiet."""
        levels = []
        for width in _WIDTHS:
            pair = []
            for sign in (1, -1):
                level, steps = self._scatter(sign * centre, width)
                if width == _WIDTHS[0] and level <= _QUIET * self.unit * self.largest:
                    return [level]
                if np.isfinite(level) and not (width == _WIDTHS[-1] and steps):
                    pair.append(level)
            levels += [max(pair)] if pair else []
            if (
                len(levels) == 2
                and max(levels) <= _ALIKE * min(levels)
                and _like_single(min(levels), self.largest)
            ):
                break
        return levels

    def _scatter(self, centre: float, width: float) -> tuple[float, bool]:
        """Return the level in a window, and whether phi is constant there."""
        values = np.array(self.line.values([centre + width * float(node) for node in _NODES]))
        self.evaluations += len(_NODES)
        if not np.isfinite(values).all():
            return np.inf, False  # beyond the domain
        self.found.append(values)
        self.largest = max(self.largest, float(np.max(np.abs(values))))
        components = _COMPONENTS @ (values - self.value)
        low, high = (float(np.sqrt(np.mean(np.square(part)))) for part in (components[:2], components[2:]))
        # Noise has the same level in all components, a curve less and less.
        return max(high, low) if low <= 2 * high else high, bool(np.all(values == values[0]))


def _is_single(values: NDArray[Any], level: float, largest: float) -> bool:
    exact = (
        values.size > 0
        and bool(np.all(values.astype(np.float32) == values))
        and len(set(values.tolist())) > len(values) // 2
    )
    return exact or _like_single(level, largest)


def _like_single(level: float, largest: float) -> bool:
    """Whether noise has the size of round-off in single precision."""
    return 2.0**-28 * largest < level < 2.0**-18 * largest


def _components() -> NDArray[np.float64]:
    """Return the rows that map values to their coefficients of orthonormal polynomials."""
    basis, _ = np.linalg.qr(np.polynomial.legendre.legvander(2 * _NODES, len(_NODES) - 1))
    return np.ascontiguousarray(basis[:, _SMOOTH:].T)


_COMPONENTS = _components()
