"""A counted loss over named leaves, and the analytic gradient to be judged.

`Problem` owns the private copies: the loss is called with one nest whose entries are set in
place, so that an evaluation costs the loss and little else. The caller's arrays are never
written to. Narrow floats (float32, float16) are widened to float64 where the loss takes it.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gradcheck.errors import GradientInterfaceError
from gradcheck.parameters import Parameters, read_gradient

Array = NDArray[Any]
Loss = Callable[[Any], Any]
OUTSIDE = (ArithmeticError, ValueError)  # what a loss may raise outside of its domain


class Problem:
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
    leaves : tuple of Leaf
    start : list of ndarray
        The point, one array for each leaf, shape as `Leaf.values`.
    value : float
        The loss at the point.
    unit_roundoff : float
        Of the type that the loss returns.
    analytic : list of ndarray
        The gradient to be judged, shape as `start`.
    evaluations : int
        Calls of the loss so far.
    notes, flags : list of str
        What was noticed about loss and gradient.

    Raises
    ------
    GradientInterfaceError
        If loss, gradient and params do not fit each other, or the loss is not finite.
    """

    def __init__(self, loss: Loss, params: Any, gradient: Any = None) -> None:
        _refuse_non_callable(loss)
        self._loss, self._params, self._gradient = loss, params, gradient
        self.evaluations = 0
        self.notes: list[str] = []
        self.flags: list[str] = []
        self._parameters, self.value = self._widest()
        self.leaves = self._parameters.leaves
        self.start = [leaf.values for leaf in self._fresh().leaves]
        self._watch_mutation()
        self.analytic = self._analytic()

    @property
    def params(self) -> Any:
        """The nest with which the loss is called."""
        return self._parameters.nest

    def evaluate_pairs(self, leaf: int, entries: Array, above: Array, below: Array) -> tuple[Array, Array]:
        """Evaluate the loss with each of some entries moved up and down.

        Parameters
        ----------
        leaf : int
        entries : ndarray of int, shape (m,)
            Indices into `Leaf.values`.
        above, below : ndarray, shape (m,)
            What each of them is set to.

        Returns
        -------
        (ndarray, ndarray), each of shape (m,)
            NaN where the loss has no value.
        """
        start = self.start[leaf][entries]
        rows = list(zip(entries.tolist(), *map(_numbers, (start, above, below)), strict=True))
        wide = np.promote_types(start.dtype, np.float64)
        found: Any = self._quick_pairs(leaf, rows)
        if found is None:
            found = list(self._careful_pairs(leaf, rows))
        pairs = np.array(found, wide).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _quick_pairs(self, leaf: int, rows: list[Any]) -> list[Any] | None:
        """Do as `_careful_pairs`, without a check per evaluation: this loop is where the time goes."""
        values, sync = self.leaves[leaf].values, self.leaves[leaf].sync
        if sync is not None or self._gradient is None:
            return None
        found: list[Any] = []
        call, nest, append = self._loss, self.params, found.append
        try:
            for k, x, up, down in rows:
                values[k] = up
                append(call(nest))
                values[k] = down
                append(call(nest))
                values[k] = x
        except OUTSIDE:
            values[k] = x
            return None
        self.evaluations += len(found)
        return found

    def _careful_pairs(self, leaf: int, rows: list[Any]) -> Iterator[float]:
        values, sync = self.leaves[leaf].values, self.leaves[leaf].sync or _nothing
        for k, x, up, down in rows:
            for value in (up, down):
                values[k] = value
                sync()
                yield self.evaluate()
            values[k] = x
        sync()

    def evaluate(self) -> float:
        """Call the loss at the present values of the leaves.

        Returns
        -------
        float
            NaN where the loss raises one of `OUTSIDE`: it has no value there.
        """
        self.evaluations += 1
        try:
            value = self._loss(self._parameters.nest)
        except OUTSIDE:
            return float("nan")
        if type(value) is float or type(value) is np.float64:
            return value
        return self._scalar(value)

    def restore(self) -> None:
        """Set all leaves to the point again."""
        for leaf, start in zip(self.leaves, self.start, strict=True):
            leaf.set(start)

    def flag(self, flag: str, note: str) -> None:
        """Take note of something noticed, once."""
        if flag not in self.flags:
            self.flags.append(flag)
        if note not in self.notes:
            self.notes.append(note)

    def _fresh(self) -> Parameters:
        return Parameters(self._params, widen=self._widened)

    def _widest(self) -> tuple[Parameters, float]:
        """Return copies in float64 and the value there, or in the given types if the loss refuses."""
        self._widened = True
        parameters = Parameters(self._params, widen=True)
        narrow = [leaf for leaf in parameters.leaves if leaf.values.dtype != _real(leaf.dtype)]
        if narrow:
            try:
                return parameters, self._first_value(parameters)
            except Exception:  # any refusal: the loss is then called as it was meant to be
                self._widened = False
                parameters = self._fresh()
                self.notes.append(f"the loss does not take a float64 copy of {narrow[0].name}")
        return parameters, self._first_value(parameters)

    def _first_value(self, parameters: Parameters) -> float:
        self.evaluations += 1
        result = self._loss(parameters.nest)
        value = self._scalar(result)
        self.unit_roundoff = _unit_roundoff(result)
        if not np.isfinite(value):
            raise GradientInterfaceError(
                "the loss is not finite at the point given",
                given=f"{value}",
                expected="a finite number",
                do="choose params inside the domain of the loss",
            )
        return value

    def _scalar(self, value: Any) -> float:
        if isinstance(value, tuple) and self._gradient is None and len(value) == 2:
            value = value[0]
        number = np.asarray(value)
        if number.shape == () and number.dtype.kind in "fiu":
            return cast("float", number[()]) if number.dtype == np.longdouble else float(number)
        pair = "(value, gradient), as no gradient was given"
        raise GradientInterfaceError(
            "the loss is not a real number",
            given=f"{type(value).__name__}, dtype {number.dtype}, shape {number.shape}",
            expected=pair if self._gradient is None else "one number",
            do=_remedy(value, number),
        )

    def _watch_mutation(self) -> None:
        if all(map(_equal, (leaf.values for leaf in self.leaves), self.start)):
            return
        self.flag("mutates", "the loss changes its argument: it is called with a new copy each time")
        loss = self._loss
        self._loss = lambda nest: loss(Parameters(nest).nest)
        self.restore()

    def _analytic(self) -> list[Array]:
        if self._gradient is not None and not callable(self._gradient):
            return read_gradient(self._gradient, self._params, self.leaves, "the gradient given")
        first, raw = self._gradient_call()
        second, again = self._gradient_call()
        if _share_memory(raw, again):
            self.flag("returns-buffer", "the gradient returns the same memory at each call")
        if not all(map(_equal, first, second)):
            self._name_difference(first, second)
        return second

    def _gradient_call(self) -> tuple[list[Array], Any]:
        """Call the loss, as a forward pass may leave what a backward pass needs, then the gradient."""
        parameters = self._fresh()
        self.evaluations += 1
        result = self._loss(parameters.nest)
        if self._gradient is None:
            raw, source = self._second_of(result), "the pair that the loss returns"
        else:
            for leaf, start in zip(parameters.leaves, self.start, strict=True):
                leaf.set(start)
            raw, source = self._gradient(parameters.nest), f"{_called(self._gradient)}(params)"
        values = read_gradient(raw, self._params, self.leaves, source)
        if not all(map(_equal, (leaf.values for leaf in parameters.leaves), self.start)):
            self.flag("mutates", "the gradient changes its argument params")
        return values, raw

    def _second_of(self, result: Any) -> Any:
        if isinstance(result, tuple) and len(result) == 2:
            return result[1]
        raise GradientInterfaceError(
            "there is no gradient to check",
            given=f"gradient=None and a loss that returns {type(result).__name__}",
            expected="a gradient, or a loss that returns (value, gradient)",
        )

    def _name_difference(self, first: list[Array], second: list[Array]) -> None:
        if all(_close(b, 2 * a) for a, b in zip(first, second, strict=True)):
            self.flag("accumulates", "the gradient adds up over calls: the second is twice the first")
        else:
            self.flag("nondeterministic", "the gradient differs between equal calls; the second is judged")


def _nothing() -> None:
    """Stand in for the sync of an array, which needs none."""


def _numbers(array: Array) -> Any:
    # Python numbers are set faster than numpy's; wider types than float64 would lose digits.
    return array.tolist() if array.dtype.itemsize <= 8 else array


def _unit_roundoff(result: Any) -> float:
    dtype = np.asarray(result[0] if isinstance(result, tuple) else result).dtype
    return float(np.finfo(dtype if dtype.kind == "f" else np.float64).eps) / 2


def _refuse_non_callable(loss: Any) -> None:
    if not callable(loss):
        raise GradientInterfaceError(
            "the loss cannot be called",
            given=f"{type(loss).__name__}",
            expected="a function loss(params) that returns one number",
            do="the order of arguments is check_gradient(loss, params, gradient)",
        )


def _remedy(value: Any, number: Array) -> str:
    if isinstance(value, tuple):
        return "leave the gradient argument out if the loss returns (value, gradient)"
    if number.size == 1 and number.dtype.kind in "fiu":
        return "return value.item()"
    return "sum or average over samples and outputs" if number.ndim else ""


def _called(function: Any) -> str:
    return getattr(function, "__qualname__", type(function).__name__).replace("<lambda>", "gradient")


def _real(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.zeros(0, dtype).real.dtype


def _equal(a: Array, b: Array) -> bool:
    return bool(np.array_equal(a, b, equal_nan=True))


def _close(a: Array, b: Array) -> bool:
    return bool(np.allclose(a, b, rtol=1e-6, atol=0)) and bool(np.any(b))


def _share_memory(first: Any, second: Any) -> bool:
    arrays = [_arrays(raw) for raw in (first, second)]
    return any(np.shares_memory(a, b) for a, b in zip(*arrays, strict=False) if a.size)


def _arrays(nest: Any) -> list[Array]:
    if isinstance(nest, np.ndarray):
        return [nest] if nest.dtype.kind in "fc" else []
    if isinstance(nest, dict):
        nest = list(nest.values())
    return [a for item in nest for a in _arrays(item)] if isinstance(nest, list | tuple) else []
