"""A counted loss over named leaves: the private copies and the calls.

The loss is called with one nest whose entries are set in place, so that an evaluation costs the
loss and little else. The caller's arrays are never written to. Narrow floats (float32, float16)
are widened to float64 where the loss takes it.
"""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from gradcheck.blocks import equal, keep_memory
from gradcheck.errors import GradcheckError, GradientInterfaceError
from gradcheck.interface import refuse_non_callable, refuse_not_finite, remedy
from gradcheck.parameters import Parameters, as_array, on_copies
from gradcheck.together import Together

Array = NDArray[Any]
Loss = Callable[[Any], Any]
# What a loss may raise outside of its domain; warnings are exceptions in many test suites.
OUTSIDE = (ArithmeticError, ValueError, RuntimeWarning)
_BESIDE = 1 + 2.0**-10


class Evaluation:
    """A loss and the point near which it is evaluated.

    Parameters
    ----------
    loss : callable
        ``loss(params) -> real scalar``; with `pair`, ``(value, gradient)``.
    params : nest of parameters
    pair : bool
        Whether the loss returns a gradient too.

    Attributes
    ----------
    leaves : tuple of Leaf
    start : list of ndarray
        The point, one array for each leaf, shape as `Leaf.values`.
    value : float
        The loss at the point.
    unit_roundoff : float
        Of the type that the loss returns.
    evaluations : int
        Calls of the loss so far.
    notes, flags : list of str
        What was noticed.

    Raises
    ------
    GradientInterfaceError
        If loss and params do not fit each other, or params or the loss there are not finite.
    """

    def __init__(self, loss: Loss, params: Any, *, pair: bool = False) -> None:
        refuse_non_callable(loss)
        self._loss, self._given, self._pair = loss, params, pair
        self.evaluations = 0
        self.notes: list[str] = []
        self.flags: list[str] = []
        self._parameters, self.value = self._widest()
        self.renew(self._parameters)
        keep_memory(sum(leaf.values.nbytes for leaf in self.leaves))
        self._watch_mutation()

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
        with np.errstate(all="ignore"):
            found: Any = self._quick_pairs(leaf, rows)
            if found is None:
                found = self.evaluate_each(self._moves(leaf, rows))
        pairs = np.array(found, wide).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _quick_pairs(self, leaf: int, rows: list[Any]) -> list[Any] | None:
        """Do as `evaluate_each`, without a check per evaluation: this loop is where the time goes."""
        values, sync = self.leaves[leaf].values, self.leaves[leaf].sync
        if sync is not None or not self._plain or isinstance(self._loss, Together):
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
            append(None)
        self.evaluations += len(found)
        return found if all(isinstance(value, float | np.floating) for value in found) else None

    def _moves(self, leaf: int, rows: list[Any]) -> Iterator[None]:
        values, sync = self.leaves[leaf].values, self.leaves[leaf].sync or _nothing
        for k, x, up, down in rows:
            for value in (up, down):
                values[k] = value
                sync()
                yield
            values[k] = x
        sync()

    def evaluate_each(self, moves: Iterator[None]) -> list[float]:
        """Evaluate the loss after each move of the leaves, NaN where it has no value."""
        if not isinstance(self._loss, Together):
            with np.errstate(all="ignore"):
                return [self._called() for _ in moves]
        values = self._loss.many(self.params for _ in moves)
        self.evaluations += len(values)
        return values

    def first_error(self, moves: Iterator[None]) -> Exception | None:
        """Return the first of `OUTSIDE` that the loss raises after some moves of the leaves, if it does."""
        found: Exception | None = None
        for _ in moves:
            if found is None:
                self.evaluations += 1
                try:
                    with np.errstate(all="ignore"):
                        self._loss(self.params)
                except OUTSIDE as error:
                    found = error
        return found

    def evaluate(self) -> float:
        """Call the loss at the present values of the leaves.

        Returns
        -------
        float
            NaN where the loss raises one of `OUTSIDE` or is complex: it has no value there.
        """
        with np.errstate(all="ignore"):
            return self._called()

    def _called(self) -> float:
        self.evaluations += 1
        try:
            value = self._loss(self._parameters.nest)
        except GradcheckError:
            raise  # no word about the domain, though one may be a ValueError
        except OUTSIDE:
            return float("nan")
        if type(value) is float or type(value) is np.float64:
            return value
        # Python's roots of negative numbers are complex.
        return float("nan") if isinstance(value, complex | np.complexfloating) else self._scalar(value)

    def restore(self) -> None:
        """Set all leaves to the point again."""
        for leaf, start in zip(self.leaves, self.start, strict=True):
            leaf.set(start)

    def renew(self, parameters: Parameters | None = None) -> None:
        """Begin with other private copies at the point: those in use were changed."""
        self._parameters = parameters or Parameters(self._given, widen=self._parameters.widen)
        self.leaves = self._parameters.leaves
        self.start = [leaf.start for leaf in self.leaves]

    def complex_call(self) -> tuple[Parameters, Callable[[], Any]]:
        """Return complex copies of the parameters, and the loss of them as it comes."""
        parameters = Parameters(self._given, to_complex=True)

        def call() -> Any:
            self.evaluations += 1
            return self._loss(parameters.nest)

        return parameters, call

    def extended(self) -> Self | None:
        """Return the loss at copies of the point in extended precision, if it computes in it."""
        twin = copy.copy(self)
        twin.renew(Parameters(self._given, widen=np.longdouble))
        try:
            twin.value = twin.evaluate()
        except Exception:  # any refusal of such numbers
            return None
        finally:
            self.evaluations += 1
        twin.unit_roundoff = _unit_roundoff(twin.value)
        return twin if twin.unit_roundoff < self.unit_roundoff else None

    def flag(self, flag: str, note: str) -> None:
        """Take note of something noticed, once."""
        if flag not in self.flags:
            self.flags.append(flag)
        if note not in self.notes:
            self.notes.append(note)

    def moved(self, factor: float = 1.0) -> bool:
        """Whether the nest holds anything but the point, times a factor."""
        expected = (leaf.start if factor == 1 else leaf.start * factor for leaf in self.leaves)
        return not (
            self._parameters.intact()
            and all(equal(leaf.values, values) for leaf, values in zip(self.leaves, expected, strict=True))
        )

    def _widest(self) -> tuple[Parameters, float]:
        """Return copies in float64 and the value there, or in the given types if the loss refuses."""
        parameters = Parameters(self._given, widen=np.float64)
        refuse_not_finite(parameters)
        narrow = [leaf for leaf in parameters.leaves if leaf.values.dtype != _real(leaf.dtype)]
        if narrow:
            try:
                return parameters, self._first_value(parameters)
            except Exception:  # any refusal: the loss is then called as it was meant to be
                parameters = Parameters(self._given)
                self.notes.append(f"the loss does not take a float64 copy of {narrow[0].name}")
        return parameters, self._first_value(parameters)

    def _first_value(self, parameters: Parameters) -> float:
        value = self._scalar(self._first_call(parameters))
        if not np.isfinite(value):
            raise GradientInterfaceError(
                "the loss is not finite at the point given",
                given=f"{value}",
                expected="a finite number",
                do="choose params inside the domain of the loss",
            )
        return value

    def _first_call(self, parameters: Parameters) -> Any:
        self.evaluations += 1
        result = self._loss(parameters.nest)
        self.unit_roundoff = _unit_roundoff(result)
        # Anything else (a pair, an array that may be a view of params) is looked at in each call.
        self._plain = isinstance(result, float | np.floating)
        return result

    def _scalar(self, value: Any) -> float:
        if isinstance(value, tuple) and self._pair and len(value) == 2:
            value = value[0]
        number = as_array(value)
        if number.shape == () and number.dtype.kind in "fiu":
            return cast("float", number[()]) if number.dtype == np.longdouble else float(number)
        pair = "(value, gradient), as no gradient was given"
        raise GradientInterfaceError(
            "the loss is not a real number",
            given=f"{type(value).__name__}, dtype {number.dtype}, shape {number.shape}",
            expected=pair if self._pair else "one number",
            do=remedy(value, number),
        )

    def watch_beside(self) -> None:
        """Watch whether the loss changes params near the point only, as one that normalises or clips them.

        And whether it knows them by their object, which is the same in each call.
        """
        for leaf in self.leaves:
            leaf.set(leaf.start * _BESIDE)
        if self.evaluate() == self.value:
            self._watch_identity()
        self._watch_mutation(_BESIDE)
        self.restore()

    def _watch_identity(self) -> None:
        given, self._loss = self._loss, partial(on_copies, self._loss)
        try:
            anew = self.evaluate()
            remembers = anew != self.value and anew == self.evaluate()
        except GradcheckError:  # the loss has put something into params that cannot be copied
            remembers = False
        if remembers:
            self.flag("remembers", "the loss tells params by their object, not by their values, as with `is`")
        else:
            self._loss = given

    def _watch_mutation(self, factor: float = 1.0) -> None:
        if self.moved(factor):
            self.flag("mutates", "the loss changes its argument: it is called with a new copy each time")
            self._loss = partial(on_copies, self._loss)
            self.renew()


def _nothing() -> None:
    """Stand in for the sync of an array, which needs none."""


def _numbers(array: Array) -> Any:
    # Python numbers are set faster than numpy's; wider types than float64 would lose digits.
    return array.tolist() if array.dtype.itemsize <= 8 else array


def _unit_roundoff(result: Any) -> float:
    dtype = as_array(result[0] if isinstance(result, tuple) and result else result).dtype
    return float(np.finfo(dtype if dtype.kind == "f" else np.float64).eps) / 2


def _real(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.zeros(0, dtype).real.dtype
