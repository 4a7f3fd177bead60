"""The first look: central differences of all entries of a leaf, two evaluations each.

The step is half of cbrt(3 noise / |phi'''|), which would balance round-off and truncation:
phi''' is taken from one entry of the leaf and may be larger at others; the noise is known. What
the first look cannot settle gets a second (`extrapolation`).
"""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives.lines import EntryLine
from gradcheck.derivatives.noise import Noise
from gradcheck.problem import Problem

Array = NDArray[Any]

_DEFAULT = 2.0**-13
_PROBE = 2.0**-8
_LARGEST, _SMALLEST = 2.0**-4, 2.0**-24
_TRUNCATION = 16.0
_UNLIKE = 2.0**10
_LOOKED_INTO = 64  # entries
_WIDER, _FALLS = 8.0, 2.0  # a kink bends 8 times less over 8 times the step, a curve as much


@dataclass(frozen=True, slots=True)
class Differences:
    """Central differences of the entries of a leaf.

    Attributes
    ----------
    values : ndarray, shape (n,)
        NaN where the loss has no value on a side.
    uncertainty : ndarray, shape (n,)
        Round-off and an estimate of the truncation, from one entry of the leaf; large enough
        to trust an agreement, which two independent errors do not fake, not to prove a mismatch.
    bend : ndarray, shape (n,)
        By how much the derivative changes when the entry changes by its size: at an optimum, what
        a derivative there is measured by. 0 where it is noise.
    """

    values: Array
    uncertainty: Array
    bend: Array


def central_differences(
    problem: Problem, leaf: int, entries: Array, steps: Array, step: float, noise: Noise, third: float
) -> Differences:
    """Differentiate the loss by some entries of a leaf.

    Parameters
    ----------
    problem : Problem
    leaf : int
        Index of the leaf.
    entries : ndarray of int, shape (m,)
        The entries of the leaf.
    steps : ndarray, shape (m,)
        Their sizes (`entry_scales`).
    step : float
        Step, relative to the size.
    noise : Noise
    third : float
        ``|phi'''| / 6`` for steps relative to the size, in the units of the loss.

    Returns
    -------
    Differences
    """
    start = problem.start[leaf][entries]
    above, below = start + step * steps, start - step * steps
    plus, minus = problem.evaluate_pairs(leaf, entries, above, below)
    width = above.astype(plus.dtype, copy=False) - below.astype(plus.dtype, copy=False)
    with np.errstate(all="ignore"):
        values = (plus - minus) / width
        rounding = noise.at(np.maximum(np.abs(plus), np.abs(minus)))
        uncertainty = 6 * rounding / width + _TRUNCATION * third * step**2 / steps
        second = np.abs(plus - problem.value + (minus - problem.value))
        bend = np.maximum(second - 6 * rounding, 0) / (step**2 * steps)
    return Differences(values, uncertainty, np.where(np.isfinite(bend), bend, 0.0))


def largest_bend(
    problem: Problem, leaf: int, entries: Array, steps: Array, step: float, look: Differences
) -> float:
    """Return by how much the derivative changes at most when one of some entries changes by its size.

    A kink within the step bends all the more the smaller the step is; all that it can change is what
    a step as large as the entry shows.

    Parameters
    ----------
    problem, leaf, entries, steps, step
        As in `central_differences`.
    look : Differences
        What that found.

    Returns
    -------
    float
        Times the size of the entry, in the units of the loss. What is less than the largest derivative
        found is not looked into, nor are more than a few kinks: a smaller bend forgives less.
    """
    bends, found = look.bend * steps, 0.0
    largest = float(np.abs(look.values * steps).max(where=np.isfinite(look.values), initial=0.0))
    most = float(bends.max(initial=0.0))
    if most <= largest:
        return most
    some = np.sort(bends[bends > 0])
    # What one entry bends is no round-off of the others.
    bends = np.minimum(bends, _UNLIKE * some[(some.size - 1) // 2])
    for i in np.argsort(-bends)[:_LOOKED_INTO].tolist():
        seen = float(bends[i])
        if seen <= max(found, largest):
            return max(found, seen)
        line = EntryLine(problem, leaf, int(entries[i]))
        found = max(found, _without_kink(line, problem.value, float(steps[i]), step, seen))
    return found


def _without_kink(line: EntryLine, value: float, size: float, step: float, bend: float) -> float:
    def over(step: float) -> float:
        t = step * size
        return abs(sum(line.values([t, -t])) - 2 * value) / step**2

    # A kink just within the step shows over wider ones.
    bends = bend, *(over(min(_WIDER**k * step, 1.0)) for k in (1, 2))
    falls = any(_FALLS * wide < narrow for narrow, wide in itertools.pairwise(bends))
    return float(np.fmin(over(1.0), bend)) if falls else bend


def first_step(problem: Problem, leaf: int, k: int, size: float, noise: float) -> tuple[float, float]:
    """Choose the step of a leaf from the third derivative along one of its entries.

    Parameters
    ----------
    problem : Problem
    leaf, k : int
        Leaf and entry.
    size : float
        Of the entry.
    noise : float
        Standard deviation of the loss.

    Returns
    -------
    step : float
        A power of two, relative to the size.
    third : float
        Bound on ``|phi'''| / 6`` for steps relative to the size.
    """
    line = EntryLine(problem, leaf, k)
    far, near = (size * factor * _PROBE for factor in (8.0, 1.0))
    steps = [far, -far, near, -near]  # and the point itself: five, unlike the samples that people take
    plain = line.values
    values = problem.stack(leaf, k, steps, plain, noise) if problem.vectorized else plain(steps)
    wide, narrow = _central(line, far, *values[:2]) * size, _central(line, near, *values[2:]) * size
    third = (abs(wide - narrow) + 3 * noise / _PROBE) / (63 * _PROBE**2)
    if not math.isfinite(third) or third <= 0:
        return _DEFAULT, 0.0 if third == 0 else np.inf
    best = math.cbrt(noise / (2 * third)) / 2
    return 2.0 ** round(math.log2(min(max(best, _SMALLEST), _LARGEST))), third


def _central(line: EntryLine, t: float, above: float, below: float) -> float:
    right, left = line.realised(t), line.realised(-t)
    return (above - below) / (right - left) if right > left else np.nan
