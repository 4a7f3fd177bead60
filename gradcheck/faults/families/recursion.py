"""Mistakes in the step from delta_l down to the layer below: dE/dz_(l-1) = delta_l W_l^T."""

from collections.abc import Iterator

import numpy as np

from gradcheck.faults.catalogue import (
    AnyNetwork,
    NetworkFault,
    Plant,
    any_layers,
    at_layers,
    upper_layers,
    where_it_fits,
)
from gradcheck.networks import RIGHT, ForwardPass
from gradcheck.networks.arrays import Array
from gradcheck.networks.steps import LayerStep

RATES = (0.1, 0.01, 0.001, 0.5, 1.0)
LIMITS = (1.0, 5.0, 0.1, 10.0)


def _not_transposed(run: ForwardPass, layer: int, delta: Array) -> Array:
    return delta @ run.W(layer)


def _weights_of_layer_below(run: ForwardPass, layer: int, delta: Array) -> Array:
    return delta @ run.W(layer - 1).T


def _error_copied(run: ForwardPass, layer: int, delta: Array) -> Array:
    total = delta.sum(axis=-1, keepdims=True)
    return np.broadcast_to(total, run.z[layer - 1].shape)


def _last_unit_only(run: ForwardPass, layer: int, delta: Array) -> Array:
    return np.outer(delta[:, -1], run.W(layer)[:, -1])


def _plus_bias(run: ForwardPass, layer: int, delta: Array) -> Array:
    bias: Array | float = run.params.get(f"b{layer - 1}", 0.0)
    return RIGHT.through_weights(run, layer, delta) + bias


def _after_a_step(rate: float) -> LayerStep:
    def through_weights(run: ForwardPass, layer: int, delta: Array) -> Array:
        dW = RIGHT.weight_gradient(run, layer, delta) + RIGHT.penalty_gradient(run, f"W{layer}")
        return delta @ (run.W(layer) - rate * dW).T

    return through_weights


def _clipped(limit: float) -> LayerStep:
    def through_activation(run: ForwardPass, layer: int, dz: Array) -> Array:
        return np.clip(RIGHT.through_activation(run, layer, dz), -limit, limit)

    return through_activation


def _updated(network: AnyNetwork) -> Iterator[Plant]:
    for rate in RATES:
        words = f"delta# was sent down through W# after a step of learning rate {rate:g}, not before it"
        yield from at_layers("through_weights", _after_a_step(rate), words, upper_layers)(network)


def _limited(network: AnyNetwork) -> Iterator[Plant]:
    for limit in LIMITS:
        words = f"delta# is clipped to +-{limit:g}, where nothing in the loss clips it"
        yield from at_layers("through_activation", _clipped(limit), words, any_layers)(network)


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
            where_it_fits("through_weights", _not_transposed),
            "delta# was sent down through W# where its transpose belongs",
            upper_layers,
        ),
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
            where_it_fits("through_weights", _weights_of_layer_below),
            "delta# was sent down through the weights W#-1 of the layer below, where W# belongs",
            upper_layers,
        ),
    ),
    NetworkFault(
        "W_UPDATED",
        name="the weights after the update instead of those that forward used",
        formula="delta_(l+1) (W_(l+1) - lr dE/dW_(l+1))^T",
        leaves_right="all above the layer",
        hint="Which W made the prediction, and which W do you send its error back through?",
        frequency="very common",
        plants=_updated,
    ),
    NetworkFault(
        "BIAS_IN_DELTA",
        name="the bias added to the error on its way down",
        formula="delta_(l+1) W_(l+1)^T + b_l",
        leaves_right="all above the layer",
        hint="Forward adds the bias. If the units below change, does the bias change with them?",
        frequency="common",
        plants=at_layers(
            "through_weights",
            _plus_bias,
            "the bias b#-1 is added to the error that delta# sends down",
            upper_layers,
        ),
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
        hint="A hidden unit feeds every unit above it. What becomes of their errors?",
        frequency="occasional",
        plants=at_layers(
            "through_weights",
            _last_unit_only,
            "of delta# only the last unit sends its error down, where all units' errors add up",
            upper_layers,
        ),
    ),
    NetworkFault(
        "DELTA_CLIP",
        name="delta clipped on its way down",
        formula="clip(delta_l, -c, c)",
        leaves_right="all above the layer",
        hint="Scale the loss by 1000: does your gradient scale too?",
        frequency="occasional",
        plants=_limited,
    ),
)
