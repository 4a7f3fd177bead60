"""scipy: gradients and Jacobians for its optimisers, linear operators; scipy is there without an extra.

An objective that returns ``(value, gradient)``, as for ``minimize(..., jac=True)``, needs no module:
``gradcheck.check_gradient(fun, x0)``.
"""

from collections.abc import Callable, Mapping
from typing import Any, Unpack

import numpy as np

from gradcheck.assertion import assert_match
from gradcheck.checking import Options
from gradcheck.errors import GradientInterfaceError
from gradcheck.frameworks.function import Array, like
from gradcheck.kinds import check_pullback, check_pushforward
from gradcheck.report import Report


def check_grad(
    func: Callable[..., Any], grad: Callable[..., Any], x0: Any, *args: Any, **unused: Any
) -> float:
    """Do what `scipy.optimize.check_grad` does, but fail where the gradient is wrong.

    Parameters
    ----------
    func, grad : callable
        ``func(x0, *args)``, a number or a vector, and ``grad(x0, *args)``, its gradient or Jacobian.
    x0 : array_like
    *args
        Constants.
    **unused
        ``epsilon``, ``direction``, ``rng`` and ``seed`` are not needed, and not used.

    Returns
    -------
    float
        The maximum relative error, below 1e-6; 1e-3 where only single precision is left.

    Raises
    ------
    GradientMismatch, GradientInconclusive
        If the gradient is wrong, or cannot be judged.
    """
    __tracebackhide__ = True
    return assert_match(check_jacobian, func, x0, grad, args).max_relative_error


def check_jacobian(
    fun: Callable[..., Any],
    x0: Any,
    jac: Any,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    **options: Unpack[Options],
) -> Report:
    """Decide whether the Jacobian of a function is right, as `scipy.optimize.least_squares` takes them.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args, **kwargs)``, the m residuals, or a number.
    x0 : array_like, shape (n,)
    jac : callable or matrix
        ``jac(x, *args, **kwargs)``, or its value at x0: shape (m, n), an array, sparse or a
        LinearOperator; of a number also (n,).
    args, kwargs
        Constants for both.
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `gradcheck.check_gradient`.

    Returns
    -------
    Report

    Raises
    ------
    GradientInterfaceError
        If the Jacobian has another shape.
    """
    x = np.atleast_1d(x0)
    keywords = kwargs or {}

    def value(params: dict[str, Array]) -> Array:
        return np.atleast_1d(fun(params["x"], *args, **keywords))

    def pull(params: dict[str, Array], cotangent: Array) -> dict[str, Array]:
        J = jac(params["x"], *args, **keywords) if callable(jac) else jac
        return {"x": _matrix(J, (cotangent.size, x.size)).rmatvec(cotangent)}

    return check_pullback(value, {"x": x if x.dtype.kind in "fc" else x.astype(float)}, pull, options)


def check_linear_operator(A: Any, **options: Unpack[Options]) -> Report:
    """Decide whether a linear operator is linear, and its adjoint is the adjoint.

    Parameters
    ----------
    A : scipy.sparse.linalg.LinearOperator
        Or what `scipy.sparse.linalg.aslinearoperator` takes: with ``shape``, ``matvec``, ``rmatvec``.
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `gradcheck.check_gradient`.

    Returns
    -------
    Report
        ``adjoint``: what ``rmatvec`` gives is ``A^H c``. ``linear``: the derivative of ``matvec``
        along any t is ``matvec(t)``, which it is not where something is added or squared.
    """
    from scipy.sparse.linalg import aslinearoperator

    operator = aslinearoperator(A)
    x = like(np.zeros(operator.shape[1], np.result_type(operator.dtype, np.float32)), 0)
    adjoint = check_pullback(
        lambda params: operator.matvec(params["adjoint"]),
        {"adjoint": x},
        lambda _, cotangent: {"adjoint": operator.rmatvec(cotangent)},
        options,
    )
    linear = check_pushforward(
        lambda params: operator.matvec(params["linear"]),
        {"linear": x},
        lambda _, tangents: operator.matvec(tangents[0]),
        options,
    )
    return adjoint.merge(linear)


def _matrix(J: Any, shape: tuple[int, int]) -> Any:
    """Return a Jacobian as a linear operator, once its shape is right."""
    from scipy.sparse.linalg import aslinearoperator

    matrix = np.atleast_2d(J) if isinstance(J, list | tuple | np.ndarray) else J
    if matrix.shape != shape:
        raise GradientInterfaceError(
            "the Jacobian has another shape than the function has derivatives",
            given=f"{matrix.shape}",
            expected=f"{shape}: a row for each output, a column for each entry of x",
            do="it looks transposed: entry [i, j] is dfun_i/dx_j" if matrix.shape == shape[::-1] else "",
        )
    return aslinearoperator(matrix)
