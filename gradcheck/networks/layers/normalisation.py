"""Batch and layer normalisation: z = gamma h + beta with h = (x - mean) / sqrt(var + eps)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradcheck.networks.arrays import Array, Gradient, Params
from gradcheck.networks.layers.layer import Example, Layer, Shapes, normal

EPS = 1e-5


class NormCache(NamedTuple):
    """What a normalisation leaves: h, 1 / sqrt(var + eps), gamma in the shape of h, and x."""

    h: Array
    scale: Array
    gamma: Array
    x: Array


def _normalised(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    centred = x - x.mean(axis=axes, keepdims=True)
    scale = 1 / np.sqrt((centred * centred).mean(axis=axes, keepdims=True) + EPS)
    return centred * scale, scale


def _through_normalisation(dh: Array, cache: NormCache, axes: tuple[int, ...]) -> Array:
    """Return dx: x reaches h by itself, by its mean and by its variance."""
    mean: Array = dh.mean(axis=axes, keepdims=True)
    along: Array = (dh * cache.h).mean(axis=axes, keepdims=True)
    return cache.scale * (dh - mean - cache.h * along)


def _affine_gradient(dz: Array, h: Array, axes: tuple[int, ...]) -> Gradient:
    return {"gamma": (dz * h).sum(axis=axes), "beta": dz.sum(axis=axes)}


def _channels(values: Array, ndim: int) -> Array:
    """Return values of each channel in a shape that broadcasts along axis 1."""
    return values.reshape(-1, *[1] * (ndim - 2))


def _all_but_channels(x: Array) -> tuple[int, ...]:
    return tuple(axis for axis in range(x.ndim) if axis != 1)


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Each channel (axis 1) normalised by its mean and variance over the batch (training)."""

    def shapes(self, x: Array) -> Shapes:
        """Return gamma and beta, one for each channel."""
        return {"gamma": x.shape[1:2], "beta": x.shape[1:2]}

    def forward(self, params: Params, x: Array) -> tuple[Array, NormCache]:
        """Return z, the shape of x."""
        h, scale = _normalised(x, _all_but_channels(x))
        gamma, beta = (_channels(params[name], x.ndim) for name in ("gamma", "beta"))
        return gamma * h + beta, NormCache(h, scale, gamma, x)

    def backward(self, dz: Array, cache: NormCache) -> tuple[Gradient, Array]:
        """Return dgamma, dbeta and dx."""
        axes = _all_but_channels(dz)
        return _affine_gradient(dz, cache.h, axes), _through_normalisation(dz * cache.gamma, cache, axes)


@dataclass(frozen=True, eq=False)
class BatchNormInference(Layer):
    """Each channel (axis 1) normalised by a mean and a variance that are given.

    Attributes
    ----------
    mean, var : ndarray, shape (channels,)
        Constants, as training leaves them.
    """

    mean: Array
    var: Array

    def shapes(self, x: Array) -> Shapes:
        """Return gamma and beta, one for each channel."""
        return {"gamma": x.shape[1:2], "beta": x.shape[1:2]}

    def forward(self, params: Params, x: Array) -> tuple[Array, NormCache]:
        """Return z, the shape of x."""
        mean, var = (_channels(a.astype(x.dtype), x.ndim) for a in (self.mean, self.var))
        gamma, beta = (_channels(params[name], x.ndim) for name in ("gamma", "beta"))
        scale = 1 / np.sqrt(var + EPS)
        h = (x - mean) * scale
        return gamma * h + beta, NormCache(h, scale, gamma, x)

    def backward(self, dz: Array, cache: NormCache) -> tuple[Gradient, Array]:
        """Return dgamma, dbeta and dx."""
        gradient = _affine_gradient(dz, cache.h, _all_but_channels(dz))
        return gradient, dz * cache.gamma * cache.scale


@dataclass(frozen=True)
class LayerNorm(Layer):
    """Each sample normalised by mean and variance over its last axis."""

    def shapes(self, x: Array) -> Shapes:
        """Return gamma and beta, one for each entry of the last axis."""
        return {"gamma": x.shape[-1:], "beta": x.shape[-1:]}

    def forward(self, params: Params, x: Array) -> tuple[Array, NormCache]:
        """Return z, the shape of x."""
        h, scale = _normalised(x, (-1,))
        return params["gamma"] * h + params["beta"], NormCache(h, scale, params["gamma"], x)

    def backward(self, dz: Array, cache: NormCache) -> tuple[Gradient, Array]:
        """Return dgamma, dbeta and dx."""
        axes = tuple(range(dz.ndim - 1))
        return _affine_gradient(dz, cache.h, axes), _through_normalisation(dz * cache.gamma, cache, (-1,))


EXAMPLES = {
    "batch_norm": Example(BatchNorm(), normal(5, 3), mixes_samples=True),
    "batch_norm_images": Example(BatchNorm(), normal(3, 2, 4, 5), mixes_samples=True),
    "batch_norm_inference": Example(
        BatchNormInference(np.array([0.5, -1.0]), np.array([0.7, 2.0])), normal(3, 2, 4, 5)
    ),
    "layer_norm": Example(LayerNorm(), normal(3, 4, 5)),
}
