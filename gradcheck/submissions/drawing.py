"""The problems on which a network of two layers is checked: random ones and special ones."""

from collections.abc import Iterator

import numpy as np

from gradcheck.submissions.binding import Draw, Params
from gradcheck.submissions.sizes import Sizes

# Samples in x. A prime that no width is likely to be, so that a wrong factor names its origin.
FORMS = {"one sample": 1, "a batch": 5, "a batch of one": 1}
GENERAL = 3
AT_TARGET = "d = y"


def draws(sizes: Sizes, form: str, seed: int) -> Iterator[Draw]:
    """Yield problems without a target (d is 0), those in general position first.

    Parameters
    ----------
    sizes : Sizes
    form : str
        One of `FORMS`.
    seed : int

    Yields
    ------
    Draw
    """
    for number in range(GENERAL):
        yield general(sizes, form, np.random.default_rng([seed, number]))
    draw = general(sizes, form, np.random.default_rng([seed, GENERAL]))
    params = draw.params
    yield Draw(AT_TARGET, params, draw.x, 0.0)
    yield Draw("x = 0", params, 0 * draw.x, 0.0)
    yield Draw("parameters = 0", scaled(params, 0.0), draw.x, 0.0)
    yield Draw("large parameters", scaled(params, 2.0), draw.x, 0.0)
    if "b1" in params:
        # Saturated no further than formulas such as 1 - z**2 can be trusted to rtol.
        low = {**params, "W1": 0.3 * params["W1"], "b1": -2.0 - np.clip(np.abs(params["b1"]), 0, 1)}
        yield Draw("negative pre-activations", low, np.clip(draw.x, -1, 1), 0.0)


def general(sizes: Sizes, form: str, rng: np.random.Generator) -> Draw:
    """Return a problem in general position.

    Parameters
    ----------
    sizes : Sizes
    form : str
    rng : numpy.random.Generator

    Returns
    -------
    Draw
    """
    params = {name: rng.normal(size=shape) for name, shape in sizes.shapes.items()}
    shape = (sizes.inputs,) if form == "one sample" else (FORMS[form], sizes.inputs)
    return Draw("", scaled(params, 1.0), rng.normal(size=shape), 0.0)


def scaled(params: Params, factor: float) -> Params:
    """Return the parameters times a factor; a number stays a number."""
    return {
        name: factor * value if np.ndim(value) else factor * float(value) for name, value in params.items()
    }
