"""Functions of many outputs: a random cotangent makes one loss of them.

With a cotangent c the loss is ``sum(c * out)``, for complex outputs ``Re(sum(conj(c) * out))``. Its
gradient is what a vjp returns for c, so that no Jacobian is needed. The entries of c are all
different: a sum of the outputs hides much, such as the whole gradient by the input of a batch norm.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.decision import ROUND_OFF
from gradcheck.errors import GradientInterfaceError
from gradcheck.gradients import read_gradient
from gradcheck.parameters import Parameters, conversion, flat, leaf_nodes

Array = NDArray[Any]


class Projection:
    """The sum of all outputs of a function, weighted by a random cotangent drawn at its first call.

    Parameters
    ----------
    seed : tuple of int
    factor : float
        Of the cotangent.
    """

    def __init__(self, seed: tuple[int, ...], factor: float = 1.0) -> None:
        self._seed, self._factor = seed, factor
        self._outputs: Any = None
        self._weights: list[Array] = []

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the sum."""
        return np.result_type(*self._weights)

    def __call__(self, outputs: Any) -> Any:
        """Return the sum, in the precision of the outputs."""
        if not self._weights:
            self._draw(outputs)
        arrays = [flat(node) for node in leaf_nodes(outputs)]
        sizes, first = ([array.size for array in some] for some in (arrays, self._weights))
        if sizes != first:
            raise GradientInterfaceError(
                "the size of the output depends on the values of the arguments",
                given=f"{sizes} entries where it had {first}",
                do="check it at a point around which the size is always the same",
            )
        products = [np.dot(weights, array) for weights, array in zip(self._weights, arrays, strict=True)]
        return np.sum(np.array(products))

    def cotangent(self, factor: float = 1.0) -> Any:
        """Return a new copy of the cotangent, the nest of the outputs, times a factor."""
        twin = Parameters({"output": self._outputs})
        for leaf, weights in zip(twin.leaves, self._weights, strict=True):
            leaf.set(weights * weights.dtype.type(factor))
        return twin.nest["output"]

    def tangent(self, tangent: Any, source: str) -> float:
        """Return the sum of a tangent of the outputs."""
        nest = {"output": self._outputs}
        named = None if tangent is None else {"output": tangent}
        nouns = ("tangent", "output")
        arrays = read_gradient(named, nest, Parameters(nest).leaves, source, nouns=nouns)
        return float(sum(map(np.dot, self._weights, arrays)))

    def _draw(self, outputs: Any) -> None:
        rng = np.random.default_rng(self._seed)
        if not any(np.size(node) for node in leaf_nodes(outputs)):
            raise GradientInterfaceError(
                "the function has no output to differentiate",
                given=f"{outputs!r:.70}",
                expected="a floating-point or complex number or array, or a nest of them",
                do=conversion(outputs),
            )
        _refuse_not_finite(outputs)
        self._outputs = outputs
        for leaf in Parameters({"output": outputs}).leaves:
            # Small outputs count as much as large ones.
            size = float(np.median(np.abs(leaf.start))) if leaf.start.size else 0.0
            unit = 2.0 ** np.round(np.log2(size)) if 0 < size < np.inf else 1.0
            drawn = rng.uniform(0.5, 1.5, leaf.start.shape) * rng.choice([-1.0, 1.0], leaf.start.shape)
            self._weights.append((self._factor / unit * drawn).astype(leaf.start.dtype))


class Pullback:
    """A loss made of a function by one cotangent, and its gradient by the vjp to be judged.

    Parameters
    ----------
    value : callable
        ``value(params) -> outputs``.
    pull : callable
        ``pull(params, cotangent) -> gradient``, the nest of params.
    projection : Projection
    source : str
        What messages call the function of the user behind `pull`.

    Attributes
    ----------
    loss : callable
        ``loss(params)``, the weighted sum of the outputs.
    writes_cotangent : bool
        Whether `pull` changed its cotangent.
    """

    def __init__(
        self,
        value: Callable[[Any], Any],
        pull: Callable[[Any, Any], Any],
        projection: Projection,
        source: str,
    ) -> None:
        self._pull, self._projection, self._source = pull, projection, source
        self._point: Any = None
        self.loss = partial(_weighted, projection, value)
        self.writes_cotangent = False

    def gradient(self, params: Any) -> Any:
        """Return its gradient as the vjp has it."""
        point = Parameters(params)
        self._point = point.nest
        cotangent = self._projection.cotangent()
        before = [np.array(node) for node in leaf_nodes(cotangent)]
        result = self._pull(params, cotangent)
        after = list(leaf_nodes(cotangent))
        same = len(before) == len(after) and all(map(np.array_equal, before, after))
        self.writes_cotangent |= not same
        read_gradient(result, self._point, point.leaves, self._source, copy=False)  # refuse it by its name
        return result

    def nonlinear(self) -> str:
        """Say how the gradient is not linear in the cotangent; empty if it is."""
        with np.errstate(all="ignore"):
            once, twice, nothing = (self._gradient_of(factor) for factor in (1.0, 2.0, 0.0))
        if not all(np.isfinite(values).all() for values in once):
            return ""  # wrong in another way
        if not _doubles(once, twice):
            return "twice the cotangent does not give twice the gradient"
        zero = not any(np.any(values) for values in nothing)
        return "" if zero else "a cotangent of zeros does not give a gradient of zeros"

    def product(self, direction: "Pullback", rtol: float) -> tuple[float, float]:
        """Return u.(pull of v) for the cotangents u of `direction` and v of this one, and its error.

        Cotangents and parameters must be the same nest, as for products with a Hessian. The error
        is what relative errors of `rtol`, or round-off, of all terms amount to.
        """
        leaves = Parameters(self._point).leaves
        cotangent = direction._projection.cotangent()
        other = read_gradient(cotangent, self._point, leaves, "gradient(params)")
        pulled = self._gradient_of(1.0)
        products = np.concatenate([u * v for u, v in zip(other, pulled, strict=True)])
        unit = max(float(np.finfo(values.dtype).eps) for values in pulled)
        return float(np.sum(products)), (rtol + ROUND_OFF * unit) * float(np.sum(np.abs(products)))

    def _gradient_of(self, factor: float) -> list[Array]:
        parameters = Parameters(self._point)
        raw = self._pull(parameters.nest, self._projection.cotangent(factor))
        return read_gradient(raw, self._point, parameters.leaves, self._source)


def _refuse_not_finite(outputs: Any) -> None:
    values = np.concatenate([flat(node) for node in leaf_nodes(outputs)])
    wrong = values[~np.isfinite(values)]
    if wrong.size:
        raise GradientInterfaceError(
            "the output is not finite at the point given",
            given=f"{wrong[0]}, the first of {wrong.size} such entries of {values.size}",
            expected="finite numbers",
            do="choose arguments inside the domain of the function",
        )


def _weighted(projection: Projection, value: Callable[[Any], Any], params: Any) -> Any:
    return projection(value(params))


def _doubles(once: list[Array], twice: list[Array]) -> bool:
    return all(
        bool(np.all(np.abs(b - a - a) <= ROUND_OFF * np.finfo(a.dtype).eps * np.max(np.abs(a), initial=0.0)))
        for a, b in zip(once, twice, strict=True)
    )
