"""Activations, losses, penalties and layers once more, in torch: forward passes alone, by their definitions.

Where torch has the function itself it is torch's; a formula stands where torch's own backward pass
loses digits (``z (1 - z)`` of a saturated unit), or has another layout of the parameters.
"""

import math
from functools import partial, singledispatch

import torch
from torch import exp
from torch.nn import functional as F

from gradcheck.networks import layers
from gradcheck.networks.activations import LEAK
from gradcheck.networks.layers.normalisation import EPS
from gradcheck.networks.losses import SMOOTHING


def sigmoid(u):
    """Return the logistic function, whose derivative torch gets right where it is nearly 1."""
    return exp(F.logsigmoid(u))


def tanh(u):
    """Return tanh, likewise."""
    return 2 * sigmoid(2 * u) - 1


def softplus(u):
    """Return log(1 + exp(u)); torch's own is u from 20 on."""
    return -F.logsigmoid(-u)


def _gelu_tanh(u):
    return u * sigmoid(2 * math.sqrt(2 / math.pi) * (u + 0.044715 * u**3))


def cross_entropy(y, d, smoothing=0.0):
    """Return the mean of -sum_k t_k log softmax(y)_k; torch's own loses digits where p_k is nearly 1."""
    classes = y.shape[-1]
    chosen = d if d.ndim == 2 else F.one_hot(d, classes).to(y.dtype)
    itself = torch.eye(classes, dtype=torch.bool)
    others = torch.logsumexp(y[:, None, :].masked_fill(itself, -torch.inf), dim=-1)
    t = (1 - smoothing) * chosen + smoothing / classes
    return (t * softplus(others - y)).sum() / len(y)


ACTIVATIONS = {
    "identity": lambda u: u,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": F.relu,
    "leaky_relu": lambda u: F.leaky_relu(u, LEAK),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "gelu_tanh": _gelu_tanh,
    "softplus": softplus,
    "silu": lambda u: u * sigmoid(u),
    "mish": lambda u: u * tanh(softplus(u)),
    "hard_tanh": F.hardtanh,
    "softmax": lambda u: F.softmax(u, dim=-1),
}

# Each of the output y (N, K) and the target d; a mean is over the N samples.
LOSSES = {
    "half_squared_error": lambda y, d: F.mse_loss(y, d, reduction="sum") / 2,
    "mean_squared_error": lambda y, d: F.mse_loss(y, d, reduction="sum") / 2 / len(y),
    "absolute_error": lambda y, d: F.l1_loss(y, d, reduction="sum") / len(y),
    "huber": lambda y, d: F.huber_loss(y, d, reduction="sum") / len(y),
    "hinge": lambda y, d: F.relu(1 - d * y).sum() / len(y),
    "binary_cross_entropy": lambda y, d: (d * softplus(-y) + (1 - d) * softplus(y)).sum() / len(y),
    "softmax_cross_entropy": cross_entropy,
    "smoothed_cross_entropy": partial(cross_entropy, smoothing=SMOOTHING),
}

PENALTIES = {"l1": lambda W: W.abs().sum(), "l2": lambda W: (W * W).sum() / 2}


@singledispatch
def forward(layer, params, x):
    """Return what the layer computes of tensors."""
    raise NotImplementedError(f"{type(layer).__name__} needs its definition in {__name__}")


@forward.register
def _(layer: layers.Dense, params, x):
    return F.linear(x, params["W"].T, params.get("b"))


@forward.register
def _(layer: layers.Activate, params, x):
    return ACTIVATIONS[layer.name](x)


@forward.register
def _(layer: layers.Flatten, params, x):
    return x.flatten(1)


@forward.register
def _(layer: layers.Conv2d, params, x):
    return F.conv2d(x, params["W"], params["b"], layer.stride, layer.padding)


@forward.register
def _(layer: layers.MaxPool2d, params, x):
    return F.max_pool2d(x, layer.size, layer.stride)


@forward.register
def _(layer: layers.AveragePool2d, params, x):
    return F.avg_pool2d(x, layer.size, layer.stride)


@forward.register
def _(layer: layers.BatchNorm, params, x):
    return F.batch_norm(x, None, None, params["gamma"], params["beta"], training=True, eps=EPS)


@forward.register
def _(layer: layers.BatchNormInference, params, x):
    mean, var = torch.from_numpy(layer.mean), torch.from_numpy(layer.var)
    return F.batch_norm(x, mean, var, params["gamma"], params["beta"], eps=EPS)


@forward.register
def _(layer: layers.LayerNorm, params, x):
    return F.layer_norm(x, x.shape[-1:], params["gamma"], params["beta"], eps=EPS)


@forward.register
def _(layer: layers.Dropout, params, x):
    return x * torch.from_numpy(layer.mask) / layer.keep


@forward.register
def _(layer: layers.Embedding, params, x):
    return F.embedding(x, params["W"])


@forward.register
def _(layer: layers.Sequential, params, x):
    for number, part in enumerate(layer.layers, 1):
        prefix = f"{number}."
        own = {name.removeprefix(prefix): p for name, p in params.items() if name.startswith(prefix)}
        x = forward(part, own, x)
    return x


@forward.register
def _(layer: layers.Residual, params, x):
    return x + forward(layer.layer, params, x)


@forward.register
def _(layer: layers.ScaledDotProductAttention, params, x):
    mask = None if layer.mask is None else torch.from_numpy(layer.mask)
    return F.scaled_dot_product_attention(*x, attn_mask=mask)


@forward.register
def _(layer: layers.MultiHeadAttention, params, x):
    mask = None if layer.mask is None else ~torch.from_numpy(layer.mask)
    joined = torch.cat([params["Wq"], params["Wk"], params["Wv"]], dim=1).T
    rows = x.transpose(0, 1)  # torch wants (steps, samples, width)
    z, _ = F.multi_head_attention_forward(
        *(rows, rows, rows, x.shape[-1], layer.heads, joined, None, None, None, False, 0.0),
        *(params["Wo"].T, None),
        attn_mask=mask,
        need_weights=False,
    )
    return z.transpose(0, 1)


@forward.register
def _(layer: layers.RNN, params, x):
    return torch.rnn_tanh(x, _state(layer, x), _weights(params), True, 1, 0.0, False, False, True)[0]


@forward.register
def _(layer: layers.LSTM, params, x):
    blocks = {name: p.unflatten(-1, (4, -1))[..., [0, 1, 3, 2], :].flatten(-2) for name, p in params.items()}
    start = (_state(layer, x), _state(layer, x))
    return torch.lstm(x, start, _weights(blocks), True, 1, 0.0, False, False, True)[0]


@forward.register
def _(layer: layers.GRU, params, x):
    # Step by step: torch applies the reset gate after the product with Un, this layer before it.
    h, steps = x.new_zeros(len(x), layer.units), []
    Uz, Ur, Un = params["Wh"].chunk(3, dim=-1)
    for row in x.unbind(1):
        az, ar, an = (row @ params["Wx"] + params["b"]).chunk(3, dim=-1)
        z, r = torch.sigmoid(az + h @ Uz), torch.sigmoid(ar + h @ Ur)
        h = (1 - z) * torch.tanh(an + (r * h) @ Un) + z * h
        steps.append(h)
    return torch.stack(steps, dim=1)


def _state(layer, x):
    return x.new_zeros(1, len(x), layer.units)


def _weights(params):
    """Return what torch's recurrent functions take: weights (units, in) and two biases."""
    b = params["b"]
    return [params["Wx"].T.contiguous(), params["Wh"].T.contiguous(), b, torch.zeros_like(b)]
