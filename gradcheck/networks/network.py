"""Networks of any layers: parameters and data in; loss, gradient and each step's derivative out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.errors import UsageError
from gradcheck.networks.arrays import Array, Gradient, Params, look_up
from gradcheck.networks.layers import Layer, Sequential
from gradcheck.networks.losses import LOSSES
from gradcheck.networks.penalties import PENALTIES, penalised, penalty_gradient


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

    def trace(self, params: Params, x: Any, d: Array) -> NetworkTrace:
        """Return the gradient and all that leads to it: every z and dE/dz."""
        y, cache = self.body.forward(params, x)
        dz = [self.criterion.gradient(*self._rows(y, d)).reshape(y.shape)]
        gradient: Gradient = {}
        for own, below in self.body.steps(dz[0], cache):
            gradient |= own
            dz.append(below)
        return NetworkTrace(cache.z, dz[::-1], {n: gradient[n] + self._penalty(n, params) for n in params})

    def _penalty(self, name: str, params: Params) -> Array | float:
        return penalty_gradient(self.penalties, name, params[name])

    def _rows(self, y: Array, d: Array) -> tuple[Array, Array]:
        """Return output and target as (samples, K), the target of classes as (samples,)."""
        rows = y.reshape(-1, y.shape[-1])
        if np.shape(d) == y.shape:
            d = d.reshape(rows.shape)
        elif np.shape(d) == y.shape[:-1]:
            d = d.reshape(-1)
        self.criterion.check_target(rows, d)
        return rows, d
