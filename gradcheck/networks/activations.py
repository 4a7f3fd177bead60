"""Activations f and their derivatives f'(u), by name.

A row is all there is to an activation: networks, faults, strategies and tests read the table.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck.networks.arrays import Array, zeros_and_ones


@dataclass(frozen=True)
class Activation:
    """A function of each entry and its derivative.

    Attributes
    ----------
    name : str
    f : callable
        ``f(u)``, same shape and dtype as the pre-activation u.
    derivative : callable
        ``derivative(u)``, the derivative f' at the pre-activation u.
    from_output : callable or None
        The same derivative written with the activation z = f(u), such as ``z (1 - z)``,
        where there is such a form.
    """

    name: str
    f: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    from_output: Callable[[Array], Array] | None = None

    def backward(self, dz: Array, u: Array) -> Array:
        """Return dE/du from dE/dz, both of the shape of u."""
        return dz * self.derivative(u)


def _sigmoid(u: Array) -> Array:
    e = np.exp(-np.abs(u))
    z: Array = np.where(u >= 0, np.ones_like(e), e) / (1 + e)
    return z


def _d_sigmoid(u: Array) -> Array:
    e = np.exp(-np.abs(u))
    slope: Array = e / (1 + e) ** 2
    return slope


def _d_tanh(u: Array) -> Array:
    # 1 - tanh(u)**2 without the cancellation at large |u|.
    return 4 * _d_sigmoid(2 * u)


def _step(u: Array) -> Array:
    return zeros_and_ones(u > 0, u)


ACTIVATIONS: dict[str, Activation] = {
    row.name: row
    for row in (
        Activation("identity", lambda u: u, np.ones_like, np.ones_like),
        Activation("sigmoid", _sigmoid, _d_sigmoid, lambda z: z * (1 - z)),
        Activation("tanh", np.tanh, _d_tanh, lambda z: 1 - z**2),
        Activation("relu", lambda u: np.maximum(u, 0), _step, _step),
    )
}
