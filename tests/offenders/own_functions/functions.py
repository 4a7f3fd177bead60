import numpy as np


def tanh(u):
    return np.tanh(u)


def d_mean_squared_error(d, y):
    return y - d
