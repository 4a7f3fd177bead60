"""Mistakes in dE/db_l, the sum of delta_l over samples; W and the layers below stay right."""

import numpy as np

from gradcheck.faults.catalogue import NetworkFault, any_layers, at_layers, where_it_fits
from gradcheck.networks import RIGHT, ForwardPass
from gradcheck.networks.arrays import Array


def _mean(run: ForwardPass, layer: int, delta: Array) -> Array:
    db: Array = delta.mean(axis=0)
    return db


def _first_sample(run: ForwardPass, layer: int, delta: Array) -> Array:
    db: Array = delta[0]
    return db


def _last_sample(run: ForwardPass, layer: int, delta: Array) -> Array:
    db: Array = delta[-1]
    return db


def _sum_of_weight_gradient(run: ForwardPass, layer: int, delta: Array) -> Array:
    db: Array = RIGHT.weight_gradient(run, layer, delta).sum(axis=0)
    return db


def _total(run: ForwardPass, layer: int, delta: Array) -> Array:
    return np.broadcast_to(delta.sum(), delta.shape[-1:])


def _over_units(run: ForwardPass, layer: int, delta: Array) -> Array:
    db: Array = delta.sum(axis=1)
    return db


def _zero(run: ForwardPass, layer: int, delta: Array) -> Array:
    return np.zeros_like(run.params[f"b{layer}"])


def _times_bias(run: ForwardPass, layer: int, delta: Array) -> Array:
    return RIGHT.bias_gradient(run, layer, delta) * run.params[f"b{layer}"]


FAMILY = (
    NetworkFault(
        "B_MEAN",
        name="the bias gradient averaged over the batch where it is a sum",
        formula="mean over samples of delta_l",
        leaves_right="W; all with one sample",
        hint="Each sample moves the loss through the same b: add or average?",
        frequency="very common",
        plants=at_layers(
            "bias_gradient", _mean, "dE/db# is the mean of delta# over the samples, not the sum", any_layers
        ),
    ),
    NetworkFault(
        "B_FIRST",
        name="the bias gradient of the first sample only",
        formula="delta_l[0]",
        leaves_right="W; all with one sample",
        hint="Does the second sample change your bias gradient?",
        frequency="occasional",
        plants=at_layers(
            "bias_gradient",
            _first_sample,
            "dE/db# is delta# of the first sample, not the sum over samples",
            any_layers,
        ),
    ),
    NetworkFault(
        "B_LAST",
        name="the bias gradient of the last sample only",
        formula="delta_l[-1]",
        leaves_right="W; all with one sample",
        hint="A loop that assigns leaves what its last round assigned. What should it do instead?",
        frequency="occasional",
        plants=at_layers(
            "bias_gradient",
            _last_sample,
            "dE/db# is delta# of the last sample, not the sum over samples",
            any_layers,
        ),
    ),
    NetworkFault(
        "B_TOTAL",
        name="the bias gradient summed over samples and units",
        formula="the sum of all of delta_l",
        leaves_right="W",
        hint="How many biases has the layer, and how many sums did you form?",
        frequency="common",
        plants=at_layers(
            "bias_gradient",
            _total,
            "dE/db# is the sum of delta# over samples and units: the axis is missing",
            any_layers,
        ),
    ),
    NetworkFault(
        "B_AXIS",
        name="the bias gradient summed over units instead of samples",
        formula="sum over units of delta_l",
        leaves_right="W",
        hint="Which axis of delta counts samples?",
        frequency="common",
        plants=at_layers(
            "bias_gradient",
            where_it_fits("bias_gradient", _over_units),
            "dE/db# is the sum of delta# over units, not over samples",
            any_layers,
        ),
    ),
    NetworkFault(
        "B_MISSING",
        name="no bias gradient",
        formula="0",
        leaves_right="W",
        hint="If b grows by 0.1, does the loss stay as it is? Where is that derivative computed?",
        frequency="common",
        plants=at_layers("bias_gradient", _zero, "dE/db# is zero, as if never computed", any_layers),
    ),
    NetworkFault(
        "B_FROM_W",
        name="the weight gradient summed for the bias gradient",
        formula="the sum of dE/dW_l over its rows",
        leaves_right="W",
        hint="Each weight carries an activation into u. What number stands in that place for the bias?",
        frequency="occasional",
        plants=at_layers(
            "bias_gradient",
            _sum_of_weight_gradient,
            "dE/db# is the sum of the rows of dE/dW#, so that delta# counts times z#-1",
            any_layers,
        ),
    ),
    NetworkFault(
        "B_TIMES_B",
        name="the bias gradient multiplied by the bias",
        formula="b_l times the sum of delta_l",
        leaves_right="W",
        hint="What multiplies the bias in forward?",
        frequency="rare",
        plants=at_layers(
            "bias_gradient",
            _times_bias,
            "dE/db# is multiplied by b#, which is not in its formula",
            any_layers,
        ),
    ),
)
