"""What the gaps along random directions prove: a bound on the relative error, but for a probability.

A direction has independent uniform entries of standard deviation 1, so that sum_i r_i v_i / |r| has the
density of a section of a cube: at most 1 / sqrt(6), whatever r is (Ball [1]_; that of a Gaussian is at
most 1 / sqrt(2 pi), which is hardly less). So the sum of the squares of K of them is at most s with a
probability of at most (pi s / 6)^(K/2) / Gamma(K/2 + 1), the volume of a ball times 6^(-K/2). As that
density is nowhere larger, noise that is added to each makes this no more likely.

References
----------
.. [1] K. Ball, "Cube slicing in R^n", Proc. Amer. Math. Soc. 97(3), 465-473, 1986.
"""

import math
from dataclasses import dataclass

from gradcheck.methods.evidence import LeafEvidence
from gradcheck.methods.probe import Gap
from gradcheck.report import ParameterReport

FALSE_PASS = 1e-6

Evidence = dict[int, LeafEvidence]


@dataclass(frozen=True, slots=True)
class Stage:
    """How many directions are measured before the next decision, and its share of the probability.

    The shares of all stages add up to `FALSE_PASS`: a wrong gradient that passes has passed one.
    """

    directions: int
    share: float

    @property
    def false_pass(self) -> float:
        """The probability with which a wrong gradient may pass this stage."""
        return self.share * FALSE_PASS

    def precision(self) -> float:
        """Return the largest uncertainty of a gap, relative to the error that has to be refuted."""
        return math.sqrt(_least_square(self.directions, self.false_pass) / self.directions)


# Two directions would have to be ten times as precise as three, which take steps so small that few kinks
# lie within. Noise or a kink leaves a gap imprecise, which more directions make up for. A first direction
# whose gap had a say in the steps, or was loud and is measured again, is a second chance to pass. So is
# to be judged by how fast derivatives change, near an optimum: `BENT`.
AT_ONCE = (Stage(3, 1 / 4), Stage(4, 1 / 16), Stage(6, 1 / 16))
AGAIN = (Stage(3, 1 / 16), Stage(4, 1 / 32), Stage(6, 1 / 32))
TOGETHER = (Stage(3, 1 / 16), Stage(4, 1 / 16), Stage(8, 1 / 16))
ALONE = (Stage(3, 1 / 16), Stage(8, 1 / 32), Stage(16, 1 / 32))
BENT = (Stage(3, 1 / 32), Stage(8, 1 / 32))
EXTENDED = (Stage(3, 1 / 16), Stage(8, 1 / 32), Stage(16, 1 / 32))


@dataclass(frozen=True, slots=True)
class Certificate:
    """The gaps along some random directions.

    Attributes
    ----------
    gaps : tuple of Gap
    probability : float
        With which the bound that they give may be exceeded.
    """

    gaps: tuple[Gap, ...]
    probability: float

    def false_pass(self, amplitude: float, error: float) -> float:
        """Return the probability that gaps this small hide a relative error this large."""
        return _chance(len(self.gaps), self._total(amplitude) / error**2)

    def estimate(self, amplitude: float) -> tuple[float, float]:
        """Return the relative error of a leaf that the gaps suggest, and the bound above it."""
        if not amplitude:
            return math.inf, math.inf
        error = math.hypot(*(gap.value / amplitude for gap in self.gaps)) / math.sqrt(len(self.gaps))
        least = _least_square(len(self.gaps), self.probability)
        bound = math.sqrt(self._total(amplitude) / least)
        return (error, bound) if math.isfinite(bound) else (math.inf, math.inf)

    def spread(self, amplitude: float) -> float:
        """Return how far the gaps lie from 0, as relative errors of a leaf."""
        return math.sqrt(self._total(amplitude) / len(self.gaps)) if amplitude else math.inf

    @property
    def disagrees(self) -> int | None:
        """The direction whose gap stands out most, if any does."""
        clear = [k for k, gap in enumerate(self.gaps) if gap.seen and math.isfinite(gap.value)]
        return max(clear, key=lambda k: abs(self.gaps[k].value), default=None)

    def _total(self, amplitude: float) -> float:
        relative = ((abs(gap.value) + gap.uncertainty) / amplitude for gap in self.gaps)
        return sum(error * error for error in relative)  # which may be inf; ** would raise


@dataclass(frozen=True, slots=True)
class Certified:
    """What the directions tell of all leaves.

    Attributes
    ----------
    reports : dict of str to ParameterReport
        In the order of the leaves.
    false_pass_probability : float
        Of an error of ten times `rtol` in any parameter that is a match.
    notes : tuple of str
        Where the wrong entries are.
    evidence : dict of int to LeafEvidence
        The entries that got a second look, for each leaf that has any.
    """

    reports: dict[str, ParameterReport]
    false_pass_probability: float
    notes: tuple[str, ...]
    evidence: Evidence


def _chance(directions: int, square: float) -> float:
    """Return a bound on the probability that the squares along some directions add up to no more."""
    if not square:
        return 0.0
    log = directions / 2 * math.log(math.pi * square / 6) - math.lgamma(directions / 2 + 1)
    return math.exp(min(log, 0.0))


def _least_square(directions: int, probability: float) -> float:
    """Return what the squares along some directions exceed but for a probability."""
    return 6 / math.pi * float((probability * math.gamma(directions / 2 + 1)) ** (2 / directions))
