"""Mistakes in the step from delta_l down to the layer below: dE/dz_(l-1) = delta_l W_l^T."""

import numpy as np

from gradcheck.faults.catalogue import NetworkFault, at_layers, is_square, upper_layers
from gradcheck.networks import ForwardPass
from gradcheck.networks.arrays import Array


def _square_above(run: ForwardPass) -> bool:
    return all(is_square(run, layer) for layer in range(2, run.depth + 1))


def _same_shapes(run: ForwardPass) -> bool:
    shapes = {run.W(layer).shape for layer in range(1, run.depth + 1)}
    return len(shapes) == 1


def _not_transposed(run: ForwardPass, layer: int, delta: Array) -> Array:
    return delta @ run.W(layer)


def _weights_of_layer_below(run: ForwardPass, layer: int, delta: Array) -> Array:
    return delta @ run.W(layer - 1).T


def _error_copied(run: ForwardPass, layer: int, delta: Array) -> Array:
    total = delta.sum(axis=-1, keepdims=True)
    return np.broadcast_to(total, run.z[layer - 1].shape)


def _last_unit_only(run: ForwardPass, layer: int, delta: Array) -> Array:
    return np.outer(delta[:, -1], run.W(layer)[:, -1])


FAMILY = (
    NetworkFault(
        "W_NO_T",
        name="delta multiplied by W instead of its transpose",
        formula="delta_(l+1) W_(l+1)",
        leaves_right="all above the layer",
        hint="Which index of W runs over the units you are going back to?",
        frequency="common",
        plants=at_layers(
            "through_weights",
            _not_transposed,
            "delta# was sent down through W# where its transpose belongs",
            upper_layers,
        ),
        applies=_square_above,
    ),
    NetworkFault(
        "W_OF_LAYER",
        name="the weights of the layer itself instead of those above it",
        formula="delta_(l+1) W_l^T",
        leaves_right="all above the layer",
        hint="Which weights connect this layer to the one above?",
        frequency="common",
        plants=at_layers(
            "through_weights",
            _weights_of_layer_below,
            "delta# was sent down through the weights W#-1 of the layer below, where W# belongs",
            upper_layers,
        ),
        applies=_same_shapes,
    ),
    NetworkFault(
        "NO_W",
        name="the error copied to every unit below, without weights",
        formula="the sum of delta_(l+1), for each unit",
        leaves_right="all above the layer",
        hint="Do all hidden units influence the output equally?",
        frequency="rare",
        plants=at_layers(
            "through_weights",
            _error_copied,
            "delta# was handed down to every unit alike, without the weights W#",
            upper_layers,
        ),
    ),
    NetworkFault(
        "ONLY_LAST_OUT",
        name="only the last unit above sends its error down",
        formula="delta_(l+1)[:, -1] W_(l+1)[:, -1]^T",
        leaves_right="all above the layer",
        hint="A hidden unit feeds every unit above it. Add what?",
        frequency="occasional",
        plants=at_layers(
            "through_weights",
            _last_unit_only,
            "of delta# only the last unit sends its error down, where all units' errors add up",
            upper_layers,
        ),
    ),
)
