"""Lines through the point: phi(t) = loss at x + t v, and the sizes of the leaves that move."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradcheck.evaluation import Evaluation

Array = NDArray[Any]

FAR_LARGER, _FAR_SMALLER = 8.0, 2.0**-10
_SAMPLED, _STRIDE = 1_000, 2_654_435_769  # the golden ratio times 2**32
_NOUGHT = 2.0**-1000  # less has no size: steps of it would vanish


class Line(Protocol):
    """phi(t), with the step that is really taken for t."""

    def realised(self, t: float) -> float:
        """Return the step that is really taken for t."""

    def values(self, steps: Sequence[float]) -> list[float]:
        """Return phi(t) for each of some steps, NaN where phi has no value."""


class EntryLine:
    """phi(t) = loss with entry k of one leaf moved by t.

    Parameters
    ----------
    problem : Evaluation
    leaf : int
        Index of the leaf.
    k : int
        Entry of its `Leaf.values`.
    """

    def __init__(self, problem: Evaluation, leaf: int, k: int) -> None:
        self._problem, self._leaf, self._k = problem, problem.leaves[leaf], k
        self._start = problem.start[leaf][k]

    def realised(self, t: float) -> float:
        """Return the step that is really taken for t: ``x + t`` is rounded."""
        return float(np.longdouble(self._leaf.values.dtype.type(self._start + t)) - self._start)

    def values(self, steps: Sequence[float]) -> list[float]:
        """Return phi(t) for each of some steps, leaving the leaf as it was."""
        return self._problem.evaluate_each(self._moves(steps))

    def error(self, steps: Sequence[float]) -> Exception | None:
        """Return the first exception that phi(t) raises for some steps, if one does."""
        return self._problem.first_error(self._moves(steps))

    def _moves(self, steps: Sequence[float]) -> Iterator[None]:
        values, sync = self._leaf.values, self._leaf.sync
        for t in steps:
            values[self._k] = self._start + t
            if sync:
                sync()
            yield
        values[self._k] = self._start
        if sync:
            sync()


class DirectionLine:
    """phi(t) = loss with some leaves moved by t times a direction.

    Parameters
    ----------
    problem : Evaluation
    direction : dict of int to ndarray
        For each leaf that moves, by index, an array of the shape of its `Leaf.values`.
    box : tuple of slice, optional
        The part of the leaves that moves, one slice for each axis of `Leaf.grid`; default all.
    """

    def __init__(
        self, problem: Evaluation, direction: dict[int, Array], box: tuple[slice, ...] | None = None
    ) -> None:
        self._problem = problem
        self._parts: list[tuple[Array, Array, Array, Callable[[], None] | None]] = []
        for index, step in direction.items():
            leaf = problem.leaves[index]
            values, start = leaf.values, leaf.start
            if box is not None:
                values, start, step = (array.reshape(leaf.grid)[box] for array in (values, start, step))
            self._parts.append((values, start, step, leaf.sync))

    def realised(self, t: float) -> float:
        """Return t: the rounding of all entries together is noise of the loss."""
        return t

    def values(self, steps: Sequence[float]) -> list[float]:
        """Return phi(t) for each of some steps, leaving the leaves as they were."""
        return self._problem.evaluate_each(self._moves(steps))

    def _moves(self, steps: Sequence[float]) -> Iterator[None]:
        for t in steps:
            for values, start, step, sync in self._parts:
                np.multiply(step, t, out=values, casting="same_kind")
                values += start
                if sync:
                    sync()
            yield
        for values, start, _, sync in self._parts:
            values[...] = start
            if sync:
                sync()


def leaf_scales(problem: Evaluation) -> list[float]:
    """Return the typical size of each leaf; one of zeros has that of the smallest other, or 1.

    Parameters
    ----------
    problem : Evaluation

    Returns
    -------
    list of float
        Powers of two.
    """
    sizes = [_typical(start) for start in problem.start]
    fallback = min((size for size in sizes if size), default=1.0)
    return [size or fallback for size in sizes]


def entry_scales(start: Array, scale: float) -> Array:
    """Return the size of each entry by which its steps are scaled.

    That of the leaf, but for an entry that is far larger or far smaller (and not 0) its own: a leaf
    may hold 1e6 beside 1e-6.

    Parameters
    ----------
    start : ndarray, shape (n,)
    scale : float
        Size of the leaf.

    Returns
    -------
    ndarray, shape (n,)
    """
    sizes = np.abs(start)
    own = (sizes > FAR_LARGER * scale) | ((sizes > _NOUGHT) & (sizes < _FAR_SMALLER * scale))
    sizes[~own] = scale
    return sizes


def _typical(start: Array) -> float:
    """Return a power of two near the median size of the entries that are not 0; 0 if all are."""
    # In no step with the columns of the leaf.
    some = start if len(start) <= _SAMPLED else start[np.arange(_SAMPLED) * _STRIDE % len(start)]
    sizes = np.abs(some).astype(np.float64)
    sizes = np.sort(sizes[sizes > _NOUGHT])
    return 2.0 ** round(math.log2(sizes[len(sizes) // 2])) if sizes.size else 0.0
