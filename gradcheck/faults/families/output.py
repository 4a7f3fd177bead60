"""Mistakes about the function at the output and the loss that goes with it."""

from collections.abc import Iterator

import numpy as np

from gradcheck.faults.catalogue import (
    AnyNetwork,
    NetworkFault,
    Plant,
    at_layers,
    everywhere,
    in_ways,
    layers_with,
)
from gradcheck.networks import RIGHT, ForwardPass
from gradcheck.networks.activations import sigmoid, softmax
from gradcheck.networks.arrays import Array

FROM_LOGITS = ("binary_cross_entropy", "softmax_cross_entropy", "smoothed_cross_entropy")


def _probabilities(run: ForwardPass) -> Array:
    return _squash(run, run.y)


def _squash(run: ForwardPass, logits: Array) -> Array:
    """Return the function that is part of the loss: sigmoid, or softmax over classes."""
    return sigmoid(logits) if run.loss.target == "probabilities" else softmax(logits)


def _takes_logits(run: ForwardPass) -> bool:
    return run.loss.name in FROM_LOGITS


def _extra_slope(run: ForwardPass) -> Array:
    p = _probabilities(run)
    return RIGHT.loss_gradient(run) * p * (1 - p)


def _output_for_probability(run: ForwardPass) -> Array:
    """Return (y - d) / N, as if y were the probability that the loss makes of it."""
    return RIGHT.loss_gradient(run) + (run.y - _probabilities(run)) / run.samples


def _twice(run: ForwardPass) -> Array:
    p = _probabilities(run)
    return RIGHT.loss_gradient(run) + (_squash(run, p) - p) / run.samples


def _with_probabilities(run: ForwardPass, p: Array) -> Array:
    return RIGHT.loss_gradient(run) + (p - _probabilities(run)) / run.samples


def _over_the_batch(run: ForwardPass) -> Array:
    return _with_probabilities(run, softmax(run.y.T).T)


def _over_everything(run: ForwardPass) -> Array:
    return _with_probabilities(run, softmax(run.y.reshape(1, -1)).reshape(run.y.shape))


def _by_probability(run: ForwardPass) -> Array:
    """Return dE/dp, where p is the probability that the loss makes of y."""
    p = _probabilities(run)
    if run.loss.target == "probabilities":
        return RIGHT.loss_gradient(run) / (p * (1 - p))
    return RIGHT.loss_gradient(run) / p - 1 / run.samples


def _own_share(run: ForwardPass) -> Array:
    """Return dE/dp times the derivative of each probability for its own y."""
    p = _probabilities(run)
    return _by_probability(run) * p * (1 - p)


def _diagonal(run: ForwardPass, layer: int, dz: Array) -> Array:
    return dz * run.activations[layer].derivative(run.u[layer])


def _diagonals(network: AnyNetwork) -> Iterator[Plant]:
    if network.criterion.target == "classes":
        message = (
            "dE/dy has only the diagonal p (1 - p) of the softmax derivative; every p depends on every y"
        )
        yield Plant("loss_gradient", _own_share, message)
    message = "delta# has only the diagonal z# (1 - z#) of the softmax derivative; every z depends on every u"
    layers = layers_with(lambda activation: not activation.elementwise)
    yield from at_layers("through_activation", _diagonal, message, layers)(network)


def _one_number(run: ForwardPass) -> Array:
    dy = RIGHT.loss_gradient(run)
    return np.full_like(dy, dy.mean())


FAMILY = (
    NetworkFault(
        "EXTRA_OUT_DERIV",
        name="a derivative of the output function too many",
        formula="(y - d) y (1 - y) where the loss's own derivative is y - d already",
        leaves_right="none",
        hint="For this pair of loss and output function one factor cancels. Which?",
        frequency="very common",
        plants=everywhere(
            "loss_gradient",
            _extra_slope,
            "dE/dy, which is p - d for the probabilities p, is multiplied by p (1 - p) once more",
        ),
        applies=_takes_logits,
    ),
    NetworkFault(
        "LOGITS_AS_PROBABILITIES",
        name="the output taken for the probability that the loss makes of it",
        formula="y - d for sigmoid(y) - d or softmax(y) - d",
        leaves_right="none",
        hint="Does your loss apply the sigmoid or softmax itself? Then what is y?",
        frequency="occasional",
        plants=everywhere(
            "loss_gradient",
            _output_for_probability,
            "dE/dy is y - d, as if y were a probability; the loss takes y for a logit",
        ),
        applies=_takes_logits,
    ),
    NetworkFault(
        "DOUBLE_SOFTMAX",
        name="softmax or sigmoid applied twice",
        formula="softmax(softmax(y)) - d",
        leaves_right="none",
        hint="How often is softmax (or the sigmoid) applied between u and the loss?",
        frequency="common",
        plants=everywhere(
            "loss_gradient", _twice, "dE/dy applies softmax or sigmoid to the probabilities once more"
        ),
        applies=_takes_logits,
    ),
    NetworkFault(
        "SOFTMAX_AXIS",
        name="softmax normalised over the batch, or over everything, instead of the classes",
        formula="exp(y) / exp(y).sum(axis=0) - d",
        leaves_right="none",
        hint="Do the probabilities of each sample sum to 1?",
        frequency="common",
        plants=in_ways(
            everywhere(
                "loss_gradient",
                _over_the_batch,
                "the softmax in dE/dy is normalised over the samples, not over the classes",
            ),
            everywhere(
                "loss_gradient",
                _over_everything,
                "the softmax in dE/dy is normalised over all samples and classes at once",
            ),
        ),
        applies=lambda run: run.loss.target == "classes",
    ),
    NetworkFault(
        "SOFTMAX_DIAG",
        name="softmax differentiated as if each output depended on its own u alone",
        formula="dE/dz * z (1 - z)",
        leaves_right="all above the softmax",
        hint="Does raising one score leave the other probabilities unchanged?",
        frequency="common",
        plants=_diagonals,
    ),
    NetworkFault(
        "CE_NO_JAC",
        name="the derivative for the probabilities taken for that for the logits",
        formula="-d / p for dE/dy, where p = softmax(y) or sigmoid(y)",
        leaves_right="none",
        hint="You have differentiated the loss for the probabilities. Which variable do the weights feed?",
        frequency="occasional",
        plants=everywhere(
            "loss_gradient",
            _by_probability,
            "dE/dy is the derivative for the probabilities p that the loss makes of y, not for y",
        ),
        applies=_takes_logits,
    ),
    NetworkFault(
        "DLOSS_MEAN_SCALAR",
        name="one number for the error of all outputs",
        formula="dE/dy = the mean of dE/dy",
        leaves_right="none",
        hint="Should every output of every sample get the same error?",
        frequency="occasional",
        plants=everywhere(
            "loss_gradient", _one_number, "dE/dy is one number, its mean over all outputs and samples"
        ),
    ),
)
