"""Layers made of layers; a parameter's name begins with the number of its layer: ``3.gamma``."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gradcheck.errors import UsageError
from gradcheck.networks.arrays import Array, Gradient, Params
from gradcheck.networks.layers.dense import Activate, Dense
from gradcheck.networks.layers.layer import Example, Layer, Shapes, normal


class SequentialCache(NamedTuple):
    """What `Sequential` leaves: the cache of each layer, and all z, from the input on."""

    caches: list[Any]
    z: list[Any]


@dataclass(frozen=True)
class Sequential(Layer):
    """Layers one after the other, counted from 1.

    Attributes
    ----------
    layers : tuple of Layer
    """

    layers: tuple[Layer, ...]

    def shapes(self, x: Any) -> Shapes:
        """Return the shapes of all layers, found by sending x through them."""
        shapes: Shapes = {}
        for number, layer in enumerate(self.layers, 1):
            own = layer.shapes(x)
            shapes |= _numbered(number, own)
            x, _ = layer.forward({name: np.zeros(shape) for name, shape in own.items()}, x)
        return shapes

    def forward(self, params: Params, x: Any) -> tuple[Array, SequentialCache]:
        """Return the output of the last layer."""
        caches, z = [], [x]
        for number, layer in enumerate(self.layers, 1):
            out, cache = layer.forward(_own(number, params), z[-1])
            caches.append(cache)
            z.append(out)
        return z[-1], SequentialCache(caches, z)

    def backward(self, dz: Array, cache: SequentialCache) -> tuple[Gradient, Any]:
        """Return the derivatives for the parameters of all layers, and dx."""
        gradient: Gradient = {}
        for own, below in self.steps(dz, cache):
            gradient = own | gradient
            dz = below
        return gradient, dz

    def steps(self, dz: Array, cache: SequentialCache) -> Iterator[tuple[Gradient, Any]]:
        """Yield what each layer's backward returns, from the last layer down."""
        for number in range(len(self.layers), 0, -1):
            own, dz = self.layers[number - 1].backward(dz, cache.caches[number - 1])
            yield _numbered(number, own), dz


@dataclass(frozen=True)
class Residual(Layer):
    """z = x + layer(x).

    Attributes
    ----------
    layer : Layer
        Its output has the shape of its input.
    """

    layer: Layer

    def shapes(self, x: Array) -> Shapes:
        """Return the shapes of the inner layer."""
        return self.layer.shapes(x)

    def forward(self, params: Params, x: Array) -> tuple[Array, Any]:
        """Return x plus the inner layer's output."""
        z, cache = self.layer.forward(params, x)
        if z.shape != x.shape:
            raise UsageError(
                "the layer inside Residual changes the shape", given=f"{x.shape} becomes {z.shape}"
            )
        return x + z, cache

    def backward(self, dz: Array, cache: Any) -> tuple[Gradient, Array]:
        """Return the inner layer's derivatives; x gets dz by the second way as well."""
        gradient, dx = self.layer.backward(dz, cache)
        return gradient, dz + dx


def _numbered(number: int, own: dict[str, Any]) -> dict[str, Any]:
    return {f"{number}.{name}": value for name, value in own.items()}


def _own(number: int, params: Params) -> Gradient:
    prefix = f"{number}."
    return {name.removeprefix(prefix): value for name, value in params.items() if name.startswith(prefix)}


_BLOCK = Sequential((Dense(4), Activate("tanh"), Dense(2)))

EXAMPLES = {
    "sequential": Example(_BLOCK, normal(3, 5)),
    "residual": Example(Residual(_BLOCK), normal(3, 2)),
    "residual_activated": Example(Residual(Sequential((Dense(2), Activate("relu")))), normal(3, 2)),
    "nested": Example(Sequential((Dense(2), Residual(_BLOCK), Activate("sigmoid"))), normal(3, 5)),
}
