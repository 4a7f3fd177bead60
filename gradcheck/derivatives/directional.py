"""A derivative along a direction from six evaluations, more only where it is not smooth enough."""

import numpy as np

from gradcheck.derivatives.ladder import Ladder
from gradcheck.derivatives.lines import Line
from gradcheck.derivatives.noise import Noise
from gradcheck.derivatives.slope import Slope, exponent_for, extrapolated_twice

_LARGEST, _FIRST, _LAST = 2, 8, 25  # exponents of 1/2: bounds of the first step, and of the last
_BACK = 2  # steps may be up to 4 times as large as those that served along another direction
LARGE = _LARGEST + _BACK  # an exponent that served so does not keep the first steps smaller
_NOISY = 4.0  # times the noise: what may be more of it; kinks are louder by far
_BESIDE = 3.0  # times the uncertainty: smaller steps would double such noise, for little


def directional_derivative(
    line: Line, value: float, noise: Noise, enough: float, known: int | None = None
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
    known : int, optional
        Exponent of 1/2 of the largest step that served along a similar direction.

    Returns
    -------
    Slope
    """
    ladder = Ladder(line, value, 1.0, noise)
    largest = _LARGEST if known is None else min(_LARGEST, known)
    first = int(np.clip(exponent_for(noise.level, enough), largest, _FIRST))
    if known is not None:
        first = max(first, known - _BACK)
    best = extrapolated_twice(ladder, first, _NOISY)
    while best.uncertainty > enough and first < _LAST:
        left = ladder.pairs[first + 2].noise
        if left > _BESIDE * best.uncertainty or left == best.uncertainty:
            break  # smaller steps would only be noisier
        first += 1
        best = min((best, extrapolated_twice(ladder, first, _NOISY)), key=lambda slope: slope.uncertainty)
    return best
