# The course's helper divides by len(d): for one sample by the number of outputs.
import numpy as np
from common import functions

network = {}
network["W1"] = np.random.randn(2, 5)
network["b1"] = np.zeros(5)
network["W2"] = np.random.randn(5, 3)
network["b2"] = np.zeros(3)


def forward(network, x):
    u1 = np.dot(x, network["W1"]) + network["b1"]
    z1 = functions.relu(u1)
    y = np.dot(z1, network["W2"]) + network["b2"]
    return z1, y


def backward(x, d, z1, y):
    grads = {}
    delta2 = functions.d_mean_squared_error(d, y)
    grads["W2"] = np.outer(z1, delta2)
    grads["b2"] = delta2
    delta1 = np.dot(delta2, network["W2"].T) * functions.d_relu(z1)
    grads["W1"] = np.outer(x, delta1)
    grads["b1"] = delta1
    return grads
