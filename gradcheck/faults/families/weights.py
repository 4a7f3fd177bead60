"""Mistakes in dE/dW_l = z_(l-1)^T delta_l; b and the layers below stay right."""

from collections.abc import Iterator

import numpy as np

from gradcheck.faults.catalogue import (
    AnyNetwork,
    NetworkFault,
    Plant,
    alone,
    any_layers,
    at_layers,
    depth_of,
    in_ways,
    upper_layers,
    where_it_fits,
)
from gradcheck.networks import RIGHT, ForwardPass
from gradcheck.networks.arrays import Array
from gradcheck.networks.steps import LayerStep


def _transposed(run: ForwardPass, layer: int, delta: Array) -> Array:
    return RIGHT.weight_gradient(run, layer, delta).T


def _from_preactivation(run: ForwardPass, layer: int, delta: Array) -> Array:
    return run.u[layer - 1].T @ delta


def _mean_for_sum(run: ForwardPass, layer: int, delta: Array) -> Array:
    return RIGHT.weight_gradient(run, layer, delta) / run.samples


def _outer_of_means(run: ForwardPass, layer: int, delta: Array) -> Array:
    return np.outer(run.z[layer - 1].mean(axis=0), delta.sum(axis=0))


def _of_sample(n: int) -> LayerStep:
    return lambda run, layer, delta: np.outer(run.z[layer - 1][n], delta[n])


def _elementwise(run: ForwardPass, layer: int, delta: Array) -> Array:
    return run.z[layer - 1] * delta


def _zero(run: ForwardPass, layer: int, delta: Array) -> Array:
    return np.zeros_like(run.W(layer))


def no_weight_gradient(run: ForwardPass, layer: int, delta: Array) -> Array:
    """Return what is zero once the penalty is added."""
    return np.zeros_like(run.W(layer)) - RIGHT.penalty_gradient(run, f"W{layer}")


def _of_layer(k: int) -> LayerStep:
    def from_other(run: ForwardPass, layer: int, delta: Array) -> Array:
        return run.z[k].T @ delta

    return where_it_fits("weight_gradient", from_other)


def _other_activations(network: AnyNetwork) -> Iterator[Plant]:
    """Plant the activation of every other layer below; where the widths differ that is no mistake."""
    for layer in range(2, depth_of(network) + 1):
        for k in range(layer - 1):
            message = f"dE/dW# was made from {'the input ' * (k == 0)}z{k}, where z#-1 belongs"
            yield from at_layers("weight_gradient", _of_layer(k), message, alone(layer))(network)


FAMILY = (
    NetworkFault(
        "W_TRANSPOSED",
        name="the weight gradient stored transposed",
        formula="delta_l^T z_(l-1)",
        leaves_right="b",
        hint="Compare the shapes of the gradient and of W; which index is the input?",
        frequency="common",
        plants=at_layers(
            "weight_gradient",
            where_it_fits("weight_gradient", _transposed),
            "dE/dW# is transposed",
            any_layers,
        ),
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
        "Z_OF_LAYER",
        name="the activation of another layer in the weight gradient",
        formula="z_k^T delta_l for z_(l-1)^T delta_l",
        leaves_right="all but that W",
        hint="Which values does forward multiply by this weight?",
        frequency="occasional",
        plants=_other_activations,
    ),
    NetworkFault(
        "W_LAST",
        name="the weight gradient of the last sample only",
        formula="z_(l-1)[-1] outer delta_l[-1]",
        leaves_right="b; all with one sample",
        hint="A loop that assigns leaves what its last round assigned. What should it do instead?",
        frequency="common",
        plants=at_layers(
            "weight_gradient",
            _of_sample(-1),
            "dE/dW# is that of the last sample, where all samples add up",
            any_layers,
        ),
    ),
    NetworkFault(
        "W_FIRST",
        name="the weight gradient of the first sample only",
        formula="z_(l-1)[0] outer delta_l[0]",
        leaves_right="b; all with one sample",
        hint="Does the second sample change your weight gradient?",
        frequency="occasional",
        plants=at_layers(
            "weight_gradient",
            _of_sample(0),
            "dE/dW# is that of the first sample, where all samples add up",
            any_layers,
        ),
    ),
    NetworkFault(
        "W_ELEMENTWISE",
        name="activation times delta, element by element, instead of a product of matrices",
        formula="z_(l-1) * delta_l",
        leaves_right="b, and the other W",
        hint="How many weights has the layer, and which pair of numbers meets at each of them?",
        frequency="rare",
        plants=at_layers(
            "weight_gradient",
            where_it_fits("weight_gradient", _elementwise),
            "dE/dW# is z#-1 times delta#, element by element; it fits by chance, N being the width",
            any_layers,
        ),
    ),
    NetworkFault(
        "W_MISSING",
        name="no weight gradient",
        formula="0",
        leaves_right="b, and the other layers",
        hint="Where is this gradient computed, and does anything reach that line?",
        frequency="common",
        plants=in_ways(
            at_layers(
                "weight_gradient", no_weight_gradient, "dE/dW# is zero, as if never computed", any_layers
            ),
            at_layers("weight_gradient", _zero, "dE/dW# is that of the penalty alone", any_layers),
        ),
    ),
)
