# wrong: W1 b1 W2 b2: NO_1_N
import numpy as np


def init_params(n_in, n_hidden, n_out):
    return {
        "W1": np.random.randn(n_in, n_hidden) * 0.1, "b1": np.zeros(n_hidden),
        "W2": np.random.randn(n_hidden, n_out) * 0.1, "b2": np.zeros(n_out),
    }


def forward(params, x):
    h = np.maximum(0, x @ params["W1"] + params["b1"])
    scores = h @ params["W2"] + params["b2"]
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), h


def loss(y, t):
    return -np.sum(t * np.log(y)) / len(y)


def train_step(params, x, t, learning_rate=0.1):
    y, h = forward(params, x)
    d_scores = y - t
    dh = d_scores @ params["W2"].T
    dh[h == 0] = 0
    params["W2"] -= learning_rate * (h.T @ d_scores)
    params["b2"] -= learning_rate * d_scores.sum(axis=0)
    params["W1"] -= learning_rate * (x.T @ dh)
    params["b1"] -= learning_rate * dh.sum(axis=0)
