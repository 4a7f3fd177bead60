# There is no backward.
import numpy as np
import functions

network = {"W1": np.ones((2, 3)), "b1": np.zeros(3), "W2": np.ones(3), "b2": 0.0}


def forward(network, x):
    z1 = functions.tanh(np.dot(x, network["W1"]) + network["b1"])
    y = np.dot(z1, network["W2"]) + network["b2"]
    return z1, y
