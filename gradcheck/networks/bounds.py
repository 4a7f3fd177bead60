"""The bounds of random networks, as they are given and as they are read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
from numpy.typing import DTypeLike

from gradcheck.errors import UsageError
from gradcheck.networks import ACTIVATIONS, LOSSES
from gradcheck.networks.arrays import look_up

Range = int | tuple[int, int]


class BoundOptions(TypedDict, total=False):
    """Keywords that bound random networks; a range is one number or a pair (least, most).

    layers, widths, batch : int or (int, int)
        Number of layers; of the inputs, and of the units of a layer; of samples.
    activations, losses : str or iterable of str
        Names of `gradcheck.networks.ACTIVATIONS` and `LOSSES`; default all.
    dtype : dtype
        float64 or float32.
    scale : float
        Largest size of a parameter or an input, but for saturated units; from 1e-6 to 1e6.
    """

    layers: Range
    widths: Range
    activations: str | Iterable[str]
    losses: str | Iterable[str]
    batch: Range
    dtype: DTypeLike
    scale: float


@dataclass(frozen=True)
class Bounds:
    """`BoundOptions` as they are read: ranges are pairs, names are tuples."""

    layers: tuple[int, int] = (1, 3)
    widths: tuple[int, int] = (1, 4)
    activations: tuple[str, ...] = tuple(ACTIVATIONS)
    losses: tuple[str, ...] = tuple(LOSSES)
    batch: tuple[int, int] = (1, 3)
    dtype: str = "float64"
    scale: float = 2.0


def read_bounds(options: BoundOptions) -> Bounds:
    """Return the bounds, or say what is wrong with them.

    Parameters
    ----------
    options : dict

    Returns
    -------
    Bounds

    Raises
    ------
    UsageError
        If nothing fits a bound, or a name is unknown.
    """
    return Bounds(**{name: look_up(_READERS, "bound", name)(name, value) for name, value in options.items()})


def _range(name: str, value: Any) -> tuple[int, int]:
    pair = value if isinstance(value, tuple | list) else (value, value)
    whole = all(isinstance(end, int | np.integer) and not isinstance(end, bool) for end in pair)
    if len(pair) != 2 or not whole or not 1 <= pair[0] <= pair[1]:
        raise UsageError(
            f"`{name}` leaves nothing to draw",
            given=repr(value),
            expected="a whole number >= 1, or a pair of them (least, most)",
        )
    return int(pair[0]), int(pair[1])


def _activations(name: str, value: Any) -> tuple[str, ...]:
    return _names(name, "activation", ACTIVATIONS, value)


def _losses(name: str, value: Any) -> tuple[str, ...]:
    return _names(name, "loss", LOSSES, value)


def _names(bound: str, kind: str, table: Mapping[str, Any], value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
    if not names:
        raise UsageError(f"`{bound}` leaves nothing to draw", given=repr(value), expected="at least one name")
    for name in names:
        look_up(table, kind, name)
    return names


def _dtype(name: str, value: Any) -> str:
    try:
        dtype = str(np.dtype(value).name)
    except TypeError:
        dtype = ""
    if dtype not in ("float64", "float32"):
        raise UsageError(f"`{name}` cannot be used", given=repr(value), expected="float64 or float32")
    return dtype


def _scale(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1e-6 <= value <= 1e6:
        raise UsageError(f"`{name}` cannot be used", given=repr(value), expected="a number from 1e-6 to 1e6")
    return float(value)


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "layers": _range,
    "widths": _range,
    "activations": _activations,
    "losses": _losses,
    "batch": _range,
    "dtype": _dtype,
    "scale": _scale,
}
