"""Losses E(y, d) and their gradients dE/dy, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradcheck.networks.arrays import Array


@dataclass(frozen=True)
class Loss:
    """A loss of the output y, shape (..., N, K), against the target d.

    Attributes
    ----------
    name : str
    value : callable
        ``value(y, d)``: one number, or one for each element of the leading axes of y.
    gradient : callable
        ``gradient(y, d)``: dE/dy, the shape of y.
    averages : bool
        Whether the loss is a mean over the N samples (True) or their sum.
    """

    name: str
    value: Callable[[Array, Array], Any]
    gradient: Callable[[Array, Array], Array]
    averages: bool


def _half_squared_error(y: Array, d: Array) -> Any:
    return ((y - d) ** 2).sum(axis=(-2, -1)) / 2


LOSSES: dict[str, Loss] = {
    row.name: row
    for row in (
        Loss("half_squared_error", _half_squared_error, lambda y, d: y - d, averages=False),
        Loss(
            "mean_squared_error",
            lambda y, d: _half_squared_error(y, d) / y.shape[-2],
            lambda y, d: (y - d) / y.shape[-2],
            averages=True,
        ),
    )
}
