"""Functions that take the parameters: forward(params, x), loss(params, x, d), backward(params, x, d)."""

from gradcheck.submissions.functions_model import (
    ANY_LAYOUT,
    ANY_TARGET,
    BACKWARD,
    FORWARD,
    LOSS,
    START,
    VALUES,
    FunctionsModel,
    found_parameters,
    takes_apart,
)
from gradcheck.submissions.models import OUTPUTS, Model
from gradcheck.submissions.source import Source, Unfit

SHAPE = "parameter-nest"
KIND = "network"
FORM = "functions forward(params, x), loss(params, x, d) or loss(y, d), backward(params, x, d)"
NEEDS = (f"{FORWARD}|{LOSS}", BACKWARD)
USES = (START, VALUES)
LAYOUTS, TARGETS, USUAL_LOSS = ANY_LAYOUT, ANY_TARGET, "mean_squared_error"
IS_FREE = True
VARIANTS = (False, True)


def bind(source: Source, columns: bool) -> Model:
    """Return the functions around the file's dict, or list, of parameters."""
    forward, loss, backward = map(source.first, (FORWARD, LOSS, BACKWARD))
    if takes_apart(forward, loss):
        raise Unfit("the functions take each parameter by itself", expected=FORM)
    nest, origin = found_parameters(source, OUTPUTS, columns=columns)
    return FunctionsModel(source, forward, loss, backward, nest, origin)
