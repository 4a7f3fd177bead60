"""The problem to be judged: a loss, a point, and the analytic gradient there."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.errors import GradientInterfaceError
from gradcheck.evaluation import Evaluation, Loss, equal
from gradcheck.gradients import arrays_of, read_gradient
from gradcheck.parameters import Parameters

Array = NDArray[Any]


class Problem(Evaluation):
    """A loss, the point at which it is differentiated, and its analytic gradient there.

    Parameters
    ----------
    loss : callable
        ``loss(params) -> real scalar``; with `gradient` None, ``(value, gradient)``.
    params : nest of parameters
    gradient : callable, nest or None
        ``gradient(params)``, the gradient itself, or None if `loss` returns it.

    Attributes
    ----------
    analytic : list of ndarray
        The gradient to be judged, shape as `Evaluation.start`.

    Raises
    ------
    GradientInterfaceError
        If loss, gradient and params do not fit each other, or the loss is not finite.
    """

    def __init__(self, loss: Loss, params: Any, gradient: Any = None) -> None:
        self._gradient = gradient
        self._first_result: Any = None
        super().__init__(loss, params, pair=gradient is None)
        self.analytic = self._analytic()

    def _first_call(self, parameters: Parameters) -> Any:
        self._first_result = super()._first_call(parameters)
        return self._first_result

    def _analytic(self) -> list[Array]:
        if self._gradient is not None and not callable(self._gradient):
            return self._read(self._gradient, "the gradient given")
        source = "the pair that the loss returns" if self._pair else f"{_name(self._gradient)}(params)"
        # The loss was called at the point just before: it may have left what a backward pass needs.
        raw, self._first_result = (
            self._second_of(self._first_result) if self._pair else self._gradient_call(),
            None,
        )
        first = self._read(raw, source)
        again = self._call_again()
        if _share_memory(raw, again, arrays_of(self.params)):
            self.flag("returns-buffer", "the gradient returns the same memory at each call")
        second = self._read(again, source, copy=False)
        if all(map(equal, first, second)):
            return first
        second = [np.array(values) for values in second]
        self._name_difference(first, second, self._read(self._call_again(), source, copy=False))
        return second

    def _call_again(self) -> Any:
        self.evaluations += self._pair
        return self._second_of(self._loss(self.params)) if self._pair else self._gradient_call()

    def _read(self, raw: Any, source: str, *, copy: bool = True) -> list[Array]:
        return read_gradient(raw, self._given, self.leaves, source, copy=copy)

    def _gradient_call(self) -> Any:
        raw = self._gradient(self.params)
        if self.moved():
            self.flag("mutates", "the gradient changes its argument params")
            self.renew()
        return raw

    def _second_of(self, result: Any) -> Any:
        if isinstance(result, tuple) and len(result) == 2:
            return result[1]
        raise GradientInterfaceError(
            "there is no gradient to check",
            given=f"gradient=None and a loss that returns {type(result).__name__}",
            expected="a gradient, or a loss that returns (value, gradient)",
        )

    def _name_difference(self, first: list[Array], second: list[Array], third: list[Array]) -> None:
        if all(map(_grows_evenly, first, second, third)):
            self.flag("accumulates", "the gradient adds up over calls: each adds the same to the one before")
        else:
            self.flag("nondeterministic", "the gradient differs between equal calls; the second is judged")


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", type(function).__name__).replace("<lambda>", "gradient")


def _grows_evenly(first: Array, second: Array, third: Array) -> bool:
    rounding = 1e-12 * float(np.max(np.abs(third), initial=0.0))
    return bool(np.allclose(third - second, second - first, rtol=1e-6, atol=rounding))


def _share_memory(first: Any, second: Any, params: list[Array]) -> bool:
    """Whether two gradients share memory that is not that of the parameters (w is its own gradient)."""
    pairs = zip(arrays_of(first), arrays_of(second), strict=False)
    shared = (a for a, b in pairs if a.size and np.shares_memory(a, b))
    return any(not any(np.may_share_memory(a, own) for own in params) for a in shared)
