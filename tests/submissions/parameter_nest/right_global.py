import numpy as np
params = {"W1": np.random.randn(3,5), "b1": np.zeros(5), "W2": np.random.randn(5,1), "b2": np.zeros(1)}
def forward(x, params):
    h = np.tanh(x @ params["W1"] + params["b1"])
    return h @ params["W2"] + params["b2"], h
def mse(y, d):
    return np.mean((y - d)**2)
def backward(x, d, params):
    y, h = forward(x, params)
    dy = 2*(y-d)/len(x)
    dh = (dy @ params["W2"].T)*(1-h**2)
    return {"dW1": x.T@dh, "db1": dh.sum(0), "dW2": h.T@dy, "db2": dy.sum(0)}
