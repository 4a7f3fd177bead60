"""What a layer's name promises: the output that a layer of that name should have."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcheck.networks import ACTIVATIONS, LOSSES
from gradcheck.networks.layers import BatchNorm, Conv2d, LayerNorm, MaxPool2d

# The inputs come in the order of the layer's arguments; strides and the like are those of the templates
# in `gradcheck.submissions.conventions.layer_functions`.
_OUTPUTS: dict[str, Callable[..., Any]] = {
    "affine": lambda x, W, b: x.reshape(len(x), -1) @ W + b,
    "affinerelu": lambda x, W, b: np.maximum(x.reshape(len(x), -1) @ W + b, 0),
    "temporalaffine": lambda x, W, b: x @ W + b,
    "batchnorm": lambda x, gamma, beta: BatchNorm().forward({"gamma": gamma, "beta": beta}, x)[0],
    "layernorm": lambda x, gamma, beta: LayerNorm().forward({"gamma": gamma, "beta": beta}, x)[0],
    "conv": lambda x, W, b: Conv2d(len(W), W.shape[2], 2, 1).forward({"W": W, "b": b}, x)[0],
    "maxpool": lambda x: MaxPool2d(2, 2).forward({}, x)[0],
    "softmaxloss": lambda x: LOSSES["softmax_cross_entropy"].value(x, np.arange(len(x)) % x.shape[1]),
    "rnnstep": lambda x, h, Wx, Wh, b: np.tanh(x @ Wx + h @ Wh + b),
    **{name: ACTIVATIONS[name].f for name in ("relu", "sigmoid", "tanh", "softmax", "identity")},
}
_ALIASES = {"linear": "affine", "dense": "affine", "fc": "affine", "spatialbatchnorm": "batchnorm"}
# Constants such as the eps of a normalisation are anybody's choice; another function differs by more.
_ALLOWED = 1e-3


def promised(name: str, inputs: Mapping[str, Any]) -> Any:
    """Return the output that a layer of that name should have.

    Parameters
    ----------
    name : str
        ``affine``, ``Relu``, ``Activation_ReLU``, ``Layer_Dense``, ...
    inputs : mapping of str to ndarray
        In the order of the layer's arguments.

    Returns
    -------
    ndarray or None
        None where the name, or the form of its inputs, promises nothing.
    """
    plain = re.sub("[^a-z]|activation|layer(?!norm)", "", name.lower())
    output = _OUTPUTS.get(_ALIASES.get(plain, plain))
    try:
        return None if output is None else np.asarray(output(*inputs.values()))
    except (ValueError, TypeError, IndexError):
        return None


def differs(name: str, inputs: Mapping[str, Any], output: Any) -> bool:
    """Tell whether a layer computes something else than its name says.

    Parameters
    ----------
    name, inputs
        As in `promised`.
    output : ndarray
        What it computes.

    Returns
    -------
    bool
        False where nothing is promised.
    """
    expected = promised(name, inputs)
    if expected is None or expected.shape != np.shape(output):
        return False
    scale = np.max(np.abs(expected), initial=0)
    return bool(np.max(np.abs(output - expected)) > _ALLOWED * scale)
