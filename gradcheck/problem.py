"""The problem to be judged: a loss, a point, and the analytic gradient there."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gradcheck.blocks import equal
from gradcheck.decision import ROUND_OFF
from gradcheck.errors import GradientInterfaceError, UsageError
from gradcheck.evaluation import OUTSIDE, Evaluation, Loss
from gradcheck.execution import Advance, Executor, in_order
from gradcheck.gradients import arrays_of, held_in_single, integers_overlooked, read_gradient
from gradcheck.interface import integers_noted, name_of
from gradcheck.parameters import Parameters
from gradcheck.stacking import Stack, agree, chunk_of, no_stack, refuse_different, values_of

Array = NDArray[Any]
T = TypeVar("T")
Alone = Callable[[Sequence[float]], list[float]]

_TASK, _PARTS = 64, 16  # entries of a task at the most; tasks of few entries
_NEAR = 2.0**-7
_AGAIN = (
    "gradcheck: the gradient was called a second time with equal arguments, and only then raised this. "
    "Read from a cache what belongs to the point, and leave it there: cache[key] for cache.pop(key)."
)


class Problem(Evaluation):
    """A loss, the point at which it is differentiated, and its analytic gradient there.

    Parameters
    ----------
    loss : callable
        ``loss(params) -> real scalar``; with `gradient` None, ``(value, gradient)``.
    params : nest of parameters
    gradient : callable, nest or None
        ``gradient(params)``, the gradient itself, or None if `loss` returns it.

    Attributes
    ----------
    analytic : list of ndarray
        The gradient to be judged, shape as `Evaluation.start`.
    unsteady : list of ndarray or float
        By how much the gradient differs between equal calls.
    executor : Executor or None
        Runs the tasks of `each`.
    advance : callable or None
        Told of how many more entries `evaluate_pairs` has evaluated.
    vectorized : bool
        Whether the loss takes stacked leaves: see `stack`.

    Raises
    ------
    GradientInterfaceError
        If loss, gradient and params do not fit each other, or the loss is not finite.
    """

    def __init__(self, loss: Loss, params: Any, gradient: Any = None) -> None:
        self._gradient = gradient
        self._first_result: Any = None
        self.executor: Executor | None = None
        self.advance: Advance | None = None
        self.vectorized = False
        self._once: dict[int, bool] = {}
        self._stack: Stack | None = None
        super().__init__(loss, params, pair=gradient is None)
        self.notes += integers_noted(self._first_result)
        self.unsteady: list[Array | float] = [0.0] * len(self.leaves)
        self.analytic = self._analytic()
        self.watch_beside()

    @cached_property
    def in_single(self) -> bool:
        """Whether the gradient holds only numbers that single precision has, whatever its type."""
        return held_in_single(self.analytic)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what a task does not need; it has parameters of its own."""
        own = {"_parameters": self._parameters.widen, "executor": None, "advance": None, "_stack": None}
        state = {**self.__dict__, **own, "_gradient": None, "notes": [], "flags": []}
        return {name: value for name, value in state.items() if name not in ("leaves", "start")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.renew(Parameters(self._given, widen=state["_parameters"]))

    @property
    def size(self) -> int:
        """Number of entries of all leaves."""
        return sum(start.size for start in self.start)

    def each(self, task: Callable[..., T], items: Sequence[tuple[Any, ...]]) -> Iterator[T]:
        """Yield ``task(problem, *item)`` of each item; with an executor each has its own problem."""
        if self.executor is None or len(items) < 2:
            yield from (task(self, *item) for item in items)
            return
        for evaluations, result in in_order(self.executor, _apart, [(task, self, item) for item in items]):
            self.evaluations += evaluations
            yield result

    def evaluate_pairs(self, leaf: int, entries: Array, above: Array, below: Array) -> tuple[Array, Array]:
        """Do as `Evaluation.evaluate_pairs`, in chunks whose limits do not depend on who runs them."""
        if self.executor is None and self.advance is None and leaf not in self._once:
            return super().evaluate_pairs(leaf, entries, above, below)
        few = min(_TASK, math.ceil(len(entries) / _PARTS))
        size = chunk_of(self.leaves[leaf]) if leaf in self._once else few
        cuts = [slice(i, i + size) for i in range(0, len(entries), size)]
        items = [(leaf, entries[cut], above[cut], below[cut]) for cut in cuts]
        found = []
        for pairs in self.each(_pairs, items):
            found.append(pairs)
            if self.advance is not None:
                self.advance(len(pairs[0]))
        plus, minus = zip(*found, strict=True)
        return np.concatenate(plus), np.concatenate(minus)

    def stacked_pairs(self, leaf: int, entries: Array, above: Array, below: Array) -> tuple[Array, Array]:
        """Do as `Evaluation.evaluate_pairs` in one call of the loss."""
        both = np.concatenate([entries, entries]), np.concatenate([above, below])
        values = self._stacked(leaf, *both, once=self._once[leaf])
        values = values.astype(np.promote_types(self.start[leaf].dtype, np.float64))
        return values[: len(entries)], values[len(entries) :]

    def beside(self, scales: list[float], seed: int) -> "Problem | None":
        """Return the problem at a point beside, every entry moved; None if the gradient is known here alone.

        Parameters
        ----------
        scales : list of float
            Typical size of each leaf.
        seed : int
        """
        if self._gradient is not None and not callable(self._gradient):
            return None
        rng = np.random.default_rng(seed)
        moved = Parameters(self._given, widen=self._parameters.widen)
        for leaf, scale in zip(moved.leaves, scales, strict=True):
            sides = rng.choice([-1, 1], leaf.start.size) * rng.uniform(0.5, 1, leaf.start.size)
            leaf.set(leaf.start + _NEAR * scale * sides)
        try:
            return Problem(self._loss, moved.nest, self._gradient)
        except Exception:  # there, anything may be out of the domain
            return None

    def stack(self, leaf: int, k: int, steps: Sequence[float], alone: Alone, noise: float) -> list[float]:
        """Move this leaf in a stack from now on, if the stacked loss gives what the plain one does.

        Leaves that stay are stacked once where the loss broadcasts them, otherwise as often as needed.

        Parameters
        ----------
        leaf, k : int
            Leaf and entry.
        steps : sequence of float
            By which the entry is moved.
        alone : callable
            Returns the plain loss for some of them, NaN where it has no value.
        noise : float
            Standard deviation of the loss.

        Returns
        -------
        list of float
            The loss for each of the steps.

        Raises
        ------
        GradientInterfaceError
            If the stacked loss gives anything else.
        """
        start = self.start[leaf][k]
        points = start + np.array([0.0, *steps], start.dtype)  # with the point itself
        entries = np.full(len(points), k)
        allowed = ROUND_OFF * max(noise, self.unit_roundoff * abs(self.value))
        try:
            together = self._stacked(leaf, entries, points, once=True)
            same = agree(together[:2], np.array([self.value, *alone(steps[:1])]), allowed)
            self._once[leaf] = bool(same.all())
        except Exception:  # of a loss that does not broadcast, or outside of its domain
            self._once[leaf] = False
        if self._once[leaf]:
            return list(together[1:].tolist())
        values = np.array([self.value, *alone(steps)])
        inside = np.isfinite(values)
        try:
            together = self._stacked(leaf, entries, np.where(inside, points, start), once=False)
        except UsageError:
            raise
        except Exception as error:
            raise no_stack(error) from error
        refuse_different(together, np.where(inside, values, self.value), allowed)
        return list(values[1:].tolist())

    def _stacked(self, leaf: int, entries: Array, values: Array, *, once: bool) -> Array:
        """Return the loss with entries of a leaf set to some values, one by one but in one call."""
        self._stack = self._stack or Stack(self.params, self.leaves)
        result = self._stack.call(self._loss, leaf, entries, values, once=once)
        self.evaluations += len(entries)
        return values_of(result[0] if self._pair else result, len(entries))

    def _first_call(self, parameters: Parameters) -> Any:
        self._first_result = super()._first_call(parameters)
        return self._first_result

    def _analytic(self) -> list[Array]:
        if self._gradient is not None and not callable(self._gradient):
            self.notes += integers_overlooked(self._gradient, self._given)
            return self._read(self._gradient, "the gradient given", copy=False)
        source = (
            "the pair that the loss returns"
            if self._pair
            else f"{name_of(self._gradient, 'gradient')}(params)"
        )
        # The loss was called at the point just before: it may have left what a backward pass needs.
        raw, self._first_result = (
            self._second_of(self._first_result) if self._pair else self._gradient_call(),
            None,
        )
        first = self._read(raw, source)
        self.notes += integers_overlooked(raw, self._given)
        again = self._call_again()
        if _share_memory(raw, again, arrays_of(self.params)):
            self.flag("returns-buffer", "the gradient returns the same memory at each call")
        second = self._read(again, source, copy=False)
        if all(map(equal, first, second)):
            return first
        second = [np.array(values) for values in second]
        self._name_difference(first, second, self._read(self._call_again(), source, copy=False))
        return second

    def _call_again(self) -> Any:
        self.evaluations += self._pair
        try:
            return self._second_of(self._loss(self.params)) if self._pair else self._gradient_call()
        except Exception as error:
            error.add_note(_AGAIN)
            raise

    def _read(self, raw: Any, source: str, *, copy: bool = True) -> list[Array]:
        return read_gradient(raw, self._given, self.leaves, source, copy=copy)

    def _gradient_call(self) -> Any:
        raw = self._gradient(self.params)
        if self.moved():
            self.flag("mutates", "the gradient changes its argument params")
            self.renew()
        return raw

    def _second_of(self, result: Any) -> Any:
        if isinstance(result, tuple) and len(result) == 2:
            return result[1]
        raise GradientInterfaceError(
            "there is no gradient to check",
            given=f"gradient=None and a loss that returns {type(result).__name__}",
            expected="a gradient, or a loss that returns (value, gradient)",
        )

    def _name_difference(self, first: list[Array], second: list[Array], third: list[Array]) -> None:
        if all(map(_grows_evenly, first, second, third)):
            self.flag("accumulates", "the gradient adds up over calls: each adds the same to the one before")
        else:
            self.flag("nondeterministic", "the gradient differs between equal calls; the second is judged")
            self.unsteady = [np.abs(b - a).astype(np.float64) for a, b in zip(first, second, strict=True)]


def _grows_evenly(first: Array, second: Array, third: Array) -> bool:
    rounding = 1e-12 * float(np.max(np.abs(third), initial=0.0))
    return bool(np.allclose(third - second, second - first, rtol=1e-6, atol=rounding))


def _share_memory(first: Any, second: Any, params: list[Array]) -> bool:
    """Whether two gradients share memory that is not that of the parameters (w is its own gradient)."""
    pairs = zip(arrays_of(first), arrays_of(second), strict=False)
    shared = (a for a, b in pairs if a.size and np.shares_memory(a, b))
    return any(not any(np.may_share_memory(a, own) for own in params) for a in shared)


def _apart(task: Callable[..., T], problem: Problem, item: tuple[Any, ...]) -> tuple[int, T]:
    """Run a task on a problem of its own; return the evaluations it took, too."""
    twin = copy.copy(problem)
    before = twin.evaluations
    with np.errstate(all="ignore"):  # which a thread does not inherit
        result = task(twin, *item)
    return twin.evaluations - before, result


def _pairs(problem: Problem, leaf: int, entries: Array, above: Array, below: Array) -> tuple[Array, Array]:
    if leaf in problem._once:
        try:
            return problem.stacked_pairs(leaf, entries, above, below)
        except OUTSIDE:
            pass  # one point outside of the domain must not cost the others their value
    return Evaluation.evaluate_pairs(problem, leaf, entries, above, below)
