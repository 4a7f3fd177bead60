"""Dense networks with a hand-written backward pass, and the mistakes people make in it.

The backward pass is written in terms of `Rules`; a known mistake is one rule replaced.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
from problem import Array, Gradient, Params, Problem

GELU = float(np.sqrt(2 / np.pi))
LEAK = 0.1


def _sigmoid(u: Any, xp: ModuleType) -> Any:
    return 1 / (1 + xp.exp(-u))


def _gelu(u: Any, xp: ModuleType) -> Any:
    return 0.5 * u * (1 + xp.tanh(GELU * (u + 0.044715 * u**3)))


def _gelu_slope(u: Array, z: Array) -> Array:
    t = np.tanh(GELU * (u + 0.044715 * u**3))
    return np.asarray(0.5 * (1 + t) + 0.5 * u * (1 - t * t) * GELU * (1 + 3 * 0.044715 * u**2))


VALUES: dict[str, Callable[[Any, ModuleType], Any]] = {
    "identity": lambda u, xp: u,
    "tanh": lambda u, xp: xp.tanh(u),
    "sigmoid": _sigmoid,
    "relu": lambda u, xp: xp.where(u > 0, u, 0 * u),
    "leaky": lambda u, xp: xp.where(u > 0, u, LEAK * u),
    "softplus": lambda u, xp: xp.logaddexp(u, 0 * u),
    "gelu": _gelu,
}
SLOPES: dict[str, Callable[[Array, Array], Array]] = {
    "identity": lambda u, z: np.ones_like(u),
    "tanh": lambda u, z: 1 - z * z,
    "sigmoid": lambda u, z: z * (1 - z),
    "relu": lambda u, z: (u > 0).astype(u.dtype),
    "leaky": lambda u, z: np.where(u > 0, 1.0, LEAK),
    "softplus": lambda u, z: _sigmoid(u, np),
    "gelu": _gelu_slope,
}
SMOOTH = ("tanh", "sigmoid", "softplus", "gelu")
PIECEWISE = ("relu", "leaky")


@dataclass(frozen=True)
class Dense:
    """``u_l = z_(l-1) W_l + b_l``, ``z_l = f_l(u_l)``; rows are samples.

    Attributes
    ----------
    activations : tuple of str
        One for each layer, the output's included.
    cost : {"squared", "softmax", "logistic"}
        The last two take the pre-activation of the output.
    x, d : ndarray, shape (N, in) and (N, out)
    mean : bool
        Divide the sum over the samples by N.
    penalty : float
        Of ``penalty / 2 * sum(W**2)``.
    """

    activations: tuple[str, ...]
    cost: str
    x: Array
    d: Array
    mean: bool = True
    penalty: float = 0.0

    @property
    def share(self) -> float:
        """What each sample counts."""
        return 1 / len(self.x) if self.mean else 1.0

    def forward(self, params: Params, xp: ModuleType) -> tuple[list[Any], list[Any]]:
        """Return the pre-activations and the activations, those of layer 0 being x."""
        us = zs = [xp.asarray(self.x)]
        for layer, name in enumerate(self.activations, 1):
            u = zs[-1] @ params[f"W{layer}"] + params[f"b{layer}"]
            us, zs = [*us, u], [*zs, VALUES[name](u, xp)]
        return us, zs

    def loss(self, params: Params, xp: ModuleType = np) -> Any:
        """Return the loss in the given namespace."""
        us, zs = self.forward(params, xp)
        u, y, d = us[-1], zs[-1], xp.asarray(self.d)
        if self.cost == "softmax":
            top = xp.amax(u, axis=1, keepdims=True)
            total = (xp.log(xp.exp(u - top).sum(1)) + top[:, 0] - (d * u).sum(1)).sum()
        elif self.cost == "logistic":
            total = (xp.logaddexp(u, 0 * u) - d * u).sum()
        else:
            total = 0.5 * ((y - d) ** 2).sum()
        squares = sum((params[f"W{i + 1}"] ** 2).sum() for i in range(len(self.activations)))
        return total * self.share + 0.5 * self.penalty * squares

    def gradient(self, params: Params, rules: "Rules | None" = None) -> Params:
        """Return the gradient by the delta recursion, one rule possibly replaced by a mistake."""
        rules = rules or Rules()
        us, zs = self.forward(params, np)
        delta = rules.top(self, us[-1], zs[-1])
        result: Params = {}
        for layer in range(len(self.activations), 0, -1):
            W = params[f"W{layer}"]
            dW = rules.weight(zs[layer - 1], us[layer - 1], delta)
            result[f"W{layer}"] = dW + rules.penalty(self.penalty, W)
            result[f"b{layer}"] = rules.bias(delta)
            if layer > 1:
                slope = rules.slope(self.activations[layer - 2], us[layer - 1], zs[layer - 1])
                delta = rules.carry(delta, W, dW, slope)
        return {name: result[name] for name in params}


def _output(u: Array, y: Array, cost: str) -> Array:
    if cost == "softmax":
        e = np.exp(u - u.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))
    return np.asarray(_sigmoid(u, np)) if cost == "logistic" else y


def _top(net: Dense, u: Array, y: Array) -> Array:
    slope = SLOPES[net.activations[-1]](u, y) if net.cost == "squared" else 1.0
    return np.asarray((_output(u, y, net.cost) - net.d) * slope * net.share)


def _without_slope(net: Dense, u: Array, y: Array) -> Array:
    return np.asarray((_output(u, y, net.cost) - net.d) * net.share)


def _extra_slope(net: Dense, u: Array, y: Array) -> Array:
    p = _output(u, y, net.cost)
    return np.asarray((p - net.d) * p * (1 - p) * net.share)


def _softmax_diagonal(net: Dense, u: Array, y: Array) -> Array:
    return np.asarray(-net.d * (1 - _output(u, y, net.cost)) * net.share)


def _slope(name: str, u: Array, z: Array) -> Array:
    return SLOPES[name](u, z)


def _carry(delta: Array, W: Array, dW: Array, slope: Array) -> Array:
    return np.asarray((delta @ W.T) * slope)


@dataclass(frozen=True)
class Rules:
    """The steps of the backward pass, right unless replaced."""

    top: Callable[[Dense, Array, Array], Array] = _top
    slope: Callable[[str, Array, Array], Array] = _slope
    carry: Callable[[Array, Array, Array, Array], Array] = _carry
    weight: Callable[[Array, Array, Array], Array] = lambda z, u, delta: np.asarray(z.T @ delta)
    bias: Callable[[Array], Array] = lambda delta: np.asarray(delta.sum(axis=0))
    penalty: Callable[[float, Array], Array] = lambda factor, W: factor * W


def _square_or_right(delta: Array, W: Array, dW: Array, slope: Array) -> Array:
    return _carry(delta, W.T if W.shape[0] == W.shape[1] else W, dW, slope)


def _first_row(delta: Array) -> Array:
    return np.asarray(delta[0])


MISTAKES: dict[str, dict[str, Any]] = {
    "LOSS_X2": {"top": lambda n, u, y: 2 * _top(n, u, y)},
    "LOSS_HALF": {"top": lambda n, u, y: _top(n, u, y) / 2},
    "NO_1_N": {"top": lambda n, u, y: _top(n, u, y) * len(n.x)},
    "N_TWICE": {"top": lambda n, u, y: _top(n, u, y) / len(n.x)},
    "N_EACH_LAYER": {"carry": lambda delta, W, dW, s: _carry(delta, W, dW, s) / len(delta)},
    "SIGN": {"top": lambda n, u, y: -_top(n, u, y)},
    "MEAN_SIZE": {"top": lambda n, u, y: _top(n, u, y) / n.d.shape[1]},
    "MISS_OUT_DERIV": {"top": _without_slope},
    "EXTRA_OUT_DERIV": {"top": _extra_slope},
    "SOFTMAX_DIAG": {"top": _softmax_diagonal},
    "WRONG_TARGET": {"top": lambda n, u, y: _top(replace(n, d=np.roll(n.d, 1, axis=1)), u, y)},
    "DERIV_AT_Z": {"slope": lambda name, u, z: SLOPES[name](z, VALUES[name](z, np))},
    "NO_DERIV_ALL": {"slope": lambda name, u, z: np.ones_like(u)},
    "WRONG_FUNC": {"slope": lambda name, u, z: SLOPES["tanh" if name == "sigmoid" else "sigmoid"](u, z)},
    "TANH_1-Z": {"slope": lambda name, u, z: 1 - z},
    "ACT_FOR_DERIV": {"slope": lambda name, u, z: z},
    "MASK_INVERT": {"slope": lambda name, u, z: (u <= 0).astype(u.dtype)},
    "LEAKY_SLOPE": {"slope": lambda name, u, z: np.where(u > 0, 1.0, 0.01)},
    "MASK_ON_GRAD": {"carry": lambda delta, W, dW, s: (delta @ W.T) * (delta @ W.T > 0)},
    "W_NO_T": {"carry": _square_or_right},
    "NO_W": {"carry": lambda delta, W, dW, s: delta.sum(axis=1, keepdims=True) * s},
    "W_UPDATED": {"carry": lambda delta, W, dW, s: _carry(delta, W - 0.1 * dW, dW, s)},
    "DELTA_CLIP": {"carry": lambda delta, W, dW, s: np.clip(_carry(delta, W, dW, s), -0.01, 0.01)},
    "PREACT": {"weight": lambda z, u, delta: u.T @ delta},
    "OUTER_OF_MEANS": {"weight": lambda z, u, delta: np.outer(z.mean(axis=0), delta.sum(axis=0))},
    "LAST_SAMPLE": {"weight": lambda z, u, delta: z[-1:].T @ delta[-1:]},
    "DROP_SAMPLE": {"weight": lambda z, u, delta: z[1:].T @ delta[1:]},
    "W_MEAN": {"weight": lambda z, u, delta: z.T @ delta / len(z)},
    "B_MEAN": {"bias": lambda delta: delta.mean(axis=0)},
    "B_FIRST": {"bias": _first_row},
    "B_TOTAL": {"bias": lambda delta: np.full(delta.shape[1], delta.sum())},
    "B_MISSING": {"bias": lambda delta: np.zeros(delta.shape[1])},
    "REG_MISSING": {"penalty": lambda factor, W: 0 * W},
    "REG_X2": {"penalty": lambda factor, W: 2 * factor * W},
    "REG_SIGN": {"penalty": lambda factor, W: -factor * W},
}


def _with_mistake(net: Dense, rules: Rules) -> Gradient:
    return lambda params: net.gradient(params, rules)


def dense_problem(net: Dense, params: Params) -> Problem:
    """Return the problem of a network at a point.

    Near a kink the reach is the distance to the nearest one, in units of a pre-activation.
    """
    us, _ = net.forward(params, np)
    hidden = [np.abs(u[u != 0]) for u, f in zip(us[1:], net.activations, strict=True) if f in PIECEWISE]
    nearest = min((float(u.min(initial=1.0)) for u in hidden), default=1.0)
    return Problem(
        params=params,
        formula=net.loss,
        gradient=net.gradient,
        known_mistakes={name: _with_mistake(net, Rules(**rule)) for name, rule in MISTAKES.items()},
        reach=nearest,
    )


def random_network(
    rng: np.random.Generator,
    hidden: tuple[str, ...] | None = None,
    cost: str | None = None,
    width: int = 7,
    gain: float = 1.0,
) -> tuple[Dense, Params]:
    """Draw a network, a batch, and parameters; about a third are square, a third have a penalty."""
    if hidden is None:
        hidden = tuple(rng.choice([*SMOOTH, *PIECEWISE], size=rng.integers(0, 4)).tolist())
    cost = cost or str(rng.choice(["squared", "softmax", "logistic"]))
    square = rng.random() < 0.3
    sizes = [int(s) for s in rng.integers(2, width + 1, size=len(hidden) + 2)]
    if square:
        sizes = [sizes[0]] * len(sizes)
    samples = int(rng.choice([1, 2, 3, 5, 7]))
    x = rng.normal(size=(samples, sizes[0]))
    d = rng.normal(size=(samples, sizes[-1]))
    if cost == "softmax":
        d = np.eye(sizes[-1])[rng.integers(0, sizes[-1], samples)]
    elif cost == "logistic":
        d = (d > 0).astype(float)
    last = str(rng.choice(["identity", "sigmoid", "tanh"])) if cost == "squared" else "identity"
    params: Params = {}
    for i, (m, n) in enumerate(pairwise(sizes), 1):
        params[f"W{i}"] = gain * rng.normal(size=(m, n)) / np.sqrt(m)
        params[f"b{i}"] = 0.3 * gain * rng.normal(size=n)
    penalty = 0.01 if rng.random() < 0.3 else 0.0
    return Dense((*hidden, last), cost, x, d, bool(rng.random() < 0.6), penalty), params
