"""What a convention makes of a file: a model that takes parameters and gives loss and gradient.

Parameters and gradients are flat dicts from names to arrays or numbers; nests, objects and
caches of the submission stay in its own process.
This module imports nothing of gradcheck but what likewise imports nothing of it, since the
submission's process loads it.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import numpy as np

from gradcheck.submissions.calling import call, matched
from gradcheck.submissions.source import Unfit, parameters

# The strength that a file's penalty gets where it is an argument.
PENALTY = 0.05
# Widths of a network whose sizes are ours to choose: different primes, so that a wrong factor names
# its origin.
INPUTS, HIDDEN, OUTPUTS = 7, (11, 13), 3
# Samples in a batch: a prime that is none of the widths.
BATCH = 5

Flat = dict[str, Any]


class Model:
    """A file that can be called; conventions override what they have.

    Attributes
    ----------
    offers : tuple of str
        Which of ``"output"`` and ``"loss"`` it has.
    origin : str
        Where its parameters come from, in words.
    """

    offers: tuple[str, ...] = ("output", "loss")
    origin = ""

    def __init__(self) -> None:
        self.params: Flat = {}

    def parameters(self) -> Flat:
        """Return the current parameters."""
        return self.params

    def set(self, params: Flat) -> None:
        """Take these parameters."""
        self.params = params

    def draw(self, seed: int) -> Flat:
        """Return random parameters; for what is no network."""
        raise NotImplementedError

    def output(self, x: Any) -> Any:
        """Return the output y."""
        raise NotImplementedError

    def loss(self, x: Any, d: Any) -> Any:
        """Return the loss E, a number."""
        raise NotImplementedError

    def gradient(self, x: Any, d: Any) -> Any:
        """Return dE/dparams, a dict with the names of the parameters or these with a ``d`` before."""
        raise NotImplementedError


def fill(arrays: MutableMapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write values into arrays that other objects may hold as well; replace those of less precision."""
    for name, value in values.items():
        if arrays[name].dtype == value.dtype:
            arrays[name][...] = value
        else:
            arrays[name] = value


def pair(value: Any, what: str) -> tuple[Any, Any]:
    """Return the two values that a function must have returned.

    Raises
    ------
    Unfit
        If it did not.
    """
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise Unfit(f"{what} returns no pair", given=_described(value), expected="two values")
    return value[0], value[1]


def construct(make: Callable[..., Any], outputs: int = OUTPUTS) -> Any:
    """Call a constructor or an initialiser with sizes of our own.

    Parameters
    ----------
    make : callable
        Takes the numbers of inputs, hidden units (or a list of them) and outputs, or a list of all.
    outputs : int, optional

    Returns
    -------
    object

    Raises
    ------
    Unfit
        If it is not clear what its parameters take.
    """
    pool: dict[str, Any] = {"inputs": INPUTS, "hidden": HIDDEN[0], "outputs": outputs, "reg": PENALTY}
    pool |= {"hiddens": list(HIDDEN), "sizes": [INPUTS, *HIDDEN, outputs]}
    pool |= {"rate": 1.0, "dtype": np.float64, "rng": np.random.default_rng(0), "seed": 0, "scale": 0.1}
    named = matched(parameters(make), list(pool))
    sized = {"inputs", "hidden", "hiddens", "outputs"} & {*named}
    places = ("sizes",) if named.count(None) == 1 and not sized else ("inputs", "hidden", "outputs")
    return call(make, pool, places)


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array, shape {value.shape}"
    return f"{type(value).__name__}" + (f" of {len(value)}" if isinstance(value, tuple | list) else "")
