"""The checkers that are compared: `PEERS` holds a function ``(case) -> Answer`` for each.

Each runs its own code with its own defaults, on the same NumPy loss and hand-written gradient; those of
the frameworks see them as a custom function of the framework. All are given float64, as they ask for.
Only gradcheck is handed float32 parameters where the problem has them.
"""

import importlib.util
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.optimize
from corpus import Case
from problem import Array, Params, as_float64

import gradcheck


@dataclass(frozen=True)
class Answer:
    """What a checker said.

    Attributes
    ----------
    verdict : {"match", "mismatch", "inconclusive", "error"}
    seconds : float
    evaluations : int
        Calls of the loss.
    message : str
    entries, open_entries : int
        Entries of the gradient, and how many of them are inconclusive; of gradcheck only.
    """

    verdict: str
    seconds: float
    evaluations: int
    message: str = ""
    entries: int = 0
    open_entries: int = 0


class Leaves:
    """Loss and gradient of a case as functions of a tuple of float64 arrays; the calls are counted."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.names = list(case.problem.params)
        self.point = list(as_float64(case.problem.params).values())
        self.calls = 0

    def loss(self, *leaves: Any) -> float:
        """Return the loss at these leaves."""
        self.calls += 1
        return float(self._case.problem.value(self._named(leaves)))

    def gradient(self, *leaves: Any) -> list[Array]:
        """Return the gradient to be judged, one array for each leaf."""
        result = self._case.gradient(self._named(leaves))
        return [np.asarray(result[name], float) for name in self.names]

    def flat_loss(self, x: Array) -> float:
        """Return the loss at the concatenated leaves."""
        return self.loss(*self._split(x))

    def flat_gradient(self, x: Array) -> Array:
        """Return the gradient at the concatenated leaves, concatenated."""
        return np.concatenate([g.ravel() for g in self.gradient(*self._split(x))])

    @property
    def flat_point(self) -> Array:
        """The leaves, concatenated."""
        return np.concatenate([p.ravel() for p in self.point])

    def _named(self, leaves: Iterable[Any]) -> Params:
        return dict(zip(self.names, (np.asarray(leaf, float) for leaf in leaves), strict=True))

    def _split(self, x: Array) -> list[Array]:
        ends = np.cumsum([p.size for p in self.point])[:-1]
        return [part.reshape(p.shape) for part, p in zip(np.split(x, ends), self.point, strict=True)]


def _gradcheck(case: Case, **options: Any) -> Answer:
    problem = case.problem
    report = gradcheck.check_gradient(problem.value, problem.params, case.gradient, **options)
    parameters = report.parameters.values()
    return Answer(
        report.verdict,
        report.seconds,
        report.evaluations,
        str(report),
        entries=sum(p.entries for p in parameters),
        open_entries=sum(p.inconclusive_count for p in parameters),
    )


def _torch_check(leaves: Leaves, *, fast_mode: bool) -> bool:
    import torch
    from torch.autograd.gradcheck import GradcheckError

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.save_for_backward(*tensors)
            return torch.tensor(leaves.loss(*(t.detach().numpy() for t in tensors)), dtype=torch.float64)

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            gradient = leaves.gradient(*(t.detach().numpy() for t in ctx.saved_tensors))
            return tuple(cotangents[0] * torch.from_numpy(g.copy()) for g in gradient)

    inputs = tuple(torch.tensor(p, requires_grad=True) for p in leaves.point)
    try:
        return bool(torch.autograd.gradcheck(Function.apply, inputs, fast_mode=fast_mode))
    except GradcheckError as error:
        raise AssertionError(str(error)) from error


def _jax_check(leaves: Leaves) -> bool:
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    number = jax.ShapeDtypeStruct((), np.float64)
    shapes = [jax.ShapeDtypeStruct(p.shape, np.float64) for p in leaves.point]

    @jax.custom_vjp
    def function(*inputs: Any) -> Any:
        return jax.pure_callback(lambda *a: np.asarray(leaves.loss(*a)), number, *inputs)

    def backward(inputs: Any, cotangent: Any) -> Any:
        gradient = jax.pure_callback(lambda *a: leaves.gradient(*a), shapes, *inputs)
        return tuple(cotangent * g for g in gradient)

    function.defvjp(lambda *inputs: (function(*inputs), inputs), backward)
    check_grads(function, tuple(leaves.point), order=1, modes=["rev"])
    return True


def _autograd_check(leaves: Leaves) -> bool:
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    function = primitive(lambda *inputs: leaves.loss(*inputs))

    def rule(place: int) -> Callable[..., Any]:
        return lambda value, *inputs: lambda cotangent: cotangent * leaves.gradient(*inputs)[place]

    places = range(len(leaves.point))
    defvjp(function, *(rule(i) for i in places))
    # It draws from the global generator, so a replay needs a seed.
    np.random.seed(0)  # noqa: NPY002
    check_grads(function, tuple(places), modes=["rev"], order=1)(*leaves.point)
    return True


def _scipy_check(leaves: Leaves) -> bool:
    error = scipy.optimize.check_grad(leaves.flat_loss, leaves.flat_gradient, leaves.flat_point)
    return bool(error < 1e-6)


def _course_rule(leaves: Leaves, *, tolerance: float, h: float = 1e-5) -> bool:
    """Say whether ``|a - n| / max(|a|, |n|)`` is below the tolerance, n being a central difference."""
    x, analytic = leaves.flat_point, leaves.flat_gradient(leaves.flat_point)
    for i, a in enumerate(analytic):
        step = np.zeros_like(x)
        step[i] = h
        n = (leaves.flat_loss(x + step) - leaves.flat_loss(x - step)) / (2 * h)
        if not (a == n or abs(a - n) / max(abs(a), abs(n)) < tolerance):
            return False
    return True


def _peer(check: Callable[..., bool], **options: Any) -> Callable[[Case], Answer]:
    def ask(case: Case) -> Answer:
        leaves = Leaves(case)
        start = time.perf_counter()
        try:
            verdict, message = ("match" if check(leaves, **options) else "mismatch"), ""
        except AssertionError as error:
            verdict, message = "mismatch", str(error)
        return Answer(verdict, time.perf_counter() - start, leaves.calls, message)

    return ask


PEERS: dict[str, Callable[[Case], Answer]] = {
    "gradcheck": _gradcheck,
    "gradcheck-directions": partial(_gradcheck, method="directions"),
    "torch": _peer(_torch_check, fast_mode=False),
    "torch-fast": _peer(_torch_check, fast_mode=True),
    "jax": _peer(_jax_check),
    "autograd": _peer(_autograd_check),
    "scipy": _peer(_scipy_check),
    "course-1e-7": _peer(_course_rule, tolerance=1e-7),
    "course-1e-5": _peer(_course_rule, tolerance=1e-5),
}
DESCRIPTIONS = {
    "gradcheck": "gradcheck.check_gradient, defaults",
    "gradcheck-directions": 'gradcheck.check_gradient(method="directions")',
    "torch": "torch.autograd.gradcheck, defaults",
    "torch-fast": "torch.autograd.gradcheck(fast_mode=True)",
    "jax": 'jax.test_util.check_grads(order=1, modes=["rev"])',
    "autograd": 'autograd.test_util.check_grads(order=1, modes=["rev"])',
    "scipy": "scipy.optimize.check_grad < 1e-6",
    "course-1e-7": "abs(a - n) / max(abs(a), abs(n)) < 1e-7, h = 1e-5",
    "course-1e-5": "abs(a - n) / max(abs(a), abs(n)) < 1e-5, h = 1e-5",
}


def available(names: Iterable[str]) -> list[str]:
    """Return the peers that are installed."""
    return [name for name in names if importlib.util.find_spec(name.partition("-")[0]) or "course" in name]


def ask(peer: str, case: Case) -> Answer:
    """Put a case to a checker; an exception that is not its way to say no is the verdict "error"."""
    start = time.perf_counter()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return PEERS[peer](case)
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        return Answer("error", time.perf_counter() - start, 0, message)
