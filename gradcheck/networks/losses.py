"""Losses E(y, d) and their gradients dE/dy, by name.

y is (..., N, K): rows are samples, leading axes a stack of outputs, each with its own loss. The
gradients are as exact as the losses where a loss is nearly zero, so that saturated outputs
(logits of 1e4, or a class that is certain) can be checked as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gradcheck.errors import UsageError
from gradcheck.networks.activations import sigmoid, softplus
from gradcheck.networks.arrays import Array, magnitude, zeros_and_ones

Target = Literal["real", "classes", "probabilities", "signs"]
SMOOTHING = 0.1


@dataclass(frozen=True)
class Loss:
    """A loss of the output y, shape (..., N, K), against the target d, shape (N, K).

    Attributes
    ----------
    name : str
    cost : callable
        ``cost(y, d)``: an array of the shape of y, whose sum (or sum over N) is the loss.
    slope : callable
        ``slope(y, d)``: the derivative of the cost's sum for y, the same shape.
    averages : bool
        Whether the loss is a mean over the N samples (True) or their sum.
    target : {"real", "classes", "probabilities", "signs"}
        What d holds: any numbers; the index of a class for each sample, shape (N,), or a
        distribution over K classes; numbers from 0 to 1; -1 or 1.
    """

    name: str
    cost: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    averages: bool = True
    target: Target = "real"

    def value(self, y: Array, d: Array) -> Any:
        """Return the loss: one number, or one for each element of the leading axes of y."""
        return (self.cost(y, d) / self._divisor(y)).sum(axis=(-2, -1))

    def gradient(self, y: Array, d: Array) -> Array:
        """Return dE/dy, the shape of y."""
        return self.slope(y, d) / self._divisor(y)

    def check_target(self, y: Array, d: Array) -> None:
        """Raise `UsageError` unless d has the shape that fits y."""
        expected = [y.shape[-2:]] + [y.shape[-2:-1]] * (self.target == "classes")
        if np.shape(d) not in expected:
            raise UsageError(
                "the target d does not fit the output y",
                given=f"d {np.shape(d)}",
                expected=" or ".join(map(str, expected)),
            )

    def _divisor(self, y: Array) -> int:
        return int(y.shape[-2]) if self.averages else 1


def _half_square(y: Array, d: Array) -> Array:
    e = y - d
    return e * e / 2


def _huber(y: Array, d: Array) -> Array:
    e = magnitude(y - d)
    near = np.minimum(e, 1)
    cost: Array = near * near / 2 + (e - near)
    return cost


def _hinge_slope(y: Array, d: Array) -> Array:
    return -d * zeros_and_ones(d * y < 1, y)


def _binary_slope(y: Array, d: Array) -> Array:
    # Both terms keep their digits; sigmoid(y) - d loses them where the sample is certain.
    return (1 - d) * sigmoid(y) - d * sigmoid(-y)


def _distribution(y: Array, d: Array, smoothing: float) -> Array:
    """Return the target probability of each class, shape (N, K)."""
    classes = y.shape[-1]
    # A target in single precision is not summed in it, beside an output in double precision.
    rows = d.astype(np.result_type(d, y), copy=False)
    chosen: Array = rows if np.ndim(d) == 2 else np.eye(classes, dtype=y.dtype)[d.astype(int)]
    smoothed: Array = (1 - smoothing) * chosen + smoothing / classes
    return smoothed


def _others(y: Array) -> tuple[Array, Array]:
    """Return y less its row's maximum, and the sum of exp of all but that maximum."""
    best = zeros_and_ones(np.arange(y.shape[-1]) == y.argmax(axis=-1)[..., np.newaxis], y)
    shifted = y - y.max(axis=-1, keepdims=True)
    return shifted, (np.exp(shifted) * (1 - best)).sum(axis=-1, keepdims=True)


def _softmax_cross_entropy(name: str, smoothing: float) -> Loss:
    """Return the mean over samples of -sum_k t_k log softmax(y)_k, t the smoothed target."""

    def cost(y: Array, d: Array) -> Array:
        shifted, others = _others(y)
        return _distribution(y, d, smoothing) * (np.log1p(others) - shifted)

    def slope(y: Array, d: Array) -> Array:
        # p sum(t) - t, rearranged as p (sum(t) - t) - t (1 - p) so that no digits are lost.
        t = _distribution(y, d, smoothing)
        shifted, others = _others(y)
        p = np.exp(shifted) / (1 + others)
        rest = np.where(shifted == 0, others / (1 + others), 1 - p)
        total: Array = t.sum(axis=-1, keepdims=True)
        return p * (total - t) - t * rest

    return Loss(name, cost, slope, target="classes")


LOSSES: dict[str, Loss] = {
    row.name: row
    for row in (
        Loss("half_squared_error", _half_square, lambda y, d: y - d, averages=False),
        Loss("mean_squared_error", _half_square, lambda y, d: y - d),
        Loss("absolute_error", lambda y, d: magnitude(y - d), lambda y, d: np.sign(y - d)),
        Loss("huber", _huber, lambda y, d: np.clip(y - d, -1, 1)),
        Loss("hinge", lambda y, d: np.maximum(1 - d * y, 0), _hinge_slope, target="signs"),
        Loss(
            "binary_cross_entropy",
            lambda y, d: d * softplus(-y) + (1 - d) * softplus(y),
            _binary_slope,
            target="probabilities",
        ),
        _softmax_cross_entropy("softmax_cross_entropy", 0),
        _softmax_cross_entropy("smoothed_cross_entropy", SMOOTHING),
    )
}
