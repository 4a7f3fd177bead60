"""Values of phi at halving steps, and difference quotients extrapolated to step 0 (Richardson).

What keeps the bound on the error truthful:

- noise floor: no estimate claims more than three times the noise over its step, since the
  tableau alone is too optimistic in 7 to 31 % of cases;
- small steps win: an estimate counts only if the quotients of all smaller steps agree with it
  within their own noise. Where phi oscillates faster than the step, or a kink lies close by,
  large steps agree with each other on a wrong value with a tiny error estimate.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from gradcheck.derivatives.lines import Line

SAFETY = 5.0
_Row = tuple[int, float, float]


@dataclass(frozen=True, slots=True)
class Pair:
    """phi at a step to the right and to the left."""

    right: float
    left: float
    above: float
    below: float


@dataclass(frozen=True, slots=True)
class Limit:
    """A difference quotient extrapolated to step 0, and a bound on its error."""

    value: float
    error: float


class Ladder:
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
        self.pairs: dict[int, Pair] = {}
        self._unit = unit_roundoff

    def climb(self, exponents: Iterable[int]) -> None:
        """Evaluate phi at these steps, to the right and to the left."""
        steps = {n: self.scale * 2.0**-n for n in exponents if n not in self.pairs}
        values = iter(self.line.values([sign * t for t in steps.values() for sign in (1, -1)]))
        for exponent, t in steps.items():
            right, left = self.line.realised(t), self.line.realised(-t)
            self.pairs[exponent] = Pair(right, left, next(values), next(values))

    def noise_of(self, pair: Pair) -> float:
        """Return what noise alone may do to a difference quotient: three standard deviations."""
        noise = max(self.noise, self._unit * max(abs(pair.above), abs(pair.below)))
        return 3 * noise / min(pair.right, -pair.left)

    def limit(self, quotient: Callable[[Pair, float], float], order: int, first: int = -1) -> Limit:
        """Extrapolate a quotient whose error has the powers order, 2 order, ... of the step.

        Steps larger than ``scale / 2**first`` are left out.
        """
        rows = []
        for exponent in sorted(self.pairs):
            pair = self.pairs[exponent]
            if pair.right > 0 > pair.left and exponent >= first:
                rows.append((exponent, quotient(pair, self.value), self.noise_of(pair)))
        while rows and any(not np.isfinite(row[1]) for row in rows):
            rows.pop(0)  # large steps may leave the domain
        return _best(rows, order)


def _best(rows: list[_Row], order: int) -> Limit:
    """Return the entry of the extrapolation tableau with the smallest bound that small steps confirm.

    `rows` are (exponent, quotient, noise), largest step first. Column k of row j uses the steps
    j - k to j, which must halve each time.
    """
    if not rows:
        return Limit(np.nan, np.inf)
    best = Limit(rows[-1][1], np.inf)
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
                best = Limit(row[k], error)
        previous = row
    return best


def _confirmed(value: float, error: float, rows: list[_Row], j: int, order: int) -> bool:
    """Whether the quotients of all smaller steps agree with `value` within their noise."""
    exponent, quotient, _ = rows[j]
    bend = abs(value - quotient)
    return all(
        abs(value - smaller) <= 4 * bend * 2.0 ** (order * (exponent - finer)) + SAFETY * error + 2 * noise
        for finer, smaller, noise in rows[j + 1 :]
    )


def central(pair: Pair, value: float) -> float:
    """Return the central difference."""
    return (pair.above - pair.below) / (pair.right - pair.left)


def right(pair: Pair, value: float) -> float:
    """Return the difference to the right."""
    return (pair.above - value) / pair.right


def left(pair: Pair, value: float) -> float:
    """Return the difference to the left."""
    return (pair.below - value) / pair.left
