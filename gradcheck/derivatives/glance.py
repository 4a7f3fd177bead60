"""A derivative along a direction from four or six evaluations, to see that it is what it should be.

The noise of the loss is not known yet, so that a difference from what is expected may be noise: this
tells a right derivative, and never a wrong one.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradcheck.derivatives.ladder import Ladder, central
from gradcheck.derivatives.lines import Line
from gradcheck.derivatives.noise import Noise
from gradcheck.derivatives.slope import WIDEST, Slope, exponent_for, extrapolated_once, extrapolated_twice

_LOUD = 2.0  # times the least noise: what may be more of it
_SMALL, _SMALLER, _SMALLEST = 9, 12, 16  # exponents of 1/2: steps that two differences begin and end with
_LARGER, _LARGE = 7, 8  # steps that three begin with
_DROWNED = 4  # even the least noise asks for steps larger than that
_NOISY = 2.0**12  # times the noise: kinks are louder still
_CLOSE = 64.0  # times the error that serves: so close to what is expected has to be the widest step


def glance(
    line: Line,
    value: float,
    noise: Noise,
    enough: float,
    expected: float,
    size: float,
    known: int | None = None,
) -> Slope:
    """Estimate phi'(0) by two central differences at small steps, by three where noise asks for larger.

    Parameters
    ----------
    line : Line
        Along which a step of 1 moves entries by about the size of their leaf.
    value : float
        phi(0).
    noise : Noise
        The least that the loss may have.
    enough : float
        An error that serves: smaller steps follow until truncation looks smaller than that.
    expected : float
        What phi'(0) should be. Where even the least noise drowns that, the largest steps are taken if
        they come close to it, as they do where phi is hardly more than quadratic: two may do then.
    size : float
        Of phi'(0) along directions like this one.
    known : int, optional
        Exponent of 1/2 of the largest step that served along one of them.

    Returns
    -------
    Slope
    """
    ladder = Ladder(line, value, 1.0, noise)
    least = exponent_for(noise.level, enough)
    if known is None:
        small = exponent_for(_LOUD * noise.level, enough) + 1
        first = int(min(small, _SMALLER) if small >= _SMALL else np.clip(least, _LARGER, _LARGE))
    else:
        first = known
    if first >= _SMALL:
        return _shrinking(lambda n: extrapolated_once(ladder, n, size), first, _SMALLEST, enough)
    chosen = known is None and least < _DROWNED
    if chosen:
        ladder.climb([WIDEST])
        if abs(central(ladder.pairs[WIDEST], value) - expected) < _CLOSE * enough:
            first = WIDEST

    def extrapolated(exponent: int) -> Slope:
        if exponent == WIDEST:
            slope = extrapolated_once(ladder, exponent, size)
            if slope.uncertainty <= enough:
                return slope
        return extrapolated_twice(ladder, exponent, _NOISY)

    return replace(_shrinking(extrapolated, first, _LARGER, enough), chosen=chosen)


def _shrinking(extrapolated: Callable[[int], Slope], first: int, last: int, enough: float) -> Slope:
    """Take smaller steps until truncation looks small enough."""
    best = extrapolated(first)
    for exponent in range(first + 1, last + 1):
        if best.uncertainty <= enough:
            break
        best = min((best, extrapolated(exponent)), key=lambda slope: slope.uncertainty)
    return best
