"""Minimal right implementations of a backward pass, as cases for the laws."""

import numpy as np

from gradcheck.laws import LayerCase, NetworkCase


class Layer:
    """z = x W + b."""

    def forward(self, params, x):
        return x @ params["W"] + params["b"], (params, x)

    def backward(self, dz, cache):
        params, x = cache
        return {"W": x.T @ dz, "b": dz.sum(axis=0)}, dz @ params["W"].T


class Mlp:
    """Any number of tanh layers W1, W2, ... and one half of the squared error."""

    def activate(self, u):
        return np.tanh(u)

    def forward(self, params, x):
        z = [x]
        for W in params.values():
            z.append(self.activate(z[-1] @ W))
        return z

    def loss(self, params, x, d):
        return 0.5 * np.sum((self.forward(params, x)[-1] - d) ** 2)

    def delta(self, dz, z):
        return dz * (1 - z**2)

    def gradient(self, params, x, d):
        z = self.forward(params, x)
        dz, found = z[-1] - d, {}
        for layer in range(len(params), 0, -1):
            delta = self.delta(dz, z[layer])
            found[f"W{layer}"] = z[layer - 1].T @ delta
            dz = delta @ params[f"W{layer}"].T
        return {name: found[name] for name in params}


def layer_case(layer, name="layer"):
    rng = np.random.default_rng(3)
    params = {"W": rng.normal(size=(2, 3)), "b": rng.normal(size=3)}
    return LayerCase(name, layer, params, rng.normal(size=(5, 2)))


def network_case(network, name="network", depth=2, width=3, grow=True):
    rng = np.random.default_rng(4)
    params = {f"W{layer}": rng.normal(size=(width, width)) for layer in range(1, depth + 1)}
    x, d = rng.normal(size=(5, width)), rng.normal(size=(5, width))

    def larger(depth, width):
        return network_case(network, name, depth, width)

    return NetworkCase(name, network, params, x, d, larger if grow else None)
