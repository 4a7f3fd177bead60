"""A derivative along a direction, extrapolated from central differences at halving steps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.derivatives.ladder import SAFETY, Ladder, central

WIDEST = -4  # exponent of 1/2 of the largest steps
_ORDER = 6  # the error of two extrapolations falls by 2**6 where steps halve; of one, by less
_REGULAR = 1 / 16
_SWEPT = 16.0  # times the noise: phi changes so much that its round-off comes out at random
_SPARE = 1.4  # times the noise near the point: at the step it may be louder


@dataclass(frozen=True, slots=True)
class Slope:
    """A derivative along a direction.

    Attributes
    ----------
    value : float
    uncertainty : float
        Estimate of its error if phi is as smooth as it looks: good enough to believe an agreement. Noise
        counts only where phi hardly changes, and rounding may hide just what is looked for; elsewhere it
        knows nothing of the direction and hides no error (see `gradcheck.methods.certificate`).
    beyond_doubt : float
        Bound on its error that also holds if it is not: what a disagreement has to exceed.
    exponent : int
        Of 1/2, the largest step that it was taken from.
    chosen : bool
        Whether what was expected had a say in which steps it was taken from.
    """

    value: float
    uncertainty: float
    beyond_doubt: float
    exponent: int
    chosen: bool = False

    def room(self, gap: float, enough: float) -> int:
        """Return how often to double the steps for the noise of a gap to serve, if truncation allows it."""
        if not 0 < enough < abs(gap) < math.inf:
            return 0
        wanted = min(math.ceil(math.log2(abs(gap) / enough)), self.exponent - WIDEST)
        if self.uncertainty:
            wanted = min(wanted, math.floor((math.log2(enough) - math.log2(self.uncertainty)) / _ORDER))
        return max(wanted, 0)


def extrapolated_once(ladder: Ladder, first: int, size: float) -> Slope:
    """Extrapolate two differences once.

    The error left of phi'(0) + a h**2 + b h**4 is to the change, that of a, about as that is to the size
    of such a phi'(0). Either may be small by accident, and a kink within the steps leaves any error: two
    differences say whether phi'(0) is what it is expected to be, and nothing else.
    """
    window = (first, first + 1)
    ladder.climb(window)
    coarse, fine = (central(ladder.pairs[exponent], ladder.value) for exponent in window)
    change = abs(fine - coarse) / 3
    if not np.isfinite(change):
        return Slope(np.nan, np.inf, np.inf, first)
    error = SAFETY * change * min(change / size, 1.0) if size else change
    return Slope((4 * fine - coarse) / 3, max(error, _hiding(ladder, window, coarse)), np.inf, first)


def extrapolated_twice(ladder: Ladder, first: int, noisy: float) -> Slope:
    """Extrapolate three differences twice.

    Where terms of phi'(0) + a h**2 + b h**4 + c h**6 fall by a ratio, the error left, that of c, is to
    the last change, that of b, as is the root of that change to phi'(0). The ratio of the last two
    changes would do as well, but either may be small by accident; it shows whether they fall. Where
    they do not, they are noise (up to `noisy` times the level known), which does not count, or else (a
    kink within the steps) the bound is all that the last extrapolation changed.
    """
    window = range(first, first + 3)
    ladder.climb(window)
    coarse, middle, fine = (central(ladder.pairs[exponent], ladder.value) for exponent in window)
    rough, better = (4 * middle - coarse) / 3, (4 * fine - middle) / 3
    value = (16 * better - rough) / 15
    if not np.isfinite(value):
        return Slope(np.nan, np.inf, np.inf, first)
    noise = ladder.pairs[first + 2].noise
    change, before = abs(better - rough), abs(fine - middle)
    error = change
    if 0 < change <= min(_REGULAR * before, abs(value)):
        error = change * math.sqrt(change / abs(value))
    elif change <= noisy * noise:
        error = 0.0
    hiding = _hiding(ladder, window, coarse)
    return Slope(value, max(SAFETY * error, hiding), SAFETY * max(change, noise), first)


def exponent_for(noise: float, enough: float) -> float:
    """Return the exponent of the largest of three steps whose smallest noise leaves precise enough."""
    if not (enough > 0 and noise):  # enough is NaN where what is looked for has no value
        return math.inf
    return float(np.floor(np.log2(enough / (_SPARE * 3 * noise)))) - 2


def _hiding(ladder: Ladder, window: Sequence[int], coarse: float) -> float:
    """Return the noise that may hide what is looked for: none where phi changes much over the first step."""
    first, last = (ladder.pairs[exponent].noise for exponent in (window[0], window[-1]))
    return 0.0 if abs(coarse) > _SWEPT * first else last
