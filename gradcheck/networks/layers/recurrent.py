"""Recurrent layers, backpropagation through time; x is (N, T, in), z all states (N, T, units).

The state before the first step is zero. A backward pass goes through time once, from the end:
`carry` is what the later steps send back.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradcheck.networks.activations import sigmoid
from gradcheck.networks.arrays import Array, Gradient, Params
from gradcheck.networks.layers.layer import Example, Layer, Shapes, normal


def _shapes(x: Array, units: int, gates: int) -> Shapes:
    width = gates * units
    return {"Wx": (x.shape[-1], width), "Wh": (units, width), "b": (width,)}


def _before(states: Array) -> Array:
    """Return the state before each step: zeros, then all but the last."""
    shifted = np.zeros_like(states)
    shifted[:, 1:] = states[:, :-1]
    return shifted


def _over_all_steps(left: Array, da: Array) -> Array:
    """Return the sum over samples and steps of left^T da."""
    return np.tensordot(left, da, axes=([0, 1], [0, 1]))


class RecurrentCache(NamedTuple):
    """What a recurrent layer leaves; `gates` and `c` as far as it has them.

    Attributes
    ----------
    params : mapping of str to ndarray
    x : ndarray, shape (N, T, in)
    h : ndarray, shape (N, T, units)
        The states.
    gates : ndarray, shape (N, T, number of gates, units)
    c : ndarray, shape (N, T, units)
        The cells of an LSTM.
    """

    params: Params
    x: Array
    h: Array
    gates: Array
    c: Array


@dataclass(frozen=True)
class RNN(Layer):
    """h_t = tanh(x_t Wx + h_(t-1) Wh + b).

    Attributes
    ----------
    units : int
        Size of the state.
    """

    units: int

    def shapes(self, x: Array) -> Shapes:
        """Return Wx (in, units), Wh (units, units) and b (units,)."""
        return _shapes(x, self.units, 1)

    def forward(self, params: Params, x: Array) -> tuple[Array, RecurrentCache]:
        """Return the states, shape (N, T, units)."""
        a = x @ params["Wx"] + params["b"]
        h = np.zeros_like(a)
        last = h[:, 0]
        for t in range(x.shape[1]):
            last = h[:, t] = np.tanh(a[:, t] + last @ params["Wh"])
        return h, RecurrentCache(params, x, h, h[:, :, np.newaxis], h)

    def backward(self, dz: Array, cache: RecurrentCache) -> tuple[Gradient, Array]:
        """Return dWx, dWh, db and dx."""
        Wx, Wh = cache.params["Wx"], cache.params["Wh"]
        da = np.zeros_like(cache.h)
        carry = np.zeros_like(dz[:, 0])
        for t in reversed(range(dz.shape[1])):
            da[:, t] = self.cell_backward(cache.h[:, t], dz[:, t] + carry)
            carry = da[:, t] @ Wh.T
        gradient = {
            "Wx": _over_all_steps(cache.x, da),
            "Wh": _over_all_steps(_before(cache.h), da),
            "b": da.sum(axis=(0, 1)),
        }
        return gradient, da @ Wx.T

    def cell_backward(self, h: Array, dh: Array) -> Array:
        """Return da of one step from dE/dh, all (N, units)."""
        return dh * (1 - h**2)


class LSTMCell(NamedTuple):
    """One step of an LSTM, all (N, units): its gates, its cell, and the cell before it."""

    i: Array
    f: Array
    o: Array
    g: Array
    c: Array
    before: Array


@dataclass(frozen=True)
class LSTM(Layer):
    """c_t = f c_(t-1) + i g, h_t = o tanh(c_t); columns of Wx, Wh, b in the order i, f, o, g.

    Attributes
    ----------
    units : int
        Size of state and cell.
    """

    units: int

    def shapes(self, x: Array) -> Shapes:
        """Return Wx (in, 4 units), Wh (units, 4 units) and b (4 units,)."""
        return _shapes(x, self.units, 4)

    def forward(self, params: Params, x: Array) -> tuple[Array, RecurrentCache]:
        """Return the states, shape (N, T, units)."""
        a = x @ params["Wx"] + params["b"]
        gates = np.zeros((*x.shape[:2], 4, self.units), a.dtype)
        c, h = np.zeros_like(gates[:, :, 0]), np.zeros_like(gates[:, :, 0])
        last_c, last_h = c[:, 0], h[:, 0]
        for t in range(x.shape[1]):
            u = (a[:, t] + last_h @ params["Wh"]).reshape(-1, 4, self.units)
            gates[:, t, :3], gates[:, t, 3] = sigmoid(u[:, :3]), np.tanh(u[:, 3])
            i, f, o, g = np.moveaxis(gates[:, t], 1, 0)
            last_c = c[:, t] = f * last_c + i * g
            last_h = h[:, t] = o * np.tanh(last_c)
        return h, RecurrentCache(params, x, h, gates, c)

    def backward(self, dz: Array, cache: RecurrentCache) -> tuple[Gradient, Array]:
        """Return dWx, dWh, db and dx."""
        Wx, Wh = cache.params["Wx"], cache.params["Wh"]
        before = _before(cache.c)
        da = np.zeros_like(cache.gates)
        carry = np.zeros_like(dz[:, 0])
        carry_c = np.zeros_like(carry)
        for t in reversed(range(dz.shape[1])):
            i, f, o, g = np.moveaxis(cache.gates[:, t], 1, 0)
            cell = LSTMCell(i, f, o, g, cache.c[:, t], before[:, t])
            da[:, t], carry_c = self.cell_backward(cell, dz[:, t] + carry, carry_c)
            carry = da[:, t].reshape(len(da), -1) @ Wh.T
        flat = da.reshape(*dz.shape[:2], -1)
        gradient = {
            "Wx": _over_all_steps(cache.x, flat),
            "Wh": _over_all_steps(_before(cache.h), flat),
            "b": flat.sum(axis=(0, 1)),
        }
        return gradient, flat @ Wx.T

    def cell_backward(self, cell: LSTMCell, dh: Array, carry_c: Array) -> tuple[Array, Array]:
        """Return da of one step, (N, 4, units), and what the step before gets for its cell."""
        i, f, o, g, c, before = cell
        tanh_c = np.tanh(c)
        dc = dh * o * (1 - tanh_c**2) + carry_c
        da = (dc * g * i * (1 - i), dc * before * f * (1 - f), dh * tanh_c * o * (1 - o), dc * i * (1 - g**2))
        return np.stack(da, axis=1), dc * f


class GRUCell(NamedTuple):
    """One step of a GRU, all (N, units): its gates and the state before it; and Un (units, units)."""

    z: Array
    r: Array
    n: Array
    before: Array
    Un: Array


@dataclass(frozen=True)
class GRU(Layer):
    """h_t = (1 - z) n + z h_(t-1), n = tanh(x_t Wn + (r h_(t-1)) Un + bn); columns z, r, n.

    Attributes
    ----------
    units : int
        Size of the state.
    """

    units: int

    def shapes(self, x: Array) -> Shapes:
        """Return Wx (in, 3 units), Wh (units, 3 units) and b (3 units,)."""
        return _shapes(x, self.units, 3)

    def forward(self, params: Params, x: Array) -> tuple[Array, RecurrentCache]:
        """Return the states, shape (N, T, units)."""
        a = x @ params["Wx"] + params["b"]
        U, Un = params["Wh"][:, : 2 * self.units], params["Wh"][:, 2 * self.units :]
        gates = np.zeros((*x.shape[:2], 3, self.units), a.dtype)
        h = np.zeros_like(gates[:, :, 0])
        last = h[:, 0]
        for t in range(x.shape[1]):
            u, un = a[:, t, : 2 * self.units], a[:, t, 2 * self.units :]
            gates[:, t, :2] = sigmoid(u + last @ U).reshape(-1, 2, self.units)
            z, r = gates[:, t, 0], gates[:, t, 1]
            n = gates[:, t, 2] = np.tanh(un + (r * last) @ Un)
            last = h[:, t] = (1 - z) * n + z * last
        return h, RecurrentCache(params, x, h, gates, h)

    def backward(self, dz: Array, cache: RecurrentCache) -> tuple[Gradient, Array]:
        """Return dWx, dWh, db and dx."""
        Wx, Wh = cache.params["Wx"], cache.params["Wh"]
        U, Un = Wh[:, : 2 * self.units], Wh[:, 2 * self.units :]
        before = _before(cache.h)
        da = np.zeros_like(cache.gates)
        carry = np.zeros_like(dz[:, 0])
        for t in reversed(range(dz.shape[1])):
            z, r, n = np.moveaxis(cache.gates[:, t], 1, 0)
            cell = GRUCell(z, r, n, before[:, t], Un)
            da[:, t], direct = self.cell_backward(cell, dz[:, t] + carry)
            carry = direct + da[:, t, :2].reshape(len(da), -1) @ U.T
        flat, split = da.reshape(*dz.shape[:2], -1), 2 * self.units
        dU = _over_all_steps(before, flat[..., :split])
        dUn = _over_all_steps(cache.gates[:, :, 1] * before, flat[..., split:])
        gradient = {
            "Wx": _over_all_steps(cache.x, flat),
            "Wh": np.concatenate([dU, dUn], axis=1),
            "b": flat.sum(axis=(0, 1)),
        }
        return gradient, flat @ Wx.T

    def cell_backward(self, cell: GRUCell, dh: Array) -> tuple[Array, Array]:
        """Return da of one step, (N, 3, units), and what the state before gets but through z and r."""
        z, r, n, before, Un = cell
        dan = dh * (1 - z) * (1 - n**2)
        drh = dan @ Un.T
        da = (dh * (before - n) * z * (1 - z), drh * before * r * (1 - r), dan)
        return np.stack(da, axis=1), dh * z + drh * r


EXAMPLES = {
    "rnn": Example(RNN(3), normal(2, 4, 2)),
    "rnn_one_step": Example(RNN(3), normal(2, 1, 2)),
    "lstm": Example(LSTM(3), normal(2, 4, 2)),
    "gru": Example(GRU(3), normal(2, 4, 2)),
}
