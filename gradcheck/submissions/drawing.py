"""The problems on which a network is checked: random ones and special ones."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradcheck.submissions.arrangement import Arrangement
from gradcheck.submissions.binding import Params

GENERAL = 3
AT_TARGET = "d = y"
SATURATED = "large parameters"


def general(template: Params, arrangement: Arrangement, rng: np.random.Generator) -> Params:
    """Return parameters in general position, such that no layer saturates.

    Parameters
    ----------
    template : dict of str to array or float
        Names, shapes and types.
    arrangement : Arrangement
    rng : numpy.random.Generator

    Returns
    -------
    dict
    """
    sizes = dict(zip(arrangement.weights, arrangement.widths, strict=False))
    return {
        name: _like(value, rng.normal(size=np.shape(value)) * min(1.0, (2 / sizes.get(name, 1)) ** 0.5))
        for name, value in template.items()
    }


def special(params: Params, x: Any, arrangement: Arrangement) -> Iterator[tuple[str, Params, Any]]:
    """Yield name, parameters and input (N, in) of the special problems, made from a general one.

    Parameters
    ----------
    params : dict of str to array or float
    x : ndarray, shape (N, in)
    arrangement : Arrangement

    Yields
    ------
    str, dict, ndarray
    """
    yield AT_TARGET, params, x
    yield "x = 0", params, 0 * x
    yield "parameters = 0", _scaled(params, 0.0), x
    yield SATURATED, _scaled(params, 2.0), x
    weight, bias = arrangement.weights[0], arrangement.biases[0]
    if bias is not None:
        # Saturated no further than formulas such as 1 - z**2 can be trusted to rtol.
        low = {weight: 0.3 * params[weight], bias: -2.0 - np.clip(np.abs(params[bias]), 0, 1)}
        yield "negative pre-activations", {**params, **low}, np.clip(x, -1, 1)


def _scaled(params: Params, factor: float) -> Params:
    return {name: _like(value, factor * np.asarray(value)) for name, value in params.items()}


def _like(value: Any, array: Any) -> Any:
    """Return the array, as a number if the value is one; always in double precision."""
    return array if np.ndim(value) else float(array)
