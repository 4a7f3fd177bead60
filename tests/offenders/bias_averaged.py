# Takes a batch, and one sample as a batch of one: only a batch shows that b2 is averaged.
import numpy as np
from functions import d_mean_squared_error, d_sigmoid, sigmoid

network = {
    "W1": np.random.randn(4, 6),
    "b1": np.zeros(6),
    "W2": np.random.randn(6, 3),
    "b2": np.zeros(3),
}


def forward(network, x):
    u1 = x @ network["W1"] + network["b1"]
    z1 = sigmoid(u1)
    y = z1 @ network["W2"] + network["b2"]
    return u1, z1, y


def backward(x, d, u1, z1, y):
    delta2 = d_mean_squared_error(d, y)
    delta1 = (delta2 @ network["W2"].T) * d_sigmoid(u1)
    return {
        "W1": x.T @ delta1,
        "b1": delta1.sum(axis=0),
        "W2": z1.T @ delta2,
        "b2": delta2.mean(axis=0),
    }
