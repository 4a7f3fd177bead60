"""Hypothesis strategies for the parameters and the input of one layer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Unpack

from hypothesis import strategies as st

from gradcheck.networks.arrays import Array, Gradient
from gradcheck.networks.bounds import BoundOptions, Bounds, read_bounds
from gradcheck.strategies.code import IMPORT, array_code, params_code
from gradcheck.strategies.simple_numbers import Shape, arrays

Shapes = Callable[[Array], dict[str, Shape]]


@dataclass(frozen=True, eq=False)
class LayerProblem:
    """The point at which a layer is differentiated.

    Attributes
    ----------
    params : dict of str to ndarray
    x : ndarray, shape (N, ...)
    """

    params: Gradient
    x: Array

    @property
    def code(self) -> str:
        """A script that rebuilds params and x."""
        return f"{IMPORT}\n\n{params_code(self.params)}\nx = {array_code(self.x)}"


def layer_problems(
    shapes: Shapes, sample_shape: Shape | None = None, **bounds: Unpack[BoundOptions]
) -> st.SearchStrategy[LayerProblem]:
    """Return a strategy for the parameters and the input of a layer.

    Parameters
    ----------
    shapes : callable
        ``shapes(x)``: names and shapes of the parameters.
    sample_shape : tuple of int, optional
        Of one sample; default one axis, as long as ``widths`` allows.
    **bounds
        See `gradcheck.networks.bounds.BoundOptions`.

    Returns
    -------
    SearchStrategy of LayerProblem

    Raises
    ------
    UsageError
        If nothing fits the bounds.
    """
    return _layer_problems(shapes, sample_shape, read_bounds(bounds))


@st.composite
def _layer_problems(
    draw: st.DrawFn, shapes: Shapes, sample_shape: Shape | None, bounds: Bounds
) -> LayerProblem:
    samples, width = draw(st.integers(*bounds.batch)), draw(st.integers(*bounds.widths))
    sample = (width,) if sample_shape is None else tuple(sample_shape)
    full = (bounds.batch[1], *((bounds.widths[1],) if sample_shape is None else sample))
    x = draw(arrays(full, (samples, *sample), bounds.scale, bounds.dtype))
    params = {
        name: draw(arrays(shape, shape, bounds.scale, bounds.dtype)) for name, shape in shapes(x).items()
    }
    return LayerProblem(params, x)
