"""Mistakes about the ways that a value takes: dropout, embedding, residual connections."""

from typing import Any

import numpy as np

from gradcheck.faults.catalogue import NetworkFault
from gradcheck.faults.faulty import in_layers
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.layers import Activate, Dropout, Embedding, Residual, Sequential


def _last_use(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Any]:
    dW = np.zeros(cache.shape, dz.dtype)
    dW[cache.x] = dz
    return {"W": dW}, np.zeros_like(cache.x)


def _mean_of_uses(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Any]:
    gradient, dx = layer.backward(dz, cache)
    uses = np.bincount(cache.x.ravel(), minlength=cache.shape[0])
    return {"W": gradient["W"] / np.maximum(uses, 1)[:, np.newaxis]}, dx


def _no_skip(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    return gradient, dx - dz


def _only_skip(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, _ = layer.backward(dz, cache)
    return gradient, dz


def _skip_twice(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    return gradient, dx + dz


def _changed_in_place(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    """Let the activation at the end of the branch write into the dz that the skip connection gets."""
    gradient, dx = layer.backward(dz, cache)
    last, own = layer.layer, cache
    if isinstance(last, Sequential):
        last, own = last.layers[-1], cache.caches[-1]
    if isinstance(last, Activate):
        _, changed = last.backward(dz, own)
        dx = dx - dz + changed
    return gradient, dx


FAMILY = (
    NetworkFault(
        "DROP_NO_MASK",
        name="error sent back to what was dropped",
        formula="dx = dz / keep",
        leaves_right="all above the layer",
        hint="An input that was dropped did not reach the loss. What is its derivative?",
        frequency="very common",
        plants=in_layers(
            Dropout, lambda layer, dz, cache: ({}, dz / layer.keep), "LAYER sends error to what was dropped"
        ),
    ),
    NetworkFault(
        "DROP_NO_SCALE",
        name="dropout's scale missing in backward",
        formula="dx = dz mask",
        leaves_right="all above the layer",
        hint="By what does forward divide what is kept?",
        frequency="common",
        plants=in_layers(
            Dropout, lambda layer, dz, cache: ({}, dz * layer.mask), "LAYER does not divide by its share kept"
        ),
    ),
    NetworkFault(
        "EMB_LAST",
        name="only the last use of a row of the table counts",
        formula="dW[x] = dz (or dW[x] += dz, which drops repeats)",
        leaves_right="rows that are used once, and all above",
        hint="A word that occurs twice moves the loss twice. What does indexing with repeats add?",
        frequency="very common",
        plants=in_layers(Embedding, _last_use, "in LAYER only the last use of each row counts"),
    ),
    NetworkFault(
        "EMB_MEAN",
        name="the uses of a row of the table averaged",
        formula="dW[x] = mean of dz",
        leaves_right="rows that are used once, and all above",
        hint="A word that occurs twice moves the loss twice: add or average?",
        frequency="occasional",
        plants=in_layers(Embedding, _mean_of_uses, "LAYER averages the uses of each row, which add up"),
    ),
    NetworkFault(
        "RES_NO_SKIP",
        name="no error through the skip connection",
        formula="dx without dz",
        leaves_right="the branch, and all above",
        hint="By how many ways does x reach the sum?",
        frequency="very common",
        plants=in_layers(Residual, _no_skip, "LAYER sends no error through its skip connection"),
    ),
    NetworkFault(
        "RES_ONLY_SKIP",
        name="no error through the branch",
        formula="dx = dz",
        leaves_right="the branch, and all above",
        hint="By how many ways does x reach the sum?",
        frequency="common",
        plants=in_layers(Residual, _only_skip, "LAYER sends error through its skip connection alone"),
    ),
    NetworkFault(
        "RES_TWICE",
        name="the skip connection counted twice",
        formula="dx + dz",
        leaves_right="the branch, and all above",
        hint="Is an array that others still read changed in place?",
        frequency="occasional",
        plants=in_layers(Residual, _skip_twice, "LAYER counts its skip connection twice"),
    ),
    NetworkFault(
        "RES_IN_PLACE",
        name="the error of the skip connection changed in place by the branch",
        formula="dz *= f'(u) on the array that the skip connection gets as well",
        leaves_right="the branch, and all above",
        hint="Who else holds the array that your activation multiplies?",
        frequency="occasional",
        plants=in_layers(
            Residual,
            _changed_in_place,
            "the skip connection of LAYER gets dz times the slope of the branch's activation",
        ),
    ),
)
