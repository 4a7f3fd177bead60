"""Mistakes about the target that the output is compared with."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from gradcheck.faults.catalogue import AnyNetwork, NetworkFault, Plant
from gradcheck.networks import RIGHT, ForwardPass
from gradcheck.networks.arrays import Array


def _against(target: Callable[[ForwardPass], Array]) -> Callable[[ForwardPass], Array]:
    return lambda run: RIGHT.loss_gradient(replace(run, d=target(run)))


def _of_sample(shift: int) -> Callable[[ForwardPass], Array]:
    return lambda run: np.roll(run.d, shift, axis=0)


def _of_class(shift: int) -> Callable[[ForwardPass], Array]:
    def target(run: ForwardPass) -> Array:
        if np.ndim(run.d) == 2:
            return np.roll(run.d, shift, axis=-1)
        shifted: Array = (run.d + shift) % run.y.shape[-1]
        return shifted

    return target


def _predicted(run: ForwardPass) -> Array:
    best: Array = run.y.argmax(axis=-1)
    return best


def _wrong_targets(network: AnyNetwork) -> Iterator[Plant]:
    kind = network.criterion.target
    targets = [
        (_of_sample(1), "the target of the sample before"),
        (_of_sample(-1), "that of the next sample"),
    ]
    if kind == "classes":
        targets += [
            (_of_class(1), "the class after the right one"),
            (_of_class(-1), "the class before the right one"),
            (_predicted, "the class that is predicted"),
        ]
    elif kind == "probabilities":
        targets.append((lambda run: 1 - run.d, "1 - d"))
    elif kind == "signs":
        targets.append((lambda run: -run.d, "-d"))
    for target, words in targets:
        yield Plant("loss_gradient", _against(target), f"dE/dy compares y with {words} where d belongs")


FAMILY = (
    NetworkFault(
        "WRONG_TARGET",
        name="the output compared with another target",
        formula="d of another sample, or of another class, for d",
        leaves_right="none",
        hint="Print d next to y for one sample: is it that sample's target, and the right class?",
        frequency="common",
        plants=_wrong_targets,
    ),
)
