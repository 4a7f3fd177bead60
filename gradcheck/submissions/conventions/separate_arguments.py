"""Functions that take each parameter by itself: forward(x, W1, b1, W2, b2), backward(...) -> (dW1, ...)."""

from gradcheck.submissions.functions_model import (
    ANY_LAYOUT,
    ANY_TARGET,
    BACKWARD,
    FORWARD,
    LOSS,
    FunctionsModel,
    made,
    takes_apart,
)
from gradcheck.submissions.models import OUTPUTS, Model
from gradcheck.submissions.source import Source, Unfit

SHAPE = "separate-arguments"
KIND = "network"
FORM = "functions forward(x, W1, b1, W2, b2), loss(y, d), backward(x, d, W1, b1, ...) -> (dW1, db1, ...)"
NEEDS = (f"{FORWARD}|{LOSS}", BACKWARD)
USES = ()
IS_FREE = True
VARIANTS = (False, True)
LAYOUTS, TARGETS, USUAL_LOSS = ANY_LAYOUT, ANY_TARGET, "mean_squared_error"


def bind(source: Source, columns: bool) -> Model:
    """Return the functions around parameters with the names of their arguments."""
    forward, loss, backward = map(source.first, (FORWARD, LOSS, BACKWARD))
    if not takes_apart(forward, loss):
        raise Unfit("no function takes a parameter W1", expected=FORM)
    params = made(source, OUTPUTS, columns=columns)
    return FunctionsModel(source, forward, loss, backward, params, "the names in the file")
