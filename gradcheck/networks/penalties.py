"""Penalties on the weights, by name; biases and the like are not penalised."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.networks.arrays import Array, Params, magnitude


@dataclass(frozen=True)
class Penalty:
    """A cost of each weight, added to the loss.

    Attributes
    ----------
    name : str
    cost, slope : callable
        ``cost(W)`` and its derivative ``slope(W)``, both of the shape of W.
    """

    name: str
    cost: Callable[[Array], Array]
    slope: Callable[[Array], Array]


PENALTIES: dict[str, Penalty] = {
    row.name: row
    for row in (
        Penalty("l1", magnitude, np.sign),
        Penalty("l2", lambda W: W * W / 2, lambda W: W),
    )
}


def penalised(
    loss: Any, penalties: Mapping[Penalty, float], params: Params, axes: tuple[int, ...] | None = None
) -> Any:
    """Return the loss plus the penalties, summed over these axes of each weight (None: all)."""
    terms = (
        (strength * penalty.cost(params[name])).sum(axis=axes)
        for penalty, strength in penalties.items()
        for name in filter(is_weight, params)
    )
    return sum(terms, start=loss)


def penalty_gradient(penalties: Mapping[Penalty, float], name: str, leaf: Array) -> Array | float:
    """Return what the penalties add to the gradient of one parameter."""
    if not is_weight(name):
        return 0
    return sum(strength * penalty.slope(leaf) for penalty, strength in penalties.items())


def is_weight(name: str) -> bool:
    """Tell whether the parameter of that name is penalised: ``W1``, ``3.W``, ``3.Wq``."""
    return name.rpartition(".")[2].startswith("W")
