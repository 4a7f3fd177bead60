"""How a mistake is planted into a layer that is not a dense one: by another backward pass."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gradcheck.faults.catalogue import LAYER, AnyNetwork, Plant, Plants
from gradcheck.networks import Network
from gradcheck.networks.arrays import Array, Gradient, Params
from gradcheck.networks.layers import Layer, Residual, Sequential

Backward = Callable[[Any, Any, Any], tuple[Gradient, Any]]


@dataclass(frozen=True)
class Faulty(Layer):
    """A layer with a wrong backward pass.

    Attributes
    ----------
    layer : Layer
    wrong : callable
        ``wrong(layer, dz, cache)``, as `Layer.backward`.
    """

    layer: Layer
    wrong: Backward

    def forward(self, params: Params, x: Any) -> tuple[Array, Any]:
        """Return what the layer does."""
        return self.layer.forward(params, x)

    def backward(self, dz: Array, cache: Any) -> tuple[Gradient, Any]:
        """Return wrong derivatives."""
        return self.wrong(self.layer, dz, cache)


def in_layers(kind: type[Layer] | tuple[type[Layer], ...], wrong: Backward, message: str) -> Plants:
    """Return the `plants` of a fault in a layer that is not a dense one, one for each such layer.

    Parameters
    ----------
    kind : type of Layer, or tuple of them
    wrong : callable
        ``wrong(layer, dz, cache)``, what its backward pass returns instead.
    message : str
        ``LAYER`` in it becomes the kind and the number of the layer.

    Returns
    -------
    callable
    """

    def plants(network: AnyNetwork) -> Iterator[Plant]:
        for number, layer in enumerate(network.body.layers if isinstance(network, Network) else (), 1):
            for name, faulty in _with_one_faulty(layer, kind, wrong):
                yield Plant(LAYER, faulty.backward, message.replace("LAYER", f"{name} {number}"), (number,))

    return plants


def _with_one_faulty(layer: Layer, kind: Any, wrong: Backward) -> Iterator[tuple[str, Layer]]:
    """Yield the layer with one part of that kind replaced, and that part's name."""
    if isinstance(layer, kind):
        yield type(layer).__name__, Faulty(layer, wrong)
    if isinstance(layer, Residual):
        yield from ((name, Residual(inner)) for name, inner in _with_one_faulty(layer.layer, kind, wrong))
    if isinstance(layer, Sequential):
        for i, inner in enumerate(layer.layers):
            for name, faulty in _with_one_faulty(inner, kind, wrong):
                yield name, Sequential((*layer.layers[:i], faulty, *layer.layers[i + 1 :]))


def overriding(name: str, method: Callable[..., Any]) -> Backward:
    """Return the backward pass of a layer in which one method is another.

    Parameters
    ----------
    name : str
    method : callable
        ``method(layer, *args)``, in the place of ``layer.name(*args)``.

    Returns
    -------
    callable
    """

    def wrong(layer: Any, dz: Array, cache: Any) -> tuple[Gradient, Any]:
        kind = type(type(layer).__name__, (type(layer),), {name: method})
        return kind(**vars(layer)).backward(dz, cache)  # type: ignore[no-any-return]

    return wrong
