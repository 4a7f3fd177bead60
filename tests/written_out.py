"""A network with its backward pass, written out, and wrong ones made of that."""

import itertools

import numpy as np


def network(sizes, samples, seed=0, activation=np.tanh):
    """Return loss, params and gradient of a network with an identity output."""
    rng = np.random.default_rng(seed)
    params = {}
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(sizes), start=1):
        params[f"W{layer}"] = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        params[f"b{layer}"] = 0.1 * rng.normal(size=n_out)
    x, d = rng.normal(size=(samples, sizes[0])), rng.normal(size=(samples, sizes[-1]))
    layers = len(sizes) - 1

    def forward(params):
        z = [x.astype(params["W1"].dtype)]
        for layer in range(1, layers + 1):
            u = z[-1] @ params[f"W{layer}"] + params[f"b{layer}"]
            z.append(activation(u) if layer < layers else u)
        return z

    def loss(params):
        return 0.5 * np.sum((forward(params)[-1] - d) ** 2)

    def gradient(params):
        z, found = forward(params), {}
        delta = z[-1] - d.astype(z[-1].dtype)
        for layer in range(layers, 0, -1):
            found[f"W{layer}"], found[f"b{layer}"] = z[layer - 1].T @ delta, delta.sum(axis=0)
            slope = 1 - z[layer - 1] ** 2 if activation is np.tanh else (z[layer - 1] > 0)
            delta = (delta @ params[f"W{layer}"].T) * slope
        return found

    return loss, params, gradient


def changed(gradient, name, index, factor):
    def wrong(params):
        found = gradient(params)
        found[name][index] *= factor
        return found

    return wrong


def relu(u):
    return np.maximum(u, 0)
