"""Mistakes in backpropagation through time; with one time step most cannot be seen."""

from typing import Any

import numpy as np

from gradcheck.faults.catalogue import NetworkFault
from gradcheck.faults.faulty import Backward, in_layers, overriding
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.layers import GRU, LSTM, RNN

ALL = (RNN, LSTM, GRU)
CARRY_HINT = "A state reaches the loss now and by all later steps. What does the next step send back?"
ABOVE = "all above the layer"


def _da(layer: Any, dz: Array, cache: Any) -> Array:
    """Return dE/da of all steps: what x would get if its weights were the identity."""
    width = cache.params["Wx"].shape[1]
    _, da = layer.backward(dz, cache._replace(params={**cache.params, "Wx": np.eye(width)}))
    return da  # type: ignore[no-any-return]


def _with_wh(change: Any) -> Backward:
    def wrong(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
        params = {**cache.params, "Wh": change(cache.params["Wh"])}
        return layer.backward(dz, cache._replace(params=params))  # type: ignore[no-any-return]

    return wrong


def _last_step_only(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    last = np.zeros_like(dz)
    last[:, -1] = dz[:, -1]
    return layer.backward(last, cache)  # type: ignore[no-any-return]


def _state_after(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    dWh = np.tensordot(cache.h, _da(layer, dz, cache), axes=([0, 1], [0, 1]))
    return {**gradient, "Wh": dWh}, dx


def _overwritten(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    """Keep of each gradient what the loop assigns last: the share of the first step."""
    _, dx = layer.backward(dz, cache)
    first = _da(layer, dz, cache)[:, 0]
    dWh = np.zeros_like(cache.params["Wh"])
    return {"Wx": cache.x[:, 0].T @ first, "Wh": dWh, "b": first.sum(axis=0)}, dx


def _one_step_back(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    """Send the error of each step back to the step before it, and no further."""
    own = _da(layer, dz, cache._replace(params={**cache.params, "Wh": 0 * cache.params["Wh"]}))
    da = own.copy()
    da[:, :-1] += own[:, 1:] @ cache.params["Wh"].T * (1 - cache.h[:, :-1] ** 2)
    return _from_da(da, cache)


def _from_da(da: Array, cache: Any) -> tuple[Gradient, Array]:
    before = np.zeros_like(cache.h)
    before[:, 1:] = cache.h[:, :-1]
    dWx, dWh = (np.tensordot(left, da, axes=([0, 1], [0, 1])) for left in (cache.x, before))
    return {"Wx": dWx, "Wh": dWh, "b": da.sum(axis=(0, 1))}, da @ cache.params["Wx"].T


def _slope_before(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    """Take 1 - h^2 of the step before."""
    before = np.zeros_like(cache.h)
    before[:, 1:] = cache.h[:, :-1]
    da = _da(layer, dz, cache._replace(h=before))
    return _from_da(da, cache)


def _averaged(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    return {name: value / dz.shape[1] for name, value in gradient.items()}, dx


def _no_slope(layer: Any, h: Array, dh: Array) -> Array:
    return dh


def _no_cell_carry(layer: Any, cell: Any, dh: Array, carry_c: Array) -> tuple[Array, Array]:
    da, carry = LSTM.cell_backward(layer, cell, dh, carry_c)
    return da, 0 * carry


def _no_forget(layer: Any, cell: Any, dh: Array, carry_c: Array) -> tuple[Array, Array]:
    da, _ = LSTM.cell_backward(layer, cell, dh, carry_c)
    _, dc = LSTM.cell_backward(layer, cell._replace(f=np.ones_like(cell.f)), dh, carry_c)
    return da, dc


def _no_tanh_c(layer: Any, cell: Any, dh: Array, carry_c: Array) -> tuple[Array, Array]:
    slope = 1 - np.tanh(cell.c) ** 2
    right, _ = LSTM.cell_backward(layer, cell, dh, carry_c)
    da, carry = LSTM.cell_backward(layer, cell, dh, dh * cell.o * (1 - slope) + carry_c)
    da[:, 2] = right[:, 2]
    return da, carry


def _cell_after(layer: Any, cell: Any, dh: Array, carry_c: Array) -> tuple[Array, Array]:
    return LSTM.cell_backward(layer, cell._replace(before=cell.c), dh, carry_c)


def _height_of(gate: int) -> Any:
    def wrong(layer: Any, cell: Any, dh: Array, carry_c: Array) -> tuple[Array, Array]:
        da, carry = LSTM.cell_backward(layer, cell, dh, carry_c)
        da[:, gate] /= 1 - cell[gate]
        return da, carry

    return wrong


def _exchanged_gates(layer: Any, cell: Any, dh: Array, carry_c: Array) -> tuple[Array, Array]:
    da, carry = LSTM.cell_backward(layer, cell, dh, carry_c)
    return da[:, [3, 1, 2, 0]], carry


def _no_direct(layer: Any, cell: Any, dh: Array) -> tuple[Array, Array]:
    da, direct = GRU.cell_backward(layer, cell, dh)
    return da, direct - dh * cell.z


def _no_reset(layer: Any, cell: Any, dh: Array) -> tuple[Array, Array]:
    da, _ = GRU.cell_backward(layer, cell, dh)
    return da, dh * cell.z


def _update_sign(layer: Any, cell: Any, dh: Array) -> tuple[Array, Array]:
    da, direct = GRU.cell_backward(layer, cell, dh)
    return da * np.array([-1, 1, 1])[:, np.newaxis], direct


def _fault(
    code: str, kind: Any, wrong: Any, message: str, name: str, formula: str, **more: Any
) -> NetworkFault:
    described = {"leaves_right": ABOVE, "hint": CARRY_HINT, "frequency": "common", **more}
    return NetworkFault(code, name=name, formula=formula, plants=in_layers(kind, wrong, message), **described)


def _cell(wrong: Any) -> Backward:
    return overriding("cell_backward", wrong)


FAMILY = (
    _fault(
        "RNN_NO_CARRY", ALL, _with_wh(np.zeros_like),
        "LAYER gets no error from the later steps through Wh",
        "no error from later steps", "da_t = dz_t f'", frequency="very common",
    ),
    _fault(
        "RNN_LAST_STEP", ALL, _last_step_only, "LAYER takes the error of the last step alone",
        "only the error of the last step", "dz_T, 0 before", frequency="common",
        hint="At which steps does the loss look at the state? What does each of these add?",
    ),
    _fault(
        "RNN_OVERWRITE", ALL, _overwritten,
        "the gradients of LAYER are assigned at each step, where the steps add up",
        "the gradients assigned at each step, not added", "dW = x_t^T da_t for dW += x_t^T da_t",
        frequency="very common", hint="The same weights serve every step. What becomes of each step's share?",
    ),
    _fault(
        "RNN_HPREV", (RNN, LSTM), _state_after, "dE/dWh of LAYER is made from h_t where h_(t-1) belongs",
        "the state after the step in dE/dWh, not the one before", "dWh = h_t^T da_t",
        leaves_right="all but Wh", hint="Which state is multiplied by Wh at step t?",
    ),
    _fault(
        "RNN_WH_NO_T", RNN, _with_wh(np.transpose), "LAYER sends error back through Wh, not its transpose",
        "Wh instead of its transpose on the way back", "carry = da Wh",
        hint="Which index of Wh runs over the state that you are going back to?",
    ),
    _fault(
        "RNN_NO_SLOPE", RNN, _cell(_no_slope), "the factor 1 - h_t^2 is missing in LAYER",
        "no derivative of tanh", "da_t = dh_t",
        hint="Between a_t and h_t stands a function: where is its slope?",
    ),
    _fault(
        "RNN_DERIV_PREV", RNN, _slope_before, "LAYER takes the slope 1 - h^2 of the step before",
        "the slope of another step", "1 - h_(t-1)^2 for 1 - h_t^2",
        hint="Which step's state does this error belong to?",
    ),
    _fault(
        "RNN_TRUNC", RNN, _one_step_back, "LAYER sends each step's error back by one step and no further",
        "backpropagation through time cut off after one step", "carry without the next step's own carry",
        hint="How far back can a step still move the loss? How far does your loop go?",
    ),
    _fault(
        "RNN_MEAN_T", ALL, _averaged, "the gradients of LAYER are averaged over the steps, which add up",
        "the gradients averaged over time", "dW / T",
        hint="The same weights serve every step: do the steps add up, or average?",
    ),
    _fault(
        "LSTM_NO_CELL", LSTM, _cell(_no_cell_carry), "LAYER gets no error from the next step's cell",
        "no error from the next cell", "dc_t without dc_(t+1) f_(t+1)", frequency="very common",
        hint="A cell reaches the loss by its own state and by the next cell. What does the latter send back?",
    ),
    _fault(
        "LSTM_NO_FORGET", LSTM, _cell(_no_forget),
        "the factor f is missing where LAYER sends error back to the cell before",
        "no forget gate on the way back to the cell before", "dc_(t-1) = dc_t for dc_t f_t",
        hint="By what is the old cell multiplied in forward?",
    ),
    _fault(
        "LSTM_TANH_C", LSTM, _cell(_no_tanh_c), "the factor 1 - tanh(c)^2 is missing in LAYER",
        "no derivative of the tanh of the cell", "dc = dh o",
        hint="Between the cell and the state stands a function: where is its slope?",
    ),
    _fault(
        "LSTM_C_PREV", LSTM, _cell(_cell_after), "the forget gate of LAYER gets c_t where c_(t-1) belongs",
        "the cell after the step for the forget gate", "df = dc c_t",
        hint="Which cell does the gate f multiply?",
    ),
    _fault(
        "LSTM_GATE", LSTM, _cell(_height_of(0)),
        "the input gate of LAYER has its value i where its slope i (1 - i) belongs",
        "the value of the input gate instead of its slope", "di i for di i (1 - i)",
        hint="Slope or height: which of the two does the chain rule ask for, for each gate?",
    ),
    _fault(
        "LSTM_SWAP_IG", LSTM, _cell(_exchanged_gates), "the gates i and g of LAYER are exchanged",
        "the gates i and g exchanged", "da_i and da_g in each other's columns", frequency="occasional",
        hint="In which order do the columns of Wx hold the gates, in forward and in backward?",
    ),
    _fault(
        "GRU_NO_DIRECT", GRU, _cell(_no_direct), "LAYER sends no error straight to the state before, z dh",
        "no error straight to the state before", "carry without dh z",
        hint="By how many ways does the old state reach the new one?",
    ),
    _fault(
        "GRU_NO_RESET", GRU, _cell(_no_reset), "LAYER sends no error back through its reset gate",
        "no error through what is reset", "carry without dn Un^T r",
        hint="By how many ways does the old state reach the new one?",
    ),
    _fault(
        "GRU_Z_SIGN", GRU, _cell(_update_sign), "the update gate of LAYER has the opposite sign",
        "the update gate's derivative with the opposite sign", "dh (n - h) z (1 - z)",
        hint="If z grows, does the new state move to the old one or away from it?",
    ),
)  # fmt: skip
