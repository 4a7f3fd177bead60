"""numpy-ml: activations, losses and layers of a network library that is written to be read."""

import collections
import collections.abc
import importlib
import warnings
from functools import partial

import numpy as np

from wild.case import Case, elementwise

LINE = np.array([-3.1, -1.2, -0.3, 0.4, 1.7, 2.6])
ACTIVATIONS = {
    "Sigmoid": (),
    "ReLU": (),
    "LeakyReLU": (0.3,),
    "Tanh": (),
    "ELU": (),
    "Exponential": (),
    "SELU": (),
    "HardSigmoid": (),
    "SoftPlus": (),
}
# Of each layer: its arguments, and the shapes of its inputs.
LAYERS = {
    "Flatten": ("Flatten", {}, (2, 3, 2)),
    "BatchNorm1D": ("BatchNorm1D", {}, (6, 3)),
    "BatchNorm2D": ("BatchNorm2D", {}, (3, 2, 2, 3)),
    "LayerNorm1D": ("LayerNorm1D", {}, (6, 3)),
    "LayerNorm2D": ("LayerNorm2D", {}, (3, 2, 2, 3)),
    "FullyConnected": ("FullyConnected", {"n_out": 4, "act_fn": "Tanh"}, (5, 3)),
    "FullyConnected-affine": ("FullyConnected", {"n_out": 4}, (5, 3)),
    "Softmax": ("Softmax", {}, (5, 3)),
    "Conv1D": (
        "Conv1D",
        {"out_ch": 3, "kernel_width": 2, "pad": 1, "stride": 2, "act_fn": "Tanh"},
        (2, 6, 2),
    ),
    "Conv1D-dilation": ("Conv1D", {"out_ch": 3, "kernel_width": 2, "dilation": 1}, (2, 6, 2)),
    "Conv1D-causal": ("Conv1D", {"out_ch": 3, "kernel_width": 3, "pad": "causal"}, (2, 6, 2)),
    "Conv2D": (
        "Conv2D",
        {"out_ch": 2, "kernel_shape": (2, 3), "pad": 1, "stride": 2, "act_fn": "Tanh"},
        (2, 5, 5, 2),
    ),
    "Conv2D-dilation": ("Conv2D", {"out_ch": 2, "kernel_shape": (2, 2), "dilation": 1}, (2, 5, 5, 2)),
    "Pool2D-max": ("Pool2D", {"kernel_shape": (2, 2)}, (2, 4, 4, 2)),
    "Pool2D-average": ("Pool2D", {"kernel_shape": (2, 2), "stride": 2, "mode": "average"}, (2, 4, 4, 2)),
    "Deconv2D": ("Deconv2D", {"out_ch": 2, "kernel_shape": (2, 2), "stride": 2}, (2, 3, 3, 2)),
    "Deconv2D-pad": (
        "Deconv2D",
        {"out_ch": 2, "kernel_shape": (3, 3), "pad": 1, "act_fn": "Tanh"},
        (2, 3, 3, 2),
    ),
}


def _module(name):
    # The release of 2020 imports a name that Python 3.10 moved.
    collections.Hashable = collections.abc.Hashable
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(f"numpy_ml.neural_nets.{name}")
    finally:
        del collections.Hashable


def activation(name, lower, upper, x=LINE):
    """Check a derivative of an activation as the slope of the one below it."""
    function = getattr(_module("activations"), name)(*ACTIVATIONS[name])
    return elementwise(getattr(function, lower), getattr(function, upper), x)


def layer(kind, options, shape):
    """Check a layer's input and parameters against a random cotangent."""
    kind = getattr(_module("layers"), kind)
    draw = np.random.default_rng(0)
    X = draw.normal(size=shape)
    np.random.seed(0)  # noqa: NPY002 - the library draws its weights from there
    first = kind(**options)
    cotangent = draw.normal(size=np.shape(first.forward(X)))
    names = [name for name, value in first.gradients.items() if value is not None]
    # Biases begin at 0.
    params = {
        name: first.parameters[name] + 0.1 * draw.normal(size=np.shape(first.parameters[name]))
        for name in names
    }

    def run(params):
        layer = kind(**options)
        layer.forward(X)
        layer.flush_gradients()
        for name in names:
            layer.parameters[name] = params[name]
        return layer, layer.forward(params["X"])

    def gradient(params):
        layer, _ = run(params)
        dX = layer.backward(cotangent)
        return {"X": dX, **{name: layer.gradients[name] for name in names}}

    return lambda params: np.sum(cotangent * run(params)[1]), {"X": X, **params}, gradient


def attention():
    """Check dot-product attention."""
    draw = np.random.default_rng(0)
    params = {
        "Q": draw.normal(size=(2, 4, 3)),
        "K": draw.normal(size=(2, 4, 3)),
        "V": draw.normal(size=(2, 4, 5)),
    }
    cotangent = draw.normal(size=(2, 4, 5))

    def run(params):
        layer = _module("layers").DotProductAttention()
        return layer, layer.forward(*params.values())

    def gradient(params):
        return dict(zip("QKV", run(params)[0].backward(cotangent), strict=True))

    return lambda params: np.sum(cotangent * run(params)[1]), params, gradient


def merged(name):
    """Check the layers that take a list of inputs."""
    draw = np.random.default_rng(0)
    inputs, cotangent = list(draw.normal(size=(3, 3, 2))), draw.normal(size=(3, 2))

    def run(inputs):
        layer = getattr(_module("layers"), name)(act_fn="Tanh")
        return layer, layer.forward(inputs)

    return (
        lambda inputs: np.sum(cotangent * run(inputs)[1]),
        inputs,
        lambda inputs: list(run(inputs)[0].backward(cotangent)),
    )


def recurrent(name):
    """Check a cell through time; the layers that wrap them cannot be built in this release."""
    kind, draw = getattr(_module("layers"), name), np.random.default_rng(0)
    X, cotangent = draw.normal(size=(2, 2, 3, 4))
    np.random.seed(0)  # noqa: NPY002 - the library draws its weights from there
    first = _cell(kind)
    params = {k: v + 0.1 * draw.normal(size=v.shape) for k, v in first.parameters.items() if v is not None}

    def run(params):
        cell = _cell(kind)
        cell.parameters.update({k: v for k, v in params.items() if k != "X"})
        return cell, [_only(cell.forward(params["X"][..., t])) for t in range(4)]

    def gradient(params):
        cell, _ = run(params)
        dX = [_only(cell.backward(cotangent[..., t])) for t in reversed(range(4))]
        return {"X": np.stack(dX[::-1], axis=-1), **{k: cell.gradients[k] for k in params if k != "X"}}

    return lambda p: np.sum(cotangent * np.stack(run(p)[1], axis=-1)), {"X": X, **params}, gradient


def _cell(kind):
    cell = kind(3)
    cell.n_in = 3
    cell._init_params()
    return cell


def _only(result):
    return result[0] if isinstance(result, tuple) else result


def cross_entropy():
    """Check the cross entropy of a softmax."""
    loss, y = _module("losses").CrossEntropy, np.eye(3)[[0, 2, 1, 1]]

    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    z = np.random.default_rng(1).normal(size=(4, 3))
    return lambda z: loss.loss(y, softmax(z)), z, lambda z: loss.grad(y, softmax(z))


def squared_error():
    """Check the squared error of tanh."""
    loss, f = _module("losses").SquaredError, _module("activations").Tanh()
    y, z = np.random.default_rng(2).normal(size=(2, 4, 3))
    return lambda z: loss.loss(y, f.fn(z)), z, lambda z: loss.grad(y, f.fn(z), z, f)


def variational():
    """Check the bound of a variational autoencoder."""
    loss, draw = _module("losses").VAELoss, np.random.default_rng(3)
    target = draw.uniform(size=(4, 3))
    params = {
        "y": draw.uniform(0.2, 0.8, (4, 3)),
        "mean": draw.normal(size=(4, 2)),
        "log_var": draw.normal(size=(4, 2)),
    }
    return (
        lambda p: loss.loss(target, *p.values()),
        params,
        lambda p: dict(zip(("y", "log_var", "mean"), loss.grad(target, *p.values()), strict=True)),
    )


CASES = [
    *(
        Case("numpy_ml", f"{name}.{upper}", partial(activation, name, lower, upper))
        for name in ACTIVATIONS
        for lower, upper in (("fn", "grad"), ("grad", "grad2"))
    ),
    *(Case("numpy_ml", f"{name}.backward", partial(layer, *at)) for name, at in LAYERS.items()),
    Case("numpy_ml", "DotProductAttention.backward", attention),
    *(Case("numpy_ml", f"{name}.backward", partial(merged, name)) for name in ("Add", "Multiply")),
    *(Case("numpy_ml", f"{name}.backward", partial(recurrent, name)) for name in ("RNNCell", "LSTMCell")),
    Case("numpy_ml", "CrossEntropy.grad", cross_entropy),
    Case("numpy_ml", "SquaredError.grad", squared_error),
    Case("numpy_ml", "VAELoss.grad", variational),
]
