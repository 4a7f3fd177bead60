"""A class that only updates its weights: forward(x) and backward(x, d, y), the gradient being the step."""

from typing import Any

import numpy as np

from gradcheck.submissions.calling import call
from gradcheck.submissions.functions_model import RATE, STEPPED
from gradcheck.submissions.models import OUTPUTS, Flat, Model, construct
from gradcheck.submissions.source import Source, Unfit, parameters

SHAPE = "update-class"
KIND = "network"
FORM = "class with forward(x) and backward(x, d, y), or train(x, d), that changes its weights by a step"
_FORWARD = ("forward", "feedforward", "feed_forward", "forward_pass", "predict", "think", "query")
_STEP = (
    "backward",
    "backprop",
    "back_propagate",
    "backpropagate",
    "backpropagation",
    "train_step",
    "train",
    "fit",
)
NEEDS = ("|".join(f"*.{name}" for name in _FORWARD), "|".join(f"*.{name}" for name in _STEP))
USES = ()
LAYOUTS = ("a batch", "one sample", "one column")
TARGETS = ("real",)
VARIANTS = (OUTPUTS,)
USUAL_LOSS = "half_squared_error"
_RATES = ("lr", "learning_rate", "eta", "alpha")


def bind(source: Source, outputs: int) -> Model:
    """Return the last class that has both methods."""
    for kind in reversed([value for value in vars(source.module).values() if isinstance(value, type)]):
        forward, step = (next((n for n in names if hasattr(kind, n)), "") for names in (_FORWARD, _STEP))
        if forward and step:
            return UpdateClass(kind, forward, step, outputs)
    raise Unfit("no class has both a forward pass and a step", expected=FORM)


class UpdateClass(Model):
    """An instance whose arrays are the parameters; a step of rate 1 shows their gradient."""

    offers = ("output",)

    def __init__(self, kind: Any, forward: str, step: str, outputs: int) -> None:
        self._network = construct(kind, outputs)
        self._forward, self._step = getattr(self._network, forward), getattr(self._network, step)
        self._names = [name for name, value in vars(self._network).items() if _is_parameter(value)]
        if not self._names:
            raise Unfit(f"{kind.__name__} keeps no arrays of weights", expected=FORM)
        for name in _RATES:
            if hasattr(self._network, name):
                setattr(self._network, name, RATE)
        self.origin = f"class {kind.__name__}, whose steps are taken for gradients"

    def parameters(self) -> Flat:
        """Return the arrays of the instance."""
        return {name: getattr(self._network, name) for name in self._names}

    def set(self, params: Flat) -> None:
        """Replace the arrays of the instance."""
        for name, value in params.items():
            setattr(self._network, name, value.copy())

    def output(self, x: Any) -> Any:
        """Return what forward gives."""
        return self._forward(x)

    def gradient(self, x: Any, d: Any) -> Any:
        """Return by how much a step reduces the parameters, and undo it."""
        before = {name: value.copy() for name, value in self.parameters().items()}
        pool = {"y": self.output(x), "x": x, "d": d, **STEPPED}
        places = ("x", "d", "y") if len(parameters(self._step)) > 1 else ("d",)
        call(self._step, pool, places)
        after = self.parameters()
        self.set(before)
        return {name: (before[name] - after[name]) / RATE for name in before}


def _is_parameter(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 0
