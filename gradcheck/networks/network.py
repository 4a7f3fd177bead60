"""Networks of any layers: parameters and data in; loss, gradient and each step's derivative out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.errors import UsageError
from gradcheck.networks.arrays import Array, Gradient, Params, look_up
from gradcheck.networks.layers import Layer, Sequential
from gradcheck.networks.layers.compose import SequentialCache
from gradcheck.networks.losses import LOSSES, Loss
from gradcheck.networks.objective import Objective
from gradcheck.networks.penalties import PENALTIES, Penalty, penalised
from gradcheck.networks.steps import RIGHT, Steps

LayerBackward = Callable[[Array, Any], tuple[Gradient, Any]]


@dataclass(frozen=True)
class NetworkTrace:
    """Everything that a backward pass computes.

    Attributes
    ----------
    z, dz : list
        Output of each layer and its derivative dE/dz; item 0 is that of the input x. Where a layer
        is linear, its output is a pre-activation u and the derivative a delta.
    gradient : dict of str to ndarray
        The names and shapes of the parameters.
    """

    z: list[Any]
    dz: list[Any]
    gradient: Gradient


class Network:
    """Layers one after the other, under a loss E(y, d).

    Parameters
    ----------
    layers : sequence of Layer
    loss : str, optional
        A name of `LOSSES`. All axes of y but the last count as samples.
    penalties : mapping of str to float, optional
        Names of `PENALTIES`, each with its strength; on the parameters named W, not the others.

    Raises
    ------
    UsageError
        If a name is unknown or there is no layer.

    Notes
    -----
    `params` is a flat dict whose names begin with the number of the layer: ``1.W``, ``3.gamma``.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: str = "half_squared_error",
        penalties: Mapping[str, float] | None = None,
    ) -> None:
        if not layers:
            raise UsageError("a network needs at least one layer")
        self.body = Sequential(tuple(layers))
        self.criterion = look_up(LOSSES, "loss", loss)
        self.penalties = {
            look_up(PENALTIES, "penalty", name): strength for name, strength in (penalties or {}).items()
        }

    def __repr__(self) -> str:
        penalties = {penalty.name: strength for penalty, strength in self.penalties.items()}
        return f"Network({list(self.body.layers)!r}, {self.criterion.name!r}, {penalties!r})"

    def draw(self, rng: np.random.Generator, x: Any) -> Gradient:
        """Return random parameters, standard normal, for an input like x."""
        return self.body.draw(rng, x)

    def loss(self, params: Params, x: Any, d: Array) -> Any:
        """Return E, one number."""
        y, _ = self.body.forward(params, x)
        y, d = self._rows(y, d)
        return penalised(self.criterion.value(y, d), self.penalties, params)

    def gradient(self, params: Params, x: Any, d: Array) -> Gradient:
        """Return dE/dparams: the names and shapes of the parameters."""
        return self.trace(params, x, d).gradient

    def problem(self, x: Any, d: Array) -> Objective:
        """Return loss and gradient at these data, as functions of the parameters alone."""
        return Objective(self, x, d)

    def forward(self, params: Params, x: Any, d: Array) -> "NetworkPass":
        """Run the network."""
        y, cache = self.body.forward(params, x)
        rows, targets = self._rows(y, d)
        return NetworkPass(params, targets, rows, y.shape, cache, self)

    def trace(self, params: Params, x: Any, d: Array) -> NetworkTrace:
        """Return the gradient and all that leads to it: every z and dE/dz."""
        return self.forward(params, x, d).backward()

    def _rows(self, y: Array, d: Array) -> tuple[Array, Array]:
        """Return output and target as (samples, K), the target of classes as (samples,)."""
        rows = y.reshape(-1, y.shape[-1])
        if np.shape(d) == y.shape:
            d = d.reshape(rows.shape)
        elif np.shape(d) == y.shape[:-1]:
            d = d.reshape(-1)
        self.criterion.check_target(rows, d)
        return rows, d


@dataclass(frozen=True, eq=False)
class NetworkPass:
    """What a forward pass leaves for the backward pass.

    Attributes
    ----------
    params : mapping of str to ndarray
    d, y : ndarray
        Target and output, samples by outputs.
    shape : tuple of int
        Of the last layer's output.
    cache : SequentialCache
    network : Network
    """

    params: Params
    d: Array
    y: Array
    shape: tuple[int, ...]
    cache: SequentialCache
    network: Network

    @property
    def loss(self) -> Loss:
        """The loss E(y, d)."""
        return self.network.criterion

    @property
    def penalties(self) -> Mapping[Penalty, float]:
        """Each with its strength."""
        return self.network.penalties

    @property
    def samples(self) -> int:
        """Number of samples, N."""
        return len(self.y)

    def step(self, number: int, dz: Array, wrong: LayerBackward | None = None) -> tuple[Gradient, Any]:
        """Take dE/dz through a layer, counted from 1, by its own backward pass or a wrong one."""
        backward = wrong or self.network.body.layers[number - 1].backward
        own, dx = backward(dz, self.cache.caches[number - 1])
        return {f"{number}.{name}": value for name, value in own.items()}, dx

    def backward(
        self, steps: Steps = RIGHT, wrong: Mapping[int, LayerBackward] | None = None
    ) -> NetworkTrace:
        """Run the backward pass, from the output down.

        Parameters
        ----------
        steps : Steps, optional
            Of which `loss_gradient` and `penalty_gradient` are taken.
        wrong : mapping of int to callable, optional
            The backward pass of the layers in which a mistake is to be planted.

        Returns
        -------
        NetworkTrace
        """
        dz = [steps.loss_gradient(self).reshape(self.shape)]
        gradient: Gradient = {}
        for number in range(len(self.cache.caches), 0, -1):
            own, below = self.step(number, dz[-1], (wrong or {}).get(number))
            gradient |= own
            dz.append(below)
        full = {name: gradient[name] + steps.penalty_gradient(self, name) for name in self.params}
        return NetworkTrace(self.cache.z, dz[::-1], full)
