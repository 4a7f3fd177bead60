"""What the laws see of an implementation: one of two small adapters.

Both are called with arguments by name: ``params``, ``x``, and ``d`` (the target of a network) or
``dz`` (the cotangent of a layer).
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from gradcheck.errors import GradientInterfaceError
from gradcheck.laws.comparison import mapped

Arguments = dict[str, Any]
Grow = Callable[[int, int], "Case"]


class NetworkLike(Protocol):
    """A loss and its gradient."""

    def loss(self, params: Any, x: Any, d: Any) -> Any:
        """Return one number."""

    def gradient(self, params: Any, x: Any, d: Any) -> Any:
        """Return the nest of params."""


class LayerLike(Protocol):
    """A forward pass that leaves a cache, and a backward pass that reads it."""

    def forward(self, params: Any, x: Any) -> tuple[Any, Any]:
        """Return the output z, an array, and what backward needs."""

    def backward(self, dz: Any, cache: Any) -> tuple[Any, Any]:
        """Return the derivatives for params and x."""


class DoesNotApply(Exception):  # noqa: N818 (no error: a law has nothing to say)
    """A law says nothing about an implementation; the message says why."""


class Case(ABC):
    """An implementation with arguments to call it with."""

    name: str
    grow: Grow | None
    has_cotangent: bool

    @abstractmethod
    def arguments(self, seed: int = 0) -> Arguments:
        """Return arguments that nobody else holds; `seed` draws the cotangent, if there is one."""

    @abstractmethod
    def loss(self, arguments: Arguments) -> Any:
        """Run the forward pass; return one number that adds up over samples if the outputs do."""

    @abstractmethod
    def backward(self, arguments: Arguments) -> Callable[[], Any]:
        """Run the forward pass; return the backward pass, which returns the derivatives by argument.

        It takes anew from the dict `arguments` what it does not take from the forward pass.
        """

    @abstractmethod
    def differentiated(self, arguments: Arguments) -> Any:
        """Return the nest of arguments for which there are derivatives."""


@dataclass(frozen=True, eq=False)
class NetworkCase(Case):
    """A network, or anything else with a loss and a gradient.

    Attributes
    ----------
    name : str
        For ids and messages.
    network : object
        With ``loss(params, x, d)`` and ``gradient(params, x, d)``.
    params : nest of parameters
    x, d : ndarray, or nest of them
        Rows (the first axis) are samples; take three or more.
    grow : callable or None
        ``grow(depth, width)``: the same kind of network with so many layers of that width, as a
        case. With it the law *reuse* can judge growth too.
    """

    name: str
    network: NetworkLike
    params: Any = field(repr=False)
    x: Any = field(repr=False)
    d: Any = field(repr=False)
    grow: Grow | None = field(default=None, repr=False)
    has_cotangent = False

    def arguments(self, seed: int = 0) -> Arguments:
        """Return copies of params, x and d."""
        return copy.deepcopy({"params": self.params, "x": self.x, "d": self.d})

    def loss(self, arguments: Arguments) -> Any:
        """Return the network's loss."""
        return self.network.loss(**arguments)

    def backward(self, arguments: Arguments) -> Callable[[], Any]:
        """Return the network's gradient, which has its own forward pass."""
        return lambda: {"params": self.network.gradient(**arguments)}

    def differentiated(self, arguments: Arguments) -> Any:
        """Return params."""
        return {"params": arguments["params"]}


@dataclass(frozen=True, eq=False)
class LayerCase(Case):
    """A layer, or anything else with a forward and a backward pass.

    Attributes
    ----------
    name : str
        For ids and messages.
    layer : object
        With ``z, cache = forward(params, x)``, z an array, and
        ``dparams, dx = backward(dz, cache)``.
    params : nest of parameters
        ``{}`` if it has none.
    x : ndarray, or nest of them
        Rows (the first axis) are samples; take two or more. Integers are not differentiated.
    grow : callable or None
        As in `NetworkCase`.
    """

    name: str
    layer: LayerLike
    params: Any = field(repr=False)
    x: Any = field(repr=False)
    grow: Grow | None = field(default=None, repr=False)
    has_cotangent = True

    def arguments(self, seed: int = 0) -> Arguments:
        """Return copies of params and x, and a random dz of the type of z."""
        z, _ = self._forward(copy.deepcopy(self.params), copy.deepcopy(self.x))
        dz = np.random.default_rng(seed).normal(size=np.shape(z)).astype(np.asarray(z).dtype)
        return {**copy.deepcopy({"params": self.params, "x": self.x}), "dz": dz}

    def loss(self, arguments: Arguments) -> Any:
        """Return the sum of ``abs(dz * z)``: as that of ``dz * z``, but with no cancellation."""
        z, _ = self._forward(arguments["params"], arguments["x"])
        return abs(arguments["dz"] * z).sum()

    def backward(self, arguments: Arguments) -> Callable[[], Any]:
        """Return the layer's backward pass with the cache of its forward pass."""
        _, cache = self._forward(arguments["params"], arguments["x"])

        def backward() -> Any:
            dparams, dx = _pair(self.layer.backward(arguments["dz"], cache), "backward", "(dparams, dx)")
            return {"params": dparams, "x": dx}

        return backward

    def differentiated(self, arguments: Arguments) -> Any:
        """Return params and x."""
        return {"params": arguments["params"], "x": arguments["x"]}

    def _forward(self, params: Any, x: Any) -> tuple[Any, Any]:
        return _pair(self.layer.forward(params, x), "forward", "(z, cache)")


def _pair(result: Any, source: str, expected: str) -> tuple[Any, Any]:
    if isinstance(result, tuple | list) and len(result) == 2:
        return result[0], result[1]
    raise GradientInterfaceError(
        f"{source} does not return two things",
        given=type(result).__name__ + (f" of {len(result)}" if isinstance(result, tuple | list) else ""),
        expected=f"{source}(...) -> {expected}",
        do="write a small class around the layer that does; a layer without parameters has {} for dparams",
    )


def derivatives(case: Case, arguments: Arguments) -> Any:
    """Return the derivatives for these arguments; neither shares memory with anything."""
    return copy.deepcopy(case.backward(copy.deepcopy(arguments))())


def rows(nest: Any, index: list[int]) -> Any:
    """Return these samples of all arrays of a nest."""
    return mapped(lambda array: array[index], nest)


def samples(arguments: Arguments, index: list[int]) -> Arguments:
    """Return the arguments for these samples only."""
    return {name: nest if name == "params" else rows(nest, index) for name, nest in arguments.items()}


def batch_size(arguments: Arguments) -> int:
    """Return how many samples there are; at least two, or nothing can be said about a batch."""
    lengths: list[int] = []
    mapped(lambda array: lengths.append(len(array) if array.ndim else 0), arguments["x"])
    if min(lengths, default=0) < 2 or len(set(lengths)) > 1:
        raise DoesNotApply("it takes a batch of two samples or more, along the first axis of x")
    return lengths[0]
