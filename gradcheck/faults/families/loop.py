"""Mistakes of the loop that goes down through the layers: one left out, or a delta taken too late."""

import numpy as np

from gradcheck.faults.catalogue import NetworkFault, any_layers, at_layers, upper_layers, where_it_fits
from gradcheck.faults.families.weights import no_weight_gradient
from gradcheck.networks import RIGHT, ForwardPass
from gradcheck.networks.arrays import Array


def _no_biases(run: ForwardPass, layer: int, delta: Array) -> Array:
    return np.zeros_like(delta[0])


def _delta_below(run: ForwardPass, layer: int, delta: Array) -> Array:
    below = RIGHT.through_weights(run, layer, delta)
    return RIGHT.through_activation(run, layer - 1, below)


def _weights_too_late(run: ForwardPass, layer: int, delta: Array) -> Array:
    return RIGHT.weight_gradient(run, layer, _delta_below(run, layer, delta))


def _biases_too_late(run: ForwardPass, layer: int, delta: Array) -> Array:
    return RIGHT.bias_gradient(run, layer, _delta_below(run, layer, delta))


FAMILY = (
    NetworkFault(
        "SKIP_LAYER",
        name="a layer that the loop does not reach",
        formula="0 for dE/dW_l and dE/db_l",
        leaves_right="the other layers",
        hint="Print which layers your loop visits, and the shape of what it has for each.",
        frequency="common",
        plants=at_layers(
            "bias_gradient",
            _no_biases,
            "dE/dW# and dE/db# are zero, as if the backward pass had never come there",
            any_layers,
            weight_gradient=no_weight_gradient,
        ),
    ),
    NetworkFault(
        "DELTA_OVERWRITTEN",
        name="delta replaced by the one below before dE/dW and dE/db are computed",
        formula="dE/dW_l = z_(l-1)^T delta_(l-1)",
        leaves_right="the other layers",
        hint="In what order do you use delta and replace it?",
        frequency="occasional",
        plants=at_layers(
            "bias_gradient",
            where_it_fits("bias_gradient", _biases_too_late),
            "dE/dW# and dE/db# were made from the delta of the layer below, where delta# belongs",
            upper_layers,
            weight_gradient=where_it_fits("weight_gradient", _weights_too_late),
        ),
    ),
)
