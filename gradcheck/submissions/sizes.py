"""The sizes of a network of two layers, and its parameters in the form that has samples in rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

_NAMES = ("W1", "b1", "W2", "b2")


@dataclass(frozen=True)
class Sizes:
    """What the parameters of a network of two layers look like.

    Attributes
    ----------
    inputs, hidden, outputs : int
        Numbers of units.
    shapes : dict of str to tuple of int
        As the file has them, ``()`` for a number, in its own order.
    is_standard : bool
        Whether W1 is (inputs, hidden) and W2 (hidden,) or (hidden, outputs).
    """

    inputs: int
    hidden: int
    outputs: int
    shapes: dict[str, tuple[int, ...]]
    is_standard: bool

    @classmethod
    def of(cls, network: Any) -> Self | None:
        """Return the sizes of a dict of parameters, None if it is not that of two layers.

        Parameters
        ----------
        network : nest

        Returns
        -------
        Sizes or None
        """
        if not isinstance(network, dict) or not {"W1", "W2"} <= network.keys() <= {*_NAMES}:
            return None
        arrays = {name: _array(value) for name, value in network.items()}
        if any(array is None for array in arrays.values()):
            return None
        shapes = {name: array.shape for name, array in arrays.items()}
        if len(shapes["W1"]) != 2 or len(shapes["W2"]) not in (1, 2):
            return None
        hidden = arrays["b1"].size if "b1" in arrays else shapes["W1"][1]
        inputs = arrays["W1"].size // hidden if hidden else 0
        outputs = arrays["W2"].size // hidden if hidden else 0
        if not inputs or not outputs:
            return None
        is_standard = (
            shapes["W1"] == (inputs, hidden)
            and shapes["W2"] in ((hidden,), (hidden, outputs))
            and arrays.get("b2", np.zeros(outputs)).size == outputs
        )
        return cls(inputs, hidden, outputs, shapes, is_standard)

    def __str__(self) -> str:
        outputs = f"{self.outputs} output{'s' if self.outputs > 1 else ''}"
        return f"network of {self.inputs} inputs, {self.hidden} hidden units and {outputs}"

    def in_rows(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters, or their gradients, as W1 (in, hidden), b1 (hidden,), W2 (hidden, out), b2."""
        rows = {"W1": (self.inputs, self.hidden), "b1": (self.hidden,), "W2": (self.hidden, self.outputs)}
        return {name: np.reshape(value, rows.get(name, (self.outputs,))) for name, value in params.items()}

    def equal(self, given: Any, params: Mapping[str, Any]) -> bool:
        """Tell whether what came back is the same network, bit for bit."""
        return (
            isinstance(given, dict)
            and given.keys() == params.keys()
            and all(np.array_equal(given[name], params[name]) for name in params)
        )


def _array(value: Any) -> Any:
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array if array.dtype.kind in "fiu" else None
