# A regression network of two layers, with relu: d_relu(z1) is right, since z1 > 0 where u1 > 0.
import numpy as np
import matplotlib.pyplot as plt
from common import functions


def init_network(hidden=10):
    network = {}
    network["W1"] = 0.5 * np.random.randn(2, hidden)
    network["b1"] = np.zeros(hidden)
    network["W2"] = 0.5 * np.random.randn(hidden)
    network["b2"] = 0.0
    return network


def forward(network, x):
    u1 = np.dot(x, network["W1"]) + network["b1"]
    z1 = functions.relu(u1)
    y = np.dot(z1, network["W2"]) + network["b2"]
    return z1, y


def backward(x, d, z1, y):
    grads = {}
    delta2 = functions.d_mean_squared_error(d, y)
    grads["W2"] = delta2 * z1
    grads["b2"] = delta2
    delta1 = delta2 * network["W2"].T * functions.d_relu(z1)
    grads["W1"] = np.outer(x, delta1)
    grads["b1"] = delta1
    return grads


network = init_network()
x_all = np.random.rand(200, 2) * 2 - 1
d_all = np.sin(np.pi * x_all[:, 0]) * x_all[:, 1]

losses = []
for epoch in range(20):
    total = 0.0
    for x, d in zip(x_all, d_all):
        z1, y = forward(network, x)
        grads = backward(x, d, z1, y)
        for key in ("W1", "b1", "W2", "b2"):
            network[key] -= 0.1 * grads[key]
        total += functions.mean_squared_error(d, y)
    losses.append(total / len(x_all))
    print("epoch", epoch, "loss", losses[-1])

plt.plot(losses)
plt.xlabel("epoch")
plt.ylabel("loss")
plt.show()
