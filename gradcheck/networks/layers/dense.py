"""Dense layers, activations as layers, and flattening."""

from dataclasses import dataclass
from typing import NamedTuple

from gradcheck.networks.activations import ACTIVATIONS
from gradcheck.networks.arrays import Array, Gradient, Params, look_up
from gradcheck.networks.layers.layer import Example, Layer, Shapes, normal


class DenseCache(NamedTuple):
    """What `Dense` leaves: its parameters and its input."""

    params: Params
    x: Array


@dataclass(frozen=True)
class Dense(Layer):
    """u = x W + b, over the last axis of x.

    Attributes
    ----------
    units : int
        Size of the output.
    bias : bool
        Whether there is a b.
    """

    units: int
    bias: bool = True

    def shapes(self, x: Array) -> Shapes:
        """Return W (in, units) and b (units,)."""
        W: Shapes = {"W": (x.shape[-1], self.units)}
        return W | {"b": (self.units,)} if self.bias else W

    def forward(self, params: Params, x: Array) -> tuple[Array, DenseCache]:
        """Return u, shape (..., units)."""
        u = x @ params["W"]
        return (u + params["b"] if self.bias else u), DenseCache(params, x)

    def backward(self, dz: Array, cache: DenseCache) -> tuple[Gradient, Array]:
        """Return dW, db and dx; delta is dz, since u is the output."""
        W = cache.params["W"]
        rows = dz.reshape(-1, self.units)
        gradient: Gradient = {"W": cache.x.reshape(-1, W.shape[0]).T @ rows}
        if self.bias:
            gradient["b"] = rows.sum(axis=0)
        return gradient, dz @ W.T


@dataclass(frozen=True)
class Activate(Layer):
    """z = f(u).

    Attributes
    ----------
    name : str
        Of `gradcheck.networks.ACTIVATIONS`.
    """

    name: str

    def __post_init__(self) -> None:
        look_up(ACTIVATIONS, "activation", self.name)

    def forward(self, params: Params, x: Array) -> tuple[Array, Array]:
        """Return f(x), the shape of x."""
        return ACTIVATIONS[self.name].f(x), x

    def backward(self, dz: Array, cache: Array) -> tuple[Gradient, Array]:
        """Return dE/du; there are no parameters."""
        return {}, ACTIVATIONS[self.name].backward(dz, cache)


@dataclass(frozen=True)
class Flatten(Layer):
    """All axes but the first become one."""

    def forward(self, params: Params, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Return x in shape (N, -1)."""
        return x.reshape(len(x), -1), x.shape

    def backward(self, dz: Array, cache: tuple[int, ...]) -> tuple[Gradient, Array]:
        """Return dz in the shape of x; there are no parameters."""
        return {}, dz.reshape(cache)


EXAMPLES = {
    "dense": Example(Dense(3), normal(5, 2)),
    "dense_without_bias": Example(Dense(3, bias=False), normal(5, 2)),
    "dense_over_time": Example(Dense(3), normal(5, 4, 2)),
    "activate": Example(Activate("gelu"), normal(5, 3)),
    "flatten": Example(Flatten(), normal(2, 3, 5)),
}
