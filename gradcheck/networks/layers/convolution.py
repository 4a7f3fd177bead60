"""Convolution of images (N, channels, height, width)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradcheck.networks.arrays import Array, Gradient, Params
from gradcheck.networks.layers.layer import Example, Layer, Shapes, normal
from gradcheck.networks.layers.windows import spread, windows


class ConvCache(NamedTuple):
    """What `Conv2d` leaves: the kernel, the windows of the padded input, and its shape."""

    W: Array
    seen: Array
    padded: tuple[int, ...]


@dataclass(frozen=True)
class Conv2d(Layer):
    """u_o = sum_c x_c * W_oc + b_o, the kernel not turned (cross-correlation).

    Attributes
    ----------
    channels : int
        Of the output.
    size : int
        Rows and columns of the kernel.
    stride, padding : int
        Distance between windows; zeros added on each side.
    """

    channels: int
    size: int
    stride: int = 1
    padding: int = 0

    def shapes(self, x: Array) -> Shapes:
        """Return W (channels, channels of x, size, size) and b (channels,)."""
        return {"W": (self.channels, x.shape[1], self.size, self.size), "b": (self.channels,)}

    def forward(self, params: Params, x: Array) -> tuple[Array, ConvCache]:
        """Return u, shape (N, channels, rows, columns)."""
        p = self.padding
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        seen = windows(padded, self.size, self.stride)
        u = np.tensordot(seen, params["W"], axes=([1, 4, 5], [1, 2, 3])) + params["b"]
        return np.moveaxis(u, -1, 1), ConvCache(params["W"], seen, padded.shape)

    def backward(self, dz: Array, cache: ConvCache) -> tuple[Gradient, Array]:
        """Return dW, db and dx."""
        dW = np.tensordot(dz, cache.seen, axes=([0, 2, 3], [0, 2, 3]))
        dseen = np.einsum("nohw,ocij->nchwij", dz, cache.W, optimize=True)
        dpadded = spread(dseen, cache.padded, self.stride)
        p = self.padding
        height, width = cache.padded[2:]
        return {"W": dW, "b": dz.sum(axis=(0, 2, 3))}, dpadded[:, :, p : height - p, p : width - p]


EXAMPLES = {
    "conv2d": Example(Conv2d(3, 3), normal(2, 2, 5, 4)),
    "conv2d_strided": Example(Conv2d(3, 3, stride=2, padding=1), normal(2, 2, 7, 6)),
    "conv2d_leftover": Example(Conv2d(2, 2, stride=3), normal(2, 3, 6, 7)),
}
