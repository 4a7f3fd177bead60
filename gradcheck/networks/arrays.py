"""Names for the types that the analytic side passes around, and the look-up of a table's row."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gradcheck.errors import UsageError

Array = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]
Params = Mapping[str, Array]
Gradient = dict[str, Array]
Row = TypeVar("Row")


def look_up(table: Mapping[str, Row], kind: str, name: str, *, do: str = "") -> Row:
    """Return the row of a table, or say which names are nearest.

    Parameters
    ----------
    table : mapping of str
    kind : str
        What the table lists, for the message.
    name : str
    do : str, optional
        How to see all names, of a table too long for a message.

    Returns
    -------
    The row.

    Raises
    ------
    UsageError
        If there is no such row.
    """
    if name in table:
        return table[name]
    expected = nearest(str(name), "" if do else ", ".join(sorted(table)), table)
    raise UsageError(f"no {kind} is named {name!r}", expected=expected, do=do)


def nearest(name: str, shown: str, possible: Iterable[str]) -> str:
    """Return in words what is possible in the place of a name, and what of that is like it."""
    near = difflib.get_close_matches(name, list(possible))
    parts = (f"one of {shown}" if shown else "", f"close to it: {', '.join(near)}" if near else "")
    return "; ".join(filter(None, parts))


def magnitude(u: Array) -> Array:
    """Return the absolute value of u; of a complex u the one of u and -u on the right.

    That is analytic but at 0, unlike abs: derivatives by the complex step go through.
    """
    size: Array = np.maximum(u, -u)
    return size


def zeros_and_ones(mask: NDArray[np.bool_], like: Array) -> Array:
    """Return 1 where the mask holds and 0 elsewhere, in the type of `like`."""
    return mask.astype(like.dtype)
