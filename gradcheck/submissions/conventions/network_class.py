"""A network class whose arrays are its parameters, with forward(x) and backward(...) of any kind.

Its gradient is what backward returns, or leaves in the instance, or else the step that it makes.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from gradcheck.submissions.calling import call, matched
from gradcheck.submissions.functions_model import RATE, STEPPED, by_name, leaves, rebuilt
from gradcheck.submissions.models import OUTPUTS, Flat, Model, construct
from gradcheck.submissions.source import Source, Unfit, parameters

SHAPE = "network-class"
KIND = "network"
FORM = "class with arrays self.W1, ..., forward(x), backward(x, d, y) that returns, keeps or takes a step"
_FORWARD = ("forward", "feedforward", "feed_forward", "forward_pass", "predict", "think", "query", "run")
_BACKWARD = (
    "backward",
    "backprop",
    "back_propagate",
    "backpropagate",
    "backpropagation",
    "train_step",
    "train",
)
_LOSS = ("loss", "compute_loss", "cost", "compute_cost")
NEEDS = ("|".join(f"*.{name}" for name in _FORWARD), "|".join(f"*.{name}" for name in _BACKWARD))
USES = ()
LAYOUTS = ("a batch", "one sample", "one column", "samples in columns")
TARGETS = ("real", "one-hot", "classes")
# Number of outputs, and whether a target has one axis alone.
IS_FREE = True
VARIANTS = tuple(product((OUTPUTS,), (False, True)))
USUAL_LOSS = "mean_squared_error"
_RATES = ("lr", "learning_rate", "eta", "alpha")
# What a backward pass can be given: all of it, and the usual order.
_GIVEN, _PLACES = ("y", "x", "d", *STEPPED), ("x", "d", "y")
_KEPT = ("d{}", "grad_{}", "{}_grad", "d_{}")
_ALL_KEPT = ("grads", "gradients", "grad")


def bind(source: Source, variant: tuple[int, bool]) -> Model:
    """Return the last class that has both methods and arrays."""
    for kind in reversed(source.classes()):
        methods = [next((n for n in names if hasattr(kind, n)), "") for names in (_FORWARD, _BACKWARD, _LOSS)]
        if methods[0] and methods[1]:
            methods[1] = next((n for n in _BACKWARD if _can_be_called(kind, n)), methods[1])
            return NetworkClass(kind, methods, *variant)
    raise Unfit("no class has both a forward and a backward pass", expected=FORM)


class NetworkClass(Model):
    """An instance with sizes of our own."""

    def __init__(self, kind: Any, methods: list[str], outputs: int, is_flat: bool) -> None:
        self._network, self._is_flat, self._makes_steps = construct(kind, outputs), is_flat, False
        self._forward, self._backward, self._loss = (getattr(self._network, name, None) for name in methods)
        self._names = [name for name, value in vars(self._network).items() if _is_parameter(value)]
        if not self._names:
            raise Unfit(f"{kind.__name__} keeps no arrays of weights", expected=FORM)
        for name in _RATES:
            if hasattr(self._network, name):
                setattr(self._network, name, RATE)
        self.origin = f"class {kind.__name__}"
        self.offers = ("output", "loss") if callable(self._loss) else ("output",)

    def parameters(self) -> Flat:
        """Return the arrays of the instance, those in lists and dicts too."""
        return dict(leaves(self._nest("{}")))

    def set(self, params: Flat) -> None:
        """Replace the arrays of the instance."""
        copies = (value.copy() for value in params.values())
        for name, value in rebuilt(self._nest("{}"), copies).items():
            setattr(self._network, name, value)

    def output(self, x: Any) -> Any:
        """Return what forward gives."""
        return _called(self._forward, {"x": x}, ("x",))

    def loss(self, x: Any, d: Any) -> Any:
        """Return what the class has for a loss, after a forward pass."""
        pool = {"y": self.output(x), "x": x, "d": self._target(d)}
        takes_x = "x" in [name.lower() for name in parameters(self._loss or len)]
        return _called(self._loss, pool, ("x", "d") if takes_x else ("y", "d"))

    def gradient(self, x: Any, d: Any) -> Any:
        """Return what backward gives after a forward pass, and undo its step if it makes one."""
        before = {name: value.copy() for name, value in self.parameters().items()}
        pool = {"y": self.output(x), "x": x, "d": self._target(d), **STEPPED}
        places = _PLACES if len(parameters(self._backward or len)) > 1 else ("d",)
        returned = _called(self._backward, pool, places)
        step = {name: (before[name] - after) / RATE for name, after in self.parameters().items()}
        self._makes_steps |= any(bool(np.any(change)) for change in step.values())
        if self._makes_steps:  # also where the gradient is 0
            self.set(before)
            return step
        found = by_name(returned, before, [])
        return found if isinstance(found, dict) and found else self._kept(before)

    def _target(self, d: Any) -> Any:
        return np.ravel(d) if self._is_flat else d

    def _kept(self, params: Flat) -> Any:
        """Return the gradients that the instance keeps."""
        for name in _ALL_KEPT:
            found = by_name(getattr(self._network, name, None), params, [])
            if isinstance(found, dict) and found:
                return found
        for form in _KEPT:
            if all(hasattr(self._network, form.format(name)) for name in self._names):
                return dict(leaves(self._nest(form)))
        raise Unfit("backward returns no gradients, keeps none in the instance, and changes nothing")

    def _nest(self, form: str) -> Flat:
        """Return the attributes whose names have that form, by the names of the parameters."""
        return {name: getattr(self._network, form.format(name)) for name in self._names}


def _can_be_called(kind: Any, name: str) -> bool:
    """Tell whether a backward pass takes nothing but what there is; one that does not serves another."""
    method = getattr(kind, name, None)
    return callable(method) and None not in matched(parameters(method)[1:], _GIVEN, _PLACES)


def _called(function: Callable[..., Any] | None, pool: Flat, places: tuple[str, ...]) -> Any:
    assert function is not None
    return call(function, pool, places)


def _is_parameter(value: Any) -> bool:
    """Tell whether an attribute is an array of numbers, or a list or dict of such."""
    if isinstance(value, list | dict):
        return bool(value) and all(_is_parameter(item) for _, item in leaves(value))
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 0
