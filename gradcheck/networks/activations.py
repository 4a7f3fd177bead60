"""Activations f and their derivatives f'(u), by name.

A row is all there is to an activation: networks, faults, strategies and tests read the table.
All rows are stable far out, and as exact as their type allows where f is nearly flat.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck.networks.arrays import Array, magnitude, zeros_and_ones

LEAK = 0.01
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
GELU_SCALE, CUBIC = math.sqrt(2 / math.pi), 0.044715


@dataclass(frozen=True)
class Activation:
    """A function of the pre-activation and its derivative.

    Attributes
    ----------
    name : str
    f : callable
        ``f(u)``, same shape and dtype as the pre-activation u.
    derivative : callable
        ``derivative(u)``, the derivative f' at the pre-activation u (at a kink, one of those
        between the left and the right one).
    from_output : callable or None
        The same derivative written with the activation z = f(u), such as ``z (1 - z)``,
        where there is such a form.
    kinks : tuple of float
        The u at which left and right derivative differ.
    vjp : callable or None
        ``vjp(dz, u)`` gives dE/du where an entry of z depends on other entries of u as well;
        `derivative` is then that of each entry to itself.
    """

    name: str
    f: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    from_output: Callable[[Array], Array] | None = None
    kinks: tuple[float, ...] = ()
    vjp: Callable[[Array, Array], Array] | None = None

    @property
    def elementwise(self) -> bool:
        """Whether each entry of z depends on its own entry of u alone."""
        return self.vjp is None

    def backward(self, dz: Array, u: Array) -> Array:
        """Return dE/du from dE/dz, both of the shape of u."""
        return dz * self.derivative(u) if self.vjp is None else self.vjp(dz, u)


def sigmoid(u: Array) -> Array:
    """Return 1 / (1 + exp(-u)), without overflow."""
    e = np.exp(-magnitude(u))
    z: Array = np.where(u >= 0, np.ones_like(e), e) / (1 + e)
    return z


def d_sigmoid(u: Array) -> Array:
    """Return the derivative of `sigmoid` at u, without the cancellation of z (1 - z)."""
    e = np.exp(-magnitude(u))
    slope: Array = e / (1 + e) ** 2
    return slope


def d_tanh(u: Array) -> Array:
    """Return the derivative of tanh at u, without the cancellation of 1 - z**2."""
    return 4 * d_sigmoid(2 * u)


def softplus(u: Array) -> Array:
    """Return log(1 + exp(u)), without overflow."""
    z: Array = np.maximum(u, 0) + np.log1p(np.exp(-magnitude(u)))
    return z


def softmax(u: Array) -> Array:
    """Return exp(u) over its sum along the last axis, without overflow."""
    e = np.exp(u - u.max(axis=-1, keepdims=True))
    z: Array = e / e.sum(axis=-1, keepdims=True)
    return z


def softmax_vjp(dz: Array, u: Array) -> Array:
    """Return dE/du from dE/dz of z = softmax(u)."""
    z = softmax(u)
    mean: Array = (dz * z).sum(axis=-1, keepdims=True)
    return z * (dz - mean)


def _step(u: Array) -> Array:
    return zeros_and_ones(u > 0, u)


def _below(u: Array) -> Array:
    return np.minimum(u, 0)


def _either(u: Array, positive: float, otherwise: Array | float) -> Array:
    """Return one value where u > 0 and the other elsewhere, in the type of u."""
    return np.where(u > 0, positive, otherwise).astype(u.dtype)


def _d_softmax(u: Array) -> Array:
    z = softmax(u)
    return z * (1 - z)


def _d_gelu(u: Array) -> Array:
    density = np.exp(-u * u / 2) / math.sqrt(2 * math.pi)
    slope: Array = _normal(u) + u * density
    return slope


def _normal(u: Array) -> Array:
    """Return the distribution function of the standard normal distribution."""
    from scipy.special import ndtr  # slow to import

    below: Array = ndtr(u)
    return below


def _gelu_argument(u: Array) -> Array:
    return 2 * GELU_SCALE * (u + CUBIC * u * u * u)


def _d_gelu_tanh(u: Array) -> Array:
    a = _gelu_argument(u)
    slope: Array = 2 * GELU_SCALE * (1 + 3 * CUBIC * u * u)
    return sigmoid(a) + u * d_sigmoid(a) * slope


def _d_mish(u: Array) -> Array:
    s = softplus(u)
    slope: Array = np.tanh(s) + u * d_tanh(s) * sigmoid(u)
    return slope


def _elu(u: Array) -> Array:
    z: Array = np.maximum(u, 0) + np.expm1(_below(u))
    return z


def _selu(u: Array) -> Array:
    z: Array = SELU_SCALE * (np.maximum(u, 0) + SELU_ALPHA * np.expm1(_below(u)))
    return z


def _d_selu(u: Array) -> Array:
    return SELU_SCALE * _either(u, 1, SELU_ALPHA * np.exp(_below(u)))


def _d_selu_from_output(z: Array) -> Array:
    return _either(z, SELU_SCALE, z + SELU_SCALE * SELU_ALPHA)


ACTIVATIONS: dict[str, Activation] = {
    row.name: row
    for row in (
        Activation("identity", lambda u: u, np.ones_like, np.ones_like),
        Activation("sigmoid", sigmoid, d_sigmoid, lambda z: z * (1 - z)),
        Activation("tanh", np.tanh, d_tanh, lambda z: 1 - z**2),
        Activation("relu", lambda u: np.maximum(u, 0), _step, _step, kinks=(0,)),
        Activation(
            "leaky_relu",
            lambda u: np.maximum(u, 0) + LEAK * _below(u),
            lambda u: _either(u, 1, LEAK),
            lambda z: _either(z, 1, LEAK),
            kinks=(0,),
        ),
        Activation("elu", _elu, lambda u: np.exp(_below(u)), lambda z: 1 + _below(z)),
        Activation("selu", _selu, _d_selu, _d_selu_from_output, kinks=(0,)),
        Activation("gelu", lambda u: u * _normal(u), _d_gelu),
        Activation("gelu_tanh", lambda u: u * sigmoid(_gelu_argument(u)), _d_gelu_tanh),
        Activation("softplus", softplus, sigmoid, lambda z: -np.expm1(-z)),
        Activation("silu", lambda u: u * sigmoid(u), lambda u: sigmoid(u) + u * d_sigmoid(u)),
        Activation("mish", lambda u: u * np.tanh(softplus(u)), _d_mish),
        Activation(
            "hard_tanh",
            lambda u: np.clip(u, -1, 1),
            lambda u: zeros_and_ones(np.abs(u) < 1, u),
            lambda z: zeros_and_ones(np.abs(z) < 1, z),
            kinks=(-1, 1),
        ),
        Activation("softmax", softmax, _d_softmax, lambda z: z * (1 - z), vjp=softmax_vjp),
    )
}
