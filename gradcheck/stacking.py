"""Many points in one call: a nest whose leaves are stacked along a new first axis."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.errors import GradientInterfaceError
from gradcheck.parameters import Leaf, as_array, is_container, items, leaf_nodes

Array = NDArray[Any]

# Larger stacks are slower: what the loss makes of them leaves the processor's cache.
_ENTRIES = 40
_BYTES = 2**22
_HANDFUL = 4
_KEEP_AXIS = (
    "keep the first axis in every operation, as in u = z @ W + b[:, None, :], or leave vectorized out"
)


def chunk_of(leaf: Leaf) -> int:
    """Return how many entries of a leaf are moved at once, each up and down."""
    return min(_ENTRIES, max(_HANDFUL, _BYTES // max(1, 2 * leaf.values.nbytes)))


class Stack:
    """Many copies of the point in which single entries of one leaf are moved.

    Parameters
    ----------
    nest : nest of parameters
    leaves : tuple of Leaf
        Of the nest, at the point.
    leaf : int
        The one whose entries move; the others take no memory.
    count : int
        Copies.
    """

    def __init__(self, nest: Any, leaves: tuple[Leaf, ...], leaf: int, count: int) -> None:
        self.leaf, self.count = leaf, count
        self._start = leaves[leaf].start
        self._points = np.repeat(self._start[np.newaxis], count, axis=0)
        self._nest = stacked(nest, leaves, {leaf: self._points}, count)

    @contextmanager
    def moved(self, entries: Array, above: Array, below: Array) -> Iterator[Any]:
        """Yield the nest in which entry k is ``above[k]`` in copy k, ``below[k]`` in copy m + k.

        Parameters
        ----------
        entries : ndarray of int, shape (m,) with m = count / 2
        above, below : ndarray, shape (m,)
        """
        rows, columns = np.arange(self.count), np.concatenate([entries, entries])
        self._points[rows, columns] = np.concatenate([above, below])
        try:
            yield self._nest
        finally:
            self._points[rows, columns] = self._start[columns]


def stacked(nest: Any, leaves: tuple[Leaf, ...], moved: dict[int, Array], count: int) -> Any:
    """Return a nest whose leaves have a new first axis.

    Parameters
    ----------
    nest : nest of parameters
    leaves : tuple of Leaf
        Of the nest.
    moved : dict of int to ndarray, shape (count, n)
        Values of some leaves by index; the others are views of the same values `count` times.
    count : int
        Points.

    Returns
    -------
    nest of ndarray, shape (count, *Leaf.shape)
    """
    return _replaced(nest, _arrays(leaves, moved, count))


def values_of(result: Any, count: int) -> Array:
    """Return what a stacked loss returned, shape (count,).

    Raises
    ------
    GradientInterfaceError
        If it is anything but one real number for each point.
    """
    values = as_array(result)
    if values.shape != (count,) or values.dtype.kind not in "fiu":
        raise GradientInterfaceError(
            "the stacked loss does not return one real number for each element of the stack",
            given=f"dtype {values.dtype}, shape {values.shape}",
            expected=f"shape ({count},)",
            do="sum over all axes but the first: (...).sum(axis=(-2, -1))",
        )
    return values


def refuse_different(together: Array, alone: Array, allowed: float) -> None:
    """Refuse a stacked loss that differs from the plain one.

    Parameters
    ----------
    together, alone : ndarray, shape (count,)
        The values of the stacked loss, and of the plain one at the same points.
    allowed : float
        The difference that round-off explains.

    Raises
    ------
    GradientInterfaceError
    """
    same = np.abs(together - alone) <= allowed
    if not same.all():
        k = int(np.argmin(same))
        raise GradientInterfaceError(
            "the stacked loss differs from the plain one",
            given=f"{together[k]:.6g} for element {k} of a stack of {len(same)}, {alone[k]:.6g} for it alone",
            expected=f"a difference of at most {allowed:.0e}",
            do=_KEEP_AXIS,
        )


def no_stack(error: Exception) -> GradientInterfaceError:
    """Return what to say where a stacked loss raises."""
    return GradientInterfaceError(
        "the loss does not take stacked leaves",
        given=f"{type(error).__name__}: {error}",
        expected="one value for each element of leaves that are stacked along a new first axis",
        do=_KEEP_AXIS,
    )


def _arrays(leaves: tuple[Leaf, ...], moved: dict[int, Array], count: int) -> Iterator[Array]:
    for i, leaf in enumerate(leaves):
        values = moved[i] if i in moved else _repeated(leaf.values, count)
        if leaf.dtype.kind == "c":
            values = values.view(np.result_type(values.dtype, np.complex64))
        yield values.reshape(count, *leaf.shape)


def _repeated(values: Array, count: int) -> Array:
    """Return a view, shape (count, n), as `numpy.broadcast_to` does at ten times the cost."""
    view: Array = np.ndarray((count, values.size), values.dtype, values, strides=(0, *values.strides))
    view.flags.writeable = False
    return view


def _replaced(node: Any, arrays: Iterator[Array]) -> Any:
    """Return a nest with the next array in the place of each leaf."""
    if not is_container(node):
        return next(arrays) if any(True for _ in leaf_nodes(node)) else node
    new = {key: _replaced(item, arrays) for key, item in items(node)}
    if isinstance(node, tuple):
        return type(node)(*new.values()) if hasattr(node, "_fields") else type(node)(new.values())
    twin = copy.copy(node)
    if isinstance(twin, dict):
        twin.update(new)
    elif isinstance(twin, list):
        twin[:] = new.values()
    else:
        for name, value in new.items():
            object.__setattr__(twin, name, value)
    return twin
