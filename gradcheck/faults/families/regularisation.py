"""Mistakes in what a penalty adds to dE/dW; the difference is parallel to the penalty's slope."""

from collections.abc import Callable

from gradcheck.faults.catalogue import NetworkFault, everywhere
from gradcheck.networks import RIGHT, ForwardPass
from gradcheck.networks.arrays import Array
from gradcheck.networks.penalties import penalty_gradient

PenaltyStep = Callable[[ForwardPass, str], Array | float]
HINT = "Write down the penalty as it stands in your loss: what is the derivative of each term?"


def _times(factor: Callable[[ForwardPass], float]) -> PenaltyStep:
    return lambda run, name: factor(run) * RIGHT.penalty_gradient(run, name)


def _on_biases_too(run: ForwardPass, name: str) -> Array | float:
    as_weights = "W"
    return penalty_gradient(run.penalties, as_weights, run.params[name])


def _top_layer_only(run: ForwardPass, name: str) -> Array | float:
    return RIGHT.penalty_gradient(run, name) if name == f"W{run.depth}" else 0


FAMILY = (
    NetworkFault(
        "REG_MISSING",
        name="no gradient of the penalty",
        formula="dE/dW without the penalty's derivative",
        leaves_right="b",
        hint=HINT,
        frequency="common",
        plants=everywhere(
            "penalty_gradient",
            _times(lambda run: 0),
            "the weights' gradients lack the derivative of the penalty",
        ),
    ),
    NetworkFault(
        "REG_X2",
        name="the penalty's gradient doubled",
        formula="2 lambda W for a penalty lambda W^2 / 2",
        leaves_right="b",
        hint=HINT,
        frequency="very common",
        plants=everywhere(
            "penalty_gradient", _times(lambda run: 2), "the derivative of the penalty counts twice"
        ),
    ),
    NetworkFault(
        "REG_HALF",
        name="the penalty's gradient halved",
        formula="lambda W / 2 for a penalty lambda W^2 / 2",
        leaves_right="b",
        hint=HINT,
        frequency="very common",
        plants=everywhere(
            "penalty_gradient", _times(lambda run: 0.5), "the derivative of the penalty counts half"
        ),
    ),
    NetworkFault(
        "REG_SIGN",
        name="the penalty's gradient subtracted",
        formula="- lambda W",
        leaves_right="b",
        hint="A penalty makes large weights costly: which sign pulls them towards zero?",
        frequency="common",
        plants=everywhere(
            "penalty_gradient",
            _times(lambda run: -1),
            "the derivative of the penalty is subtracted, not added",
        ),
    ),
    NetworkFault(
        "REG_N",
        name="the penalty's gradient divided by the number of samples",
        formula="lambda W / N",
        leaves_right="b; all with one sample",
        hint="Does your penalty grow with the number of samples? Does its derivative?",
        frequency="very common",
        plants=everywhere(
            "penalty_gradient",
            _times(lambda run: 1 / run.samples),
            "the derivative of the penalty is divided by the N samples",
        ),
    ),
    NetworkFault(
        "REG_BIAS",
        name="the penalty's gradient added to the biases as well",
        formula="dE/db + lambda b",
        leaves_right="W",
        hint="Which parameters are in your penalty?",
        frequency="very common",
        plants=everywhere(
            "penalty_gradient",
            _on_biases_too,
            "the penalty's derivative is added to the biases too, which the loss does not penalise",
        ),
    ),
    NetworkFault(
        "REG_ONE_LAYER",
        name="the penalty's gradient in the top layer only",
        formula="lambda W_L, 0 below",
        leaves_right="b, and the top layer",
        hint="Which weights are in your penalty, and in which gradients does it appear?",
        frequency="common",
        plants=everywhere(
            "penalty_gradient",
            _top_layer_only,
            "only the top layer's weights get the derivative of the penalty",
        ),
        applies=lambda run: isinstance(run, ForwardPass),
    ),
)
