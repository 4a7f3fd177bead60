"""A benchmark problem: a loss, a point, and the right gradient there.

Every loss is written once as a `formula` over an array namespace, so that the same formula can be
differentiated by PyTorch and the hand-written gradient be verified without finite differences.
What is given to the checkers is plain NumPy.
"""

import dataclasses
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Params = dict[str, Array]
Loss = Callable[[Params], Any]
Formula = Callable[[Any, ModuleType], Any]
Gradient = Callable[[Params], Params]

VISIBLE = 100.0
COUNTS = 10.0
ROUND_OFF = 64 * float(np.finfo(float).eps)  # of the leaf's largest entry: what a right one may be off by


@dataclass(frozen=True)
class Problem:
    """A loss with a hand-written gradient that is right at `params`.

    Attributes
    ----------
    params : dict of str to ndarray
        The point.
    formula : callable
        ``formula(params, namespace)``: the loss in exact arithmetic; the namespace is numpy or torch.
    gradient : callable
        ``gradient(params)``: by hand, same names and shapes.
    loss : callable or None
        What is given to the checkers; None: the formula in NumPy.
    also_right : tuple of callable
        Other right gradients: at a kink, every value between two of them is right.
    known_mistakes : dict of str to callable
        Wrong gradients that people write for this loss.
    rtol : float
        The relative error that matters at the loss's precision.
    noise : float
        Relative round-off or noise of one value of the loss.
    roundoff : float
        Round-off of the hand-written gradient where everything cancels, in its units.
    reach : float or dict of str to ndarray
        How far an entry can be moved before the loss changes its character, relative to its size.
    """

    params: Params
    formula: Formula
    gradient: Gradient
    loss: Loss | None = None
    also_right: tuple[Gradient, ...] = ()
    known_mistakes: Mapping[str, Gradient] = field(default_factory=dict)
    rtol: float = 1e-6
    noise: float = float(np.finfo(float).eps)
    roundoff: float = 0.0
    reach: float | Params = 1.0

    def value(self, params: Params) -> Any:
        """Return the loss as the checkers see it."""
        return self.formula(params, np) if self.loss is None else self.loss(params)

    def right(self) -> tuple[Params, Params]:
        """Return the smallest and the largest right gradient, in float64."""
        point = as_float64(self.params)
        every = [g(point) for g in (self.gradient, *self.also_right)]
        names = list(point)
        low = {k: np.min([np.asarray(g[k], float) for g in every], axis=0) - self.roundoff for k in names}
        high = {k: np.max([np.asarray(g[k], float) for g in every], axis=0) + self.roundoff for k in names}
        return low, high

    def effect(self, wrong: Params) -> tuple[bool, bool]:
        """Say whether a wrong gradient counts as a mistake, and whether it can be seen in the loss.

        Parameters
        ----------
        wrong : dict of str to ndarray
            At `params`, in float64.

        Returns
        -------
        counts : bool
            Some entry is off by more than ten times `rtol` of itself, and by more than the round-off that
            a right gradient may have.
        visible : bool
            Such an entry moves the loss, over the entry's size, by more than 100 times its noise.
        """
        low, high = self.right()
        floor = self._floor()
        counts = visible = False
        for name, entries in wrong.items():
            excess = np.maximum(low[name] - entries, entries - high[name])
            size = np.max([np.abs(entries), np.abs(low[name]), np.abs(high[name])], axis=0)
            roundoff = ROUND_OFF * np.max(np.maximum(np.abs(low[name]), np.abs(high[name])), initial=0.0)
            off = ~(excess <= np.maximum(COUNTS * self.rtol * size, roundoff))
            counts |= bool(off.any())
            visible |= bool((off & ~(excess * self._steps(name) <= floor)).any())
        return counts, visible

    def visible(self) -> bool:
        """Say whether an error of `rtol` could be seen in every entry that is not zero."""
        low, high = self.right()
        sizes = {name: np.maximum(np.abs(low[name]), np.abs(high[name])) for name in low}
        floor = self._floor()
        return all(
            bool(np.all((size == 0) | (self.rtol * size * self._steps(name) > floor)))
            for name, size in sizes.items()
        )

    def _floor(self) -> float:
        return VISIBLE * self.noise * abs(float(self.value(as_float64(self.params))))

    def _steps(self, name: str) -> Array:
        size = np.abs(np.asarray(self.params[name], float))
        largest = size.max(initial=0.0) or 1.0
        reach = self.reach[name] if isinstance(self.reach, dict) else self.reach
        return np.asarray(np.where(size > 0, size, largest) * reach)


def as_float64(params: Params) -> Params:
    """Return a float64 copy."""
    return {name: np.array(leaf, float) for name, leaf in params.items()}


def map_gradients(problem: Problem, change: Callable[[Gradient], Gradient]) -> dict[str, Any]:
    """Return the fields of a problem that hold gradients, each changed in the same way."""
    return {
        "gradient": change(problem.gradient),
        "also_right": tuple(change(g) for g in problem.also_right),
        "known_mistakes": {name: change(g) for name, g in problem.known_mistakes.items()},
    }


def affine(problem: Problem, factor: float = 1.0, offset: float = 0.0) -> Problem:
    """Return the problem for ``factor * loss + offset``."""

    def change(gradient: Gradient) -> Gradient:
        return lambda params: {k: factor * g for k, g in gradient(params).items()}

    return dataclasses.replace(
        problem,
        formula=lambda params, xp: factor * problem.formula(params, xp) + offset,
        roundoff=factor * problem.roundoff,
        **map_gradients(problem, change),
    )


def in_units(problem: Problem, units: Params) -> Problem:
    """Return the same problem for parameters measured in other units: ``params / units``."""

    def change(gradient: Gradient) -> Gradient:
        def changed(params: Params) -> Params:
            inner = gradient({k: p * units[k] for k, p in params.items()})
            return {k: g * units[k] for k, g in inner.items()}

        return changed

    def formula(params: Params, xp: ModuleType) -> Any:
        return problem.formula({k: p * xp.asarray(units[k]) for k, p in params.items()}, xp)

    return dataclasses.replace(
        problem,
        params={k: p / units[k] for k, p in problem.params.items()},
        formula=formula,
        **map_gradients(problem, change),
    )


def with_noise(problem: Problem, level: float) -> Problem:
    """Return the problem with a loss off by up to `level` relative, the same at every call of a point."""

    def loss(params: Params) -> float:
        code = zlib.crc32(b"".join(np.ascontiguousarray(p).tobytes() for p in params.values()))
        return float(problem.formula(params, np)) * (1 + level * (code / 2**31 - 1))

    return dataclasses.replace(problem, loss=loss, noise=level)


def computing_in_float32(problem: Problem) -> Problem:
    """Return the problem with a loss that computes in float32 whatever it is given."""

    def loss(params: Params) -> float:
        return float(problem.formula({k: np.asarray(p, np.float32) for k, p in params.items()}, np))

    return dataclasses.replace(problem, loss=loss, rtol=1e-3, noise=float(np.finfo(np.float32).eps))


def with_float32_params(problem: Problem) -> Problem:
    """Return the problem at float32 parameters; its loss computes in the type that it is given."""
    return dataclasses.replace(
        problem, params={k: np.asarray(p, np.float32) for k, p in problem.params.items()}
    )
