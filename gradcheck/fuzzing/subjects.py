"""What `gradcheck fuzz` judges: dense networks with a loss and a gradient, or a layer.

A subject draws problems of its kind and checks them; adding a kind is one class and one line in
`KINDS`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar, Unpack

import numpy as np
from hypothesis import assume
from hypothesis.strategies import SearchStrategy

from gradcheck.checking import check_gradient
from gradcheck.errors import SubmissionError
from gradcheck.kinds import check_layer
from gradcheck.networks import DenseNetwork
from gradcheck.networks.arrays import Gradient
from gradcheck.networks.bounds import BoundOptions
from gradcheck.report import Report
from gradcheck.strategies import NetworkProblem, problems
from gradcheck.strategies.layers import LayerProblem, layer_problems

T = TypeVar("T")

_NEARBY = 2.0**-7  # of the size of a number
_SAME = 1e-9  # of the loss
_ADVICE = "x is (N, in) unless the layer has a sample_shape, such as (3, 8, 8) for images"


class Subject(Protocol):
    """An implementation of one kind."""

    methods: ClassVar[dict[str, str]]
    drawn: ClassVar[str]
    advice: str
    watch: "Watch"

    def problems(self, **bounds: Unpack[BoundOptions]) -> SearchStrategy[Any]:
        """Return a strategy for problems; each has its code."""

    def check(self, problem: Any, rtol: float | None) -> Report:
        """Return the report of one problem."""


class Watch:
    """Remembers what an implementation raises, to tell its errors from those of gradcheck."""

    def __init__(self) -> None:
        self.raised: BaseException | None = None

    def __call__(self, function: Callable[..., T]) -> Callable[..., T]:
        """Return the function, watched."""

        @wraps(function)
        def watched(*arguments: Any) -> T:
            try:
                return function(*arguments)
            except (Exception, SystemExit) as error:
                self.raised = error
                raise

        return watched


class NetworkSubject:
    """An object with a loss and a gradient of `gradcheck.networks.DenseNetwork`.

    Parameters
    ----------
    implementation : object
        Has the methods below, with x of shape (N, in), d of shape (N, K) or (N,), and a gradient
        with the names and shapes of params.
    """

    methods: ClassVar = {"loss": "(network, params, x, d)", "gradient": "(network, params, x, d)"}
    drawn: ClassVar = "networks"
    advice = ""

    def __init__(self, implementation: Any) -> None:
        self.watch = Watch()
        self._functions = self.watch(implementation.loss), self.watch(implementation.gradient)

    def problems(self, **bounds: Unpack[BoundOptions]) -> SearchStrategy[Any]:
        """Return a strategy for networks with parameters and data."""
        return problems(**bounds)

    def check(self, problem: Any, rtol: float | None) -> Report:
        """Return the report of the gradient."""
        bound = _Implementation(*self._functions, problem)
        return check_gradient(bound.loss, dict(problem.params), bound.gradient, rtol=rtol)


@dataclass(frozen=True, eq=False)
class _Implementation:
    """An implementation at a problem; `check_gradient` of its `loss` can say which step is wrong."""

    of_loss: Callable[..., Any]
    of_gradient: Callable[..., Any]
    problem: NetworkProblem

    def loss(self, params: Gradient) -> Any:
        """Return its loss; it gets data of its own."""
        return self.of_loss(self.problem.network, params, self.x.copy(), self.d.copy())

    def gradient(self, params: Gradient) -> Any:
        """Return its gradient."""
        return self.of_gradient(self.problem.network, params, self.x.copy(), self.d.copy())

    @property
    def x(self) -> Any:
        """Input."""
        return self.problem.x

    @property
    def d(self) -> Any:
        """Target."""
        return self.problem.d

    @cached_property
    def network(self) -> DenseNetwork | None:
        """The network, if this is what the implementation computes: its loss has the same values."""
        same = all(
            np.allclose(self.loss(params), self.problem.loss(params), rtol=_SAME, atol=0)
            for params in (self.problem.params, _moved(self.problem.params))
        )
        return self.problem.network if same else None


class LayerSubject:
    """A layer: an object with a forward and a backward pass.

    Where several kinks meet in one entry (two units of relu at 0), a right backward pass may give
    what is no derivative at all. Numbers are round, so that kinks are often met: what is wrong only
    there is passed over.

    Parameters
    ----------
    layer : object
        ``z, cache = forward(params, x)`` and ``dparams, dx = backward(dz, cache)``. If it has
        parameters, ``shapes(x)`` gives their names and shapes. Where x is not (N, in),
        ``sample_shape`` is the shape of one sample.
    """

    methods: ClassVar = {"forward": "(params, x)", "backward": "(dz, cache)"}
    drawn: ClassVar = "inputs"

    def __init__(self, layer: Any) -> None:
        self.watch = Watch()
        self._layer = layer
        self._forward, self._backward = self.watch(layer.forward), self.watch(layer.backward)
        self._sample_shape = _shape(getattr(layer, "sample_shape", None))
        self.advice = "" if self._sample_shape else _ADVICE

    def problems(self, **bounds: Unpack[BoundOptions]) -> SearchStrategy[LayerProblem]:
        """Return a strategy for parameters and inputs."""
        return layer_problems(self._shapes, self._sample_shape, **bounds)

    def check(self, problem: LayerProblem, rtol: float | None) -> Report:
        """Return the report of the backward pass, for parameters and input."""
        report = self._checked(problem.params, problem.x, rtol)
        refused = [parameter for parameter in report.parameters.values() if parameter.verdict != "match"]
        if refused and all(p.kinks and math.isfinite(p.max_relative_error) for p in refused):
            moved = _moved({**problem.params, "x": problem.x})
            assume(self._checked(moved, moved.pop("x"), rtol).verdict == "mismatch")
        return report

    def _checked(self, params: Gradient, x: Any, rtol: float | None) -> Report:
        return check_layer(self._forward, self._backward, (dict(params), x), rtol=rtol)

    def _shapes(self, x: Any) -> dict[str, tuple[int, ...]]:
        if not hasattr(self._layer, "shapes"):
            return {}
        try:
            return {name: tuple(shape) for name, shape in self._layer.shapes(x).items()}
        except Exception as error:
            raise SubmissionError(
                "interface",
                f"shapes(x) gives no shapes for an x of shape {x.shape}",
                given=f"{type(error).__name__}: {error}",
                expected="names and shapes of the parameters, such as {'W': (3, 2), 'b': (2,)}",
            ) from error


def _moved(params: Gradient) -> Gradient:
    """Return a point nearby, without ties and zeros."""
    rng = np.random.default_rng(0)
    return {
        name: (leaf + _NEARBY * rng.uniform(0.5, 1, leaf.shape) * (1 + np.abs(leaf))).astype(leaf.dtype)
        for name, leaf in params.items()
    }


def _shape(given: Any) -> tuple[int, ...] | None:
    """Return the shape of a sample as a layer gives it."""
    if given is None:
        return None
    if isinstance(given, tuple | list) and all(isinstance(n, int) and n >= 1 for n in given):
        return tuple(given)
    raise SubmissionError(
        "interface",
        "sample_shape is not the shape of a sample",
        given=repr(given),
        expected="whole numbers >= 1, such as (3, 8, 8)",
    )


Kind: TypeAlias = type[NetworkSubject] | type[LayerSubject]
KINDS: tuple[Kind, ...] = (NetworkSubject, LayerSubject)


class Reference:
    """The reference networks: they compute their own loss and gradient."""

    def loss(self, network: Any, params: Gradient, x: Any, d: Any) -> Any:
        """Return E, a real number."""
        return network.loss(params, x, d)

    def gradient(self, network: Any, params: Gradient, x: Any, d: Any) -> Gradient:
        """Return dE/dparams: the names and shapes of the parameters."""
        return network.gradient(params, x, d)  # type: ignore[no-any-return]
