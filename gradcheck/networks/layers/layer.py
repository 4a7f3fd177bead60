"""What a layer is: a forward pass that leaves a cache, and a backward pass that reads it.

    z, cache = layer.forward(params, x)
    dparams, dx = layer.backward(dz, cache)

Layers hold no parameters and no state, so that a call depends on its arguments alone. The
backward pass takes dE/dz and returns the derivatives of what forward took, in the same order.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.networks.arrays import Array, Gradient, Params

Shapes = dict[str, tuple[int, ...]]


class Layer(ABC):
    """A differentiable function of its parameters and its input."""

    def shapes(self, x: Any) -> Shapes:
        """Return names and shapes of the parameters for an input like x."""
        return {}

    @abstractmethod
    def forward(self, params: Params, x: Any) -> tuple[Array, Any]:
        """Return the output z and whatever `backward` needs.

        Parameters
        ----------
        params : mapping of str to ndarray
            The names and shapes of `shapes`.
        x : ndarray, or tuple of them
            Rows (the first axis) are samples.

        Returns
        -------
        z : ndarray
        cache
        """

    @abstractmethod
    def backward(self, dz: Array, cache: Any) -> tuple[Gradient, Any]:
        """Return the derivatives of E for the parameters and the input.

        Parameters
        ----------
        dz : ndarray
            dE/dz, the shape of z.
        cache
            What `forward` returned beside z; it is left unchanged.

        Returns
        -------
        dparams : dict of str to ndarray
            The names and shapes of the parameters.
        dx : ndarray, or tuple of them
            The shape of x; zeros if x holds integers.
        """

    def draw(self, rng: np.random.Generator, x: Any) -> Gradient:
        """Return random parameters, standard normal, for an input like x."""
        return {name: rng.normal(size=shape) for name, shape in self.shapes(x).items()}


@dataclass(frozen=True)
class Example:
    """A layer with an input that shows all it does; tests and strategies read these.

    Attributes
    ----------
    layer : Layer
    draw_input : callable
        ``draw_input(rng)``: an input for it.
    mixes_samples : bool
        Whether an output depends on other samples of the batch.
    """

    layer: Layer
    draw_input: Callable[[np.random.Generator], Any]
    mixes_samples: bool = False

    def draw(self, rng: np.random.Generator) -> tuple[Gradient, Any]:
        """Return random parameters and a random input."""
        x = self.draw_input(rng)
        return self.layer.draw(rng, x), x


def normal(*shape: int) -> Callable[[np.random.Generator], Array]:
    """Return the `draw_input` of standard normal numbers of that shape."""
    return lambda rng: rng.normal(size=shape)
