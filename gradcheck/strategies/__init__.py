"""Hypothesis strategies for random dense networks, their parameters and their data.

Every drawn object's repr is code that rebuilds it, digit for digit. Numbers are round, so that
ties, zeros and points exactly at a kink are common. What is left after shrinking is easy to read:
fewest layers, narrowest, one sample, simple numbers.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Unpack

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from gradcheck.errors import UsageError
from gradcheck.networks import PENALTIES, DenseNetwork
from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.bounds import BoundOptions, Bounds, read_bounds
from gradcheck.networks.steps import backward
from gradcheck.strategies.code import IMPORT, array_code, params_code
from gradcheck.strategies.judgeable import derivatives_are_visible, kinks_are_decided
from gradcheck.strategies.simple_numbers import arrays, choices

_STRENGTH = 0.1
_TARGETS = {"signs": (1.0, -1.0), "probabilities": (0.0, 1.0, 0.5, 0.25, 0.9)}


class Params(dict[str, Array]):
    """The parameters of a dense network, by name; the repr is code."""

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {array_code(leaf)}" for name, leaf in self.items()) + "}"


class Batch(NamedTuple):
    """Input x, shape (N, in), and target d, shape (N, K) or, of classes, (N,)."""

    x: Array
    d: Any

    def __repr__(self) -> str:
        return f"Batch(x={array_code(self.x)}, d={array_code(self.d)})"


@dataclass(frozen=True, eq=False)
class NetworkProblem:
    """A network, the point at which it is differentiated, and its data.

    Attributes
    ----------
    network : DenseNetwork
    params : dict of str to ndarray
        ``W1`` (in, out), ``b1`` (out,), ``W2``, ...; no ``b`` where the network has no biases.
    x : ndarray, shape (N, in)
    d : ndarray, shape (N, K), or (N,)
    """

    network: DenseNetwork
    params: Gradient
    x: Array
    d: Any

    def loss(self, params: Gradient) -> Any:
        """Return the network's loss of these data."""
        return self.network.loss(params, self.x, self.d)

    def gradient(self, params: Gradient) -> Gradient:
        """Return the network's gradient, by its own backward pass."""
        return self.network.gradient(params, self.x, self.d)

    def __repr__(self) -> str:
        params = repr(Params(self.params))
        return f"NetworkProblem({self.network!r}, {params}, {array_code(self.x)}, {array_code(self.d)})"

    @property
    def code(self) -> str:
        """A script that rebuilds network, params, x and d."""
        return (
            f"{IMPORT}\n"
            "from gradcheck.networks import DenseNetwork\n\n"
            f"network = {self.network!r}\n"
            f"{params_code(self.params)}\n"
            f"x = {array_code(self.x)}\n"
            f"d = {array_code(self.d)}"
        )


def networks(**bounds: Unpack[BoundOptions]) -> st.SearchStrategy[DenseNetwork]:
    """Return a strategy for dense networks.

    Parameters
    ----------
    **bounds
        See `gradcheck.networks.bounds.BoundOptions`.

    Returns
    -------
    SearchStrategy of DenseNetwork

    Raises
    ------
    UsageError
        If nothing fits the bounds, or a name is unknown.

    Examples
    --------
    >>> from gradcheck.strategies import networks
    >>> strategy = networks(layers=(1, 2), activations=["relu", "tanh"], losses="huber")
    """
    return _networks(read_bounds(bounds))


def parameters(
    network: DenseNetwork | None = None, **bounds: Unpack[BoundOptions]
) -> st.SearchStrategy[Params]:
    """Return a strategy for the parameters of a network, and so for its widths.

    Parameters
    ----------
    network : DenseNetwork, optional
        Default: one is drawn.
    **bounds
        See `gradcheck.networks.bounds.BoundOptions`.

    Returns
    -------
    SearchStrategy of dict

    Raises
    ------
    UsageError
        As `networks`.
    """
    return _parameters(read_bounds(bounds), network)


def batches(
    network: DenseNetwork | None = None, params: Gradient | None = None, **bounds: Unpack[BoundOptions]
) -> st.SearchStrategy[Batch]:
    """Return a strategy for inputs and targets of a network.

    Parameters
    ----------
    network : DenseNetwork, optional
    params : dict of str to ndarray, optional
        Default: they are drawn.
    **bounds
        See `gradcheck.networks.bounds.BoundOptions`.

    Returns
    -------
    SearchStrategy of Batch

    Raises
    ------
    UsageError
        As `networks`; or if there are params of no network.
    """
    if network is None and params is not None:
        raise UsageError("`params` came without the network that they are of", do="pass `network`, too")
    return _batches(read_bounds(bounds), network, params)


def problems(**bounds: Unpack[BoundOptions]) -> st.SearchStrategy[NetworkProblem]:
    """Return a strategy for networks with parameters and data.

    Parameters
    ----------
    **bounds
        See `gradcheck.networks.bounds.BoundOptions`.

    Returns
    -------
    SearchStrategy of NetworkProblem

    Raises
    ------
    UsageError
        As `networks`.

    Examples
    --------
    >>> import gradcheck
    >>> from hypothesis import given
    >>> from gradcheck.strategies import problems
    >>> @given(problems(activations="tanh"))
    ... def test_gradient(problem):
    ...     gradcheck.assert_gradient(problem.loss, problem.params, problem.gradient)
    """
    return _problems(read_bounds(bounds))


@st.composite
def _networks(draw: st.DrawFn, bounds: Bounds) -> DenseNetwork:
    depth = draw(st.integers(*bounds.layers))
    activations = draw(st.tuples(*[st.sampled_from(bounds.activations)] * bounds.layers[1]))
    loss = draw(st.sampled_from(bounds.losses))
    penalized = draw(st.booleans())
    penalty = draw(st.sampled_from(tuple(PENALTIES)))
    return DenseNetwork(activations[:depth], loss, {penalty: _STRENGTH} if penalized else {})


@st.composite
def _parameters(draw: st.DrawFn, bounds: Bounds, network: DenseNetwork | None) -> Params:
    network = network or draw(_networks(bounds))
    most, scale, dtype = bounds.widths[1], bounds.scale, bounds.dtype
    widths = draw(_widths(bounds, network))
    biased = draw(st.sampled_from((True, True, True, False)))
    params = Params()
    # Of layers that the network does not have, the numbers are drawn all the same: see `arrays`.
    for layer in range(1, max(network.depth, bounds.layers[1]) + 1):
        inputs, units = (*widths, *[1] * layer)[layer - 1 : layer + 1]
        W = draw(arrays((most, most), (inputs, units), scale, dtype))
        b = draw(arrays((most,), (units,), scale, dtype))
        if layer <= network.depth:
            params |= {f"W{layer}": W, f"b{layer}": b} if biased else {f"W{layer}": W}
    return params


@st.composite
def _widths(draw: st.DrawFn, bounds: Bounds, network: DenseNetwork) -> tuple[int, ...]:
    least, most = bounds.widths
    equal = draw(st.sampled_from((True, False, False)))  # the simpler: layers can go
    drawn = draw(st.tuples(*[st.integers(least, most)] * (max(network.depth, bounds.layers[1]) + 1)))
    widths = (max(drawn),) * len(drawn) if equal else drawn
    # The loss of a single class is constant: there would be nothing to differentiate.
    least = min(2, most) if network.criterion.target == "classes" else 1
    return (*widths[: network.depth], max(widths[network.depth], least))


@st.composite
def _batches(draw: st.DrawFn, bounds: Bounds, network: DenseNetwork | None, params: Gradient | None) -> Batch:
    network = network or draw(_networks(bounds))
    params = params or draw(_parameters(bounds, network))
    samples, inputs = draw(st.integers(*bounds.batch)), len(params["W1"])
    full = (bounds.batch[1], max(inputs, bounds.widths[1]))
    x = draw(arrays(full, (samples, inputs), bounds.scale, bounds.dtype))
    return Batch(x, draw(_targets(bounds, network, params, x)))


@st.composite
def _targets(draw: st.DrawFn, bounds: Bounds, network: DenseNetwork, params: Gradient, x: Array) -> Any:
    shape = (len(x), params[f"W{network.depth}"].shape[1])
    full = (bounds.batch[1], max(shape[1], bounds.widths[1]))
    special = draw(st.sampled_from((False,) * 7 + (True,)))
    # Numbers are drawn whatever the target is: what fails with another loss fails with the simplest.
    numbers = draw(arrays(full, shape, bounds.scale, bounds.dtype))
    target = network.criterion.target
    if target == "classes":
        d = draw(choices(tuple(range(full[1])), full[:1], shape[:1])) % shape[1]
        return np.eye(shape[1], dtype=bounds.dtype)[d] if special else d
    if target in _TARGETS:
        return draw(choices(_TARGETS[target], full, shape)).astype(bounds.dtype)
    # At the optimum, where |y - d| has its kink.
    return network.forward(params, x, numbers).y if special else numbers


@st.composite
def _problems(draw: st.DrawFn, bounds: Bounds) -> NetworkProblem:
    network = draw(_networks(bounds))
    params = draw(_parameters(bounds, network))
    x, d = draw(_batches(bounds, network, params))
    problem = NetworkProblem(network, params, x, d)
    assume(_is_judgeable(problem))
    return problem


@np.errstate(all="ignore")  # what overflows is not judgeable
def _is_judgeable(problem: NetworkProblem) -> bool:
    run = problem.network.forward(problem.params, problem.x, problem.d)
    return kinks_are_decided(run) and derivatives_are_visible(
        run, backward(run), float(problem.loss(problem.params))
    )
