"""Large arrays in blocks that fit a cache: a look at all entries must not cost a copy of them."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_BLOCK = 1 << 13
_COPIES = 8  # of the parameters: more than half of what a check and its loss take
_HEAP = 1 << 25  # bytes: larger blocks always go back to the system
_REPRESENTABLE = 2.0**-900  # squares that are larger lose nothing to those that vanish


def in_blocks(values: Array) -> Iterator[Array]:
    """Return views of the blocks of a flat array.

    Parameters
    ----------
    values : ndarray, shape (n,)

    Returns
    -------
    iterator of ndarray
    """
    return (values[i : i + _BLOCK] for i in range(0, len(values), _BLOCK))


def equal(a: Array, b: Array) -> bool:
    """Return whether two flat arrays are equal, NaN equal to NaN."""
    if len(a) != len(b):
        return False
    pairs = zip(in_blocks(a), in_blocks(b), strict=True)
    return all((x == y).all() or np.array_equal(x, y, equal_nan=True) for x, y in pairs)


def norm(values: Array) -> float:
    """Return the Euclidean norm, of numbers of any size."""
    square = float(values @ values)
    if _REPRESENTABLE < square < 1 / _REPRESENTABLE:
        return math.sqrt(square)
    largest = float(np.max(np.abs(values), initial=0.0))
    return largest * float(np.sqrt(np.sum(np.square(values / largest)))) if largest else 0.0


def root_mean_square(blocks: Iterable[Array], count: int) -> float:
    """Return the root mean square of what is finite; `count` is the number of all entries."""
    total = 0.0
    for values in blocks:
        block = values.astype(np.float64, copy=False)
        length = norm(block)
        total = math.hypot(total, length if math.isfinite(length) else norm(block[np.isfinite(block)]))
    return total / math.sqrt(count) if count else 0.0


def keep_memory(size: int) -> None:
    """Let the C library keep what a check of so many bytes takes: the next one need not ask for it anew.

    The GNU library gives back what is free beyond twice the largest block that was ever freed; this one is
    never touched. Pages taken anew are a tenth of the time of a certificate.

    Parameters
    ----------
    size : int
        Bytes of the parameters.
    """
    if _COPIES * size <= _HEAP:
        np.empty(_COPIES * size, np.uint8)
