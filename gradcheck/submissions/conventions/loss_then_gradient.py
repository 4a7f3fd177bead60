"""A class with params, predict(x), loss(x, t) and gradient(x, t), as in "Deep Learning from Scratch"."""

from typing import Any

from gradcheck.submissions.calling import call
from gradcheck.submissions.models import OUTPUTS, Flat, Model, construct, fill
from gradcheck.submissions.source import Source, Unfit

SHAPE = "loss-then-gradient"
KIND = "network"
FORM = "class with self.params (W1, b1, ...), predict(x), loss(x, t) and gradient(x, t) -> dict"
NEEDS = ("*.loss", "*.gradient")
USES = ()
LAYOUTS = ("a batch",)
TARGETS = ("one-hot", "classes", "real")
USUAL_LOSS = "softmax_cross_entropy"
IS_FREE = False
VARIANTS = (OUTPUTS,)


def bind(source: Source, outputs: int) -> Model:
    """Return the network of the last class that has the form."""
    return LossThenGradient(source.classes("loss", "gradient")[-1], outputs)


class LossThenGradient(Model):
    """An instance with sizes of our own."""

    def __init__(self, network: Any, outputs: int) -> None:
        self._network = construct(network, outputs)
        if not isinstance(getattr(self._network, "params", None), dict):
            raise Unfit(f"{network.__name__} keeps no dict `self.params`", expected=FORM)
        self.origin = f"class {network.__name__}"
        self.offers = ("output", "loss") if hasattr(self._network, "predict") else ("loss",)

    def parameters(self) -> Flat:
        """Return ``self.params``."""
        params: Flat = self._network.params
        return params

    def set(self, params: Flat) -> None:
        """Write them into ``self.params``, whose arrays the layers hold as well."""
        fill(self._network.params, params)

    def output(self, x: Any) -> Any:
        """Return what predict gives."""
        return self._network.predict(x)

    def loss(self, x: Any, d: Any) -> Any:
        """Return what loss gives."""
        return call(self._network.loss, {"x": x, "d": d}, ("x", "d"))

    def gradient(self, x: Any, d: Any) -> Any:
        """Return what gradient gives."""
        return call(self._network.gradient, {"x": x, "d": d}, ("x", "d"))
