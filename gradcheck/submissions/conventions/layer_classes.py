"""Layer classes: forward(x), backward(dout) that leaves dW and db in the layer."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from gradcheck.submissions.layers_model import Layer, LayersModel, tried
from gradcheck.submissions.models import HIDDEN, INPUTS, Flat, Model
from gradcheck.submissions.source import Source, Unfit, parameters

SHAPE = "layer-classes"
KIND = "layers"
FORM = (
    "classes with forward(x), backward(dout) -> dx, parameters self.W, self.b and gradients self.dW, self.db"
)
NEEDS = ("*.forward", "*.backward")
USES = ()
VARIANTS = (None,)

_SAMPLES, _CLASSES = 5, 3
_WEIGHTS = ("W", "w", "weights", "weight")
_BIASES = ("b", "bias", "biases")
_SCALES = ("gamma", "beta")
_GRADIENTS = ("d{}", "dL_d{}", "dLd{}", "grad_{}", "{}_grad", "d_{}", "grad{}")


def bind(source: Source, variant: None) -> Model:
    """Return all layers of the file that can be made."""
    found, left_out = {}, []
    for kind in source.classes("forward", "backward"):
        try:
            found[kind.__name__] = _layer(kind)
        except Unfit:
            left_out.append(kind.__name__)
    if not found:
        raise Unfit("no class of the file can be made as a layer", given=", ".join(left_out), expected=FORM)
    rest = f"; not checked: {', '.join(left_out)}" if left_out else ""
    return LayersModel(found, f"{', '.join(found)}{rest}")


def _layer(kind: Any) -> Layer:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(_SAMPLES, INPUTS))
    if len(parameters(kind.forward)) == 3:  # self, x and a target: a loss
        classes = rng.integers(_CLASSES, size=_SAMPLES)
        targets = (np.eye(_CLASSES)[classes], classes)
        scores = rng.normal(size=(_SAMPLES, _CLASSES))
        return tried([Layer({"x": scores}, partial(_run, kind, (), (), target)) for target in targets])
    arguments = _arguments(kind)
    made = kind(*arguments)
    own = [
        name for name in (*_WEIGHTS, *_BIASES, *_SCALES) if isinstance(getattr(made, name, None), np.ndarray)
    ]
    inputs = {"x": x, **{name: rng.normal(size=getattr(made, name).shape) for name in own}}
    layer = tried([Layer(inputs, partial(_run, kind, arguments, own, None))])
    out, back = layer.run(inputs)
    if any(np.any(gradient) for gradient in back(0.0 * out).values()):
        raise Unfit("its backward pass does not take the derivative by its output")
    return layer


def _arguments(kind: Any) -> tuple[Any, ...]:
    """Return what the constructor takes: nothing, sizes, W and b, or gamma and beta."""
    names = [name.lower() for name in parameters(kind)]
    arrays: dict[str, tuple[int, ...]] = {
        "w": (INPUTS, HIDDEN[0]),
        "weights": (INPUTS, HIDDEN[0]),
        "weight": (INPUTS, HIDDEN[0]),
    }
    arrays |= dict.fromkeys(("b", "bias", "biases"), (HIDDEN[0],)) | dict.fromkeys(_SCALES, (INPUTS,))
    if all(name in arrays for name in names):
        return tuple(np.zeros(arrays[name]) for name in names)
    if len(names) == 2:
        return INPUTS, HIDDEN[0]
    if len(names) == 1:
        return (INPUTS,)
    raise Unfit("it is not clear what the layer is made with", given=", ".join(names))


def _run(
    kind: Any, arguments: tuple[Any, ...], own: Sequence[str], target: Any, inputs: Flat
) -> tuple[Any, Any]:
    """Make the layer anew and run it; what its gradients are called is found in it afterwards."""
    layer = kind(*arguments)
    for name in own:
        setattr(layer, name, inputs[name])
    out = layer.forward(inputs["x"]) if target is None else layer.forward(inputs["x"], target)
    out = getattr(layer, "output", None) if out is None else out

    def back(dout: Any) -> Flat:
        dx = layer.backward(dout) if target is None or np.ndim(dout) else dout * _loss_gradient(layer)
        dx = getattr(layer, "dinputs", None) if dx is None else dx
        return {"x": dx, **{name: _gradient(layer, name) for name in own}}

    return out, back


def _loss_gradient(layer: Any) -> Any:
    return layer.backward(1.0) if parameters(type(layer).backward, required=False)[1:] else layer.backward()


def _gradient(layer: Any, name: str) -> Any:
    for form in _GRADIENTS:
        if hasattr(layer, form.format(name)):
            return getattr(layer, form.format(name))
    raise Unfit(
        f"the layer leaves no gradient of {name}", given=type(layer).__name__, expected=f"self.d{name}"
    )
