"""Names for the types that the analytic side passes around, and the look-up of a table's row."""

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gradcheck.errors import UsageError
from gradcheck.formats.text import listed

Array = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]
Params = Mapping[str, Array]
Gradient = dict[str, Array]
Row = TypeVar("Row")


def look_up(table: Mapping[str, Row], kind: str, name: str) -> Row:
    """Return the row of a table, or say which names are nearest.

    Parameters
    ----------
    table : mapping of str
    kind : str
        What the table lists, for the message.
    name : str

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
    near = difflib.get_close_matches(str(name), table)
    expected = ", ".join(near) if near else listed(sorted(table), most=14)
    raise UsageError(f"no {kind} is named {name!r}", expected=expected)


def magnitude(u: Array) -> Array:
    """Return the absolute value of u; of a complex u the one of u and -u on the right.

    That is analytic but at 0, unlike abs: derivatives by the complex step go through.
    """
    size: Array = np.maximum(u, -u)
    return size


def zeros_and_ones(mask: NDArray[np.bool_], like: Array) -> Array:
    """Return 1 where the mask holds and 0 elsewhere, in the type of `like`."""
    return mask.astype(like.dtype)
