"""Penalties on the weights, by name; biases and the like are not penalised."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck.networks.arrays import Array


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
        Penalty("l1", np.abs, np.sign),
        Penalty("l2", lambda W: W * W / 2, lambda W: W),
    )
}


def is_weight(name: str) -> bool:
    """Tell whether the parameter of that name is penalised: ``W1``, ``3.W``, ``3.Wq``."""
    return name.rpartition(".")[2].startswith("W")
