"""Lines through the point: phi(t) = loss at x + t v, and the sizes of the leaves that move."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradcheck.problem import Problem

Array = NDArray[Any]


class Line(Protocol):
    """phi(t), with the step that is really taken for t."""

    def realised(self, t: float) -> float:
        """Return the step that is really taken for t."""

    def __call__(self, t: float) -> float:
        """Return phi(t), NaN where phi has no value."""


class EntryLine:
    """phi(t) = loss with entry k of one leaf moved by t.

    Parameters
    ----------
    problem : Problem
    leaf : int
        Index of the leaf.
    k : int
        Entry of its `Leaf.values`.
    """

    def __init__(self, problem: Problem, leaf: int, k: int) -> None:
        self._problem, self._leaf, self._k = problem, problem.leaves[leaf], k
        self._start = problem.start[leaf][k]

    def realised(self, t: float) -> float:
        """Return the step that is really taken for t: ``x + t`` is rounded."""
        return float(self._leaf.values.dtype.type(self._start + t)) - float(self._start)

    def __call__(self, t: float) -> float:
        """Return phi(t), leaving the leaf as it was."""
        values, sync = self._leaf.values, self._leaf.sync
        values[self._k] = self._start + t
        if sync:
            sync()
        value = self._problem.evaluate()
        values[self._k] = self._start
        if sync:
            sync()
        return value


class DirectionLine:
    """phi(t) = loss with every leaf moved by t times a direction.

    Parameters
    ----------
    problem : Problem
    direction : list of ndarray
        One array for each leaf, shape as `Leaf.values`.
    """

    def __init__(self, problem: Problem, direction: list[Array]) -> None:
        self._problem, self._direction = problem, direction

    def realised(self, t: float) -> float:
        """Return t: the rounding of all entries together is noise of the loss."""
        return t

    def __call__(self, t: float) -> float:
        """Return phi(t), leaving the leaves as they were."""
        problem = self._problem
        for leaf, start, step in zip(problem.leaves, problem.start, self._direction, strict=True):
            np.multiply(step, t, out=leaf.values)
            leaf.values += start
            if leaf.sync:
                leaf.sync()
        value = problem.evaluate()
        problem.restore()
        return value


def leaf_scale(start: Array, fallback: float) -> float:
    """Return the size of a leaf, a power of two near its root mean square.

    Parameters
    ----------
    start : ndarray, shape (n,)
    fallback : float
        The answer for a leaf of zeros.

    Returns
    -------
    float
    """
    largest = float(np.max(np.abs(start), initial=0.0))
    if not 0 < largest < np.inf:
        return fallback
    rms = largest * float(np.sqrt(np.mean(np.square(start / largest))))
    return float(2.0 ** np.round(np.log2(rms)))


def scales(problem: Problem) -> list[float]:
    """Return the size of each leaf; a leaf of zeros has that of the smallest other leaf, or 1."""
    sizes = [leaf_scale(start, 0.0) for start in problem.start]
    fallback = min((size for size in sizes if size), default=1.0)
    return [size or fallback for size in sizes]
