"""Mistakes about which units pass error back, and how much: relu and its kind."""

from collections.abc import Iterator

import numpy as np

from gradcheck.faults.catalogue import AnyNetwork, NetworkFault, Plant, at_layers, in_ways, layers_with
from gradcheck.networks import RIGHT, Activation, ForwardPass
from gradcheck.networks.arrays import Array
from gradcheck.networks.steps import LayerStep

SLOPES = (0.1, 0.2, 0.01, 0.3, 0.05, 0.001, 0.5, 1.0)


def _is_relu(activation: Activation) -> bool:
    return activation.name == "relu"


def _is_leaky(activation: Activation) -> bool:
    return activation.name in ("relu", "leaky_relu")


def _inverted(run: ForwardPass, layer: int, dz: Array) -> Array:
    return dz * (1 - run.activations[layer].derivative(run.u[layer]))


def _by_error(run: ForwardPass, layer: int, dz: Array) -> Array:
    return np.maximum(dz, 0)


def _by_both(run: ForwardPass, layer: int, dz: Array) -> Array:
    return np.maximum(RIGHT.through_activation(run, layer, dz), 0)


def _with_slope(slope: float) -> LayerStep:
    return lambda run, layer, dz: dz * np.where(run.u[layer] > 0, 1.0, slope)


def _other_slopes(network: AnyNetwork) -> Iterator[Plant]:
    for slope in SLOPES:
        message = f"backward has the slope {slope:g} where u# is negative, forward that of NAME"
        step = _with_slope(slope)
        yield from at_layers("through_activation", step, message, layers_with(_is_leaky))(network)


FAMILY = (
    NetworkFault(
        "MASK_INVERT",
        name="relu's derivative inverted",
        formula="u_l <= 0 for u_l > 0",
        leaves_right="all above the layer",
        hint="Take one unit with u = 2. Should error pass?",
        frequency="occasional",
        plants=at_layers(
            "through_activation",
            _inverted,
            "error passes where u# is negative, and stops where relu is on",
            layers_with(_is_relu),
        ),
    ),
    NetworkFault(
        "MASK_ON_ERROR",
        name="relu's derivative taken from the sign of the error",
        formula="dE/dz_l > 0 for u_l > 0",
        leaves_right="all above the layer",
        hint="Who decides whether a relu was on: its input, or the error that comes back?",
        frequency="occasional",
        plants=in_ways(
            at_layers(
                "through_activation",
                _by_error,
                "error passes where it is positive itself, where the sign of u# decides",
                layers_with(_is_relu),
            ),
            at_layers(
                "through_activation",
                _by_both,
                "delta# keeps positive errors alone, where relu is on",
                layers_with(_is_relu),
            ),
        ),
    ),
    NetworkFault(
        "LEAKY_SLOPE",
        name="another slope for negative u in backward than in forward",
        formula="a' for a, where u_l < 0",
        leaves_right="all above the layer",
        hint="Compare the constants in both passes.",
        frequency="occasional",
        plants=_other_slopes,
    ),
)
