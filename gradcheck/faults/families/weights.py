"""Mistakes in dE/dW_l = z_(l-1)^T delta_l; b and the layers below stay right."""

import numpy as np

from gradcheck.faults.catalogue import NetworkFault, any_layers, at_layers, is_square, upper_layers
from gradcheck.networks import RIGHT, ForwardPass
from gradcheck.networks.arrays import Array


def _all_square(run: ForwardPass) -> bool:
    return all(is_square(run, layer) for layer in range(1, run.depth + 1))


def _transposed(run: ForwardPass, layer: int, delta: Array) -> Array:
    return RIGHT.weight_gradient(run, layer, delta).T


def _from_preactivation(run: ForwardPass, layer: int, delta: Array) -> Array:
    return run.u[layer - 1].T @ delta


def _mean_for_sum(run: ForwardPass, layer: int, delta: Array) -> Array:
    return RIGHT.weight_gradient(run, layer, delta) / run.samples


def _outer_of_means(run: ForwardPass, layer: int, delta: Array) -> Array:
    return np.outer(run.z[layer - 1].mean(axis=0), delta.sum(axis=0))


def _zero(run: ForwardPass, layer: int, delta: Array) -> Array:
    return np.zeros_like(run.W(layer))


FAMILY = (
    NetworkFault(
        "W_TRANSPOSED",
        name="the weight gradient stored transposed",
        formula="delta_l^T z_(l-1)",
        leaves_right="b",
        hint="Compare the shapes of the gradient and of W; which index is the input?",
        frequency="common",
        plants=at_layers("weight_gradient", _transposed, "dE/dW# is transposed", any_layers),
        applies=_all_square,
    ),
    NetworkFault(
        "PREACT",
        name="the pre-activation u instead of the activation z in the weight gradient",
        formula="u_(l-1)^T delta_l",
        leaves_right="b, and W1",
        hint="What number is multiplied by this weight in forward?",
        frequency="common",
        plants=at_layers(
            "weight_gradient",
            _from_preactivation,
            "dE/dW# was made from the pre-activation u#-1 where the activation z#-1 belongs",
            upper_layers,
        ),
    ),
    NetworkFault(
        "W_MEAN",
        name="the weight gradient averaged over the batch once more than the bias gradient",
        formula="z_(l-1)^T delta_l / N",
        leaves_right="b",
        hint="Do W and b get the same averaging over the samples?",
        frequency="common",
        plants=at_layers(
            "weight_gradient",
            _mean_for_sum,
            "dE/dW# is averaged over the N samples where they are to be added",
            any_layers,
        ),
    ),
    NetworkFault(
        "OUTER_OF_MEANS",
        name="product of averages instead of the sum of products",
        formula="mean(z_(l-1)) outer sum(delta_l)",
        leaves_right="b; all with one sample",
        hint="Is the mean of products the product of means?",
        frequency="occasional",
        plants=at_layers(
            "weight_gradient",
            _outer_of_means,
            "dE/dW# is the outer product of the mean of z#-1 and the sum of delta#, where each "
            "sample's own product is to be added",
            any_layers,
        ),
    ),
    NetworkFault(
        "W_MISSING",
        name="no weight gradient",
        formula="0",
        leaves_right="b, and the other layers",
        hint="Print which layers your loop visits.",
        frequency="common",
        plants=at_layers("weight_gradient", _zero, "dE/dW# is zero, as if never computed", any_layers),
    ),
)
