"""A class with lists of weights and biases and backprop(x, y): Network of Nielsen's book."""

from typing import Any

import numpy as np

from gradcheck.submissions.functions_model import leaves
from gradcheck.submissions.models import OUTPUTS, Flat, Model, construct, pair
from gradcheck.submissions.source import Source, Unfit

SHAPE = "backprop-lists"
KIND = "network"
FORM = (
    "class with lists self.weights (out, in) and self.biases (out, 1), backprop(x, y) -> (nabla_b, nabla_w)"
)
NEEDS = ("*.backprop", "*.feedforward")
USES = ()
LAYOUTS = ("one column",)
TARGETS = ("probabilities",)
IS_FREE = False
VARIANTS = (OUTPUTS,)
USUAL_LOSS = "half_squared_error"


def bind(source: Source, outputs: int) -> Model:
    """Return the network of the last class that has the form."""
    return BackpropLists(source.classes("backprop", "feedforward")[-1], outputs)


class BackpropLists(Model):
    """An instance with sizes of our own."""

    def __init__(self, network: Any, outputs: int) -> None:
        self._network = construct(network, outputs)
        if not all(isinstance(getattr(self._network, name, None), list) for name in ("weights", "biases")):
            raise Unfit(f"{network.__name__} keeps no lists `self.weights` and `self.biases`", expected=FORM)
        self.origin = f"class {network.__name__}"
        self._cost: Any = getattr(getattr(self._network, "cost", None), "fn", None)
        if self._cost is None and hasattr(self._network, "cost_derivative"):
            self._cost = self._quadratic
        self.offers = ("output", "loss") if self._cost else ("output",)

    def parameters(self) -> Flat:
        """Return both lists."""
        return dict(leaves({"weights": self._network.weights, "biases": self._network.biases}))

    def set(self, params: Flat) -> None:
        """Make both lists anew."""
        for kind in ("weights", "biases"):
            setattr(self._network, kind, [params[name] for name in params if name.startswith(kind)])

    def output(self, x: Any) -> Any:
        """Return what feedforward gives."""
        return self._network.feedforward(x)

    def loss(self, x: Any, d: Any) -> Any:
        """Return the network's own cost."""
        return self._cost(self.output(x), d)

    def _quadratic(self, y: Any, d: Any) -> Any:
        """Return the cost whose derivative by y is y - d; a class that has another has none."""
        if not np.array_equal(self._network.cost_derivative(y, d), y - d):
            raise Unfit("cost_derivative(y, d) is not y - d: it is not known of which cost")
        return 0.5 * np.sum((y - d) ** 2)

    def gradient(self, x: Any, d: Any) -> Any:
        """Return the two lists of backprop by the names of the parameters."""
        biases, weights = pair(self._network.backprop(x, d), "backprop")
        return dict(leaves({"weights": list(weights), "biases": list(biases)}))
