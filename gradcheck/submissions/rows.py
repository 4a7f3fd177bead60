"""Many nests of equal structure as one, so that a batch travels at little more than the cost of one.

This module imports nothing of gradcheck but what likewise imports nothing of it, since the
submission's process loads it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gradcheck.submissions.wire import KINDS, Ref, Rows


class _DifferError(Exception):
    """Nests of different structure."""


def stack(nests: Sequence[Any]) -> Any:
    """Return one nest with `Rows` where the nests differ; the list of them if they do not fit.

    Parameters
    ----------
    nests : sequence of dict
        Of what `wire.pack` takes.

    Returns
    -------
    dict or list
    """
    try:
        return _stack(nests)
    except (_DifferError, RecursionError):
        return list(nests)


def unstack(nest: Any, count: int) -> list[Any]:
    """Return the nests that were stacked.

    Parameters
    ----------
    nest : dict or list
    count : int

    Returns
    -------
    list

    Raises
    ------
    ValueError
        If they are not that many.
    """
    if isinstance(nest, list):
        if len(nest) != count:
            raise ValueError(f"{len(nest)} nests, not {count}")
        return nest
    return _unstack(nest, count)


def _stack(nests: Sequence[Any]) -> Any:
    first, kind = nests[0], type(nests[0])
    if all(nest is first for nest in nests):
        return first
    if any(type(nest) is not kind for nest in nests):
        raise _DifferError
    if isinstance(first, float):
        return Rows(np.array(nests), are_numbers=True)
    if kind is np.ndarray or isinstance(first, np.generic):
        return _stack_arrays(nests)
    if kind is dict and all(nest.keys() == first.keys() for nest in nests):
        return {key: _stack([nest[key] for nest in nests]) for key in first}
    if kind in (list, tuple) and all(len(nest) == len(first) for nest in nests):
        return kind(_stack(items) for items in zip(*nests, strict=True))
    if kind in (Ref, str, int, bool) and all(nest == first for nest in nests):
        return first
    raise _DifferError


def _stack_arrays(arrays: Sequence[Any]) -> Any:
    kinds = {(array.shape, array.dtype) for array in arrays}
    if len(kinds) > 1 or arrays[0].dtype.kind not in KINDS:
        raise _DifferError
    rows = np.stack(arrays)
    return arrays[0] if (rows == rows[0]).all() else Rows(rows, are_numbers=False)


def _unstack(nest: Any, count: int) -> list[Any]:
    if isinstance(nest, Rows):
        if len(nest.array) != count:
            raise ValueError(f"{len(nest.array)} rows, not {count}")
        return nest.array.tolist() if nest.are_numbers else [nest.array[k, ...] for k in range(count)]
    if isinstance(nest, dict):
        return [dict(zip(nest, row, strict=True)) for row in _columns(nest.values(), count)]
    if isinstance(nest, list | tuple):
        return [type(nest)(row) for row in _columns(nest, count)]
    # Each nest has arrays of its own, which may be written to.
    return [nest.copy() if isinstance(nest, np.ndarray) else nest for _ in range(count)]


def _columns(items: Iterable[Any], count: int) -> list[tuple[Any, ...]]:
    columns = [_unstack(item, count) for item in items]
    return list(zip(*columns, strict=True)) if columns else [()] * count
