"""Mistakes in what a penalty adds to dE/dW; the difference is parallel to the penalty's slope."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from gradcheck.faults.catalogue import AnyNetwork, NetworkFault, Plant, depth_of, everywhere
from gradcheck.networks import PENALTIES, RIGHT, ForwardPass
from gradcheck.networks.arrays import Array
from gradcheck.networks.penalties import penalty_gradient

PenaltyStep = Callable[[ForwardPass, str], Array | float]
STEP = "penalty_gradient"
HINT = "Write down the penalty as it stands in your loss: what is the derivative of each term?"


def _times(factor: Callable[[ForwardPass], float]) -> PenaltyStep:
    return lambda run, name: factor(run) * RIGHT.penalty_gradient(run, name)


def _on_biases_too(run: ForwardPass, name: str) -> Array | float:
    as_weights = "W"
    return penalty_gradient(run.penalties, as_weights, run.params[name])


def _in_layer_only(layer: int) -> PenaltyStep:
    return lambda run, name: RIGHT.penalty_gradient(run, name) if name == f"W{layer}" else 0


def _one_layer(network: AnyNetwork) -> Iterator[Plant]:
    depth = depth_of(network)
    for layer in range(depth, 0, -1) if depth > 1 else ():
        where = "only the top layer's weights get" if layer == depth else f"of the weights only W{layer} gets"
        yield Plant(STEP, _in_layer_only(layer), f"{where} the derivative of the penalty")


def _of_other_kind(run: ForwardPass, name: str) -> Array | float:
    (l1, l2) = (PENALTIES[kind] for kind in ("l1", "l2"))
    exchanged = {l2 if penalty is l1 else l1: strength for penalty, strength in run.penalties.items()}
    return penalty_gradient(exchanged, name, run.params[name])


def _undifferentiated(run: ForwardPass, name: str) -> Array | float:
    as_cost = {replace(kind, slope=kind.cost): strength for kind, strength in run.penalties.items()}
    return penalty_gradient(as_cost, name, run.params[name])


FAMILY = (
    NetworkFault(
        "REG_MISSING",
        name="no gradient of the penalty",
        formula="dE/dW without the penalty's derivative",
        leaves_right="b",
        hint=HINT,
        frequency="common",
        plants=everywhere(
            STEP,
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
        plants=everywhere(STEP, _times(lambda run: 2), "the derivative of the penalty counts twice"),
    ),
    NetworkFault(
        "REG_HALF",
        name="the penalty's gradient halved",
        formula="lambda W / 2 for a penalty lambda W^2 / 2",
        leaves_right="b",
        hint=HINT,
        frequency="very common",
        plants=everywhere(STEP, _times(lambda run: 0.5), "the derivative of the penalty counts half"),
    ),
    NetworkFault(
        "REG_SIGN",
        name="the penalty's gradient subtracted",
        formula="- lambda W",
        leaves_right="b",
        hint="A penalty makes large weights costly: which sign pulls them towards zero?",
        frequency="common",
        plants=everywhere(
            STEP,
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
            STEP,
            _times(lambda run: 1 / run.samples),
            "the derivative of the penalty is divided by the N samples",
        ),
    ),
    NetworkFault(
        "REG_NO_1_N",
        name="the penalty's gradient not divided by the number of samples",
        formula="lambda W for a penalty lambda W^2 / (2 N)",
        leaves_right="b; all with one sample",
        hint="Does your penalty become smaller with the number of samples? Does its derivative?",
        frequency="common",
        plants=everywhere(
            STEP,
            _times(lambda run: run.samples),
            "the derivative of the penalty counts N times, for N samples: it lacks the 1/N of the penalty",
        ),
    ),
    NetworkFault(
        "REG_OTHER_KIND",
        name="the gradient of an L1 penalty for an L2 penalty, or the reverse",
        formula="lambda sign(W) for lambda W",
        leaves_right="b",
        hint=HINT,
        frequency="occasional",
        plants=everywhere(
            STEP,
            _of_other_kind,
            "the penalty's derivative is that of the other kind: sign(W) for W, or W for sign(W)",
        ),
    ),
    NetworkFault(
        "REG_VALUE",
        name="the penalty itself added, not its derivative",
        formula="lambda W^2 / 2 for lambda W",
        leaves_right="b",
        hint="What you add to the loss and what you add to its gradient: which operation lies between them?",
        frequency="occasional",
        plants=everywhere(
            STEP, _undifferentiated, "the weights' gradients have each weight's penalty for its derivative"
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
            STEP,
            _on_biases_too,
            "the penalty's derivative is added to the biases too, which the loss does not penalise",
        ),
    ),
    NetworkFault(
        "REG_ONE_LAYER",
        name="the penalty's gradient in one layer only",
        formula="lambda W_l in one layer, 0 in the others",
        leaves_right="b, and that layer",
        hint="Which weights are in your penalty, and in which gradients does it appear?",
        frequency="common",
        plants=_one_layer,
    ),
)
