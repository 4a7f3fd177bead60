"""Mistakes in batch and layer normalisation, h = (x - mean) / sqrt(var + eps)."""

from typing import Any

import numpy as np

from gradcheck.faults.catalogue import NetworkFault
from gradcheck.faults.faulty import Backward, in_layers
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.layers import BatchNorm, LayerNorm

BOTH = (BatchNorm, LayerNorm)
UPSTREAM = "gamma, beta, and all above the layer"


def _axes(layer: Any, dz: Array) -> tuple[int, ...]:
    """Return the axes over which mean and variance are taken."""
    return (-1,) if isinstance(layer, LayerNorm) else tuple(i for i in range(dz.ndim) if i != 1)


def _through(mean: float, variance: float) -> Backward:
    """Return a backward pass in which the paths by mean and variance count so often."""

    def wrong(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
        gradient, _ = layer.backward(dz, cache)
        axes, dh = _axes(layer, dz), dz * cache.gamma
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


def _unscaled_gamma(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    centred, _ = layer.backward(dz, cache._replace(h=cache.h / cache.scale))
    return {**gradient, "gamma": centred["gamma"]}, dx


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
        name="dE/dgamma from x - mean instead of h",
        formula="dgamma = sum(dz (x - mean))",
        leaves_right="all but gamma",
        hint="What number is multiplied by gamma in forward?",
        frequency="occasional",
        plants=in_layers(BOTH, _unscaled_gamma, "dE/dgamma of LAYER is made from x - mean, not from h"),
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
