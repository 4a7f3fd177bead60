"""Softmax classifier with one hidden layer."""
import numpy as np

rng = np.random.default_rng(1)


def init_params(n_in, n_hidden, n_out, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "W1": rng.normal(0, 0.1, (n_in, n_hidden)),
        "b1": np.zeros(n_hidden),
        "W2": rng.normal(0, 0.1, (n_hidden, n_out)),
        "b2": np.zeros(n_out),
    }


def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(params, x):
    h = np.tanh(x @ params["W1"] + params["b1"])
    return softmax(h @ params["W2"] + params["b2"])


def loss(params, x, d):
    y = forward(params, x)
    return -np.mean(np.sum(d * np.log(y), axis=1))


def backward(params, x, d):
    h = np.tanh(x @ params["W1"] + params["b1"])
    y = softmax(h @ params["W2"] + params["b2"])
    delta2 = (y - d) / len(x)
    delta1 = delta2 @ params["W2"].T * (1 - h ** 2)
    return {
        "W1": x.T @ delta1,
        "b1": delta1.sum(axis=0),
        "W2": h.T @ delta2,
        "b2": delta2.sum(axis=0),
    }


if __name__ == "__main__":
    params = init_params(4, 8, 3)
    for step in range(1000):
        grads = backward(params, np.ones((2, 4)), np.eye(3)[:2])
        for name in params:
            params[name] -= 0.1 * grads[name]
