"""Mistakes in dE/dy: the factor, the sign, the average."""

from collections.abc import Callable, Iterable

from gradcheck.faults.catalogue import AnyNetwork, NetworkFault, Plant, at_layers, everywhere
from gradcheck.networks import RIGHT, DenseNetwork, ForwardPass
from gradcheck.networks.arrays import Array

LEARNING_RATES = (0.1, 0.01, 0.001)
SQUARED = ("half_squared_error", "mean_squared_error")


def _scaled(factor: Callable[[ForwardPass], float]) -> Callable[[ForwardPass], Array]:
    return lambda run: RIGHT.loss_gradient(run) * factor(run)


def _squared(run: ForwardPass) -> bool:
    return run.loss.name in SQUARED


def _averaged(run: ForwardPass) -> bool:
    return run.loss.averages


def _summed(run: ForwardPass) -> bool:
    return not run.loss.averages


def _divided_at_each_layer(run: ForwardPass, layer: int, delta: Array) -> Array:
    return RIGHT.through_weights(run, layer, delta) / run.samples


def _all_upper(network: DenseNetwork) -> Iterable[tuple[int, ...]]:
    return [tuple(range(2, network.depth + 1))] if network.depth > 1 else []


def _by_learning_rate(network: AnyNetwork) -> Iterable[Plant]:
    return [
        Plant(
            "loss_gradient",
            _scaled(lambda run, rate=rate: rate),  # type: ignore[misc]
            f"every gradient is {rate:g} times the right one, as if a learning rate were part of it",
        )
        for rate in LEARNING_RATES
    ]


FAMILY = (
    NetworkFault(
        "LOSS_X2",
        name="2 (y - d) although the loss has the factor 1/2",
        formula="dE/dy = 2 (y - d)",
        leaves_right="none",
        hint="Differentiate your loss by hand for one output; what becomes of the 1/2?",
        frequency="very common",
        plants=everywhere(
            "loss_gradient",
            _scaled(lambda run: 2),
            "dE/dy is twice what the loss gives, as 2 (y - d) is where the loss has the factor 1/2",
        ),
        applies=_squared,
    ),
    NetworkFault(
        "LOSS_HALF",
        name="half of the loss's derivative",
        formula="dE/dy / 2",
        leaves_right="none",
        hint="What does the power rule leave of the factor in front of your loss?",
        frequency="very common",
        plants=everywhere("loss_gradient", _scaled(lambda run: 0.5), "dE/dy is half of what the loss gives"),
    ),
    NetworkFault(
        "NO_1_N",
        name="gradient of the sum although the loss is the mean over samples",
        formula="N dE/dy",
        leaves_right="none",
        hint="Double the batch by repeating it: should the gradient change?",
        frequency="very common",
        plants=everywhere(
            "loss_gradient",
            _scaled(lambda run: run.samples),
            "dE/dy lacks the factor 1/N of a loss that is the mean over the N samples",
        ),
        applies=_averaged,
    ),
    NetworkFault(
        "EXTRA_1_N",
        name="gradient of the mean although the loss is the sum over samples",
        formula="dE/dy / N",
        leaves_right="none",
        hint="Does your loss divide by the number of samples? Does its gradient?",
        frequency="common",
        plants=everywhere(
            "loss_gradient",
            _scaled(lambda run: 1 / run.samples),
            "dE/dy is divided by the N samples although the loss is their sum",
        ),
        applies=_summed,
    ),
    NetworkFault(
        "N_TWICE",
        name="1/N in the delta and again in the parameters' gradients",
        formula="dE/dy / N, where dE/dy has its 1/N already",
        leaves_right="none",
        hint="Count how often the batch size divides on the way from the loss to a weight.",
        frequency="common",
        plants=everywhere(
            "loss_gradient",
            _scaled(lambda run: 1 / run.samples),
            "the gradient is divided by the N samples twice",
        ),
        applies=_averaged,
    ),
    NetworkFault(
        "N_EACH_LAYER",
        name="1/N multiplied into every delta",
        formula="delta_l = (delta_(l+1) W_(l+1)^T) * f'(u_l) / N",
        leaves_right="the top layer",
        hint="The average belongs to one place, the loss. How many of your layers divide?",
        frequency="common",
        plants=at_layers(
            "through_weights",
            _divided_at_each_layer,
            "each delta below the output is divided by the N samples again",
            _all_upper,
        ),
    ),
    NetworkFault(
        "MEAN_SIZE",
        name="divided by the number of outputs as well",
        formula="dE/dy / K",
        leaves_right="none",
        hint="How many numbers does the mean of your loss average: samples, or samples times outputs?",
        frequency="common",
        plants=everywhere(
            "loss_gradient",
            _scaled(lambda run: 1 / run.y.shape[-1]),
            "dE/dy is divided by the K outputs, which the loss does not average",
        ),
    ),
    NetworkFault(
        "NO_1_K",
        name="not divided by the number of outputs, over which the loss averages",
        formula="K dE/dy",
        leaves_right="none",
        hint="How many numbers does the mean of your loss average: samples, or samples times outputs?",
        frequency="common",
        plants=everywhere(
            "loss_gradient",
            _scaled(lambda run: run.y.shape[-1]),
            "dE/dy is K times what the loss gives, for K outputs: it lacks the 1/K of a mean over them",
        ),
    ),
    NetworkFault(
        "SIGN",
        name="the negative gradient",
        formula="dE/dy = d - y",
        leaves_right="none",
        hint="If y is too large, should the gradient of the output bias be positive or negative?",
        frequency="very common",
        plants=everywhere(
            "loss_gradient",
            _scaled(lambda run: -1),
            "every gradient has the opposite sign: dE/dy is taken as d - y where it is y - d",
        ),
    ),
    NetworkFault(
        "LR_FOLDED",
        name="the learning rate multiplied into the gradient",
        formula="lr dE/dy",
        leaves_right="none",
        hint="A gradient does not know the step size.",
        frequency="occasional",
        plants=_by_learning_rate,
    ),
)
