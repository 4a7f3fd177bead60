"""Attention: Z = softmax(Q K^T / sqrt(d)) V."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradcheck.errors import UsageError
from gradcheck.networks.activations import softmax
from gradcheck.networks.arrays import Array, Gradient, Params
from gradcheck.networks.layers.layer import Example, Layer, Shapes, normal

WEIGHTS = ("Wq", "Wk", "Wv", "Wo")


class AttentionCache(NamedTuple):
    """What attention leaves: queries, keys, values and the attention A."""

    q: Array
    k: Array
    v: Array
    A: Array


def _attend(q: Array, k: Array, v: Array, mask: Array | None) -> tuple[Array, AttentionCache]:
    S = q @ np.swapaxes(k, -2, -1) / math.sqrt(q.shape[-1])
    A = softmax(S if mask is None else np.where(mask, S, -np.inf).astype(S.dtype))
    return A @ v, AttentionCache(q, k, v, A)


class _Attention(Layer):
    """What single and joined heads share."""

    def attend_backward(self, dz: Array, cache: AttentionCache) -> tuple[Array, Array, Array]:
        """Return (dQ, dK, dV)."""
        q, k, v, A = cache
        dA = dz @ np.swapaxes(v, -2, -1)
        dS = A * (dA - (dA * A).sum(axis=-1, keepdims=True)) / math.sqrt(q.shape[-1])
        return dS @ k, np.swapaxes(dS, -2, -1) @ q, np.swapaxes(A, -2, -1) @ dz


def _check_mask(mask: Array | None) -> None:
    if mask is not None and not mask.any(axis=-1).all():
        raise UsageError(
            "the attention mask leaves a query with no key", expected="at least one True in each row"
        )


@dataclass(frozen=True, eq=False)
class ScaledDotProductAttention(_Attention):
    """Attention of x = (Q, K, V): (..., T, d), (..., S, d), (..., S, e) to (..., T, e).

    Attributes
    ----------
    mask : ndarray of bool, shape (T, S), or None
        True where a query may look at a key.
    """

    mask: Array | None = None

    def __post_init__(self) -> None:
        _check_mask(self.mask)

    def forward(self, params: Params, x: tuple[Array, Array, Array]) -> tuple[Array, AttentionCache]:
        """Return Z; there are no parameters."""
        return _attend(*x, self.mask)

    def backward(self, dz: Array, cache: AttentionCache) -> tuple[Gradient, tuple[Array, Array, Array]]:
        """Return (dQ, dK, dV)."""
        return {}, self.attend_backward(dz, cache)


class HeadsCache(NamedTuple):
    """What `MultiHeadAttention` leaves: the heads' cache, and the input of Wo."""

    params: Params
    x: Array
    heads: AttentionCache
    joined: Array


@dataclass(frozen=True, eq=False)
class MultiHeadAttention(_Attention):
    """Self-attention of x (N, T, width) in several heads, each with its share of the width.

    Attributes
    ----------
    heads : int
        A divisor of the width.
    mask : ndarray of bool, shape (T, T), or None
        True where a query may look at a key.
    """

    heads: int
    mask: Array | None = None

    def __post_init__(self) -> None:
        _check_mask(self.mask)

    def shapes(self, x: Array) -> Shapes:
        """Return Wq, Wk, Wv and Wo, each (width, width)."""
        return dict.fromkeys(WEIGHTS, (x.shape[-1], x.shape[-1]))

    def forward(self, params: Params, x: Array) -> tuple[Array, HeadsCache]:
        """Return the joined heads times Wo, the shape of x."""
        q, k, v = (self._split(x @ params[name]) for name in WEIGHTS[:3])
        out, cache = _attend(q, k, v, self.mask)
        joined = self._join(out)
        return joined @ params["Wo"], HeadsCache(params, x, cache, joined)

    def backward(self, dz: Array, cache: HeadsCache) -> tuple[Gradient, Array]:
        """Return dWq, dWk, dWv, dWo and dx, to which queries, keys and values add up."""
        dout = self._split(dz @ cache.params["Wo"].T)
        gradient: Gradient = {}
        dx = np.zeros_like(cache.x)
        for name, dpart in zip(WEIGHTS, self.attend_backward(dout, cache.heads), strict=False):
            rows = self._join(dpart)
            gradient[name] = np.tensordot(cache.x, rows, axes=([0, 1], [0, 1]))
            dx = dx + rows @ cache.params[name].T
        gradient["Wo"] = np.tensordot(cache.joined, dz, axes=([0, 1], [0, 1]))
        return gradient, dx

    def _split(self, rows: Array) -> Array:
        samples, steps, width = rows.shape
        return rows.reshape(samples, steps, self.heads, width // self.heads).swapaxes(1, 2)

    def _join(self, heads: Array) -> Array:
        samples, _, steps, _ = heads.shape
        return heads.swapaxes(1, 2).reshape(samples, steps, -1)


_CAUSAL = np.tri(4, dtype=bool)

EXAMPLES = {
    "attention": Example(
        ScaledDotProductAttention(),
        lambda rng: (rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 5, 2))),
    ),
    "attention_masked": Example(
        ScaledDotProductAttention(_CAUSAL), lambda rng: tuple(rng.normal(size=(3, 2, 4, 3)))
    ),
    "multi_head_attention": Example(MultiHeadAttention(2), normal(2, 3, 4)),
    "multi_head_attention_masked": Example(MultiHeadAttention(2, _CAUSAL), normal(2, 4, 6)),
}
