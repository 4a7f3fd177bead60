"""Where a gradient is wrong: halving along each axis, from few measurements.

The gap t = e.v is linear, so of two halves only one is measured: the other is the whole minus it.
One wrong entry of n takes about log2(n) measurements. Rows and columns come first: an axis along
which too many places are wrong is not resolved, and what is wrong there is named as a whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.methods.probe import Gap, Probe

Array = NDArray[Any]

_MOST = 8  # wrong places along one axis; more are named as a whole
CONFIRMED = 8
_CLEAR = 64.0  # a part is measured to this fraction of the whole gap


@dataclass(frozen=True, slots=True)
class Located:
    """Where a leaf is wrong.

    Attributes
    ----------
    entries : ndarray of int
        Entries to confirm, as indices into `Leaf.values`.
    pattern : str
        What is wrong as a whole, in words; empty if `entries` says it all.
    """

    entries: Array
    pattern: str


def wrong_leaves(probe: Probe, k: int, leaves: Sequence[int], total: Gap) -> list[int]:
    """Find the leaves in which the gap along direction k arises.

    Parameters
    ----------
    probe : Probe
    k : int
    leaves : sequence of int
    total : Gap
        Over all of them.

    Returns
    -------
    list of int
    """
    probe.draw(k, leaves)
    enough = abs(total.value) / _CLEAR
    found = _halve(total, len(leaves), lambda lo, hi: probe.gap(leaves[lo:hi], enough), len(leaves))
    return [leaves[i] for i in found or ()]


def wrong_entries(probe: Probe, k: int, leaf: int, gap_of_all: Gap, *, alone: bool) -> Located:
    """Find the entries of a leaf in which the gap along direction k arises.

    Parameters
    ----------
    probe : Probe
    k, leaf : int
    gap_of_all : Gap
        Over all leaves.
    alone : bool
        Whether it arises in no other leaf.

    Returns
    -------
    Located
    """
    shape = probe.problem.leaves[leaf].grid
    probe.draw(k, [leaf])
    if not shape:
        return Located(np.array([0]), "")

    whole = (slice(None),) * len(shape)
    enough = abs(gap_of_all.value) / _CLEAR
    known = alone and gap_of_all.beyond_doubt <= enough
    total = gap_of_all if known else probe.gap([leaf], enough, whole)

    def gap(box: tuple[slice, ...]) -> Gap:
        return probe.gap([leaf], abs(total.value) / _CLEAR, box)

    axes: list[list[int] | None] = []
    for axis, length in enumerate(shape):

        def part(lo: int, hi: int, axis: int = axis) -> Gap:
            return gap((*whole[:axis], slice(lo, hi), *whole[axis + 1 :]))

        axes.append(_halve(total, length, part, _MOST))
    cells = _cells(axes, shape, probe.problem.analytic[leaf])
    if None not in axes and len(cells) > 1:
        cells = [cell for cell in cells if gap(tuple(slice(i, i + 1) for i in cell)).seen]
    entries = np.array([np.ravel_multi_index(cell, shape) for cell in cells], dtype=np.intp)
    return Located(entries, _pattern(axes, shape))


def _halve(total: Gap, count: int, measure: Callable[[int, int], Gap], most: int) -> list[int] | None:
    """Return the places from 0 to count - 1 in which the gap arises; None if more than `most`."""
    found: list[int] = []
    pending = [(0, count, total)]
    while pending:
        lo, hi, gap = pending.pop()
        if hi - lo == 1:
            found.append(lo)
        else:
            middle = (lo + hi) // 2
            left = measure(lo, middle)
            right = gap.minus(left)
            pending += [part for part in ((lo, middle, left), (middle, hi, right)) if part[2].seen]
        if len(found) + len(pending) > most:
            return None
    return sorted(found)


def _cells(
    axes: Sequence[list[int] | None], shape: tuple[int, ...], analytic: Array
) -> list[tuple[int, ...]]:
    """Return the entries where the wrong places of all axes meet; of whole ones the largest few."""
    if None not in axes:
        return list(product(*(places for places in axes if places is not None)))
    box = np.ix_(*(range(n) if places is None else places for places, n in zip(axes, shape, strict=True)))
    sizes = np.abs(analytic.reshape(shape)[box])
    largest = np.argsort(sizes, axis=None)[::-1][:CONFIRMED]
    grids = [np.broadcast_to(grid, sizes.shape).ravel()[largest] for grid in box]
    return [tuple(int(i) for i in cell) for cell in zip(*grids, strict=True)]


def _pattern(axes: Sequence[list[int] | None], shape: tuple[int, ...]) -> str:
    if None not in axes:
        return ""
    if all(places is None or len(places) == n for places, n in zip(axes, shape, strict=True)):
        return "wrong all over"
    where = ",".join(":" if places is None else _places(places) for places in axes)
    return f"wrong in many entries of [{where}]"


def _places(places: list[int]) -> str:
    return str(places[0]) if len(places) == 1 else str(places).replace(" ", "")
