"""Random problems of dense networks, for the tests of the analytic side."""

from itertools import pairwise

import numpy as np

PRIMES = (3, (7, 5, 2, 3))
SQUARE = (5, (3, 3, 3, 3))
ALL_EQUAL = (3, (3, 3, 3, 3))


def draw(seed, samples=3, widths=(2, 5, 3), scale=1.0, bias=True):
    """Return params, x and d of a dense network with these widths."""
    rng = np.random.default_rng(seed)
    params = {}
    for layer, (rows, columns) in enumerate(pairwise(widths), 1):
        params[f"W{layer}"] = scale * rng.normal(size=(rows, columns))
        if bias:
            params[f"b{layer}"] = scale * rng.normal(size=columns)
    return params, rng.normal(size=(samples, widths[0])), rng.normal(size=(samples, widths[-1]))
