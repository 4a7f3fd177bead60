"""Dropout with a given mask, so that both passes and every evaluation see the same one."""

from dataclasses import dataclass

import numpy as np

from gradcheck.networks.arrays import Array, Gradient, Params
from gradcheck.networks.layers.layer import Example, Layer, normal


@dataclass(frozen=True, eq=False)
class Dropout(Layer):
    """z = x mask / keep.

    Attributes
    ----------
    mask : ndarray of bool
        What is kept; broadcasts against x.
    keep : float
        The share that is kept, by which the rest is scaled up.
    """

    mask: Array
    keep: float

    def forward(self, params: Params, x: Array) -> tuple[Array, None]:
        """Return z, the shape of x."""
        return x * self.mask / self.keep, None

    def backward(self, dz: Array, cache: None) -> tuple[Gradient, Array]:
        """Return dx; there are no parameters."""
        return {}, dz * self.mask / self.keep


EXAMPLES = {
    "dropout": Example(Dropout(np.array([True, False, True, True]), 0.75), normal(3, 4)),
}
