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
)
from gradcheck.submissions.models import OUTPUTS, Model
from gradcheck.submissions.source import Source

SHAPE = "parameter-nest"
KIND = "network"
FORM = "functions forward(params, x), loss(params, x, d) or loss(y, d), backward(params, x, d)"
NEEDS = (f"{FORWARD}|{LOSS}", BACKWARD)
USES = (START, VALUES)
LAYOUTS, TARGETS, USUAL_LOSS = ANY_LAYOUT, ANY_TARGET, "mean_squared_error"
VARIANTS = (False, True)


def bind(source: Source, columns: bool) -> Model:
    """Return the functions around the file's dict, or list, of parameters."""
    nest, origin = found_parameters(source, OUTPUTS, columns=columns)
    forward, loss, backward = map(source.first, (FORWARD, LOSS, BACKWARD))
    return FunctionsModel(source, forward, loss, backward, nest, origin)
