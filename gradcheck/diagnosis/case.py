"""What is diagnosed: a problem, and the gradient that an implementation gives for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from gradcheck.networks.arrays import Array, Params


@dataclass(frozen=True)
class Case:
    """One problem, and the gradient that an implementation gives for it.

    Attributes
    ----------
    params : mapping of str to ndarray
        ``W1`` (in, out), ``b1`` (out,), ``W2``, ...
    x : ndarray, shape (N, in)
    d : ndarray, shape (N, K)
    gradient : mapping of str to ndarray
        The names and shapes of `params`.
    """

    params: Params
    x: Array
    d: Array
    gradient: Mapping[str, Array]
