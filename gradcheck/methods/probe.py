"""Random directions over leaves, and the error of the analytic gradient along them.

Along v the error of the directional derivative is t = a.v - D_v = sum e_i v_i. With v_i = c u_i / |a_i|,
u_i uniform of standard deviation 1, every entry counts by its relative error, however small it is beside
others; entries smaller than `SMALLEST` of their leaf's root mean square count as if they were that
large, zeros too. Where many are, or those of far larger parameters, and their leaf holds parameters of very
different sizes, derivatives are compared by what they are times those.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.blocks import in_blocks, norm, root_mean_square
from gradcheck.decision import ROUND_OFF
from gradcheck.derivatives.directional import LARGE, directional_derivative
from gradcheck.derivatives.glance import glance
from gradcheck.derivatives.lines import FAR_LARGER, DirectionLine, entry_scales
from gradcheck.methods.setting import Setting
from gradcheck.problem import Problem

Array = NDArray[Any]

SMALLEST = 2.0**-5
_REACH = 2.0**-3
_UNEVEN = 64.0
_WEAKEST = 1e-6
_MIXED = 1 / 4  # of the entries of a leaf: so many are of another size than it
_FEW = 2.0**-10  # of a normal distribution hardly any are small where their parameters are far larger


@dataclass(frozen=True, slots=True)
class Gap:
    """The error of the analytic gradient along one direction.

    Attributes
    ----------
    value : float
        ``a.v - D_v``, in the units of the loss.
    uncertainty : float
        Bound on its own error but for noise. The round-off of a is an error of a, and bounded with it.
    beyond_doubt : float
        A looser bound that the gap has to exceed to be called one: no round-off of a is to blame for it.
    slope : float
        a.v itself.
    room : int
        How often the steps could be doubled to make it quieter; the next gap is measured so.
    chosen : bool
        Whether the steps were chosen by how small it is.
    """

    value: float
    uncertainty: float
    beyond_doubt: float
    slope: float
    room: int = 0
    chosen: bool = False

    @property
    def seen(self) -> bool:
        """Whether it is no error of the measurement."""
        return not abs(self.value) <= self.beyond_doubt

    def minus(self, part: "Gap") -> "Gap":
        """Return what is left of the gap without a part of the direction."""
        return Gap(
            self.value - part.value,
            self.uncertainty + part.uncertainty,
            self.beyond_doubt + part.beyond_doubt,
            self.slope - part.slope,
        )


@dataclass(eq=False)
class Probe:
    """Random directions over some leaves, drawn anew into the same memory.

    Parameters
    ----------
    problem : Problem
    setting : Setting

    Attributes
    ----------
    direction : list of ndarray
        The one drawn last, shapes as `Problem.start`.
    sizes : list of float
        Typical derivative of each leaf, of the entries that move.
    amplitudes : list of float
        c of each leaf: the change of the loss by an entry, for its relative error of 1.
    """

    problem: Problem
    setting: Setting
    direction: list[Array] = field(init=False)
    sizes: list[float] = field(init=False)
    amplitudes: list[float] = field(init=False)
    _own_sizes: set[int] = field(init=False, default_factory=set)  # leaves with entries that move by theirs
    _places: list[int] = field(init=False)  # of leaves in the stream of random numbers
    _unit: float = field(init=False)  # round-off with which the gap is computed
    _ceilings: dict[int, float] = field(init=False, default_factory=dict)  # of entries that move
    _exponents: dict[tuple[int, ...], int] = field(init=False, default_factory=dict)  # of steps that served

    def __post_init__(self) -> None:
        self.direction = [np.empty_like(start) for start in self.problem.start]
        self._places = list(accumulate(((len(start) + 1) // 2 for start in self.problem.start), initial=0))
        self._unit = float(np.finfo(np.result_type(*self.direction)).eps) / 2
        sizes = [root_mean_square(in_blocks(a), len(a)) for a in self.problem.analytic]
        self.sizes = [size or self.setting.natural(self.problem, leaf) for leaf, size in enumerate(sizes)]
        # A leaf that matters much is moved less: its curvature would hide the others.
        largest = [self._largest(leaf) for leaf in range(len(sizes))]
        least = max(min((c for c in largest if c), default=0.0), _WEAKEST * max(largest))
        self.amplitudes = [min(c, _UNEVEN * least) for c in largest]

    def finer(self, problem: Problem, setting: Setting) -> "Probe":
        """Return a probe of the same loss in another precision, which knows what steps served."""
        twin = Probe(problem, setting)
        twin._exponents = dict(self._exponents)
        return twin

    def isolate(self, leaf: int, size: float) -> None:
        """Prepare a leaf to be moved alone, its entries of the size given."""
        self.sizes[leaf] = size
        self.amplitudes[leaf] = self._largest(leaf)

    def descend(self, leaf: int) -> None:
        """Prepare to move by themselves those entries of a leaf that counted as larger than they are.

        Where the leaf holds very different ones, all are moved, each by its own size.
        """
        ceiling, length, count = SMALLEST * self.sizes[leaf], 0.0, 0
        if leaf not in self._own_sizes and (self._is_mixed(leaf) or self.mixes_units(leaf)):
            self._own_sizes.add(leaf)
            ceiling = np.inf
        for _, size, _ in self._weighed(leaf):
            small = size[(size > 0) & (size < ceiling)]
            length, count = math.hypot(length, norm(small)), count + len(small)
        self._ceilings[leaf] = ceiling
        self._exponents.pop((leaf,), None)
        self.isolate(leaf, length / math.sqrt(count))

    def is_round_off(self, leaf: int) -> bool:
        """Whether a leaf's derivative is no more than what round-off leaves of one that is 0."""
        natural = self.setting.natural(self.problem, leaf)
        return self.sizes[leaf] <= ROUND_OFF * self.setting.unit_roundoff(self.problem, leaf) * natural

    def whole(self, leaf: int) -> float:
        """Return by what the round-off of a leaf is measured: the typical derivative of all its entries.

        Entries of different sizes are compared by what their derivative times their size is, as in
        `gradcheck.methods.evidence.LeafEvidence.scale`.
        """
        start, analytic = self.problem.start[leaf], self.problem.analytic[leaf]
        scale = self.setting.scales[leaf]
        both = zip(in_blocks(start), in_blocks(analytic), strict=True)
        weighed = (entry_scales(sizes, scale) / scale * a for sizes, a in both)
        return root_mean_square(weighed, len(start)) or self.setting.natural(self.problem, leaf)

    def small(self, leaf: int) -> int:
        """Count the entries of a leaf, zeros left out, that count as larger than they are.

        It is none where all of them are round-off of a derivative of 0.
        """
        least, count, largest = SMALLEST * self.sizes[leaf], 0, 0.0
        for _, size, _ in self._weighed(leaf):
            count += int(np.count_nonzero((size > 0) & (size < least)))
            largest = max(largest, float(np.max(size)))
        return count if largest >= least else 0

    def mixes_units(self, leaf: int) -> bool:
        """Whether derivatives count as larger than they are because their parameters are far larger."""
        if leaf in self._own_sizes:
            return False
        start, analytic = self.problem.start[leaf], self.problem.analytic[leaf]
        far, least = FAR_LARGER * self.setting.scales[leaf], SMALLEST * self.sizes[leaf]
        found = 0
        for x, a in zip(in_blocks(start), in_blocks(analytic), strict=True):
            large = np.abs(x) > far
            if large.any():
                sizes = np.abs(a[large])
                found += int(np.count_nonzero((sizes > 0) & (sizes < least)))
        return found > _FEW * len(start)

    def least(self, leaf: int) -> str:
        """Return, in words, the size as which smaller derivatives count."""
        size = SMALLEST * self.sizes[leaf]
        own = leaf in self._own_sizes
        return f"{size * self.setting.scales[leaf]:.0e} over their parameter" if own else f"{size:.0e}"

    def _largest(self, leaf: int) -> float:
        """Return the amplitude with which the entries move by about the size of the leaf."""
        return self.setting.scales[leaf] * _REACH * self.sizes[leaf]

    def draw(self, k: int, leaves: Sequence[int]) -> None:
        """Draw the k-th direction of these leaves; the same one each time."""
        stream, drawn = np.random.PCG64((self.setting.seed, k)), 0
        rng = np.random.Generator(stream)
        for leaf in leaves:
            # A leaf has its own place in the stream, whichever others are drawn: two numbers of each draw.
            stream.advance(self._places[leaf] - drawn)
            drawn = self._places[leaf + 1]
            mantissa, exponent = math.frexp(math.sqrt(12) * self.amplitudes[leaf])
            for part, size, moves in self._weighed(leaf):
                if leaf in self._ceilings:
                    size[size >= self._ceilings[leaf]] = np.inf  # does not move
                size.clip(SMALLEST * self.sizes[leaf], np.inf, out=size)
                # v_i a_i has 24 bits: where it is added to a larger sum it hardly changes what is rounded
                # off, so that of a sum of squares most round-off is the same on both sides.
                uniform = rng.random(len(part), np.float32)
                uniform -= 0.5
                uniform *= 2 * mantissa
                np.multiply(uniform, math.ldexp(1.0, exponent - 1), out=part, dtype=np.float64)
                part /= size if self.sizes[leaf] else np.inf
                if moves is not None:
                    part *= moves

    def gap(self, leaves: Sequence[int], enough: float, box: tuple[slice, ...] | None = None) -> Gap:
        """Measure the gap along the direction drawn, over whole leaves or a box of a single one.

        Parameters
        ----------
        leaves : sequence of int
        enough : float
            An uncertainty that serves.
        box : tuple of slice, optional
            Part of the only leaf, one slice for each axis.

        Returns
        -------
        Gap
        """
        slope, size = 0.0, 0.0
        for leaf in leaves:
            for part, block in self._blocks(leaf, box):
                products = part * block
                slope += float(np.sum(products))
                size = math.hypot(size, norm(products))
        line = DirectionLine(self.problem, {leaf: self.direction[leaf] for leaf in leaves}, box)
        known, noise = self._known(leaves, box), self.setting.noise
        if noise.evaluations:
            measured = directional_derivative(line, self.problem.value, noise, enough, known)
        else:
            measured = glance(line, self.problem.value, noise, enough, slope, size, known)
        value = float(slope - measured.value)
        room = measured.room(value, enough)
        if box is None:
            self._exponents[tuple(leaves)] = measured.exponent - room
        unsteadiness = self._unsteadiness(leaves, box)
        own = max(self.setting.unit_roundoff(self.problem, leaf) for leaf in leaves)
        return Gap(
            value,
            float(measured.uncertainty) + ROUND_OFF * self._unit * size + unsteadiness,
            float(measured.beyond_doubt) + ROUND_OFF * max(own, self._unit) * size + unsteadiness,
            slope,
            room,
            measured.chosen,
        )

    def _known(self, leaves: Sequence[int], box: tuple[slice, ...] | None) -> int | None:
        """Return with what steps to begin: where kinks lie close by, they do so along every direction.

        Not along a part of it, which begins with larger steps, and with the largest if those served.
        """
        alone = max((self._exponents[leaf,] for leaf in leaves if (leaf,) in self._exponents), default=None)
        known = self._exponents.get(tuple(leaves), alone)
        return known if box is None or known is None else min(known, LARGE)

    def _unsteadiness(self, leaves: Sequence[int], box: tuple[slice, ...] | None) -> float:
        """Return by how much a.v differs between equal calls of the gradient."""
        total = 0.0
        for leaf in leaves:
            unsteady, direction = self.problem.unsteady[leaf], self.direction[leaf]
            if isinstance(unsteady, np.ndarray) and unsteady.any():
                shape = self.problem.leaves[leaf].grid
                part = slice(None) if box is None else box
                total += float(np.sum(np.abs(direction * unsteady).reshape(shape)[part]))
        return total

    def _is_mixed(self, leaf: int) -> bool:
        start, scale = self.problem.start[leaf], self.setting.scales[leaf]
        other = sum(int(np.count_nonzero(entry_scales(x, scale) != scale)) for x in in_blocks(start))
        return other > _MIXED * len(start)

    def _weighed(self, leaf: int) -> Iterator[tuple[Array, Array, Array | None]]:
        """Yield blocks of the direction, of ``|a_i| s_i``, and of s_i: None where all are 1.

        s_i is the size of an entry relative to that of its leaf, where entries move by their own.
        """
        start, analytic = self.problem.start[leaf], self.problem.analytic[leaf]
        blocks = map(in_blocks, (self.direction[leaf], analytic, start))
        for direction, a, x in zip(*blocks, strict=True):
            size, moves = np.abs(a), None
            if leaf in self._own_sizes:
                moves = np.abs(x) / self.setting.scales[leaf]
                moves[moves == 0] = 1.0
                size = size * moves
            yield direction, size, moves

    def _blocks(self, leaf: int, box: tuple[slice, ...] | None = None) -> Iterator[tuple[Array, Array]]:
        direction, analytic = self.direction[leaf], self.problem.analytic[leaf]
        if box is not None:
            shape = self.problem.leaves[leaf].grid
            yield direction.reshape(shape)[box].ravel(), analytic.reshape(shape)[box].ravel()
            return
        yield from zip(in_blocks(direction), in_blocks(analytic), strict=True)
