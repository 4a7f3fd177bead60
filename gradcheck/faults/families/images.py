"""Mistakes in convolution and pooling of images."""

from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck.faults.catalogue import NetworkFault, in_ways
from gradcheck.faults.faulty import in_layers
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.layers import AveragePool2d, Conv2d, MaxPool2d

POOLS = (AveragePool2d, MaxPool2d)
OWN_RIGHT = "W, b, and all above the layer"


def _kernel_not_turned(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache._replace(W=cache.W[:, :, ::-1, ::-1]))
    return gradient, dx


def _turned_gradient(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    return {**gradient, "W": gradient["W"][:, :, ::-1, ::-1]}, dx


def _swapped_channels(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    square = gradient["W"].shape[0] == gradient["W"].shape[1]
    return {**gradient, "W": gradient["W"].swapaxes(0, 1) if square else gradient["W"]}, dx


def _bias_mean(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    return {**gradient, "b": dz.mean(axis=(2, 3)).sum(axis=0)}, dx


def _cropped_late(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    _, padded = replace(layer, padding=0).backward(dz, cache)
    return gradient, padded[:, :, : dx.shape[2], : dx.shape[3]]


def _last_window(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    """Give what lies in several windows the share of the last one alone."""
    gradient, dx = layer.backward(dz, cache)
    taken = np.zeros_like(dx)
    for row, column in np.ndindex(dz.shape[2:]):
        alone = np.zeros_like(dz)
        alone[:, :, row, column] = dz[:, :, row, column]
        _, share = layer.backward(alone, cache)
        top = row * layer.stride - getattr(layer, "padding", 0)
        left = column * layer.stride - getattr(layer, "padding", 0)
        window = (..., slice(max(top, 0), top + layer.size), slice(max(left, 0), left + layer.size))
        taken[window] = share[window]
    return gradient, taken


def _not_spread(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = replace(layer, stride=1).backward(dz, cache)
    return gradient, dx


def _to_first_entry(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache._replace(winner=np.zeros_like(cache.winner)))
    return gradient, dx


def _of_first_window(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    first = np.zeros_like(dz)
    first[:, :, 0, 0] = dz[:, :, 0, 0]
    gradient, dx = layer.backward(first, cache)
    return gradient, dx


def _shared(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    return AveragePool2d(layer.size, layer.stride).backward(dz, cache.shape)


def _undivided(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    return gradient, dx * layer.size**2


FAMILY = (
    NetworkFault(
        "CONV_NO_FLIP",
        name="the error sent to x through a kernel that is not turned",
        formula="dz correlated with W, for dz convolved with W",
        leaves_right=OWN_RIGHT,
        hint="Forward slides the kernel over x. Which entry of it meets the pixel left of an output?",
        frequency="common",
        plants=in_layers(
            Conv2d,
            _kernel_not_turned,
            "LAYER correlates its error with the kernel on the way to x, as forward does, without turning it",
        ),
    ),
    NetworkFault(
        "CONV_DW_FLIP",
        name="the kernel's gradient turned by 180 degrees",
        formula="dW_(k-1-i)(k-1-j) for dW_ij",
        leaves_right="all but W",
        hint="Take a kernel and an image that are not symmetric: does entry [0, 0] see the upper left?",
        frequency="occasional",
        plants=in_layers(Conv2d, _turned_gradient, "dE/dW of LAYER is turned by 180 degrees"),
    ),
    NetworkFault(
        "CONV_CHANNELS",
        name="input and output channels of the kernel's gradient exchanged",
        formula="dW_co for dW_oc",
        leaves_right="all but W",
        hint="Which axis of W counts the channels that come in?",
        frequency="occasional",
        plants=in_layers(
            Conv2d, _swapped_channels, "dE/dW of LAYER has its input and output channels exchanged"
        ),
    ),
    NetworkFault(
        "CONV_B_MEAN",
        name="the bias gradient of a convolution averaged over the image",
        formula="db = mean over rows and columns of dz",
        leaves_right="all but b",
        hint="One b is added at every position: do the positions add up, or average?",
        frequency="common",
        plants=in_layers(Conv2d, _bias_mean, "dE/db of LAYER is averaged over rows and columns, not summed"),
    ),
    NetworkFault(
        "CONV_PAD",
        name="the padding cut off at the wrong side",
        formula="dx = dpadded[:H, :W]",
        leaves_right=OWN_RIGHT,
        hint="On which sides did forward add zeros, and where does the image begin in the padded one?",
        frequency="occasional",
        plants=in_layers(Conv2d, _cropped_late, "LAYER cuts its padding off at the end only"),
    ),
    NetworkFault(
        "CONV_STRIDE",
        name="the stride forgotten on the way back to x",
        formula="windows at [i, j] for windows at [s i, s j]",
        leaves_right=OWN_RIGHT,
        hint="How many pixels lie between two windows in forward? Where in x does the second one begin?",
        frequency="common",
        plants=in_layers(
            Conv2d, _not_spread, "LAYER sends the error of its windows to x as if they lay at stride 1"
        ),
    ),
    NetworkFault(
        "WINDOW_OVERLAP",
        name="assigned where overlapping windows add up",
        formula="dx[window] = share for dx[window] += share",
        leaves_right=OWN_RIGHT,
        hint="A pixel may lie in several windows. What becomes of the share of the first?",
        frequency="very common",
        plants=in_layers(
            (Conv2d, *POOLS), _last_window, "LAYER assigns the shares of its windows to x, which overlap"
        ),
    ),
    NetworkFault(
        "POOL_MAX_SHARED",
        name="the error of a maximum shared by the whole window",
        formula="dz / size^2 for every entry of the window",
        leaves_right="all above the layer",
        hint="Which entries of a window does its maximum depend on?",
        frequency="occasional",
        plants=in_layers(MaxPool2d, _shared, "LAYER shares the error of each maximum among its window"),
    ),
    NetworkFault(
        "POOL_WRONG_ENTRY",
        name="the error of a maximum sent to another entry",
        formula="dx at the first entry of the window for dx at its maximum",
        leaves_right="all above the layer",
        hint="Take one window and raise one entry after the other a little. Which of them moves the maximum?",
        frequency="occasional",
        plants=in_ways(
            in_layers(
                MaxPool2d,
                _to_first_entry,
                "LAYER sends the error of each maximum to its window's first entry",
            ),
            in_layers(MaxPool2d, _of_first_window, "LAYER sends back the error of its first window alone"),
        ),
    ),
    NetworkFault(
        "POOL_AVG_UNDIVIDED",
        name="the error of a mean not divided by the size of its window",
        formula="dz for dz / size^2",
        leaves_right="all above the layer",
        hint="If one entry of the window grows by 1, by how much does the mean grow?",
        frequency="common",
        plants=in_layers(AveragePool2d, _undivided, "LAYER does not divide the error by its window's size"),
    ),
)
