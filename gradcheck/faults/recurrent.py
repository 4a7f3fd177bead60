"""What the mistakes of recurrent layers are made of."""

from typing import Any

import numpy as np

from gradcheck.faults.catalogue import NetworkFault
from gradcheck.faults.faulty import Backward, in_layers, overriding
from gradcheck.networks.arrays import Array, Gradient

CARRY_HINT = "A state reaches the loss now and by all later steps. What does the next step send back?"
ABOVE = "all above the layer"


def states_before(cache: Any) -> Array:
    """Return the state before each step: zeros, then all but the last."""
    before: Array = np.zeros_like(cache.h)
    before[:, 1:] = cache.h[:, :-1]
    return before


def with_identity(cache: Any) -> Any:
    """Return the cache with weights of x by which x gets dE/da of all steps."""
    width = cache.params["Wx"].shape[1]
    return cache._replace(params={**cache.params, "Wx": np.eye(width)})


def da_of_steps(layer: Any, dz: Array, cache: Any) -> Array:
    """Return dE/da of all steps, as the layer's backward pass has it."""
    _, da = layer.backward(dz, with_identity(cache))
    return da  # type: ignore[no-any-return]


def with_wh(change: Any) -> Backward:
    """Return the backward pass that sends error back through ``change(Wh)``."""

    def wrong(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Array]:
        params = {**cache.params, "Wh": change(cache.params["Wh"])}
        return layer.backward(dz, cache._replace(params=params))  # type: ignore[no-any-return]

    return wrong


def with_cell(wrong: Any) -> Backward:
    """Return the backward pass with another `cell_backward`."""
    return overriding("cell_backward", wrong)


def recurrent_fault(
    code: str, kind: Any, wrong: Any, message: str, name: str, formula: str, **more: Any
) -> NetworkFault:
    """Return an entry of the catalogue: a backward pass ``wrong(layer, dz, cache)`` of some layers."""
    described = {"leaves_right": ABOVE, "hint": CARRY_HINT, "frequency": "common", **more}
    return NetworkFault(code, name=name, formula=formula, plants=in_layers(kind, wrong, message), **described)
