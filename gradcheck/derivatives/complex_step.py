"""The complex step: Im f(x + ih) / h, exact to round-off for analytic code, without a step to choose.

It never judges alone: abs, norm, sign and conj break it without a word, others raise. It is asked
only about entries that differences cannot resolve, only where it agrees with differences within their
bounds, and only to confirm: what it contradicts stays inconclusive.

References
----------
.. [1] W. Squire and G. Trapp, "Using Complex Variables to Estimate Derivatives of Real Functions",
   SIAM Review 40(1), 1998.
"""

import warnings

import numpy as np

from gradcheck.decision import ROUND_OFF
from gradcheck.derivatives.extrapolation import Estimate
from gradcheck.evaluation import Evaluation

_STEP = 1e-30
_DIGITS = 2.0**-46  # of the parameters
_TRUSTED = 1e-3  # relative bound of a difference that is a test of the complex step
_TESTS = 4


class ComplexStep:
    """Derivatives of a loss by the complex step, where its code takes complex numbers.

    Parameters
    ----------
    problem : Evaluation
    """

    def __init__(self, problem: Evaluation) -> None:
        self._problem = problem
        self._works = all(leaf.dtype.kind == "f" for leaf in problem.leaves)
        if self._works:
            self._parameters, self._call = problem.complex_call()

    def estimate(self, leaf: int, k: int, scale: float) -> Estimate:
        """Return the derivative by an entry, and a bound on its round-off.

        Where the loss is ill-conditioned that is far more than the round-off of the result: it shows where
        the parameters have other last digits. That of constants of the loss it does not know.

        Parameters
        ----------
        leaf, k : int
            Leaf, and entry of it.
        scale : float
            Size of the leaf's largest derivative: what its round-off is relative to.

        Returns
        -------
        Estimate
            Its value is NaN if the loss does not take the complex step there.
        """
        value, bound = self.derivative(leaf, k), float(np.finfo(np.float64).eps) / 2
        bound *= max(abs(value), scale)
        for digits in (_DIGITS, -_DIGITS):
            self._move(digits)
            change = abs(self.derivative(leaf, k) - value)
            bound = max(bound, change) if np.isfinite(change) else np.inf
        self._move(0.0)
        bound *= ROUND_OFF
        return Estimate(value, bound, value, value, "complex", 6)

    def derivative(self, leaf: int, k: int) -> float:
        """Return the derivative by an entry; NaN if the loss does not take the complex step there.

        Parameters
        ----------
        leaf, k : int
            Leaf, and entry of it.

        Returns
        -------
        float
        """
        if not self._works:
            return np.nan
        above, below = self._imaginary(leaf, k, _STEP), self._imaginary(leaf, k, -_STEP)
        # At a kink the two differ: complex numbers compare by their real parts first.
        return above if abs(above - below) <= 1e-12 * abs(above) else np.nan

    def agrees(self, leaf: int, values: np.ndarray, bounds: np.ndarray) -> bool | None:
        """Whether it gives the derivatives of a leaf that differences resolve best.

        Parameters
        ----------
        leaf : int
        values, bounds : ndarray, shape (n,)
            Its derivatives by differences, and bounds on the error of these.

        Returns
        -------
        bool or None
            None if there is none to compare with.
        """
        with np.errstate(all="ignore"):
            relative = np.where(values != 0, bounds / np.abs(values), np.inf)
        best = np.argsort(relative)[:_TESTS]
        best = best[relative[best] < _TRUSTED]
        found = np.array([self.derivative(leaf, int(k)) for k in best])
        return bool(np.all(np.abs(found - values[best]) <= bounds[best])) if best.size else None

    def _move(self, digits: float) -> None:
        for leaf in self._parameters.leaves:
            real = leaf.start[::2]
            typical = np.max(np.abs(real), initial=0.0) or 1.0
            leaf.values[::2] = real + digits * np.where(real == 0, typical, real)
            if leaf.sync:
                leaf.sync()

    def _imaginary(self, leaf: int, k: int, step: float) -> float:
        known = self._parameters.leaves[leaf]
        known.values[2 * k + 1] = step
        if known.sync:
            known.sync()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                value = np.asarray(self._call())
        except Exception:  # any refusal of complex numbers
            self._works = False
            return np.nan
        finally:
            known.values[2 * k + 1] = 0.0
            if known.sync:
                known.sync()
        return float(value.imag) / step if value.shape == () and value.dtype.kind == "c" else np.nan
