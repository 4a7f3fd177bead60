"""A function of one array and its derivative, or both in one, as scipy.optimize takes them."""

from typing import Any

import numpy as np

from gradcheck.submissions.models import Flat, Model, pair
from gradcheck.submissions.source import Source, Unfit, parameters

SHAPE = "objective"
KIND = "function"
FORM = "fun(x) and jac(x) of one array, or fun(x) -> (value, gradient), as scipy.optimize.minimize takes them"
_VALUE = "fun|func|f|objective|objective_function|cost|loss|energy|value_and_grad*|loss_and_grad*|fun_and_*"
_SLOPE = (
    "jac|jacobian|fprime|df|grad|gradient|grad_f|f_grad|objective_grad*|dfun|d_objective|fun_grad|gradient_*"
)
NEEDS = (_VALUE,)
USES = (_SLOPE,)
VARIANTS = (None,)
# Some functions are of two numbers, some of any.
_SIZES = (5, 2, 3, 1)


def bind(source: Source, variant: None) -> Model:
    """Return the pair of functions, or the one that returns both."""
    value, slope = source.first(_VALUE), source.first(_SLOPE)
    if value is None or any(len(parameters(f)) != 1 for f in (value, slope) if f is not None):
        raise Unfit("there is no function of one array alone", expected=FORM)
    return Objective(value, slope)


class Objective(Model):
    """Functions of an array x."""

    offers = ("loss",)

    def __init__(self, value: Any, slope: Any) -> None:
        super().__init__()
        self._value, self._slope = value, slope
        self._size, self.origin = self._fitting_size(), f"{value.__name__}(), an array x"

    def draw(self, seed: int) -> Flat:
        """Return the array."""
        return {"x": np.random.default_rng(seed).normal(size=self._size)}

    def loss(self, x: Any, d: Any) -> Any:
        """Return the value."""
        found = self._value(self.params["x"])
        return found if self._slope else pair(found, self._value.__name__)[0]

    def gradient(self, x: Any, d: Any) -> Any:
        """Return the derivative."""
        point = self.params["x"]
        return {"x": self._slope(point) if self._slope else pair(self._value(point), self._value.__name__)[1]}

    def _fitting_size(self) -> int:
        """Return the first size of x for which both can be called and fit each other."""
        for size in _SIZES:
            self.params = {"x": np.full(size, 0.5)}
            try:
                if np.size(self.loss(None, None)) == 1 and np.shape(self.gradient(None, None)["x"]) == (
                    size,
                ):
                    return size
            except (ValueError, IndexError, TypeError):
                continue
        return _SIZES[0]
