"""A model of layers with forward(x), backward(dout), and lists of its parameters and their gradients."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gradcheck.submissions.layers_model import Layer, LayersModel
from gradcheck.submissions.models import BATCH, INPUTS, Flat, Model, construct
from gradcheck.submissions.source import Source, Unfit

SHAPE = "layer-list"
KIND = "layers"
FORM = (
    "class of layers: forward(x), backward(dout), parameters() -> [W, b, ...], gradients() -> [dW, db, ...]"
)
_PARAMETERS = ("parameters", "params", "get_parameters", "get_params")
_GRADIENTS = ("gradients", "grads", "get_gradients", "get_grads", "grad")
NEEDS = ("*.forward", "*.backward", *("|".join(f"*.{n}" for n in m) for m in (_PARAMETERS, _GRADIENTS)))
USES = ()
VARIANTS = (None,)


def bind(source: Source, variant: None) -> Model:
    """Return the last class that has all four and is made with the sizes of a network."""
    for kind in reversed(source.classes("forward", "backward")):
        names = [next((n for n in names if hasattr(kind, n)), "") for names in (_PARAMETERS, _GRADIENTS)]
        if not all(names):
            continue
        model = construct(kind)
        arrays = _arrays(model, names[0])
        rng = np.random.default_rng(0)
        inputs = {"x": rng.normal(size=(BATCH, INPUTS))}
        inputs |= {f"parameters[{i}]": rng.normal(size=array.shape) for i, array in enumerate(arrays)}
        layer = Layer(inputs, partial(_run, model, arrays, names[1]))
        return LayersModel({kind.__name__: layer}, f"{kind.__name__}, all of it as one layer")
    raise Unfit("no class has all of these", expected=FORM)


def _arrays(model: Any, name: str) -> list[Any]:
    found = getattr(model, name)
    arrays = list(found() if callable(found) else found)
    if not arrays or not all(isinstance(array, np.ndarray) for array in arrays):
        raise Unfit(f"{name} is no list of arrays", expected=FORM)
    return arrays


def _run(model: Any, arrays: list[Any], gradients: str, inputs: Flat) -> tuple[Any, Callable[[Any], Flat]]:
    x, *values = inputs.values()
    for array, value in zip(arrays, values, strict=True):
        array[...] = value
    out = model.forward(x)

    def back(dout: Any) -> Flat:
        dx = model.backward(dout)
        found = list(_arrays(model, gradients))
        if len(found) != len(arrays):
            raise Unfit(f"{gradients} has {len(found)} arrays for {len(arrays)} parameters")
        return dict(zip(inputs, [dx, *found], strict=True))

    return out, back
