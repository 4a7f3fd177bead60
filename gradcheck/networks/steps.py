"""The delta recursion of a dense network, each step a function that can be replaced.

With z0 = x, u_l = z_(l-1) W_l + b_l, z_l = f_l(u_l), y = z_L:

==================  ==================================================
loss_gradient       dE/dy
through_activation  delta_l = dE/du_l from dE/dz_l:  dz * f_l'(u_l)
through_weights     dE/dz_(l-1) from delta_l:        delta W_l^T
weight_gradient     dE/dW_l from delta_l:            z_(l-1)^T delta
bias_gradient       dE/db_l from delta_l:            sum over samples
penalty_gradient    what a penalty adds to dE/dW_l:  strength times its slope
==================  ==================================================

A known mistake is this recursion with one of its steps replaced.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.networks.activations import Activation
from gradcheck.networks.arrays import Array, Gradient, Params
from gradcheck.networks.losses import Loss
from gradcheck.networks.penalties import Penalty, penalty_gradient


@dataclass(frozen=True)
class ForwardPass:
    """What a forward pass leaves for the backward pass; layers count from 1.

    Attributes
    ----------
    params : mapping of str to ndarray
        ``W1`` (in, out), ``b1`` (out,), ``W2``, ...
    d : ndarray
        The target.
    u, z : mapping of int to ndarray, shape (N, width)
        Pre-activation of layers 1 to L; activation of layers 0 (the input x) to L (y).
    activations : mapping of int to Activation
        Of layers 1 to L.
    loss : Loss
    penalties : mapping of Penalty to float
        Each with its strength.
    """

    params: Params
    d: Array
    u: Mapping[int, Array]
    z: Mapping[int, Array]
    activations: Mapping[int, Activation]
    loss: Loss
    penalties: Mapping[Penalty, float]

    @property
    def depth(self) -> int:
        """Number of layers, L."""
        return len(self.u)

    @property
    def samples(self) -> int:
        """Number of samples, N."""
        return int(self.z[0].shape[-2])

    @property
    def y(self) -> Array:
        """The output, shape (N, K)."""
        return self.z[self.depth]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the output."""
        return self.y.shape

    def W(self, layer: int) -> Array:
        """Return the weights of a layer, shape (in, out)."""
        return self.params[f"W{layer}"]


LayerStep = Callable[[ForwardPass, int, Array], Array]


def _loss_gradient(run: Any) -> Array:
    dy: Array = run.loss.gradient(run.y, run.d)
    return dy


def _through_activation(run: ForwardPass, layer: int, dz: Array) -> Array:
    return run.activations[layer].backward(dz, run.u[layer])


def _through_weights(run: ForwardPass, layer: int, delta: Array) -> Array:
    return delta @ np.swapaxes(run.W(layer), -2, -1)


def _weight_gradient(run: ForwardPass, layer: int, delta: Array) -> Array:
    return np.swapaxes(run.z[layer - 1], -2, -1) @ delta


def _bias_gradient(run: ForwardPass, layer: int, delta: Array) -> Array:
    db: Array = delta.sum(axis=-2)
    return db


def _penalty_gradient(run: Any, name: str) -> Array | float:
    return penalty_gradient(run.penalties, name, run.params[name])


@dataclass(frozen=True)
class Steps:
    """The functions of the recursion; by default the right ones.

    Those of loss and penalty serve networks of any layers too.
    """

    loss_gradient: Callable[[Any], Array] = _loss_gradient
    through_activation: LayerStep = _through_activation
    through_weights: LayerStep = _through_weights
    weight_gradient: LayerStep = _weight_gradient
    bias_gradient: LayerStep = _bias_gradient
    penalty_gradient: Callable[[Any, str], Array | float] = _penalty_gradient


RIGHT = Steps()


@dataclass(frozen=True)
class Trace:
    """Everything that a backward pass computes.

    Attributes
    ----------
    u, z : mapping of int to ndarray
        As in `ForwardPass`.
    y, dy : ndarray, shape (N, K)
        Output and dE/dy.
    delta : mapping of int to ndarray, shape (N, width)
        dE/du of layers 1 to L.
    gradient : dict of str to ndarray
        The names and shapes of the parameters.
    """

    u: Mapping[int, Array]
    z: Mapping[int, Array]
    y: Array
    dy: Array
    delta: Mapping[int, Array]
    gradient: Gradient


def backward(run: ForwardPass, steps: Steps = RIGHT) -> Trace:
    """Run the delta recursion, from the output down.

    Parameters
    ----------
    run : ForwardPass
    steps : Steps, optional
        The right ones unless a mistake is to be planted.

    Returns
    -------
    Trace
    """
    dy = dz = steps.loss_gradient(run)
    delta: dict[int, Array] = {}
    gradient: Gradient = {}
    for layer in range(run.depth, 0, -1):
        delta[layer] = steps.through_activation(run, layer, dz)
        gradient[f"W{layer}"] = steps.weight_gradient(run, layer, delta[layer])
        if f"b{layer}" in run.params:
            gradient[f"b{layer}"] = steps.bias_gradient(run, layer, delta[layer])
        if layer > 1:
            dz = steps.through_weights(run, layer, delta[layer])
    gradient = {name: gradient[name] + steps.penalty_gradient(run, name) for name in run.params}
    return Trace(run.u, run.z, run.y, dy, delta, gradient)
