"""Random problems of dense networks, for the tests of the analytic side."""

from itertools import pairwise

import numpy as np

from gradcheck.networks import LOSSES

PRIMES = (3, (7, 5, 2, 3))
SQUARE = (5, (3, 3, 3, 3))
ALL_EQUAL = (3, (3, 3, 3, 3))


def draw(seed, samples=3, widths=(2, 5, 3), loss="half_squared_error", bias=True):
    """Return params, x and d of a dense network with these widths."""
    rng = np.random.default_rng(seed)
    params = {}
    for layer, (rows, columns) in enumerate(pairwise(widths), 1):
        params[f"W{layer}"] = rng.normal(size=(rows, columns))
        if bias:
            params[f"b{layer}"] = rng.normal(size=columns)
    return params, rng.normal(size=(samples, widths[0])), target(rng, loss, (samples, widths[-1]))


def target(rng, loss, shape):
    """Return a target that fits an output of this shape."""
    kind = LOSSES[loss].target
    if kind == "classes":
        return rng.integers(shape[-1], size=shape[:-1])
    if kind == "probabilities":
        return rng.uniform(size=shape)
    if kind == "signs":
        return rng.choice([-1.0, 1.0], size=shape)
    return rng.normal(size=shape)
