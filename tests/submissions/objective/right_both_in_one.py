import numpy as np


def objective(p):
    x, y = p
    value = (1 - x) ** 2 + 10 * np.sin(y - x ** 2)
    slope = 10 * np.cos(y - x ** 2)
    return value, np.array([-2 * (1 - x) - 2 * x * slope, slope])
