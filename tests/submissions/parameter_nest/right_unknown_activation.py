import numpy as np
def init_params(n_in, n_hidden, n_out):
    return {"W1": np.random.randn(n_in, n_hidden), "b1": np.zeros(n_hidden), "W2": np.random.randn(n_hidden, n_out), "b2": np.zeros(n_out)}
def softmax(u):
    e = np.exp(u - u.max(axis=1, keepdims=True)); return e/e.sum(axis=1, keepdims=True)
def forward(params, x):
    u = x @ params["W1"] + params["b1"]
    h = u/(1+np.abs(u))
    return softmax(h @ params["W2"] + params["b2"]), u, h
def backward(params, x, t):
    y, u, h = forward(params, x)
    delta2 = (y - t) / len(x)
    delta1 = delta2 @ params["W2"].T / (1+np.abs(u))**2
    return {"W1": x.T @ delta1, "b1": delta1.sum(axis=0), "W2": h.T @ delta2, "b2": delta2.sum(axis=0)}
