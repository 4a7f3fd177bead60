"""Mistakes in attention, Z = softmax(Q K^T / sqrt(d)) V."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck.faults.catalogue import NetworkFault
from gradcheck.faults.faulty import Backward, in_layers, overriding
from gradcheck.networks.activations import softmax
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.layers import MultiHeadAttention, ScaledDotProductAttention

BOTH = (MultiHeadAttention, ScaledDotProductAttention)
V_RIGHT = "what leads to V, and all above"
SOFTMAX_HINT = "Does raising one score leave the other weights of that query unchanged?"


def _scores(derivative: Callable[[Array, Array, float], Array]) -> Backward:
    """Return the backward pass with another dS from A, dA and sqrt(d)."""

    def attend(layer: Any, dz: Array, cache: Any) -> tuple[Array, Array, Array]:
        q, k, v, A = cache
        dS = derivative(A, dz @ np.swapaxes(v, -2, -1), math.sqrt(q.shape[-1]))
        return dS @ k, np.swapaxes(dS, -2, -1) @ q, np.swapaxes(A, -2, -1) @ dz

    return overriding("attend_backward", attend)


def _right(A: Array, dA: Array, root: float) -> Array:
    mean: Array = (dA * A).sum(axis=-1, keepdims=True)
    return A * (dA - mean) / root


def _over_queries(A: Array, dA: Array, root: float) -> Array:
    mean: Array = (dA * A).sum(axis=-2, keepdims=True)
    return A * (dA - mean) / root


def _values(layer: Any, dz: Array, cache: Any) -> tuple[Array, Array, Array]:
    dq, dk, _ = MultiHeadAttention.attend_backward(layer, dz, cache)
    return dq, dk, cache.A @ dz


def _keys(layer: Any, dz: Array, cache: Any) -> tuple[Array, Array, Array]:
    dq, _, dv = MultiHeadAttention.attend_backward(layer, dz, cache)
    q, _, v, A = cache
    return dq, _right(A, dz @ np.swapaxes(v, -2, -1), math.sqrt(q.shape[-1])) @ q, dv


def _unmasked(layer: Any, dz: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Take A without the mask."""
    S = cache.q @ np.swapaxes(cache.k, -2, -1) / math.sqrt(cache.q.shape[-1])
    return MultiHeadAttention.attend_backward(layer, dz, cache._replace(A=softmax(S)))


def _joined_by_reshape(layer: Any, heads: Array) -> Array:
    samples, _, steps, _ = heads.shape
    return heads.reshape(samples, steps, -1)


def _last_route(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    params = {**cache.params, "Wq": 0 * cache.params["Wq"], "Wk": 0 * cache.params["Wk"]}
    return layer.backward(dz, cache._replace(params=params))  # type: ignore[no-any-return]


def _fault(code: str, kind: Any, wrong: Backward, message: str, **described: Any) -> NetworkFault:
    described = {"leaves_right": V_RIGHT, "hint": SOFTMAX_HINT, "frequency": "common", **described}
    return NetworkFault(code, plants=in_layers(kind, wrong, message), **described)


FAMILY = (
    _fault(
        "ATT_NO_SCALE", BOTH, _scores(lambda A, dA, root: _right(A, dA, 1)),
        "the scores of LAYER lack the factor 1/sqrt(d) in backward",
        name="no 1/sqrt(d) in backward", formula="dS without 1/sqrt(d)",
        hint="By what are the scores divided in forward?",
    ),
    _fault(
        "ATT_SCALE_TWICE", BOTH, _scores(lambda A, dA, root: _right(A, dA, root**2)),
        "the scores of LAYER are divided by sqrt(d) twice in backward",
        name="1/sqrt(d) twice", formula="dS / d for dS / sqrt(d)", frequency="occasional",
        hint="How often are the scores divided on the way back?",
    ),
    _fault(
        "ATT_DIAG", BOTH, _scores(lambda A, dA, root: A * (1 - A) * dA / root),
        "the softmax of LAYER has only the diagonal A (1 - A) of its derivative",
        name="softmax differentiated as if each weight depended on its own score alone",
        formula="dS = A (1 - A) dA",
    ),
    _fault(
        "ATT_NO_SUM", BOTH, _scores(lambda A, dA, root: A * dA / root),
        "the softmax of LAYER lacks the sum over the keys in its derivative",
        name="no sum in the derivative of softmax", formula="dS = A dA",
    ),
    _fault(
        "ATT_AXIS", BOTH, _scores(_over_queries),
        "the derivative of LAYER's softmax sums over the queries, not over the keys",
        name="the sum in the derivative of softmax over the wrong axis", formula="A (dA - sum over queries)",
        hint="Along which axis do the weights of attention sum to 1?",
    ),
    _fault(
        "ATT_MASK", BOTH, overriding("attend_backward", _unmasked),
        "LAYER takes its weights without the mask in backward",
        name="no mask in backward", formula="A = softmax(Q K^T / sqrt(d)) without the mask",
        leaves_right="all above the layer", hint="Which keys may a query look at, in either pass?",
    ),
    _fault(
        "ATT_HEADS", MultiHeadAttention, overriding("_join", _joined_by_reshape),
        "LAYER joins the errors of its heads by reshape alone, so that heads and steps are mixed up",
        name="heads and steps mixed up", formula="reshape(dQ) for reshape(dQ.swapaxes(1, 2))",
        leaves_right="Wo, and all above",
        hint="reshape keeps the order in memory. In which order do heads and steps lie there?",
    ),
    _fault(
        "ATT_V_NO_T", MultiHeadAttention, overriding("attend_backward", _values),
        "LAYER sends error to its values through A, not through its transpose",
        name="A instead of its transpose for the values", formula="dV = A dZ",
        leaves_right="all but what leads to V",
        hint="Which index of A runs over the values?",
    ),
    _fault(
        "ATT_K_NO_T", MultiHeadAttention, overriding("attend_backward", _keys),
        "LAYER sends error to its keys through dS, not through its transpose",
        name="the scores' dS instead of its transpose for the keys", formula="dK = dS Q",
        leaves_right="all but what leads to K",
        hint="Which index of the scores runs over the keys?",
    ),
    _fault(
        "ATT_X_OVERWRITE", MultiHeadAttention, _last_route,
        "x gets from LAYER the error of its values alone, where queries, keys and values add up",
        name="only one of the three ways back to x", formula="dx = dV Wv^T", frequency="very common",
        leaves_right="the layer's own, and all above",
        hint="By how many ways does x reach the attention?",
    ),
)  # fmt: skip
