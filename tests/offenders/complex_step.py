# The complex step is a numeric derivative with all digits right.
import numpy as np

network = {"W1": np.random.randn(2, 7), "b1": np.zeros(7), "W2": np.random.randn(7), "b2": 0.0}


def forward(network, x):
    z1 = np.tanh(np.dot(x, network["W1"]) + network["b1"])
    y = np.dot(z1, network["W2"]) + network["b2"]
    return z1, y


def backward(x, d, z1, y):
    grads = {}
    for key, value in network.items():
        slopes = np.zeros(np.shape(value))
        for i in np.ndindex(slopes.shape):
            step = np.zeros(slopes.shape, dtype=complex)
            step[i] = 1e-30j
            _, moved = forward({**network, key: value + step}, x)
            slopes[i] = (0.5 * (moved - d) ** 2).imag / 1e-30
        grads[key] = slopes if slopes.shape else float(slopes)
    return grads
