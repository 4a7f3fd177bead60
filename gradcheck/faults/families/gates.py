"""Mistakes in the gates and cells of LSTM and GRU; with one time step some cannot be seen."""

from typing import Any

import numpy as np

from gradcheck.faults.catalogue import NetworkFault, Plants, in_ways
from gradcheck.faults.faulty import Backward, in_layers
from gradcheck.faults.recurrent import ABOVE, da_of_steps, recurrent_fault, states_before, with_cell, with_wh
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.layers import GRU, LSTM

GATES = "ifog"


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


def _reaching_gates(cell: Any, dh: Array, carry_c: Array) -> Array:
    """Return dE/d(gate) of i, f, o and g: what their slopes are multiplied by."""
    tanh_c = np.tanh(cell.c)
    dc = dh * cell.o * (1 - tanh_c**2) + carry_c
    reaching: Array = np.stack((dc * cell.g, dc * cell.before, dh * tanh_c, dc * cell.i), axis=1)
    return reaching


def _with_slope(gate: str, slope: Any) -> Backward:
    number = GATES.index(gate)

    def wrong(layer: Any, cell: Any, dh: Array, carry_c: Array) -> tuple[Array, Array]:
        da, carry = LSTM.cell_backward(layer, cell, dh, carry_c)
        da[:, number] = _reaching_gates(cell, dh, carry_c)[:, number] * slope(cell[number])
        return da, carry

    return with_cell(wrong)


def _wrong_slopes() -> Plants:
    """Return the value of a sigmoid gate for its slope, and the slopes of the other kind of gate."""
    ways = [
        in_layers(LSTM, _with_slope(gate, slope), f"the gate {gate} of LAYER has {words} for its slope")
        for slope, words, gates in (
            (lambda a: a, "its value", "ifo"),
            (lambda a: 1 - a**2, "the slope of tanh", "ifo"),
            (lambda a: a * (1 - a), "the slope of a sigmoid", "g"),
        )
        for gate in gates
    ]
    return in_ways(*ways)


def _without_gate(number: int, gates: int) -> Backward:
    def change(Wh: Array) -> Array:
        kept = np.arange(Wh.shape[1]) // (Wh.shape[1] // gates) != number
        masked: Array = Wh * kept
        return masked

    return with_wh(change)


def _dropped_gates() -> Plants:
    message = "the gate {gate} of LAYER sends no error back to the state before"
    ways = [in_layers(LSTM, _without_gate(k, 4), message.format(gate=gate)) for k, gate in enumerate(GATES)]
    ways += [in_layers(GRU, _without_gate(k, 3), message.format(gate=gate)) for k, gate in enumerate("zr")]
    return in_ways(*ways)


def _biases_of_forget_gate(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    forget = gradient["b"].reshape(len(GATES), -1)[GATES.index("f")]
    return {**gradient, "b": np.tile(forget, len(GATES))}, dx


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


def _unreset_state(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
    gradient, dx = layer.backward(dz, cache)
    dn = da_of_steps(layer, dz, cache)[..., 2 * layer.units :]
    dWh = gradient["Wh"].copy()
    dWh[:, 2 * layer.units :] = np.tensordot(states_before(cache), dn, axes=([0, 1], [0, 1]))
    return {**gradient, "Wh": dWh}, dx


def _no_reset_factor(layer: Any, cell: Any, dh: Array) -> tuple[Array, Array]:
    da, _ = GRU.cell_backward(layer, cell, dh)
    return da, dh * cell.z + da[:, 2] @ cell.Un.T


FAMILY = (
    recurrent_fault(
        "LSTM_NO_CELL", LSTM, with_cell(_no_cell_carry), "LAYER gets no error from the next step's cell",
        "no error from the next cell", "dc_t without dc_(t+1) f_(t+1)", frequency="very common",
        hint="A cell reaches the loss by its own state and by the next cell. What does the latter send back?",
    ),
    recurrent_fault(
        "LSTM_NO_FORGET", LSTM, with_cell(_no_forget),
        "the factor f is missing where LAYER sends error back to the cell before",
        "no forget gate on the way back to the cell before", "dc_(t-1) = dc_t for dc_t f_t",
        hint="By what is the old cell multiplied in forward?",
    ),
    recurrent_fault(
        "LSTM_TANH_C", LSTM, with_cell(_no_tanh_c), "the factor 1 - tanh(c)^2 is missing in LAYER",
        "no derivative of the tanh of the cell", "dc = dh o",
        hint="Between the cell and the state stands a function: where is its slope?",
    ),
    recurrent_fault(
        "LSTM_C_PREV", LSTM, with_cell(_cell_after),
        "the forget gate of LAYER gets c_t where c_(t-1) belongs",
        "the cell after the step for the forget gate", "df = dc c_t",
        hint="Which cell does the gate f multiply?",
    ),
    NetworkFault(
        "LSTM_GATE", name="another number for the slope of a gate", formula="di i for di i (1 - i)",
        leaves_right=ABOVE, frequency="common", plants=_wrong_slopes(),
        hint="Slope or height, sigmoid or tanh: which does the chain rule ask for, gate by gate?",
    ),
    NetworkFault(
        "GATE_DROPPED", name="no error back to the state through one of the gates",
        formula="dh_(t-1) without da_i Wh_i^T", leaves_right=ABOVE, frequency="occasional",
        plants=_dropped_gates(),
        hint="Which gates read the state before? Count the terms of the error that you send back to it.",
    ),
    recurrent_fault(
        "LSTM_BIAS_ALL_F", LSTM, _biases_of_forget_gate,
        "the biases of all gates of LAYER have the gradient of those of the forget gate",
        "the bias gradient of the forget gate for all gates", "db_i = db_f", frequency="occasional",
        leaves_right="all but b", hint="Look at the names on both sides of each assignment.",
    ),
    recurrent_fault(
        "LSTM_SWAP_IG", LSTM, with_cell(_exchanged_gates), "the gates i and g of LAYER are exchanged",
        "the gates i and g exchanged", "da_i and da_g in each other's columns", frequency="occasional",
        hint="In which order do the columns of Wx hold the gates, in forward and in backward?",
    ),
    recurrent_fault(
        "GRU_NO_DIRECT", GRU, with_cell(_no_direct),
        "LAYER sends no error straight to the state before, z dh",
        "no error straight to the state before", "carry without dh z",
        hint="By how many ways does the old state reach the new one?",
    ),
    recurrent_fault(
        "GRU_NO_RESET", GRU, with_cell(_no_reset),
        "LAYER sends no error to the state before by way of r h, which feeds Un",
        "no error through what is reset", "carry without dn Un^T r",
        hint="By how many ways does the old state reach the new one?",
    ),
    recurrent_fault(
        "GRU_NO_R", GRU, with_cell(_no_reset_factor),
        "the factor r is missing where LAYER sends error to the state before",
        "no reset gate on the way back to the state before", "carry = dn Un^T for (dn Un^T) r",
        hint="By what is the old state multiplied in forward, before Un?",
    ),
    recurrent_fault(
        "GRU_UN_H", GRU, _unreset_state, "dE/dWh of LAYER has h for the candidate state, where r h belongs",
        "the old state, not the reset one, in dE/dUn", "dUn = h^T dn for (r h)^T dn",
        leaves_right="all but Wh", hint="Which state does forward multiply by Un?",
    ),
    recurrent_fault(
        "GRU_Z_SIGN", GRU, with_cell(_update_sign), "the update gate of LAYER has the opposite sign",
        "the update gate's derivative with the opposite sign", "dh (n - h) z (1 - z)",
        hint="If z grows, does the new state move to the old one or away from it?",
    ),
)  # fmt: skip
