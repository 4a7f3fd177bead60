"""Pooling of images (N, channels, height, width)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradcheck.networks.arrays import Array, Gradient, Integers, Params
from gradcheck.networks.layers.layer import Example, Layer, normal
from gradcheck.networks.layers.windows import spread, windows


class MaxPoolCache(NamedTuple):
    """What `MaxPool2d` leaves: which entry of each window won, and the shape of x."""

    winner: Integers
    shape: tuple[int, ...]


@dataclass(frozen=True)
class MaxPool2d(Layer):
    """The largest entry of each window; of equal ones the first.

    Attributes
    ----------
    size, stride : int
        Of the windows.
    """

    size: int
    stride: int

    def forward(self, params: Params, x: Array) -> tuple[Array, MaxPoolCache]:
        """Return the maxima, shape (N, channels, rows, columns)."""
        seen = windows(x, self.size, self.stride)
        flat = seen.reshape(*seen.shape[:4], -1)
        winner = flat.argmax(axis=-1)[..., np.newaxis]
        return np.take_along_axis(flat, winner, axis=-1)[..., 0], MaxPoolCache(winner, x.shape)

    def backward(self, dz: Array, cache: MaxPoolCache) -> tuple[Gradient, Array]:
        """Return dx: each dz goes to the entry that won."""
        dflat = np.zeros((*dz.shape, self.size**2), dz.dtype)
        np.put_along_axis(dflat, cache.winner, dz[..., np.newaxis], axis=-1)
        return {}, spread(dflat.reshape(*dz.shape, self.size, self.size), cache.shape, self.stride)


@dataclass(frozen=True)
class AveragePool2d(Layer):
    """The mean of each window.

    Attributes
    ----------
    size, stride : int
        Of the windows.
    """

    size: int
    stride: int

    def forward(self, params: Params, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Return the means, shape (N, channels, rows, columns)."""
        return windows(x, self.size, self.stride).mean(axis=(-2, -1)), x.shape

    def backward(self, dz: Array, cache: tuple[int, ...]) -> tuple[Gradient, Array]:
        """Return dx: each dz is shared by its window."""
        share = (dz / self.size**2)[..., np.newaxis, np.newaxis]
        dwindows = np.broadcast_to(share, (*dz.shape, self.size, self.size))
        return {}, spread(dwindows, cache, self.stride)


EXAMPLES = {
    "max_pool2d": Example(MaxPool2d(2, 2), normal(2, 3, 4, 6)),
    "max_pool2d_overlapping": Example(MaxPool2d(3, 2), normal(2, 2, 7, 6)),
    "average_pool2d": Example(AveragePool2d(2, 2), normal(2, 3, 4, 6)),
    "average_pool2d_overlapping": Example(AveragePool2d(3, 2), normal(2, 2, 7, 6)),
}
