"""A cost of one flat vector that returns its gradient too: nnCostFunction(nn_params, ...) -> (J, grad)."""

from itertools import product
from typing import Any, Literal

import numpy as np

from gradcheck.submissions.calling import call
from gradcheck.submissions.models import HIDDEN, INPUTS, OUTPUTS, PENALTY, Flat, Model, pair
from gradcheck.submissions.source import Source, Unfit, parameters

SHAPE = "flat-vector"
KIND = "network"
FORM = "function of a vector: nnCostFunction(nn_params, inputs, hidden, labels, X, y, lambda) -> (J, grad)"
NEEDS = ("nn*ost*unction*|nn_cost*|cost_function*|costFunction*|forward_backward_prop|cost_and_grad*",)
USES = ()
LAYOUTS = ("a batch",)
TARGETS = ("one-hot", "classes", "probabilities")
USUAL_LOSS = "binary_cross_entropy"
# How the vector is cut: matrices with a first column of biases by rows or by columns; W1, b1, W2, b2; not
# at all, for a single layer. And which number the first class has.
_PLACES = ("params", "inputs", "hidden", "outputs", "x", "d", "reg")
IS_FREE = False
VARIANTS = (*product(("C", "F", "with biases"), (0, 1)), ("not", 0))


def bind(source: Source, variant: tuple[str, int]) -> Model:
    """Return the function around matrices that the vector holds."""
    return FlatVector(source.first(NEEDS[0]), *variant)


class FlatVector(Model):
    """A function of a vector, seen as one of matrices."""

    offers = ("loss",)

    def __init__(self, cost: Any, cut: str, first_class: int) -> None:
        if (len(parameters(cost)) > 3) == (cut == "not"):
            raise Unfit(f"{cost.__name__} takes other arguments", expected=FORM)
        self._cost = cost
        self._order: Literal["C", "F"] = "F" if cut == "F" else "C"
        self._first, self.origin = first_class, f"{cost.__name__}()"
        width = HIDDEN[0]
        if cut == "not":
            shapes: dict[str, tuple[int, ...]] = {"theta": (INPUTS,)}
        elif cut == "with biases":
            shapes = {"W1": (INPUTS, width), "b1": (1, width), "W2": (width, OUTPUTS), "b2": (1, OUTPUTS)}
        else:
            shapes = {"Theta1": (width, 1 + INPUTS), "Theta2": (OUTPUTS, 1 + width)}
        self.params = {name: np.zeros(shape) for name, shape in shapes.items()}

    def loss(self, x: Any, d: Any) -> Any:
        """Return the first of the pair."""
        return self._pair(x, d)[0]

    def gradient(self, x: Any, d: Any) -> Any:
        """Return the second, cut into the matrices."""
        vector = np.ravel(self._pair(x, d)[1])
        ends = np.cumsum([value.size for value in self.params.values()])
        if vector.size != ends[-1]:
            raise Unfit(
                "the gradient has not as many entries as the vector",
                given=f"{vector.size} entries",
                expected=f"{ends[-1]}",
            )
        parts = zip(self.params.items(), np.split(vector, ends[:-1]), strict=True)
        return {name: part.reshape(value.shape, order=self._order) for (name, value), part in parts}

    def _pair(self, x: Any, d: Any) -> tuple[Any, Any]:
        sizes = {"inputs": INPUTS, "hidden": HIDDEN[0], "outputs": OUTPUTS}
        vector = np.concatenate([value.ravel(order=self._order) for value in self.params.values()])
        labels = d + self._first if d.ndim == 1 else d
        labels = np.ravel(d) if len(self.params) == 1 else labels
        pool: Flat = {
            "params": vector,
            **sizes,
            "sizes": list(sizes.values()),
            "x": x,
            "d": labels,
            "reg": PENALTY,
        }
        return pair(call(self._cost, pool, _PLACES), "the cost")
