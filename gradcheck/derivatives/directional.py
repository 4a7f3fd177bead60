"""A derivative along a direction from six evaluations, more only where it is not smooth enough."""

import math
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.derivatives.ladder import SAFETY, Ladder, central
from gradcheck.derivatives.lines import Line
from gradcheck.derivatives.noise import Noise

_LARGEST, _FIRST, _LAST = 2, 8, 25  # exponents of 1/2: bounds of the first step, and of the last
_UNMEASURED = 7  # larger first steps are for noise that is known to be loud, smaller ones if it is not
_WIDEST = -4  # steps as large as that are tried where noise looks loud
_CLOSE = 64.0  # times the error that serves: so close to what is expected has to be the widest step
_BACK = 2  # steps may be up to 4 times as large as those that served along another direction
LARGE = _LARGEST + _BACK  # an exponent that served so does not keep the first steps smaller
_SWEPT = 16.0  # times the noise: phi changes so much that its round-off comes out at random
_ORDER = 6  # the error of two extrapolations falls by 2**6 where steps halve
_REGULAR = 1 / 16
_MEASURED, _ASSUMED = 4.0, 2.0**12  # times the noise: what may be more of it; kinks are louder by far
_BESIDE = 3.0  # times the uncertainty: smaller steps would double such noise, for little
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
        wanted = min(math.ceil(math.log2(abs(gap) / enough)), self.exponent - _WIDEST)
        if self.uncertainty:
            wanted = min(wanted, math.floor(math.log2(enough / self.uncertainty) / _ORDER))
        return max(wanted, 0)


def directional_derivative(
    line: Line, value: float, noise: Noise, enough: float, expected: float, known: int | None = None
) -> Slope:
    """Estimate phi'(0) by three central differences at halving steps.

    Parameters
    ----------
    line : Line
        Along which a step of 1 moves entries by about the size of their leaf.
    value : float
        phi(0).
    noise : Noise
    enough : float
        A bound on the error that serves: smaller steps follow until it is reached or, as far as is known,
        they would only be noisier.
    expected : float
        The analytic derivative. Where even the least noise of a loss drowns it at the first steps, the
        largest are taken if they come close to it, as they do where phi is hardly more than quadratic.
    known : int, optional
        Exponent of 1/2 of the largest step that served along a similar direction.

    Returns
    -------
    Slope
    """
    ladder = Ladder(line, value, 1.0, noise)
    first = _begin(noise, enough, known)
    chosen = known is None and not noise.evaluations and _exponent(noise.level, enough) < 0
    if chosen:
        ladder.climb([_WIDEST])
        if abs(central(ladder.pairs[_WIDEST], value) - expected) < _CLOSE * enough:
            first = _WIDEST
    best = _extrapolated(ladder, first)
    while best.uncertainty > enough and first < (_LAST if noise.evaluations else _UNMEASURED):
        left = ladder.pairs[first + 2].noise
        if left > _BESIDE * best.uncertainty or left == best.uncertainty:
            break  # smaller steps would only be noisier
        first += 1
        found = _extrapolated(ladder, first)
        best = min((best, found), key=lambda slope: slope.uncertainty)
    return replace(best, chosen=chosen)


def _begin(noise: Noise, enough: float, known: int | None) -> int:
    """Return the exponent of the first steps."""
    largest = _LARGEST if known is None else min(_LARGEST, known)
    least = int(np.clip(_exponent(noise.level, enough), largest, _FIRST))
    if noise.evaluations:
        return least if known is None else max(least, known - _BACK)
    return max(least, _UNMEASURED) if known is None else known


def _exponent(noise: float, enough: float) -> float:
    """Return the exponent of the largest of three steps whose smallest noise leaves precise enough."""
    if not enough or not noise:
        return math.inf
    return float(np.floor(np.log2(enough / (_SPARE * 3 * noise)))) - 2


def _extrapolated(ladder: Ladder, first: int) -> Slope:
    """Extrapolate three differences twice.

    Where terms of phi'(0) + a h**2 + b h**4 + c h**6 fall by a ratio, the error left, that of c, is to
    the last change, that of b, as is the root of that change to phi'(0). The ratio of the last two
    changes would do as well, but either may be small by accident; it shows whether they fall. Where
    they do not, they are noise, which does not count, or else (a kink within the steps) the bound is
    all that the last extrapolation changed.
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
    elif change <= (_MEASURED if ladder.noise.evaluations else _ASSUMED) * noise:
        error = 0.0
    swept = abs(coarse) > _SWEPT * ladder.pairs[first].noise
    return Slope(value, max(SAFETY * error, 0.0 if swept else noise), SAFETY * max(change, noise), first)
