"""Dense networks: parameters and data in; loss, gradient and every delta out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck.errors import UsageError
from gradcheck.networks.activations import ACTIVATIONS
from gradcheck.networks.arrays import Array, Gradient, Params, look_up
from gradcheck.networks.losses import LOSSES
from gradcheck.networks.objective import Objective
from gradcheck.networks.penalties import PENALTIES, penalised
from gradcheck.networks.steps import RIGHT, ForwardPass, Steps, Trace, backward


class DenseNetwork:
    """Layers z_l = f_l(z_(l-1) W_l + b_l) under a loss E(y, d).

    Parameters
    ----------
    activations : sequence of str, optional
        One name of `ACTIVATIONS` for each layer; its length is the depth L.
    loss : str, optional
        A name of `LOSSES`.
    penalties : mapping of str to float, optional
        Names of `PENALTIES`, each with its strength; on the weights, not the biases.

    Raises
    ------
    UsageError
        If a name is unknown or there is no layer.

    Notes
    -----
    `params` is a flat dict: ``W1`` (in, out), ``b1`` (out,), ``W2``, ...; a layer without ``b``
    has no bias. x is (N, in), rows are samples. Parameters stacked along a new first axis give
    one loss for each element of the stack.
    """

    def __init__(
        self,
        activations: Sequence[str] = ("sigmoid", "identity"),
        loss: str = "half_squared_error",
        penalties: Mapping[str, float] | None = None,
    ) -> None:
        if not activations or isinstance(activations, str):
            raise UsageError("`activations` must name one activation for each layer", given=repr(activations))
        self.activations = {
            layer: look_up(ACTIVATIONS, "activation", name) for layer, name in enumerate(activations, 1)
        }
        self.criterion = look_up(LOSSES, "loss", loss)
        self.penalties = {
            look_up(PENALTIES, "penalty", name): strength for name, strength in (penalties or {}).items()
        }

    def __repr__(self) -> str:
        names = tuple(activation.name for activation in self.activations.values())
        penalties = {penalty.name: strength for penalty, strength in self.penalties.items()}
        return f"DenseNetwork({names!r}, {self.criterion.name!r}, {penalties!r})"

    @property
    def depth(self) -> int:
        """Number of layers, L."""
        return len(self.activations)

    def forward(self, params: Params, x: Array, d: Array) -> ForwardPass:
        """Run the network.

        Parameters
        ----------
        params : mapping of str to ndarray
        x : ndarray, shape (N, in)
        d : ndarray, shape (N, K)
            Or (N,), the index of a class, for a loss over classes.

        Returns
        -------
        ForwardPass

        Raises
        ------
        UsageError
            If the target does not fit the output.
        """
        u: dict[int, Array] = {}
        z: dict[int, Array] = {0: x}
        for layer, activation in self.activations.items():
            u[layer] = z[layer - 1] @ params[f"W{layer}"]
            if f"b{layer}" in params:
                u[layer] = u[layer] + params[f"b{layer}"][..., np.newaxis, :]
            z[layer] = activation.f(u[layer])
        self.criterion.check_target(z[self.depth], d)
        return ForwardPass(params, d, u, z, self.activations, self.criterion, self.penalties)

    def loss(self, params: Params, x: Array, d: Array) -> Any:
        """Return E: one number, or an array of one for each element of stacked parameters."""
        run = self.forward(params, x, d)
        return penalised(self.criterion.value(run.y, d), self.penalties, params, axes=(-2, -1))

    def gradient(self, params: Params, x: Array, d: Array) -> Gradient:
        """Return dE/dparams: the names and shapes of the parameters."""
        return self.trace(params, x, d).gradient

    def problem(self, x: Any, d: Array) -> Objective:
        """Return loss and gradient at these data, as functions of the parameters alone."""
        return Objective(self, x, d)

    def trace(self, params: Params, x: Array, d: Array, steps: Steps = RIGHT) -> Trace:
        """Return the gradient and all that leads to it: every u, z, y, dE/dy and delta."""
        return backward(self.forward(params, x, d), steps)
