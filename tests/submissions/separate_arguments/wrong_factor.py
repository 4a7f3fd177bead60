# wrong: W1 b1 W2 b2: LOSS_HALF
import numpy as np


def sigmoid(u):
    return 1 / (1 + np.exp(-u))


def forward(X, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    A1 = sigmoid(Z1)
    Z2 = A1 @ W2 + b2
    A2 = sigmoid(Z2)
    return Z1, A1, Z2, A2


def loss(A2, Y):
    return np.mean((A2 - Y) ** 2)


def backward(X, Y, Z1, A1, A2, W1, W2):
    dZ2 = (A2 - Y) / Y.size * A2 * (1 - A2)
    dW2 = A1.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dZ1 = dZ2 @ W2.T * A1 * (1 - A1)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return dW1, db1, dW2, db2
