"""Directional derivatives of functions of many outputs: random tangents, a random cotangent.

Entry k of each parameter here is the length of a step along the k-th tangent of one argument, so
that its derivative is ``sum(cotangent * jvp(args, tangent))``.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives.lines import entry_scales, leaf_scales
from gradcheck.evaluation import Evaluation
from gradcheck.interface import name_of
from gradcheck.parameters import Parameters
from gradcheck.pullback import Projection

Array = NDArray[Any]
Steps = dict[str, Array]

TANGENTS = 3
ALL = "all arguments"


class Pushforward:
    """A loss of steps along random tangents, and its gradient by the jvp to be judged.

    Parameters
    ----------
    value : callable
        ``value(params) -> outputs``.
    params : dict of nests of parameters
        The arguments by name.
    jvp : callable
        ``jvp(args, tangents) -> tangent of the outputs``.
    seed : tuple of int

    Attributes
    ----------
    start : dict of str to ndarray, each of shape (TANGENTS,)
        The point: no step. One for each leaf of params, and if there are several, one for `ALL`.
    """

    def __init__(
        self, value: Callable[[Any], Any], params: Any, jvp: Callable[..., Any], seed: tuple[int, ...]
    ) -> None:
        self._jvp, self._projection = jvp, Projection(seed)
        self._outputs = Evaluation(lambda nest: self._projection(value(nest)), params)
        self._outputs.watch_beside()
        self._tangents = _drawn(self._outputs, np.random.default_rng((*seed, 1)))
        self.start = {name: np.zeros(TANGENTS) for name in self._tangents}
        self.gradient = update_wrapper(lambda steps: self._gradient(), jvp)

    @property
    def noticed(self) -> tuple[list[str], list[str]]:
        """Notes and flags about the function."""
        return self._outputs.notes, self._outputs.flags

    def loss(self, steps: Steps) -> Any:
        """Return the weighted sum of the outputs, in their precision."""
        for i, leaf in enumerate(self._outputs.leaves):
            moved = leaf.start.copy()
            for name, tangents in self._tangents.items():
                for step, tangent in zip(steps[name], tangents, strict=True):
                    if step:
                        moved += (step * tangent[i]).astype(moved.dtype)
            leaf.set(moved)
        return self._projection.dtype.type(self._outputs.evaluate())

    def _gradient(self) -> Steps:
        self._outputs.restore()
        return {name: np.array(list(map(self._slope, self._tangents[name]))) for name in self._tangents}

    def _slope(self, tangent: list[Array]) -> float:
        point, moved = Parameters(self._outputs.params), Parameters(self._outputs.params)
        for leaf, values in zip(moved.leaves, tangent, strict=True):
            leaf.set(values)
        found = self._jvp(tuple(point.nest.values()), tuple(moved.nest.values()))
        return self._projection.tangent(found, f"{name_of(self._jvp, 'jvp')}(args, tangents)")


def _drawn(outputs: Evaluation, rng: np.random.Generator) -> dict[str, list[list[Array]]]:
    """Draw tangents, one array for each leaf: of one leaf at a time, and of all together."""
    sizes = [entry_scales(*pair) for pair in zip(outputs.start, leaf_scales(outputs), strict=True)]

    def tangent(only: int | None) -> list[Array]:
        draws = [
            rng.standard_normal(size.shape) * (only is None or only == i) for i, size in enumerate(sizes)
        ]
        return [(draw * size).astype(size.dtype) for draw, size in zip(draws, sizes, strict=True)]

    movers: dict[str, int | None] = {leaf.name: i for i, leaf in enumerate(outputs.leaves)}
    if len(movers) > 1:
        movers[ALL] = None
    return {name: [tangent(only) for _ in range(TANGENTS)] for name, only in movers.items()}
