"""The second look: one derivative by extrapolation, with a truthful bound on its error.

Central, right and left differences are extrapolated separately (`ladder`): where left and right
differ there is a kink, and every number between them is a derivative. A central difference
converges there to their mean, with an error estimate of 0.
"""

import itertools
import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gradcheck.derivatives.ladder import SAFETY, Ladder, Limit, Pair, central, left, right
from gradcheck.derivatives.lines import Line
from gradcheck.derivatives.noise import ROUNDED, Noise

Kind = Literal[
    "smooth",
    "kink",
    "jump",
    "right",
    "left",
    "outside",
    "unresolved",
    "stairs",
    "fine",
    "extended",
    "complex",
    "fitted",
    "kinks",
    "tiny",
]

# Exponents of 1/2: largest step if noise is the limit, first step, end of the first ladder, last step.
_LARGEST, _FIRST, _PLAIN, _LAST = 1, 3, 11, 34
_STRIDE = 5
_FINER, _ALIKE = (2, 4, 6), 3  # halvings beyond the last step; so many small steps are not alike by chance
_HEARD = 8.0  # times a disagreement: noise that hides it
_LOUD = 64.0  # times the scatter of the smallest step: noise that would have scattered it more
_FARTHEST = 100  # halvings: nothing has features at sizes farther apart


@dataclass(frozen=True, slots=True)
class Estimate:
    """A derivative and a bound on its error.

    Attributes
    ----------
    value : float
        NaN if there is none.
    uncertainty : float
        Bound on ``|value - derivative|``; ``inf`` if nothing is known.
    low, high : float
        Least and greatest one-sided derivative at a kink; else both equal `value`.
    kind : str
        ``"smooth"``, ``"kink"``, ``"jump"``, ``"right"`` or ``"left"`` (the function ends on the
        other side), ``"outside"`` (it has no values on either side), ``"unresolved"``, ``"stairs"``
        (large steps see another slope than small ones), ``"fine"`` (small steps do, which noise should
        hide); of views that only confirm ``"extended"`` (smooth, in extended precision), ``"complex"``
        (by the complex step), ``"fitted"`` (by a fit to many values); or ``"kinks"`` (several meet),
        ``"tiny"`` (larger steps see another slope).
    evaluations : int
    """

    value: float
    uncertainty: float
    low: float
    high: float
    kind: Kind
    evaluations: int


def extrapolate(
    line: Line,
    value: float,
    scale: float,
    noise: Noise,
    *,
    smallest: float = 0.0,
    enough: float = np.inf,
    expected: float = np.nan,
) -> Estimate:
    """Estimate phi'(0) by extrapolation, with a bound on the error.

    Parameters
    ----------
    line : Line
        phi; NaN where it has no value.
    value : float
        phi(0).
    scale : float
        Size of what moves, in the units of t; steps begin at an eighth of it.
    noise : Noise
    smallest : float, optional
        A smaller size at which phi may have features too, such as the entry's own where its
        leaf has larger ones; steps then go down further.
    enough : float, optional
        A bound on the error that serves; more steps are taken to reach it if they can help.
    expected : float, optional
        What the derivative may be. One side alone is trusted to confirm it, not to refute it: there
        may be more on the other side than noise lets through.

    Returns
    -------
    Estimate
    """
    ladder = Ladder(line, value, scale, noise)
    last = _LAST
    if 0 < smallest < scale:
        last += min(math.ceil(math.log2(scale) - math.log2(smallest)), _FARTHEST)
    ladder.climb(range(_FIRST, _PLAIN))
    ladder.climb(range(_PLAIN + _STRIDE - 2, last + 1, _STRIDE))
    estimate = _estimate(ladder, expected)
    if estimate.kind == "smooth" and estimate.uncertainty > enough:
        # Where noise is the limit larger steps help, else smaller ones.
        noisy = estimate.uncertainty <= 4 * SAFETY * ladder.pairs[_PLAIN - 1].noise
        ladder.climb(range(_LARGEST, _FIRST) if noisy else range(_PLAIN, last + 1))
        estimate = _estimate(ladder, expected)
    elif estimate.kind != "smooth":
        ladder.climb(range(_PLAIN, last + 1))
        estimate = _estimate(ladder, expected)
    off = abs(estimate.value - expected)
    if estimate.kind == "smooth" and off > estimate.uncertainty and _is_fine(ladder, estimate, expected):
        estimate = replace(estimate, uncertainty=2 * off, kind="fine")
    return replace(estimate, evaluations=2 * len(ladder.pairs))


def _estimate(ladder: Ladder, expected: float) -> Estimate:
    middle = ladder.limit(central, 2)
    # The largest steps serve a symmetric difference only: one side alone may just be saturated.
    above, below = ladder.limit(right, 1, _FIRST), ladder.limit(left, 1, _FIRST)
    cost = 2 * len(ladder.pairs)
    if _jumps(ladder):
        return Estimate(middle.value, np.inf, middle.value, middle.value, "jump", cost)
    if not (np.isfinite(above.value) and np.isfinite(below.value)):
        return _one_sided(above, below, cost)
    split = abs(above.value - below.value)
    if split > SAFETY * (above.error + below.error):
        low, high = sorted((above, below), key=lambda limit: limit.value)
        # What is expected is held against the side that is nearer; the other may be known less well.
        nearer = min((low, high), key=lambda limit: abs(limit.value - expected))
        error = nearer.error if np.isfinite(expected) else max(low.error, high.error)
        mean = (low.value + high.value) / 2
        return Estimate(mean, SAFETY * error, low.value, high.value, "kink", cost)
    # Beside a kink the side without it is far better than the central one.
    best = min((middle, above, below), key=lambda limit: limit.error)
    if not abs(best.value - expected) <= SAFETY * best.error:
        best = middle
    if np.isfinite([above.error, below.error, best.error]).all():
        if _is_stair(ladder, best, expected):
            return Estimate(
                best.value, 2 * abs(best.value - expected), best.value, best.value, "stairs", cost
            )
        return Estimate(best.value, SAFETY * best.error, best.value, best.value, "smooth", cost)
    return Estimate(middle.value, np.inf, middle.value, middle.value, "unresolved", cost)


def _is_stair(ladder: Ladder, found: Limit, expected: float) -> bool:
    """Whether large steps see what is expected, though small ones see another slope.

    So it is where phi is rounded on the way to its value, as before most of it cancels: on one stair,
    small steps see a slope of 0, without any noise. A kink close by is told from that by large steps
    to one side.
    """
    if abs(found.value - expected) <= SAFETY * found.error:
        return False
    changes = np.abs([side - ladder.value for p in ladder.pairs.values() for side in (p.above, p.below)])
    if np.min(changes[changes > 0], initial=1.0) > ROUNDED:
        return False
    windows = ([ladder.pairs[first + i] for i in range(3)] for first in range(_FIRST, _PLAIN - 2))
    return any(_see(window, ladder.value, expected, found.value) for window in windows)


def _is_fine(ladder: Ladder, found: Estimate, expected: float) -> bool:
    """Whether some small steps all see what is expected, which the noise known should hide from them.

    So it is where phi oscillates, or turns, within far less than the size of what moves: larger steps pass
    over that, and it was taken for noise. On stairs, as in single precision, small steps see nothing, and
    what is rounded off last they see by chance.
    """
    off, last = abs(found.value - expected), max(ladder.pairs)
    smallest = ladder.pairs[last]
    if not _HEARD * off < smallest.noise < np.inf:
        return False
    if abs(central(smallest, ladder.value) - found.value) > smallest.noise / _LOUD:
        return False
    ladder.climb([*range(_PLAIN, last), *(last + more for more in _FINER)])
    digit = np.spacing(abs(ladder.value))
    alike = [
        abs(central(pair, ladder.value) - expected) < off / _HEARD
        and pair.above != pair.below
        and digit / (pair.right - pair.left) < off / _HEARD / 2
        for _, pair in sorted(ladder.pairs.items())
        if _HEARD * off < pair.noise < np.inf
    ]
    return any(all(alike[i : i + _ALIKE]) for i in range(len(alike) - _ALIKE + 1))


def _see(pairs: list[Pair], value: float, expected: float, other: float) -> bool:
    """Whether differences over three large steps are about what is expected, and not the other slope."""
    (middle, error), (above, its_error), (below, other_error) = (
        _coarsely([quotient(pair, value) for pair in pairs], order)
        for quotient, order in ((central, 2), (right, 1), (left, 1))
    )
    return bool(
        abs(middle - expected) <= error < abs(middle - other) / 2
        and abs(above - below) <= SAFETY * (its_error + other_error)
    )


def _coarsely(quotients: list[float], order: int) -> tuple[float, float]:
    """Extrapolate the first two of three quotients, and return how far the last two are from that."""
    factor = 2.0**order
    first, second = (
        (factor * fine - coarse) / (factor - 1) for coarse, fine in itertools.pairwise(quotients)
    )
    return first, abs(second - first)


def _one_sided(above: Limit, below: Limit, cost: int) -> Estimate:
    sides: tuple[tuple[Kind, Limit], ...] = (("right", above), ("left", below))
    for kind, side in sides:
        if np.isfinite(side.value):
            return Estimate(side.value, SAFETY * side.error, side.value, side.value, kind, cost)
    return Estimate(np.nan, np.inf, np.nan, np.nan, "outside", cost)


def _jumps(ladder: Ladder) -> bool:
    """Whether phi does not come back to phi(0) on a side, however small the step."""
    small, smaller = (ladder.pairs[exponent] for exponent in sorted(ladder.pairs)[-2:])
    return any(
        abs(at_smaller - ladder.value) > max(0.75 * abs(at_small - ladder.value), 100 * ladder.noise.level)
        for at_small, at_smaller in ((small.above, smaller.above), (small.below, smaller.below))
    )
