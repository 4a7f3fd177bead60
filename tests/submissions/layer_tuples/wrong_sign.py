# wrong: W1 b1 W2 b2 W3 b3: SIGN
import numpy as np


def init_params(sizes):
    params = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        params.append((np.random.randn(n_in, n_out) / np.sqrt(n_in), np.zeros(n_out)))
    return params


def relu(u):
    return np.maximum(u, 0)


def forward(params, x):
    zs = [x]
    for i, (W, b) in enumerate(params):
        u = zs[-1] @ W + b
        zs.append(relu(u) if i < len(params) - 1 else u)
    return zs[-1], zs


def loss(y, t):
    return 0.5 * np.sum((y - t) ** 2) / len(t)


def backward(params, x, t):
    y, zs = forward(params, x)
    delta = (t - y) / len(t)
    grads = []
    for i in range(len(params) - 1, -1, -1):
        W, b = params[i]
        grads.append((zs[i].T @ delta, delta.sum(axis=0)))
        delta = (delta @ W.T) * (zs[i] > 0)
    return grads[::-1]
