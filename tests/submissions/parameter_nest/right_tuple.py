import numpy as np
def forward(params, x):
    """One layer regression"""
    W, b = params
    return x @ W + b
def loss(params, x, d):
    return np.sum((forward(params, x) - d)**2)/len(x)
def backward(params, x, d):
    W, b = params
    e = 2*(forward(params, x) - d)/len(x)
    return x.T @ e, e.sum(axis=0)
params = (np.zeros((3, 2)), np.zeros(2))
