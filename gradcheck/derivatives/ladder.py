"""Values of phi at halving steps, and difference quotients extrapolated to step 0 (Richardson).

What keeps the bound on the error truthful:

- noise floor: no estimate claims more than three times the noise over its step, since the
  tableau alone is too optimistic in 7 to 31 % of cases;
- small steps win: an estimate counts only if the quotients of all smaller steps, and what they
  extrapolate to, agree with it within their own noise. Where phi oscillates faster than the step,
  or a kink lies close by, large steps agree with each other on a wrong value with a tiny error
  estimate; a few do so by chance, whatever phi is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from gradcheck.derivatives.lines import Line
from gradcheck.derivatives.noise import Noise

SAFETY = 5.0
_UNLIKE = 3.0  # times its error: so far off noise may leave what smaller steps extrapolate to
_Row = tuple[int, float, float]


@dataclass(frozen=True, slots=True)
class Pair:
    """phi at a step to the right and to the left, and what noise alone does to a difference quotient."""

    right: float
    left: float
    above: float
    below: float
    noise: float


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
    noise : Noise
    """

    def __init__(self, line: Line, value: float, scale: float, noise: Noise) -> None:
        self.line, self.value, self.scale, self.noise = line, value, scale, noise
        self.pairs: dict[int, Pair] = {}

    def climb(self, exponents: Iterable[int]) -> None:
        """Evaluate phi at these steps, to the right and to the left."""
        steps = {n: self.scale * 2.0**-n for n in exponents if n not in self.pairs}
        values = iter(self.line.values([sign * t for t in steps.values() for sign in (1, -1)]))
        for exponent, t in steps.items():
            right, left = self.line.realised(t), self.line.realised(-t)
            above, below = next(values), next(values)
            noise = 3 * float(self.noise.at(np.fmax(abs(above), abs(below))))
            width = min(right, -left)
            self.pairs[exponent] = Pair(right, left, above, below, noise / width if width > 0 else np.inf)

    def limit(self, quotient: Callable[[Pair, float], float], order: int, first: int = -1) -> Limit:
        """Extrapolate a quotient whose error has the powers order, 2 order, ... of the step.

        Steps larger than ``scale / 2**first`` are left out.
        """
        rows = []
        for exponent in sorted(self.pairs):
            pair = self.pairs[exponent]
            if pair.right > 0 > pair.left and exponent >= first:
                rows.append((exponent, quotient(pair, self.value), pair.noise))
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
    tableau = _tableau(rows, order)
    for j, limits in enumerate(tableau):
        for found in limits:
            if found.error < best.error:
                error = max(found.error, _doubt(found, rows[j:], tableau[j + 1 :], order))
                best = min(best, Limit(found.value, error), key=lambda limit: limit.error)
    return best


def _tableau(rows: list[_Row], order: int) -> list[list[Limit]]:
    """Return what the quotients extrapolate to, for each row those of all columns but the first."""
    tableau: list[list[Limit]] = []
    previous: list[float] = []
    for j, (exponent, quotient, noise) in enumerate(rows):
        if j and rows[j - 1][0] != exponent - 1:
            previous = []
        row, limits = [quotient], list[Limit]()
        for k, coarser in enumerate(previous, start=1):
            factor = 2.0 ** (order * k)
            row.append((factor * row[-1] - coarser) / (factor - 1))
            error = max(abs(row[k] - row[k - 1]), abs(row[k] - coarser), (3 - order) * noise)
            limits.append(Limit(row[k], error))
        tableau.append(limits)
        previous = row
    return tableau


def _doubt(found: Limit, rows: list[_Row], finer_limits: list[list[Limit]], order: int) -> float:
    """Return by how much smaller steps differ from a limit, if by more than noise and truncation do.

    ``inf`` if by more than an error of that size explains. The first of `rows` is that of the limit.
    """
    (exponent, quotient, _), *finer_rows = rows
    bend = abs(found.value - quotient)
    doubt = 0.0
    for (finer, smaller, noise), limits in zip(finer_rows, finer_limits, strict=True):
        truncation = 4 * bend * 2.0 ** (order * (exponent - finer))
        seen = [(abs(found.value - smaller) - truncation, 2 * noise)]
        seen += [(abs(found.value - limit.value), _UNLIKE * limit.error) for limit in limits]
        for difference, explained in seen:
            if difference - explained > SAFETY * found.error:
                return np.inf
            if difference > explained:
                doubt = max(doubt, difference)
    return doubt


def central(pair: Pair, value: float) -> float:
    """Return the central difference.

    The steps to both sides may differ by the rounding of ``x + t``: less what curvature makes of that.
    """
    slope = (pair.above - pair.below) / (pair.right - pair.left)
    skew, product = pair.right + pair.left, pair.right * pair.left
    if skew and product:
        slope += skew * (pair.above - value + (pair.below - value)) / (2 * product)
    return slope


def right(pair: Pair, value: float) -> float:
    """Return the difference to the right."""
    return (pair.above - value) / pair.right


def left(pair: Pair, value: float) -> float:
    """Return the difference to the left."""
    return (pair.below - value) / pair.left
