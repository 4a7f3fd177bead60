"""Functions that only update the parameters, in place or by what they return: train_step(params, ...)."""

import copy
from typing import Any

from gradcheck.submissions.calling import call
from gradcheck.submissions.functions_model import (
    ANY_LAYOUT,
    FORWARD,
    LOSS,
    RATE,
    START,
    STEPPED,
    VALUES,
    FunctionsModel,
    by_name,
    found_parameters,
)
from gradcheck.submissions.models import OUTPUTS, Model
from gradcheck.submissions.source import Source

SHAPE = "update-functions"
KIND = "network"
FORM = "functions forward(params, x) and train_step(params, x, d, lr), which changes the parameters"
_STEP = (
    "train_step|sgd_step|gradient_step|update_step|train_one*|*_epoch|train_batch|update_param*|update|step"
)
NEEDS = (FORWARD, _STEP)
USES = (LOSS, START, VALUES)
LAYOUTS = ANY_LAYOUT
TARGETS = ("one-hot", "classes", "real")
IS_FREE = True
VARIANTS = (False, True)
USUAL_LOSS = "mean_squared_error"


def bind(source: Source, columns: bool) -> Model:
    """Return the functions around the file's parameters."""
    nest, origin = found_parameters(source, OUTPUTS, columns=columns)
    forward, loss, step = map(source.first, (FORWARD, LOSS, _STEP))
    return UpdateFunctions(source, forward, loss, step, nest, f"{origin}; steps are taken for gradients")


class UpdateFunctions(FunctionsModel):
    """A step of rate 1 shows the gradient."""

    def gradient(self, x: Any, d: Any) -> Any:
        """Return by how much a step reduces the parameters, and undo it."""
        own, before = self._nest, self.parameters()
        self._nest = copy.deepcopy(own)
        pool = {**self._run(x), **STEPPED, "d": d}
        returned = call(self._backward, pool, tuple(key for key in ("params", "x", "d") if key in pool))
        new = by_name(returned, before, self._source.returned(self._backward.__name__))
        after = new if isinstance(new, dict) and new.keys() == before.keys() else self.parameters()
        self._nest = own
        return {name: (before[name] - after[name]) / RATE for name in before}
