"""Functions for samples in columns that hand on a cache: the exercises of the deep-learning courses."""

from gradcheck.submissions.functions_model import FunctionsModel, made
from gradcheck.submissions.models import OUTPUTS, Model, construct
from gradcheck.submissions.source import Source

SHAPE = "column-samples"
KIND = "network"
FORM = "forward_propagation(X, parameters) -> (A2, cache), compute_cost, backward_propagation -> {dW1, ...}"
_FORWARD = "forward_propagation|*_model_forward|forward_prop|forward_propagation_*"
_COST = "compute_cost|compute_cost_*|compute_loss|cost_function"
_BACKWARD = "backward_propagation|*_model_backward|backward_prop|backward_propagation_*"
_START = "initialize_parameters|initialize_parameters_*|init_parameters|init_params"
NEEDS = (_FORWARD, _BACKWARD)
USES = (_COST, _START)
LAYOUTS = ("samples in columns", "a batch")
TARGETS = ("probabilities", "one-hot", "real")
IS_FREE = True
VARIANTS = (1, OUTPUTS)
USUAL_LOSS = "binary_cross_entropy"


def bind(source: Source, outputs: int) -> Model:
    """Return the functions around the dict that the file makes, or whose keys it names."""
    forward, cost, backward, start = map(source.first, (_FORWARD, _COST, _BACKWARD, _START))
    params = construct(start, outputs) if start else made(source, outputs, columns=True)
    origin = f"{start.__name__}()" if start else "the names in the file"
    return FunctionsModel(source, forward, cost, backward, params, origin)
