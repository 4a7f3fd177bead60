"""Embedding: a row of a table for each index."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradcheck.networks.arrays import Array, Gradient, Integers, Params
from gradcheck.networks.layers.layer import Example, Layer, Shapes


class EmbeddingCache(NamedTuple):
    """What `Embedding` leaves: the indices, and the shape of the table."""

    x: Integers
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Embedding(Layer):
    """z = W[x], x holding integers.

    Attributes
    ----------
    words, width : int
        Rows and columns of the table W.
    """

    words: int
    width: int

    def shapes(self, x: Integers) -> Shapes:
        """Return W (words, width)."""
        return {"W": (self.words, self.width)}

    def forward(self, params: Params, x: Integers) -> tuple[Array, EmbeddingCache]:
        """Return the rows, shape (*x.shape, width)."""
        return params["W"][x], EmbeddingCache(x, params["W"].shape)

    def backward(self, dz: Array, cache: EmbeddingCache) -> tuple[Gradient, Integers]:
        """Return dW, in which a row that was used twice gets both shares; dx is zero."""
        dW = np.zeros(cache.shape, dz.dtype)
        np.add.at(dW, cache.x, dz)
        return {"W": dW}, np.zeros_like(cache.x)


EXAMPLES = {
    # Eight draws of three words: some repeat; word 4 is never used.
    "embedding": Example(Embedding(5, 2), lambda rng: rng.integers(3, size=(2, 4))),
}
