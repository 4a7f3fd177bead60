"""Mistakes in batch and layer normalisation, h = (x - mean) / sqrt(var + eps)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck.faults.catalogue import NetworkFault, in_ways
from gradcheck.faults.faulty import Backward, in_layers
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.layers import BatchNorm, LayerNorm
from gradcheck.networks.layers.normalisation import EPS

BOTH = (BatchNorm, LayerNorm)
UPSTREAM = "gamma, beta, and all above the layer"


def _axes(layer: Any, dz: Array) -> tuple[int, ...]:
    """Return the axes over which mean and variance are taken."""
    return (-1,) if isinstance(layer, LayerNorm) else tuple(i for i in range(dz.ndim) if i != 1)


def _other_axes(layer: Any, dz: Array) -> tuple[int, ...]:
    """Return the axes over which they are not taken."""
    own = {axis % dz.ndim for axis in _axes(layer, dz)}
    return tuple(axis for axis in range(dz.ndim) if axis not in own)


def _through(mean: float, variance: float, axes_of: Any = _axes) -> Backward:
    """Return a backward pass in which the paths by mean and variance count so often."""

    def wrong(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
        gradient, _ = layer.backward(dz, cache)
        axes, dh = axes_of(layer, dz), dz * cache.gamma
        by_mean = dh.mean(axis=axes, keepdims=True)
        by_variance = cache.h * (dh * cache.h).mean(axis=axes, keepdims=True)
        return gradient, cache.scale * (dh - mean * by_mean - variance * by_variance)

    return wrong


def _unbiased(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    count = np.prod([dz.shape[axis] for axis in _axes(layer, dz)])
    return _through(1, count / max(count - 1, 1))(layer, dz, cache)


def _no_gamma(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache._replace(gamma=np.ones_like(cache.gamma)))
    return gradient, dx


def _rescaled(scale: Callable[[Array], Array]) -> Backward:
    """Return a backward pass with 1 / sqrt(var + eps) by another formula, from var."""

    def wrong(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
        var = 1 / cache.scale**2 - EPS
        return layer.backward(dz, cache._replace(scale=scale(var)))  # type: ignore[no-any-return]

    return wrong


def _gamma_from(factor: Callable[[Any], Array]) -> Backward:
    """Return a backward pass with something else for h in dE/dgamma."""

    def wrong(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
        gradient, dx = layer.backward(dz, cache)
        other, _ = layer.backward(dz, cache._replace(h=factor(cache)))
        return {**gradient, "gamma": other["gamma"]}, dx

    return wrong


def _mean_of(name: str) -> Backward:
    def wrong(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
        gradient, dx = layer.backward(dz, cache)
        return {**gradient, name: gradient[name] * gradient[name].size / dz.size}, dx

    return wrong


FAMILY = (
    NetworkFault(
        "NORM_NO_STATS",
        name="mean and variance taken for constants",
        formula="dx = gamma dz / sqrt(var + eps)",
        leaves_right=UPSTREAM,
        hint="Mean and variance depend on x. What does that add?",
        frequency="very common",
        plants=in_layers(BOTH, _through(0, 0), "LAYER takes its mean and variance for constants in dE/dx"),
    ),
    NetworkFault(
        "NORM_NO_MEAN",
        name="the mean taken for a constant",
        formula="dx without the mean of dh",
        leaves_right=UPSTREAM,
        hint="By how many ways does x reach the output: itself, and through which statistics?",
        frequency="common",
        plants=in_layers(BOTH, _through(0, 1), "LAYER takes its mean for a constant in dE/dx"),
    ),
    NetworkFault(
        "NORM_NO_VAR",
        name="the variance taken for a constant",
        formula="dx without h mean(dh h)",
        leaves_right=UPSTREAM,
        hint="By how many ways does x reach the output: itself, and through which statistics?",
        frequency="common",
        plants=in_layers(BOTH, _through(1, 0), "LAYER takes its variance for a constant in dE/dx"),
    ),
    NetworkFault(
        "NORM_MEAN_TWICE",
        name="the path through the mean counted twice",
        formula="dx - 2 mean(dh)",
        leaves_right=UPSTREAM,
        hint="The variance is taken around the mean. Does the mean add a second path through it?",
        frequency="occasional",
        plants=in_layers(BOTH, _through(2, 1), "LAYER counts the path through its mean twice in dE/dx"),
    ),
    NetworkFault(
        "NORM_DDOF",
        name="N - 1 in the derivative of a variance that divides by N",
        formula="sum(dh h) / (N - 1)",
        leaves_right=UPSTREAM,
        hint="By what does the variance in forward divide, and by what its derivative?",
        frequency="occasional",
        plants=in_layers(BOTH, _unbiased, "LAYER divides by N - 1 in the derivative of its variance"),
    ),
    NetworkFault(
        "NORM_AXIS",
        name="the means in dE/dx over the wrong axes",
        formula="mean(dh) over the units of a sample for that over the samples",
        leaves_right=UPSTREAM,
        hint="Which numbers share one mean in forward? Over the same ones, what comes back through it?",
        frequency="common",
        plants=in_layers(
            BOTH,
            _through(1, 1, _other_axes),
            "LAYER takes the means of dh and dh h over the axes over which it does not normalise",
        ),
    ),
    NetworkFault(
        "NORM_EPS",
        name="eps left out, or added outside the root, in backward",
        formula="1 / sqrt(var) or 1 / (sqrt(var) + eps) for 1 / sqrt(var + eps)",
        leaves_right=UPSTREAM,
        hint="The same root stands in both passes. What is under it in each?",
        frequency="occasional",
        plants=in_ways(
            in_layers(
                BOTH, _rescaled(lambda var: 1 / np.sqrt(var)), "LAYER leaves eps out of the root in dE/dx"
            ),
            in_layers(
                BOTH,
                _rescaled(lambda var: 1 / (np.sqrt(var) + EPS)),
                "LAYER adds eps outside of the root in dE/dx, forward inside",
            ),
        ),
    ),
    NetworkFault(
        "NORM_NO_GAMMA",
        name="no gamma on the way to x",
        formula="dh = dz for dh = gamma dz",
        leaves_right=UPSTREAM,
        hint="What stands between h and z?",
        frequency="common",
        plants=in_layers(BOTH, _no_gamma, "LAYER sends dE/dz down to x without its gamma"),
    ),
    NetworkFault(
        "NORM_GAMMA_UNSCALED",
        name="dE/dgamma from x, or from x - mean, instead of h",
        formula="dgamma = sum(dz x)",
        leaves_right="all but gamma",
        hint="What number is multiplied by gamma in forward?",
        frequency="occasional",
        plants=in_ways(
            in_layers(
                BOTH,
                _gamma_from(lambda cache: cache.h / cache.scale),
                "dE/dgamma of LAYER is made from x - mean, not from h",
            ),
            in_layers(
                BOTH, _gamma_from(lambda cache: cache.x), "dE/dgamma of LAYER is made from x, not from h"
            ),
        ),
    ),
    NetworkFault(
        "NORM_GAMMA_MEAN",
        name="dE/dgamma averaged where it is a sum",
        formula="dgamma = mean(dz h)",
        leaves_right="all but gamma",
        hint="One gamma scales many numbers: do their shares add up, or average?",
        frequency="common",
        plants=in_layers(BOTH, _mean_of("gamma"), "dE/dgamma of LAYER is averaged, not summed"),
    ),
    NetworkFault(
        "NORM_BETA_MEAN",
        name="dE/dbeta averaged where it is a sum",
        formula="dbeta = mean(dz)",
        leaves_right="all but beta",
        hint="One beta shifts many numbers: do their shares add up, or average?",
        frequency="common",
        plants=in_layers(BOTH, _mean_of("beta"), "dE/dbeta of LAYER is averaged, not summed"),
    ),
)
