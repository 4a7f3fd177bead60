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

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives.lines import Line

# Irregular on purpose.
_NODES = np.array([-0.49, -0.405, -0.301, -0.218, -0.083, 0.065, 0.173, 0.331, 0.474])
_SMOOTH = 4  # polynomial degrees that are not noise
# Windows lie as far from the point as steps are taken (kinks are most likely at the point, and at an
# optimum the noise of a squared error grows with the distance). They lie closer at an edge of the
# domain, and where the values far off are of another size than those near the point.
_CENTRES = (2.0**-3, 2.0**-12, 2.0**-20)
# What is as loud in narrow windows as in wide ones is noise; a curve, however rough, is quieter there.
# In the last one single precision may show nothing but one of its steps: it is left out where the
# others show what looks like single precision.
_WIDTHS = (2.0**-13, 2.0**-16, 2.0**-23)
_WIDER = 8.0  # where one step of single precision fills a window, the next is wider by this
_ALIKE = 4.0  # less than a kink falls from the first width to the second
# Unit round-offs: less is taken for noise without a look at other widths, and still less from one window.
_QUIET, _LITTLE = 128.0, 8.0
_FALL = 16.0
_SILENT = 2.0**-44  # width of a window in which single precision says the same throughout
_BESIDE = 256.0  # what is louder than the window on the other side by more is a kink
_OF_ONE_SIZE = 8.0
_SINGLE, _SHORT = 2.0**-24, 2.0**15  # unit round-off of single precision; too few digits to tell
# For steps no larger than this rounding is to blame, as in 1 - cos(x) or in log(sum(exp(z))) - z[0]: nobody
# makes a loss of finer ones.
ROUNDED = 2.0**-40
_WHOLE = 1 / 16  # so near to a whole number of stairs
_SMALLEST = 2.0**-1072  # numbers beside 0 are 2**-1074 apart, whatever their relative round-off
_ROUNDED = 12**-0.5  # unit round-offs: the least standard deviation that one rounding leaves


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise level of a function near a point.

    Attributes
    ----------
    level : float
        Standard deviation near the point, in the units of the function.
    relative : float
        The same, relative to the largest value there.
    far_level, far_relative : float
        The same, as far from the point as steps are taken.
    reach : float
        How far from the point, in steps, values are of one size.
    evaluations : int
        What it cost; 0 where it is assumed.
    single : bool
        Whether all values were representable in single precision, or scatter as if they were.
    """

    level: float
    relative: float
    far_level: float
    far_relative: float
    reach: float
    evaluations: int
    single: bool

    def at(self, size: Any) -> Any:
        """Return the level where values have this size: it grows with them, unless found not to."""
        far = np.fmax(self.far_level, self.far_relative * size)
        return np.fmax(self.level, np.fmin(far, self.relative * size))


def least_noise(value: float, unit_roundoff: float) -> Noise:
    """Return the noise that even the best loss has, as its value is rounded: nothing is measured.

    Parameters
    ----------
    value, unit_roundoff : float
        As in `measure_noise`.

    Returns
    -------
    Noise
    """
    return _round_off(_ROUNDED * unit_roundoff, value, _CENTRES[0], 0)


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
        Its level is at least one unit round-off of the largest value, and never 0.
    """
    tried, evaluations = [], 0
    for centre in _CENTRES:
        windows = _Windows(line, value, unit_roundoff, centre)
        evaluations += windows.evaluations
        if windows.found:
            tried.append(windows)
            if windows.are_of_one_size:
                break
    if not tried:
        return _round_off(4 * unit_roundoff, value, _CENTRES[-1], evaluations)
    far = tried[0]
    near = tried[-1] if tried[-1].are_of_one_size else far
    values = np.ravel(near.found)
    near.level = max(near.level, far.height / 2)  # on one stair nothing is heard of the next
    if _is_one_step_of_single(values):
        level = _SINGLE * near.largest
        return Noise(level, _SINGLE, level, _SINGLE, near.centre, evaluations, single=True)
    single = _is_single(values)
    if not single and _like_single(near.level, near.largest):
        before = near.evaluations
        single = near.falls_silent()
        evaluations += near.evaluations - before
    return Noise(near.level, near.relative, far.level, far.relative, near.centre, evaluations, single)


def _round_off(relative: float, value: float, reach: float, evaluations: int) -> Noise:
    level = max(relative * abs(value), _SMALLEST)
    return Noise(level, relative, level, relative, reach, evaluations, single=False)


class _Windows:
    """Values of phi in some windows at one distance from the point, and the noise level in them.

    The level is that of the loudest width of those that agree with the quietest.
    """

    def __init__(self, line: Line, value: float, unit: float, centre: float) -> None:
        self.line, self.value, self.unit, self.centre = line, value, unit, centre
        self.largest = self.smallest = abs(value)
        self.evaluations, self.height, self.curved = 0, 0.0, False
        self.found: list[NDArray[Any]] = []
        levels = self._levels()
        alike = [level for level in levels if level <= _FALL * min(levels)]
        self.level = max(*alike, self.unit * self.largest, _SMALLEST) if alike else np.inf

    @property
    def are_of_one_size(self) -> bool:
        """Whether the largest value in no window is far from that in another, or from phi(0)."""
        return self.largest <= _OF_ONE_SIZE * self.smallest

    @property
    def relative(self) -> float:
        """The level relative to the largest value."""
        return self.level / self.largest if self.largest else 0.0

    def falls_silent(self) -> bool:
        """Whether steps far smaller than single precision tells apart are quiet, as they are in it.

        What is ill-conditioned in double precision is as loud there.
        """
        sides = (self._in_window(sign * self.centre, _SILENT)[0] for sign in (1, -1))
        return next((level for level in sides if np.isfinite(level)), np.inf) * _FALL < self.level

    def _levels(self) -> list[float]:
        """Return the scatter in windows of several widths, or in the first that is quiet."""
        levels, quietest = list[float](), 0.0
        for width in _WIDTHS:
            pair = list[float]()
            for sign in (1, -1):
                level, values = self._scatter(sign * self.centre, width)
                size = np.max(np.abs(values))
                moves = bool(np.any(values != values[0]))
                # Values that stand still may lie on one stair, if stairs could be told from their round-off.
                heard = moves or self._round_off >= ROUNDED
                quiet = width == _WIDTHS[0] and level <= self._round_off and heard
                if quiet and abs(self.value) <= _OF_ONE_SIZE * size:
                    quietest = max(quietest, level * max(1.0, abs(self.value) / size))
                    little = quietest <= _LITTLE * self.unit * self.largest
                    if sign < 0 or (little and not self.curved):
                        return [max(near for near in (*pair, quietest) if near <= _BESIDE * quietest)]
                if np.isfinite(level) and (moves or width != _WIDTHS[-1]):
                    pair.append(level)
            levels += [max(pair)] if pair else []
            if len(levels) == 2 and self._are_single(levels):
                break
        return levels

    @property
    def _round_off(self) -> float:
        return _QUIET * self.unit * self.largest

    def _are_single(self, levels: list[float]) -> bool:
        return max(levels) <= _ALIKE * min(levels) and _like_single(min(levels), self.largest)

    def _scatter(self, centre: float, width: float) -> tuple[float, NDArray[Any]]:
        """Return the level in a window, and the values of phi there.

        Where one step of single precision fills the window, or one stair of a value that was rounded on
        its way, a wider one is taken.
        """
        level, values = self._in_window(centre, width)
        while level == 0 and values[0] != self.value and width < abs(centre) / _WIDER:
            width *= _WIDER
            wider = self._in_window(centre, width)
            height = _stair(wider[1])
            if height > self._round_off:
                self.height = max(self.height, height)
                return height / 2, wider[1]
            if _like_single(wider[0], self.largest):
                return wider
        return level, values

    def _in_window(self, centre: float, width: float) -> tuple[float, NDArray[Any]]:
        values = np.array(self.line.values([centre + width * float(node) for node in _NODES]))
        self.evaluations += len(_NODES)
        if not np.isfinite(values).all():
            return np.inf, values  # beyond the domain
        self.found.append(values)
        size = float(np.max(np.abs(values)))
        self.largest, self.smallest = max(self.largest, size), min(self.smallest, size)
        moved = values - values[0]
        spread = float(np.max(np.abs(moved))) or 1.0  # the square of a tiny one would be 0
        components = _COMPONENTS @ (moved / spread)
        low, high = (math.hypot(*part) / math.sqrt(len(part)) for part in (components[:2], components[2:]))
        # Noise has the same level in all components, a curve less and less; what is left of that is little
        # to know the noise by.
        self.curved = low > 2 * high
        return spread * (high if self.curved else max(high, low)), values


def _is_one_step_of_single(values: NDArray[Any]) -> bool:
    """Whether all values are the same, of about as many digits as single precision has.

    So it is where a large constant hides all that the parameters change. Other constants have fewer
    digits, or more.
    """
    value = float(values[0])
    digits = math.frexp(value)[0] * _SHORT
    return bool(np.all(values == value)) and float(np.float32(value)) == value and digits != round(digits)


def _stair(values: NDArray[Any]) -> float:
    """Return the height of the stairs that values lie on, if they do and rounding may be to blame."""
    rises = np.diff(np.unique(values))
    height = float(np.min(rises, initial=np.inf))
    if height > ROUNDED:
        return 0.0
    stairs = rises / height
    return height if np.all(np.abs(stairs - np.round(stairs)) < _WHOLE) else 0.0


def _is_single(values: NDArray[Any]) -> bool:
    exact = values.size > 0 and bool(np.all(values.astype(np.float32) == values))
    return exact and len(set(values.tolist())) > len(values) // 2


def _like_single(level: float, largest: float) -> bool:
    """Whether noise has the size of round-off in single precision."""
    return 2.0**-28 * largest < level < 2.0**-18 * largest


def _components() -> NDArray[np.float64]:
    """Return the rows that map values to their coefficients of orthonormal polynomials."""
    basis, _ = np.linalg.qr(np.polynomial.legendre.legvander(2 * _NODES, len(_NODES) - 1))
    return np.ascontiguousarray(basis[:, _SMOOTH:].T)


_COMPONENTS = _components()
