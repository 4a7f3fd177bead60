# Right; softmax output, a batch.
import numpy as np
network = {"W1": np.random.randn(2, 4), "b1": np.zeros(4), "W2": np.random.randn(4, 3), "b2": np.zeros(3)}
def relu(u): return np.maximum(0, u)
def softmax(u):
    e = np.exp(u - np.max(u, axis=1, keepdims=True)); return e/e.sum(axis=1, keepdims=True)
def forward(network, x):
    u1 = x@network["W1"]+network["b1"]; z1 = relu(u1)
    y = softmax(z1@network["W2"]+network["b2"])
    return z1, y
def backward(x, d, z1, y):
    delta2 = (y-d)/len(x)
    delta1 = delta2@network["W2"].T*(z1>0)
    return {"W1": x.T@delta1, "b1": delta1.sum(0), "W2": z1.T@delta2, "b2": delta2.sum(0)}
