"""The second look: one derivative by extrapolation, with a truthful bound on its error.

Central, right and left differences over halving steps are each extrapolated to step 0
(Richardson). What keeps the bound truthful:

- noise floor: no estimate claims more than three times the noise over its step, since the
  tableau alone is too optimistic in 7 to 31 % of cases;
- small steps win: an estimate counts only if the differences of all smaller steps agree with
  it within their own noise. Where f oscillates faster than the step, or a kink lies close by,
  large steps agree with each other on a wrong value with a tiny error estimate;
- left and right are extrapolated separately: where they differ there is a kink, and every
  number between them is a derivative. A central difference converges there to their mean, with
  an error estimate of 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradcheck.derivatives.lines import Line

Kind = Literal["smooth", "kink", "jump", "right", "left", "outside", "unresolved"]

_SAFETY = 5.0
_FIRST, _PLAIN, _LAST = 3, 11, 34  # exponents of 1/2: first step, end of the first ladder, last step
_STRIDE = 5


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
        other side), ``"outside"`` (it has no values on either side), ``"unresolved"``.
    evaluations : int
    """

    value: float
    uncertainty: float
    low: float
    high: float
    kind: Kind
    evaluations: int


@dataclass(frozen=True, slots=True)
class _Pair:
    """phi at a step to the right and to the left."""

    right: float
    left: float
    above: float
    below: float


@dataclass(frozen=True, slots=True)
class _Limit:
    """A difference quotient extrapolated to step 0, and a bound on its error."""

    value: float
    error: float


class _Ladder:
    """Values of phi at steps ``scale / 2**exponent``, evaluated once each.

    Parameters
    ----------
    line : Line
    value : float
        phi(0).
    scale : float
    noise : float
        Standard deviation of phi.
    unit_roundoff : float
        Of the type in which phi is computed.
    """

    def __init__(self, line: Line, value: float, scale: float, noise: float, unit_roundoff: float) -> None:
        self.line, self.value, self.scale, self.noise = line, value, scale, noise
        self.pairs: dict[int, _Pair] = {}
        self._unit = unit_roundoff

    def climb(self, exponents: range) -> None:
        for exponent in exponents:
            if exponent not in self.pairs:
                t = self.scale * 2.0**-exponent
                right, left = self.line.realised(t), self.line.realised(-t)
                self.pairs[exponent] = _Pair(right, left, self.line(t), self.line(-t))

    def limit(self, quotient: Callable[[_Pair, float], float], order: int) -> _Limit:
        """Extrapolate a quotient whose error has the powers order, 2 order, ... of the step."""
        rows = []
        for exponent in sorted(self.pairs):
            pair = self.pairs[exponent]
            if pair.right > 0 > pair.left:
                noise = max(self.noise, self._unit * max(abs(pair.above), abs(pair.below)))
                step = min(pair.right, -pair.left)
                rows.append((exponent, quotient(pair, self.value), 3 * noise / step))
        while rows and any(not np.isfinite(row[1]) for row in rows):
            rows.pop(0)  # large steps may leave the domain
        return _best(rows, order)


def extrapolate(
    line: Line, value: float, scale: float, noise: float, unit_roundoff: float, *, smallest: float = 0.0
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
    noise : float
        Standard deviation of phi.
    unit_roundoff : float
        Of the type in which phi is computed.
    smallest : float, optional
        A smaller size at which phi may have features too, such as the entry's own where its
        leaf has larger ones; steps then go down further.

    Returns
    -------
    Estimate
    """
    ladder = _Ladder(line, value, scale, noise, unit_roundoff)
    last = _LAST
    if 0 < smallest < scale:
        last += int(np.ceil(np.log2(scale / smallest)))
    ladder.climb(range(_FIRST, _PLAIN))
    ladder.climb(range(_PLAIN + _STRIDE - 2, last + 1, _STRIDE))
    estimate = _estimate(ladder)
    if estimate.kind != "smooth":
        ladder.climb(range(_PLAIN, last + 1))
        estimate = _estimate(ladder)
    return estimate


def _estimate(ladder: _Ladder) -> Estimate:
    central = ladder.limit(_central, 2)
    right, left = ladder.limit(_right, 1), ladder.limit(_left, 1)
    cost = 2 * len(ladder.pairs)
    if not (np.isfinite(right.value) and np.isfinite(left.value)):
        return _one_sided(right, left, cost)
    split = abs(right.value - left.value)
    if split > _SAFETY * (right.error + left.error):
        low, high = sorted((right.value, left.value))
        error = _SAFETY * max(right.error, left.error)
        return Estimate((low + high) / 2, error, low, high, "kink", cost)
    # All three agree; beside a kink the side without it is far better than the central one.
    best = min((central, right, left), key=lambda limit: limit.error)
    if np.isfinite(best.error):
        return Estimate(best.value, _SAFETY * best.error, best.value, best.value, "smooth", cost)
    kind: Kind = "jump" if _jumps(ladder) else "unresolved"
    return Estimate(central.value, np.inf, central.value, central.value, kind, cost)


def _one_sided(right: _Limit, left: _Limit, cost: int) -> Estimate:
    for kind, side in (("right", right), ("left", left)):
        if np.isfinite(side.value):
            known: Kind = "right" if kind == "right" else "left"
            return Estimate(side.value, _SAFETY * side.error, side.value, side.value, known, cost)
    return Estimate(np.nan, np.inf, np.nan, np.nan, "outside", cost)


def _jumps(ladder: _Ladder) -> bool:
    """Whether phi does not come back to phi(0) at the smallest steps."""
    pair = ladder.pairs[max(ladder.pairs)]
    return max(abs(pair.above - ladder.value), abs(pair.below - ladder.value)) > 100 * ladder.noise


def _best(rows: list[tuple[int, float, float]], order: int) -> _Limit:
    """Return the entry of the extrapolation tableau with the smallest bound that small steps confirm.

    `rows` are (exponent, quotient, noise), largest step first. Column k of row j uses the steps
    j - k to j, which must halve each time.
    """
    if not rows:
        return _Limit(np.nan, np.inf)
    best = _Limit(rows[-1][1], np.inf)
    previous: list[float] = []
    for j, (exponent, quotient, noise) in enumerate(rows):
        if j and rows[j - 1][0] != exponent - 1:
            previous = []
        row = [quotient]
        for k, coarser in enumerate(previous, start=1):
            factor = 2.0 ** (order * k)
            row.append((factor * row[-1] - coarser) / (factor - 1))
            error = max(abs(row[k] - row[k - 1]), abs(row[k] - coarser), (3 - order) * noise)
            if error < best.error and _confirmed(row[k], error, rows, j, order):
                best = _Limit(row[k], error)
        previous = row
    return best


def _confirmed(value: float, error: float, rows: list[tuple[int, float, float]], j: int, order: int) -> bool:
    """Whether the quotients of all smaller steps agree with `value` within their noise."""
    exponent, quotient, _ = rows[j]
    bend = abs(value - quotient)
    return all(
        abs(value - smaller) <= 4 * bend * 2.0 ** (order * (exponent - finer)) + _SAFETY * error + 2 * noise
        for finer, smaller, noise in rows[j + 1 :]
    )


def _central(pair: _Pair, value: float) -> float:
    return (pair.above - pair.below) / (pair.right - pair.left)


def _right(pair: _Pair, value: float) -> float:
    return (pair.above - value) / pair.right


def _left(pair: _Pair, value: float) -> float:
    return (pair.below - value) / pair.left
