"""Many points in one call: a nest whose leaves are stacked along a new first axis."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.errors import GradientInterfaceError
from gradcheck.parameters import Leaf, as_array, is_container, is_leaf, items, with_items

Array = NDArray[Any]

# Larger stacks are slower: what the loss makes of them leaves the processor's cache.
_ENTRIES = 50
_BYTES = 2**22
_HANDFUL = 4
_KEEP_AXIS = "keep the first axis in every operation, as in u = z @ W + b[:,None,:], or leave vectorized out"


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
    """

    def __init__(self, nest: Any, leaves: tuple[Leaf, ...]) -> None:
        self._given, self._leaves = nest, leaves
        self._made: tuple[int, int, bool] | None = None
        self._staying: dict[int, list[Array]] = {}

    def call(
        self, function: Callable[[Any], Any], leaf: int, entries: Array, values: Array, *, once: bool
    ) -> Any:
        """Call a function of the nest in which entry ``entries[k]`` of the leaf is ``values[k]`` in copy k.

        Parameters
        ----------
        function : callable
        leaf : int
            The one whose entries move; the others take no memory.
        entries : ndarray of int, shape (count,)
        values : ndarray, shape (count,)
        once : bool
            Whether the first axis of the other leaves has length 1, so that the loss computes once what
            depends on them alone.
        """
        if self._made != (leaf, len(entries), once):
            self._make(leaf, len(entries), once)
        self._points[self._rows, entries] = values
        try:
            return function(self._nest)
        finally:
            self._points[self._rows, entries] = self._start[entries]

    def _make(self, leaf: int, count: int, once: bool) -> None:
        times = 1 if once else count
        if times not in self._staying:
            self._staying[times] = [_shaped(other, _repeated(other.values, times)) for other in self._leaves]
        self._start = self._leaves[leaf].start
        self._points = np.empty((count, self._start.size), self._start.dtype)
        self._points[:] = self._start
        self._rows = np.arange(count)
        arrays = list(self._staying[times])
        arrays[leaf] = _shaped(self._leaves[leaf], self._points)
        self._nest = _replaced(self._given, iter(arrays))
        self._made = leaf, count, once


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


def agree(together: Array, alone: Array, allowed: float) -> NDArray[np.bool_]:
    """Say of each element whether the stacked loss gives what the plain one does, but for round-off."""
    same: NDArray[np.bool_] = np.abs(together - alone) <= allowed
    return same


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
    same = agree(together, alone, allowed)
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


def _shaped(leaf: Leaf, values: Array) -> Array:
    if leaf.dtype.kind == "c":
        values = values.view(np.result_type(values.dtype, np.complex64))
    return values.reshape(len(values), *leaf.shape)


def _repeated(values: Array, count: int) -> Array:
    """Return a view, shape (count, n), as `numpy.broadcast_to` does at ten times the cost."""
    view: Array = np.ndarray((count, values.size), values.dtype, values, strides=(0, *values.strides))
    view.flags.writeable = False
    return view


def _replaced(node: Any, arrays: Iterator[Array]) -> Any:
    """Return a nest with the next array in the place of each leaf."""
    if is_leaf(node):
        return next(arrays)
    if is_container(node):
        return with_items(node, [_replaced(item, arrays) for _, item in items(node)])
    return node
