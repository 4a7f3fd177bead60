"""The loss of a network as a function of its parameters alone."""

from dataclasses import dataclass
from typing import Any, Protocol

from gradcheck.networks.arrays import Array, Gradient, Params


class Differentiable(Protocol):
    """A network with a loss and its gradient."""

    def loss(self, params: Params, x: Any, d: Array) -> Any:
        """Return E."""

    def gradient(self, params: Params, x: Any, d: Array) -> Gradient:
        """Return dE/dparams."""


@dataclass(frozen=True, eq=False)
class Objective:
    """A network with its data; `check_gradient` of its `loss` can say which step is wrong.

    Attributes
    ----------
    network : DenseNetwork or Network
    x, d : ndarray
        Input and target.
    """

    network: Differentiable
    x: Any
    d: Array

    def loss(self, params: Params) -> Any:
        """Return the network's loss of these data."""
        return self.network.loss(params, self.x, self.d)

    def gradient(self, params: Params) -> Gradient:
        """Return the network's gradient, by its own backward pass."""
        return self.network.gradient(params, self.x, self.d)
