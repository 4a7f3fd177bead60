"""What a fault is: a known mistake, such as the delta recursion with a step replaced.

One definition serves both ways. Planted in a right network it gives a wrong gradient; a wrong
gradient that equals it, entry by entry, is recognised by it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from gradcheck.networks import RIGHT, Activation, DenseNetwork, ForwardPass, Network, NetworkPass, Steps
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.steps import LayerStep, backward

Frequency = Literal["very common", "common", "occasional", "rare"]
FREQUENCIES: tuple[Frequency, ...] = ("very common", "common", "occasional", "rare")
LayerStepName = Literal["through_activation", "through_weights", "weight_gradient", "bias_gradient"]
AnyNetwork = DenseNetwork | Network
LAYER = "layer"


@dataclass(frozen=True)
class Plant:
    """One way in which a fault occurs: a step of the recursion replaced, and words for a finding.

    Attributes
    ----------
    step : str
        The field of `gradcheck.networks.Steps` that is replaced; or `LAYER`, the backward pass of
        a layer that is not a dense one.
    wrong : callable
        What it is replaced by, with the same arguments.
    message : str
        What was computed instead, a clause of a sentence that names u1, z1, delta1, W1.
    layers : tuple of int
        The layers at which it is replaced; empty for a step that is not of a layer.
    also : mapping of str to callable
        Later steps of the same layers that go wrong by the same mistake.
    """

    step: str
    wrong: Callable[..., Any]
    message: str
    layers: tuple[int, ...] = ()
    also: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def replaced(self) -> dict[str, Callable[..., Any]]:
        """What each step that goes wrong is replaced by, in the order of the recursion."""
        return {self.step: self.wrong, **self.also}

    @property
    def steps(self) -> Steps:
        """The recursion with this mistake."""
        replaced: dict[str, Any] = {step: self._in_its_layers(step) for step in self.replaced}
        return Steps(**replaced)

    def _in_its_layers(self, step: str) -> Callable[..., Any]:
        wrong, right = self.replaced[step], getattr(RIGHT, step)

        def chosen(run: ForwardPass, layer: int, array: Array) -> Any:
            return (wrong if layer in self.layers else right)(run, layer, array)

        return chosen if self.layers else wrong

    def gradient(self, run: ForwardPass | NetworkPass) -> Gradient:
        """Return the gradient that an implementation with this mistake computes, finite or not."""
        with np.errstate(all="ignore"):
            if isinstance(run, ForwardPass):
                return backward(run, self.steps).gradient
            if self.step == LAYER:
                return run.backward(wrong=dict.fromkeys(self.layers, self.wrong)).gradient
            return run.backward(self.steps).gradient


Plants = Callable[[AnyNetwork], Iterable[Plant]]
LayerSets = Callable[[DenseNetwork], Iterable[tuple[int, ...]]]


def _always(run: Any) -> bool:
    return True


@dataclass(frozen=True)
class Fault:
    """What is known of a mistake.

    Attributes
    ----------
    code : str
        By which it is asked for and reported.
    name : str
        One line.
    formula : str
        What is written instead of the right formula.
    leaves_right : str
        The parameters whose gradient it leaves right.
    hint : str
        A question that leads to the line without giving it away.
    frequency : {"very common", "common", "occasional", "rare"}
        Of two faults with the same gradient the more common one is the simpler explanation.
    """

    code: str
    name: str
    formula: str
    leaves_right: str
    hint: str
    frequency: Frequency


@dataclass(frozen=True)
class NetworkFault(Fault):
    """A mistake in the backward pass of a network, dense or of any layers.

    Attributes
    ----------
    plants : callable
        ``plants(network)``: the ways in which it can occur in a network, the simplest first.
    applies : callable
        ``applies(run)``: whether the loss allows its name. (It may still leave the gradient right,
        for instance where the shapes do not allow its formula: then it is no mistake there, and
        nobody is charged with it.)
    """

    plants: Plants
    applies: Callable[[Any], bool] = _always


def everywhere(step: str, wrong: Callable[..., Any], message: str) -> Plants:
    """Return the `plants` of a fault that occurs in one way: in a step that is not of a layer."""
    return lambda network: [Plant(step, wrong, message)]


def in_ways(*ways: Plants) -> Plants:
    """Return the `plants` of a fault that occurs in all these ways, the simplest first."""
    return lambda network: [plant for plants in ways for plant in plants(network)]


def at_layers(
    step: LayerStepName, wrong: LayerStep, message: str, sets: LayerSets, **also: LayerStep
) -> Plants:
    """Return the `plants` of a fault in one step of some layers, one plant for each set of layers.

    Parameters
    ----------
    step : str
        Which step of `Steps` is replaced.
    wrong : callable
        ``wrong(run, layer, array)``, what it is replaced by.
    message : str
        ``u#`` in it becomes ``u1 and u2`` for the layers 1 and 2, ``z#-1`` becomes ``z0 and z1``,
        and so for any symbol; ``NAME`` becomes the activations of the layers.
    sets : callable
        ``sets(network)``: the sets of layers in which the mistake is made.
    **also : callable
        As `Plant.also`.

    Returns
    -------
    callable
    """

    def plants(network: AnyNetwork) -> Iterator[Plant]:
        if not isinstance(network, DenseNetwork):
            return
        for layers in sets(network):
            yield Plant(step, wrong, worded(message, network, layers), layers, also)

    return plants


def worded(message: str, network: DenseNetwork, layers: Sequence[int]) -> str:
    """Return the message of `at_layers` for some layers."""

    def listing(symbol: re.Match[str]) -> str:
        below = 1 if symbol["below"] else 0
        return _and([f"{symbol['name']}{layer - below}" for layer in layers])

    names = dict.fromkeys(network.activations[layer].name for layer in layers)
    return re.sub(r"(?P<name>\w+)#(?P<below>-1)?", listing, message.replace("NAME", _and(list(names))))


def _and(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def depth_of(network: AnyNetwork) -> int:
    """Return the number of layers that the delta recursion goes through."""
    return network.depth if isinstance(network, DenseNetwork) else 0


def alone(layer: int) -> LayerSets:
    """Return the set of layers that has this one alone."""
    return lambda network: [(layer,)]


def any_layers(network: DenseNetwork) -> Iterator[tuple[int, ...]]:
    """Yield the sets of layers in which a mistake is made: one layer, all hidden ones, all."""
    yield from ((layer,) for layer in range(1, network.depth + 1))
    if network.depth > 2:
        yield tuple(range(1, network.depth))
    if network.depth > 1:
        yield tuple(range(1, network.depth + 1))


def layers_with(property_of: Callable[[Activation], bool]) -> LayerSets:
    """Return the sets of layers whose activation has a property: one of them, then all."""

    def sets(network: DenseNetwork) -> Iterator[tuple[int, ...]]:
        layers = tuple(layer for layer, f in network.activations.items() if property_of(f))
        yield from ((layer,) for layer in layers)
        if len(layers) > 1:
            yield layers

    return sets


def upper_layers(network: DenseNetwork) -> Iterator[tuple[int, ...]]:
    """Yield the sets of layers above the first: one of them, then all."""
    yield from ((layer,) for layer in range(2, network.depth + 1))
    if network.depth > 2:
        yield tuple(range(2, network.depth + 1))


def where_it_fits(step: LayerStepName, wrong: LayerStep) -> LayerStep:
    """Return the wrong step where it gives the right one's shape, and the right step elsewhere.

    In code the others raise an error of shapes: nobody is left with such a mistake.
    """
    right: LayerStep = getattr(RIGHT, step)

    def fitting(run: ForwardPass, layer: int, array: Array) -> Array:
        expected = right(run, layer, array)
        try:
            found = wrong(run, layer, array)
        except ValueError:
            return expected
        return found if found.shape == expected.shape else expected

    return fitting
