"""A model of separate layers: each is a forward and a backward pass of its own.

This module imports nothing of gradcheck but what likewise imports nothing of it, since the
submission's process loads it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.submissions.models import Flat, Model
from gradcheck.submissions.source import Unfit


@dataclass(frozen=True)
class Layer:
    """One layer of a file.

    Attributes
    ----------
    inputs : dict of str to array
        What is differentiated for, by name.
    run : callable
        ``out, back = run(inputs)``; ``back(dout)`` gives the gradients of the inputs, a dict.
    """

    inputs: Flat
    run: Callable[[Flat], tuple[Any, Callable[[Any], Flat]]]


class LayersModel(Model):
    """All layers of a file; parameters are called ``layer.input``, and those of one layer come at a time.

    Parameters
    ----------
    layers : mapping of str to Layer
    origin : str
    """

    offers = ("output",)

    def __init__(self, layers: Mapping[str, Layer], origin: str) -> None:
        super().__init__()
        self._layers, self.origin = layers, origin
        self.params = {
            f"{name}.{key}": value for name, layer in layers.items() for key, value in layer.inputs.items()
        }

    def output(self, x: Any) -> Any:
        """Return the layer's output; x is None."""
        return self._run()[0]

    def gradient(self, x: Any, d: Any) -> Any:
        """Return the gradients of its inputs for the cotangent d."""
        found = self._run()[1](d)
        return {f"{self._name}.{key}": value for key, value in found.items()}

    @property
    def _name(self) -> str:
        return next(iter(self.params)).rpartition(".")[0]

    def _run(self) -> tuple[Any, Callable[[Any], Flat]]:
        inputs = {name.rpartition(".")[2]: value for name, value in self.params.items()}
        return self._layers[self._name].run(inputs)


def tried(candidates: list[Layer]) -> Layer:
    """Return the first layer whose forward pass runs and gives numbers.

    Parameters
    ----------
    candidates : list of Layer

    Returns
    -------
    Layer

    Raises
    ------
    Unfit
        If there is none, or the output is None, as in a layer that is not written yet.
    Exception
        What the last one raises.
    """
    for i, layer in enumerate(candidates):
        try:
            out = layer.run({name: np.copy(value) for name, value in layer.inputs.items()})[0]
        except Exception:
            if i == len(candidates) - 1:
                raise
            continue
        if out is not None:
            return layer
    raise Unfit("it is not known what its forward pass takes, or it returns None")
