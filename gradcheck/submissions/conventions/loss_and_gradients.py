"""A class whose loss(X, y, reg) returns the loss and the gradients: TwoLayerNet of CS231n."""

from typing import Any

from gradcheck.submissions.calling import call
from gradcheck.submissions.models import OUTPUTS, PENALTY, Flat, Model, construct, fill, pair
from gradcheck.submissions.source import Source, Unfit, parameters

SHAPE = "loss-and-gradients"
KIND = "network"
FORM = "class with self.params (W1, b1, ...) and loss(X, y=None, reg=0) -> (loss, grads)"
NEEDS = ("*.loss",)
USES = ()
LAYOUTS = ("a batch",)
USUAL_LOSS = "softmax_cross_entropy"
IS_FREE = False
VARIANTS = (OUTPUTS,)
TARGETS = ("classes", "one-hot", "real")


def bind(source: Source, outputs: int) -> Model:
    """Return the network of the last class that has the form."""
    return LossAndGradients(source.classes("loss")[-1], outputs)


class LossAndGradients(Model):
    """An instance with sizes of our own."""

    def __init__(self, network: Any, outputs: int) -> None:
        self._network = construct(network, outputs)
        if not isinstance(getattr(self._network, "params", None), dict):
            raise Unfit(f"{network.__name__} keeps no dict `self.params`", expected=FORM)
        self.origin = f"class {network.__name__}"
        optional = len(parameters(self._network.loss)) < 2
        self.offers = ("output", "loss") if optional else ("loss",)

    def parameters(self) -> Flat:
        """Return ``self.params``."""
        params: Flat = self._network.params
        return params

    def set(self, params: Flat) -> None:
        """Write them into ``self.params``, whose arrays layers may hold as well."""
        fill(self._network.params, params)

    def output(self, x: Any) -> Any:
        """Return the scores: what loss returns without labels."""
        return self._network.loss(x)

    def loss(self, x: Any, d: Any) -> Any:
        """Return the first of the pair."""
        return self._pair(x, d)[0]

    def gradient(self, x: Any, d: Any) -> Any:
        """Return the second."""
        return self._pair(x, d)[1]

    def _pair(self, x: Any, d: Any) -> tuple[Any, Any]:
        return pair(call(self._network.loss, {"x": x, "d": d, "reg": PENALTY}, ("x", "d", "reg")), "loss")
