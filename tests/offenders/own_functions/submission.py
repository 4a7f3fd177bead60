# Right by a helper module of its own, beside it.
import numpy as np
import functions

network = {"W1": np.ones((2, 3)), "b1": np.zeros(3), "W2": np.ones((3, 1)), "b2": np.zeros(1)}


def forward(network, x):
    z1 = functions.tanh(np.dot(x, network["W1"]) + network["b1"])
    y = np.dot(z1, network["W2"]) + network["b2"]
    return z1, y


def backward(x, d, z1, y):
    delta2 = functions.slope_of_half_square(d, y)
    delta1 = np.dot(delta2, network["W2"].T) * (1 - z1**2)
    return {"W1": np.dot(x.T, delta1), "b1": delta1.sum(axis=0), "W2": np.dot(z1.T, delta2), "b2": delta2.sum(axis=0)}
