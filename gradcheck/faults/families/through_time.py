"""Mistakes in backpropagation through time; with one time step most cannot be seen."""

from typing import Any

import numpy as np

from gradcheck.faults.faulty import overriding
from gradcheck.faults.recurrent import (
    da_of_steps,
    recurrent_fault,
    states_before,
    with_cell,
    with_identity,
    with_wh,
)
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.layers import GRU, LSTM, RNN

ALL = (RNN, LSTM, GRU)


def _last_step_only(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    last = np.zeros_like(dz)
    last[:, -1] = dz[:, -1]
    return layer.backward(last, cache)  # type: ignore[no-any-return]


def _state_after(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    dWh = np.tensordot(cache.h, da_of_steps(layer, dz, cache), axes=([0, 1], [0, 1]))
    return {**gradient, "Wh": dWh}, dx


def _overwritten(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    """Keep of each gradient what the loop assigns last: the share of the first step."""
    _, dx = layer.backward(dz, cache)
    first = da_of_steps(layer, dz, cache)[:, 0]
    dWh = np.zeros_like(cache.params["Wh"])
    return {"Wx": cache.x[:, 0].T @ first, "Wh": dWh, "b": first.sum(axis=0)}, dx


def _one_step_back(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    """Send the error of each step back to the step before it, and no further."""
    own = da_of_steps(layer, dz, cache._replace(params={**cache.params, "Wh": 0 * cache.params["Wh"]}))
    da = own.copy()
    da[:, :-1] += own[:, 1:] @ cache.params["Wh"].T * (1 - cache.h[:, :-1] ** 2)
    return _from_da(da, cache)


def _from_da(da: Array, cache: Any) -> tuple[Gradient, Array]:
    dWx, dWh = (np.tensordot(left, da, axes=([0, 1], [0, 1])) for left in (cache.x, states_before(cache)))
    return {"Wx": dWx, "Wh": dWh, "b": da.sum(axis=(0, 1))}, da @ cache.params["Wx"].T


def _slope_before(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    """Take 1 - h^2 of the step before."""
    da = da_of_steps(layer, dz, cache._replace(h=states_before(cache)))
    return _from_da(da, cache)


def _averaged(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    return {name: value / dz.shape[1] for name, value in gradient.items()}, dx


def _sent_before_slope(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    """Send dh, not da, through Wh to the step before."""
    _, dh = overriding("cell_backward", _no_slope)(layer, dz, with_identity(cache))
    return _from_da(dh * (1 - cache.h**2), cache)


def _no_slope(layer: Any, h: Array, dh: Array) -> Array:
    return dh


FAMILY = (
    recurrent_fault(
        "RNN_NO_CARRY", ALL, with_wh(np.zeros_like),
        "LAYER gets no error from the later steps through Wh",
        "no error from later steps", "da_t = dz_t f'", frequency="very common",
    ),
    recurrent_fault(
        "RNN_LAST_STEP", ALL, _last_step_only, "LAYER takes the error of the last step alone",
        "only the error of the last step", "dz_T, 0 before", frequency="common",
        hint="At which steps does the loss look at the state? What does each of these add?",
    ),
    recurrent_fault(
        "RNN_OVERWRITE", ALL, _overwritten,
        "the gradients of LAYER are assigned at each step, where the steps add up",
        "the gradients assigned at each step, not added", "dW = x_t^T da_t for dW += x_t^T da_t",
        frequency="very common", hint="The same weights serve every step. What becomes of each step's share?",
    ),
    recurrent_fault(
        "RNN_HPREV", (RNN, LSTM), _state_after, "dE/dWh of LAYER is made from h_t where h_(t-1) belongs",
        "the state after the step in dE/dWh, not the one before", "dWh = h_t^T da_t",
        leaves_right="all but Wh", hint="Which state is multiplied by Wh at step t?",
    ),
    recurrent_fault(
        "RNN_WH_NO_T", RNN, with_wh(np.transpose), "LAYER sends error back through Wh, not its transpose",
        "Wh instead of its transpose on the way back", "carry = da Wh",
        hint="Which index of Wh runs over the state that you are going back to?",
    ),
    recurrent_fault(
        "RNN_NO_SLOPE", RNN, with_cell(_no_slope), "the factor 1 - h_t^2 is missing in LAYER",
        "no derivative of tanh", "da_t = dh_t",
        hint="Between a_t and h_t stands a function: where is its slope?",
    ),
    recurrent_fault(
        "RNN_DH_NOT_DA", RNN, _sent_before_slope,
        "LAYER sends dE/dh to the step before, where dE/da belongs: the slope 1 - h_t^2 is missing there",
        "the error sent to the step before without the slope", "carry = dh Wh^T for da Wh^T",
        hint="Which of h_t and a_t does Wh feed? Whose derivative do you send through it?",
    ),
    recurrent_fault(
        "RNN_DERIV_PREV", RNN, _slope_before, "LAYER takes the slope 1 - h^2 of the step before",
        "the slope of another step", "1 - h_(t-1)^2 for 1 - h_t^2",
        hint="Which step's state does this error belong to?",
    ),
    recurrent_fault(
        "RNN_TRUNC", RNN, _one_step_back, "LAYER sends each step's error back by one step and no further",
        "backpropagation through time cut off after one step", "carry without the next step's own carry",
        hint="How far back can a step still move the loss? How far does your loop go?",
    ),
    recurrent_fault(
        "RNN_MEAN_T", ALL, _averaged, "the gradients of LAYER are averaged over the steps, which add up",
        "the gradients averaged over time", "dW / T",
        hint="The same weights serve every step: do the steps add up, or average?",
    ),
)  # fmt: skip
