"""One gradient of a released package: how to build its check, and what the check must say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.decision import Verdict


@dataclass(frozen=True)
class Wrong:
    """Why a released gradient is wrong, and the loss in any precision to prove it.

    Attributes
    ----------
    release : tuple of (str, str)
        Distribution and version that hold the mistake.
    formula : str
        What is written, and what belongs there.
    loss : callable
        Of the entries of params in their order (mpf): the loss as the package documents it, written
        again with mpmath.
    second : bool
        Whether the case is a Hessian: `loss` is then the function whose second derivative it is.
    """

    release: tuple[str, str]
    formula: str
    loss: Callable[[list[Any]], Any]
    second: bool = False


@dataclass(frozen=True)
class Case:
    """A gradient that somebody wrote and released.

    Attributes
    ----------
    package : str
        The module to import; without it the case is skipped.
    name : str
        Of the function that returns the gradient.
    build : callable
        Returns ``(loss, params, gradient)``, or ``(loss, params)`` if the loss returns both.
    wrong : Wrong or None
    """

    package: str
    name: str
    build: Callable[[], tuple[Any, ...]]
    wrong: Wrong | None = None

    @property
    def id(self) -> str:
        return f"{self.package}:{self.name}"

    @property
    def verdict(self) -> Verdict:
        return "mismatch" if self.wrong else "match"


def weights(count):
    """Return weights by which the terms of a sum differ."""
    return np.cos(np.arange(count)) + 1.5


def elementwise(function, slope, x):
    """Return the check of a slope: the loss is a weighted sum of function values."""
    x = np.asarray(x, float)
    w = weights(x.size)
    return lambda x: np.sum(w * function(x)), x, lambda x: w * slope(x)


def product(gradient, hessian, x):
    """Return the check of a Hessian as the gradient of ``v . gradient(x)``."""
    v = weights(np.size(x))
    return lambda x: v @ np.asarray(gradient(x)), np.asarray(x, float), lambda x: np.asarray(hessian(x)) @ v
