"""What `gradcheck fuzz` judges: dense networks with a loss and a gradient, or a layer.

A subject draws problems of its kind and checks them; adding a kind is one class and one line in
`KINDS`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, Protocol, TypeVar, Unpack

from hypothesis.strategies import SearchStrategy

from gradcheck.checking import check_gradient
from gradcheck.errors import SubmissionError
from gradcheck.kinds import check_layer
from gradcheck.networks.arrays import Gradient
from gradcheck.networks.bounds import BoundOptions
from gradcheck.report import Report
from gradcheck.strategies import problems
from gradcheck.strategies.layers import LayerProblem, layer_problems

T = TypeVar("T")


class Subject(Protocol):
    """An implementation of one kind."""

    methods: ClassVar[dict[str, str]]
    drawn: ClassVar[str]
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

    def __init__(self, implementation: Any) -> None:
        self.watch = Watch()
        self._loss, self._gradient = map(self.watch, (implementation.loss, implementation.gradient))

    def problems(self, **bounds: Unpack[BoundOptions]) -> SearchStrategy[Any]:
        """Return a strategy for networks with parameters and data."""
        return problems(**bounds)

    def check(self, problem: Any, rtol: float | None) -> Report:
        """Return the report of the gradient; the implementation gets data of its own."""
        network = problem.network

        def loss(params: Gradient) -> Any:
            return self._loss(network, params, problem.x.copy(), problem.d.copy())

        def gradient(params: Gradient) -> Any:
            return self._gradient(network, params, problem.x.copy(), problem.d.copy())

        return check_gradient(loss, dict(problem.params), gradient, rtol=rtol)


class LayerSubject:
    """A layer: an object with a forward and a backward pass.

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
        self._forward, self._backward = map(self.watch, (layer.forward, layer.backward))

    def problems(self, **bounds: Unpack[BoundOptions]) -> SearchStrategy[LayerProblem]:
        """Return a strategy for parameters and inputs."""
        return layer_problems(self._shapes, getattr(self._layer, "sample_shape", None), **bounds)

    def check(self, problem: LayerProblem, rtol: float | None) -> Report:
        """Return the report of the backward pass, for parameters and input."""
        return check_layer(self._forward, self._backward, (dict(problem.params), problem.x), rtol=rtol)

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


KINDS: tuple[type[NetworkSubject] | type[LayerSubject], ...] = (NetworkSubject, LayerSubject)


class Reference:
    """The reference networks: they compute their own loss and gradient."""

    def loss(self, network: Any, params: Gradient, x: Any, d: Any) -> Any:
        """Return E, a real number."""
        return network.loss(params, x, d)

    def gradient(self, network: Any, params: Gradient, x: Any, d: Any) -> Gradient:
        """Return dE/dparams: the names and shapes of the parameters."""
        return network.gradient(params, x, d)  # type: ignore[no-any-return]
