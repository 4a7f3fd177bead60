"""Dense networks to measure time with: in NumPy, and the same formula in any other namespace."""

from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
from problem import Array, Params


@dataclass(frozen=True)
class Network:
    """Dense network with a linear output and mean squared error; takes stacked parameters too."""

    params: Params
    x: Array
    d: Array
    relu: bool = False  # instead of tanh

    @property
    def layers(self) -> int:
        """Number of weight matrices."""
        return len(self.params) // 2

    @property
    def entries(self) -> int:
        """Number of parameters."""
        return sum(p.size for p in self.params.values())

    def formula(self, params: Any, xp: ModuleType) -> Any:
        """Return the loss in the given namespace; one for each element of a stack of parameters."""
        z = xp.asarray(self.x)
        for layer in range(1, self.layers + 1):
            u = z @ params[f"W{layer}"] + params[f"b{layer}"][..., None, :]
            z = (u * (u > 0) if self.relu else xp.tanh(u)) if layer < self.layers else u
        return ((z - xp.asarray(self.d)) ** 2).sum((-2, -1)) / (2 * len(self.x))

    def loss(self, params: Params) -> Any:
        """Return the loss in NumPy."""
        return self.formula(params, np)

    def gradient(self, params: Params) -> Params:
        """Return its gradient by hand."""
        zs = [self.x]
        for layer in range(1, self.layers + 1):
            u = zs[-1] @ params[f"W{layer}"] + params[f"b{layer}"]
            zs.append((np.maximum(u, 0) if self.relu else np.tanh(u)) if layer < self.layers else u)
        delta, result = (zs[-1] - self.d) / len(self.x), {}
        for layer in range(self.layers, 0, -1):
            result[f"W{layer}"], result[f"b{layer}"] = zs[layer - 1].T @ delta, delta.sum(axis=0)
            if layer > 1:
                slope = zs[layer - 1] > 0 if self.relu else 1 - zs[layer - 1] ** 2
                delta = (delta @ params[f"W{layer}"].T) * slope
        return {name: result[name] for name in params}


def network(*sizes: int, samples: int, seed: int = 0, relu: bool = False) -> Network:
    """Draw a network, the same one each time."""
    rng = np.random.default_rng(seed)
    params = {}
    for i, (m, n) in enumerate(pairwise(sizes), 1):
        params[f"W{i}"] = rng.normal(size=(m, n)) / np.sqrt(m)
        params[f"b{i}"] = 0.1 * rng.normal(size=n)
    x, d = rng.normal(size=(samples, sizes[0])), rng.normal(size=(samples, sizes[-1]))
    return Network(params, x, d, relu)
