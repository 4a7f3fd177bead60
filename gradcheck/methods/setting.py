"""What one check has in common for all leaves: precision asked for, noise, sizes, randomness."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.blocks import in_blocks
from gradcheck.decision import ROUND_OFF
from gradcheck.derivatives.extrapolation import Estimate, extrapolate
from gradcheck.derivatives.lines import DirectionLine, EntryLine, entry_scales, leaf_scales
from gradcheck.derivatives.noise import Noise, least_noise, measure_noise
from gradcheck.problem import Problem

Array = NDArray[Any]

RTOL = 1e-6
RTOL_SINGLE = 1e-3
_FARTHER = (2.0, 32.0)
_NEARBY = (1 / 8, 1.0)
_QUIETER = 1 / 8  # extended precision serves where its noise is less than this times that known
_SINGLE = 2.0**-24
_TERMS = 1 / 32  # of sum |a_i x_i|: a sum that cancels is rounded as a value of that size is, or worse
_STILL = 4.0  # times the noise: less is no change


@dataclass
class Setting:
    """What one check has in common for all leaves.

    Attributes
    ----------
    rtol : float
    noise : Noise
        Of the loss.
    scales : list of float
        Typical size of each leaf.
    seed : int
    differs : bool
        Whether the loss differs between equal calls.
    variation : float or None
        How much the loss changes when all parameters change, relative to how much they do, or near
        an optimum will if they change by their size; 0 if it never does, None if it was not needed yet.
    """

    rtol: float
    noise: Noise
    scales: list[float]
    seed: int
    differs: bool = False
    variation: float | None = field(default=None, init=False)

    def natural(self, problem: Problem, leaf: int) -> float:
        """Return the size of a derivative by this leaf if the leaf mattered as all do together.

        It is what an entry is judged by that has no size of its own, because the whole leaf has
        derivative 0: in units of the derivative.
        """
        if self.variation is None:
            self.variation = self._measured_variation(problem)
        return self.variation / self.scales[leaf]

    def bend(self, problem: Problem, leaf: int) -> float:
        """Return by how much the derivative by an entry of this leaf changes as the entry does by its size.

        It is the mean of all entries. Of a kink a small step tells too much, of a loss that grows fast a
        large one.
        """
        line = overall_line(problem, self.scales, self.seed, [leaf])
        near, far = (abs(sum(line.values([t, -t])) - 2 * problem.value) / t**2 for t in _NEARBY)
        bend = float(np.fmin(near, far)) / self.scales[leaf] / problem.start[leaf].size
        return bend if bend < np.inf else 0.0

    def unit_roundoff(self, problem: Problem, leaf: int) -> float:
        """Return the unit round-off with which a leaf of the gradient was computed.

        It is that of its type, or of single precision where the gradient holds only such numbers and
        rtol allows for it.
        """
        own = float(np.finfo(problem.analytic[leaf].dtype).eps) / 2
        single = own < _SINGLE and self.rtol >= ROUND_OFF * _SINGLE and problem.in_single
        return _SINGLE if single else own

    def _measured_variation(self, problem: Problem) -> float:
        line = overall_line(problem, self.scales, self.seed)

        def moved(step: float) -> tuple[float, float]:
            """Return the largest change, and what of it is the same on both sides."""
            both = np.array(line.values([step, -step])) - problem.value
            largest = float(np.max(np.abs(both[np.isfinite(both)]), initial=0.0))
            return largest, float(abs(np.sum(both)))

        for step in (self.noise.reach, *_FARTHER):
            largest, even = moved(step)
            if largest > _STILL * self.noise.level:
                break
        else:
            return 0.0
        slope, bent = largest / step, even / step**2
        # Near an optimum the slope grows to `bent`. Of a kink `bent` says nothing: a whole step bounds it.
        return max(slope, min(bent, moved(1.0)[0])) if slope < bent < np.inf else slope


def measured_setting(problem: Problem, rtol: float | None, seed: int) -> Setting:
    """Return the setting of a problem, and flag its loss if it differs between equal calls.

    Parameters
    ----------
    problem : Problem
    rtol : float or None
        None for the default: `RTOL`, or `RTOL_SINGLE` where the loss or the gradient is in single precision.
    seed : int

    Returns
    -------
    Setting
    """
    sizes = leaf_scales(problem)
    line = overall_line(problem, sizes, seed)
    noise = measure_noise(line, problem.value, problem.unit_roundoff)
    again = [problem.evaluate() for _ in range(2)]  # two in a row: it may differ in every other call
    repeated = max(abs(value - problem.value) for value in again)
    if repeated > 0:
        problem.flag(
            "nondeterministic",
            f"the loss differs between equal calls, by {repeated:.1e}: fix its seed or its state",
        )
    # What differs by chance is as loud as single precision only by chance.
    single = noise.single and all(float(np.float32(value)) == value for value in again if repeated)
    noise = replace(noise, level=max(noise.level, float(repeated)), single=single)
    return Setting(rtol or _default_rtol(problem, noise), noise, sizes, seed, differs=repeated > 0)


def assumed_setting(problem: Problem, rtol: float | None, seed: int) -> Setting:
    """Return the setting of a problem as if its loss had no noise but the least possible.

    Parameters
    ----------
    problem : Problem
    rtol : float or None
        As in `measured_setting`.
    seed : int

    Returns
    -------
    Setting
    """
    noise = least_noise(max(abs(problem.value), _TERMS * _terms(problem)), problem.unit_roundoff)
    return Setting(rtol or _default_rtol(problem, noise), noise, leaf_scales(problem), seed)


def _terms(problem: Problem) -> float:
    """Return sum |a_i x_i|: about what a loss adds up, however much of it cancels."""
    total = 0.0
    for x, a in zip(problem.start, problem.analytic, strict=True):
        for some, by_these in zip(in_blocks(x), in_blocks(a), strict=True):
            total += float(np.sum(np.abs(some * by_these)))
    return total


def _default_rtol(problem: Problem, noise: Noise) -> float:
    single = noise.single or any(a.dtype.itemsize < 8 for a in problem.analytic)
    return RTOL_SINGLE if single else RTOL


def overall_line(
    problem: Problem, scales: list[float], seed: int, leaves: Sequence[int] | None = None
) -> DirectionLine:
    """Return a line that moves every entry, or those of some leaves, by about the size of its leaf."""
    rng = np.random.default_rng(seed)
    direction = {}
    for leaf in range(len(scales)) if leaves is None else leaves:
        scale, start = scales[leaf], problem.start[leaf]
        direction[leaf] = np.empty_like(start)
        for block, out in zip(in_blocks(start), in_blocks(direction[leaf]), strict=True):
            step = rng.random(len(block), np.float32) - np.float32(0.5)
            step += np.copysign(np.float32(0.5), step)
            np.multiply(step, entry_scales(block, scale), out=out)
    return DirectionLine(problem, direction)


def in_extended_precision(problem: Problem, setting: Setting) -> tuple[Problem, Setting] | None:
    """Return the problem and its setting in extended precision, if the loss is less noisy in that."""
    twin = problem.extended()
    if twin is None:
        return None
    line = overall_line(twin, setting.scales, setting.seed)
    noise = measure_noise(line, twin.value, twin.unit_roundoff)
    problem.evaluations += noise.evaluations
    if noise.level > _QUIETER * setting.noise.level:
        return None
    return twin, replace(setting, noise=noise)


def second_look(
    problem: Problem, leaf: int, k: int, setting: Setting, scale: float | None = None
) -> Estimate:
    """Measure the derivative by one entry with a bound on its error.

    Steps are scaled by the size of the entry, if not by another.
    """
    start = problem.start[leaf][k : k + 1]
    expected = float(problem.analytic[leaf][k])
    return extrapolate(
        EntryLine(problem, leaf, k),
        problem.value,
        scale or float(entry_scales(start, setting.scales[leaf])[0]),
        setting.noise,
        smallest=float(abs(start[0])),
        enough=setting.rtol * abs(expected) / 8,
        expected=expected,
    )
