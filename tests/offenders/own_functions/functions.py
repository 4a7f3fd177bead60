import numpy as np


def tanh(u):
    return np.tanh(u)


def slope_of_half_square(d, y):
    return y - d
