"""What one check has in common for all leaves: precision asked for, noise, sizes, randomness."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives.extrapolation import Estimate, extrapolate
from gradcheck.derivatives.lines import DirectionLine, EntryLine, entry_scales
from gradcheck.problem import Problem

Array = NDArray[Any]

_NATURAL_STEP = 0.125


@dataclass
class Setting:
    """What one check has in common for all leaves.

    Attributes
    ----------
    rtol : float
    noise : float
        Standard deviation of the loss.
    scales : list of float
        Typical size of each leaf.
    seed : int
    variation : float or None
        How much the loss changes when all parameters change by an eighth of their size; None
        if it was not needed yet.
    """

    rtol: float
    noise: float
    scales: list[float]
    seed: int
    variation: float | None = field(default=None, init=False)

    def natural(self, problem: Problem, leaf: int) -> float:
        """Return the size of a derivative by this leaf if the leaf mattered as all do together.

        It is what an entry is judged by that has no size of its own, because the whole leaf has
        derivative 0: in units of the derivative.
        """
        if self.variation is None:
            line = overall_line(problem, self.scales, self.seed)
            moved = np.array([line(_NATURAL_STEP), line(-_NATURAL_STEP)]) - problem.value
            self.variation = float(np.max(np.abs(moved[np.isfinite(moved)]), initial=0.0))
        return self.variation / _NATURAL_STEP / self.scales[leaf]


def overall_line(problem: Problem, scales: list[float], seed: int) -> DirectionLine:
    """Return a line that moves every entry by about the size of its leaf, in a random direction."""
    rng = np.random.default_rng(seed)
    direction = {}
    for leaf, (scale, start) in enumerate(zip(scales, problem.start, strict=True)):
        direction[leaf] = rng.uniform(0.5, 1.0, start.shape)
        direction[leaf] *= entry_scales(start, scale)
        direction[leaf][rng.integers(0, 2, start.shape, dtype=np.int8) == 0] *= -1
    return DirectionLine(problem, direction)


def second_look(problem: Problem, leaf: int, k: int, setting: Setting) -> Estimate:
    """Measure the derivative by one entry with a bound on its error."""
    size = float(abs(problem.start[leaf][k]))
    return extrapolate(
        EntryLine(problem, leaf, k),
        problem.value,
        max(size, setting.scales[leaf]),
        setting.noise,
        problem.unit_roundoff,
        smallest=size,
        enough=setting.rtol * float(abs(problem.analytic[leaf][k])) / 8,
    )
