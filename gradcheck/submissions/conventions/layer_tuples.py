"""Functions around a list of (W, b), one tuple a layer: backward returns a list of (dW, db)."""

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
from gradcheck.submissions.source import Source, Unfit

SHAPE = "layer-tuples"
KIND = "network"
FORM = (
    "params = [(W, b), ...] (or init_params()), forward(params, x), backward(params, x, d) -> [(dW, db), ...]"
)
NEEDS = (f"{FORWARD}|{LOSS}", BACKWARD, f"{START}|{VALUES}")
USES = ()
IS_FREE = True
VARIANTS = (None,)
LAYOUTS, TARGETS, USUAL_LOSS = ANY_LAYOUT, ANY_TARGET, "mean_squared_error"


def bind(source: Source, variant: None) -> Model:
    """Return the functions around the file's list."""
    nest, origin = found_parameters(source, OUTPUTS, columns=False)
    is_list = isinstance(nest, list | tuple) and all(
        isinstance(i, list | tuple) and len(i) == 2 for i in nest
    )
    if not is_list:
        raise Unfit(f"{origin} gives no list of (W, b)", given=type(nest).__name__, expected=FORM)
    forward, loss, backward = map(source.first, (FORWARD, LOSS, BACKWARD))
    return FunctionsModel(source, forward, loss, backward, nest, origin, _name)


def _name(path: str) -> str:
    """Return W1 for the path 0.0, b1 for 0.1."""
    layer, _, which = path.partition(".")
    return f"{'Wb'[int(which)]}{int(layer) + 1}"
