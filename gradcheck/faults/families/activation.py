"""Mistakes in the factor f'(u_l) of delta_l."""

from collections.abc import Callable, Iterator

import numpy as np

from gradcheck.faults.catalogue import (
    AnyNetwork,
    LayerSets,
    NetworkFault,
    Plant,
    Plants,
    alone,
    any_layers,
    at_layers,
    depth_of,
    layers_with,
    where_it_fits,
)
from gradcheck.networks import ACTIVATIONS, Activation, DenseNetwork, ForwardPass
from gradcheck.networks.arrays import Array
from gradcheck.networks.steps import LayerStep

Slope = Callable[[ForwardPass, int], Array]
HINT_WHICH_ARGUMENT = (
    "Your derivative function takes an input. Which of u and z did you hand it, and which does it expect?"
)


def _times(slope: Slope) -> LayerStep:
    return lambda run, layer, dz: dz * slope(run, layer)


def _plants(slope: Slope, message: str, sets: LayerSets = any_layers) -> Plants:
    return at_layers("through_activation", _times(slope), message, sets)


def _has_output_form(activation: Activation) -> bool:
    return activation.from_output is not None


def _is(name: str) -> Callable[[Activation], bool]:
    return lambda activation: activation.name == name


def _at_z(run: ForwardPass, layer: int, dz: Array) -> Array:
    return run.activations[layer].backward(dz, run.z[layer])


def _output_form_at_u(run: ForwardPass, layer: int) -> Array:
    form = run.activations[layer].from_output
    assert form is not None, "planted only in layers whose activation has such a form"
    return form(run.u[layer])


def _ones(run: ForwardPass, layer: int) -> Array:
    return np.ones_like(run.u[layer])


def _height(run: ForwardPass, layer: int) -> Array:
    return run.z[layer]


def _one_minus_z(run: ForwardPass, layer: int) -> Array:
    return 1 - run.z[layer]


def _negative(run: ForwardPass, layer: int) -> Array:
    return -run.activations[layer].derivative(run.u[layer])


def _matrix_product(run: ForwardPass, layer: int, dz: Array) -> Array:
    return dz @ run.activations[layer].derivative(run.u[layer])


def _at_u_of(other: int) -> LayerStep:
    def through_activation(run: ForwardPass, layer: int, dz: Array) -> Array:
        return dz * run.activations[layer].derivative(run.u[other])

    return where_it_fits("through_activation", through_activation)


def _of_neighbours(network: AnyNetwork) -> Iterator[Plant]:
    """Plant the pre-activations of the layers above and below; other widths make no mistake."""
    depth = depth_of(network)
    for layer in range(1, depth + 1):
        for other in {layer + 1, layer - 1} & set(range(1, depth + 1)):
            message = f"delta# has the derivative of NAME at u{other}, where u# belongs"
            yield from at_layers("through_activation", _at_u_of(other), message, alone(layer))(network)


def _all_hidden(network: DenseNetwork) -> Iterator[tuple[int, ...]]:
    if network.depth > 1:
        yield tuple(range(1, network.depth))
        yield tuple(range(1, network.depth + 1))


def _one_of_many(network: DenseNetwork) -> Iterator[tuple[int, ...]]:
    if network.depth > 2:
        yield from ((layer,) for layer in range(1, network.depth))


def _output(network: DenseNetwork) -> Iterator[tuple[int, ...]]:
    yield (network.depth,)


def _other_functions(network: AnyNetwork) -> Iterator[Plant]:
    if not isinstance(network, DenseNetwork):
        return
    for layers in any_layers(network):
        own = {network.activations[layer].name for layer in layers}
        for used in ACTIVATIONS.values():
            if used.elementwise and used.name not in own | {"identity"}:
                yield from _one_other_function(network, layers, used)


def _one_other_function(network: DenseNetwork, layers: tuple[int, ...], used: Activation) -> Iterator[Plant]:
    forms: list[tuple[str, Slope]] = [
        ("at the pre-activation u#", lambda run, layer: used.derivative(run.u[layer])),
        ("at the activation z#", lambda run, layer: used.derivative(run.z[layer])),
    ]
    form = used.from_output
    if form is not None:
        forms.append(("in its form for the activation z#", lambda run, layer: form(run.z[layer])))
    for where, slope in forms:
        message = f"delta# has the derivative of {used.name} {where}, where forward uses NAME"
        yield from _plants(slope, message, lambda _: [layers])(network)


def _slope_of_error(run: ForwardPass, layer: int, dz: Array) -> Array:
    return run.activations[layer].derivative(dz)


FAMILY = (
    NetworkFault(
        "DERIV_AT_Z",
        name="derivative of the activation at the activation z instead of the pre-activation u",
        formula="f'(z_l) for f'(u_l)",
        leaves_right="all above the layer",
        hint=HINT_WHICH_ARGUMENT,
        frequency="very common",
        plants=at_layers(
            "through_activation",
            _at_z,
            "the derivative of NAME was taken at the activation z# where the pre-activation u# belongs",
            any_layers,
        ),
    ),
    NetworkFault(
        "DERIV_FORM_AT_U",
        name="the derivative's formula for the activation z, given the pre-activation u",
        formula="u_l (1 - u_l) for z_l (1 - z_l)",
        leaves_right="all above the layer",
        hint=HINT_WHICH_ARGUMENT,
        frequency="very common",
        plants=_plants(
            _output_form_at_u,
            "the derivative of NAME is written for the activation z#, but was given the pre-activation u#",
            layers_with(_has_output_form),
        ),
    ),
    NetworkFault(
        "NO_DERIV_ALL",
        name="no derivative of the activation in any hidden layer",
        formula="delta_l = delta_(l+1) W_(l+1)^T",
        leaves_right="the top layer",
        hint="Between z_l and u_l stands a function: where is its slope?",
        frequency="very common",
        plants=_plants(_ones, "the factor f'(u#) is missing in delta#", _all_hidden),
    ),
    NetworkFault(
        "NO_DERIV_ONE",
        name="no derivative of the activation in one of the hidden layers",
        formula="delta_l = delta_(l+1) W_(l+1)^T",
        leaves_right="all above the layer",
        hint="Compare your lines for the hidden layers.",
        frequency="common",
        plants=_plants(_ones, "the factor f'(u#) is missing in delta#", _one_of_many),
    ),
    NetworkFault(
        "MISS_OUT_DERIV",
        name="no derivative of the output's activation",
        formula="delta_L = dE/dy",
        leaves_right="none",
        hint="Which function sits between u_L and y?",
        frequency="very common",
        plants=_plants(
            _ones, "the factor f'(u#) of the output's activation, NAME, is missing in delta#", _output
        ),
    ),
    NetworkFault(
        "WRONG_FUNC",
        name="the derivative of another activation than the one that forward uses",
        formula="g'(u_l) for f'(u_l)",
        leaves_right="all above the layer",
        hint="Which activation does forward use?",
        frequency="very common",
        plants=_other_functions,
    ),
    NetworkFault(
        "TANH_1-Z",
        name="1 - z as the derivative of tanh",
        formula="1 - z_l for 1 - z_l^2",
        leaves_right="all above the layer",
        hint="Check your formula for the slope of tanh at u = 0 and at large u.",
        frequency="common",
        plants=_plants(
            _one_minus_z,
            "1 - z# was taken for the derivative of tanh, without the square",
            layers_with(_is("tanh")),
        ),
    ),
    NetworkFault(
        "ACT_FOR_DERIV",
        name="the activation itself instead of its derivative",
        formula="f(u_l) for f'(u_l)",
        leaves_right="all above the layer",
        hint="Slope or height: which of the two does the chain rule ask for?",
        frequency="occasional",
        plants=_plants(_height, "the activation z# itself was taken for its derivative f'(u#)"),
    ),
    NetworkFault(
        "DERIV_SIGN",
        name="the derivative with the opposite sign",
        formula="-f'(u_l) for f'(u_l)",
        leaves_right="all above the layer",
        hint="Does z_l rise or fall when u_l grows? Which sign has your formula for its slope?",
        frequency="occasional",
        plants=_plants(_negative, "f'(u#) has the opposite sign in delta#"),
    ),
    NetworkFault(
        "DERIV_OTHER_LAYER",
        name="the derivative at the pre-activation of another layer",
        formula="f'(u_(l+1)) or f'(u_(l-1)) for f'(u_l)",
        leaves_right="all above the layer",
        hint="The slope belongs to the layer whose input you are computing. Whose u do you hand it?",
        frequency="occasional",
        plants=_of_neighbours,
    ),
    NetworkFault(
        "MATMUL_FOR_SLOPE",
        name="a product of matrices with the derivative instead of element by element",
        formula="dE/dz_l @ f'(u_l) for dE/dz_l * f'(u_l)",
        leaves_right="all above the layer",
        hint="Each unit of each sample has its own slope. Which product keeps them apart?",
        frequency="occasional",
        plants=at_layers(
            "through_activation",
            where_it_fits("through_activation", _matrix_product),
            "f'(u#) is multiplied into delta# as a matrix; it fits by chance, N being the width",
            any_layers,
        ),
    ),
    NetworkFault(
        "DERIV_OF_SUM",
        name="the derivative taken at the error instead of multiplied with it",
        formula="f'(delta_(l+1) W_(l+1)^T)",
        leaves_right="the top layer",
        hint="What is the argument of f' in the chain rule?",
        frequency="occasional",
        plants=at_layers(
            "through_activation",
            _slope_of_error,
            "delta# is f' of the error that comes down, where that error is to be multiplied by f'(u#)",
            any_layers,
        ),
    ),
)
