"""scikit-learn: losses, kernels, and estimators that expose loss and gradient.

Nothing is imported: whatever has the same methods is checked the same way.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Unpack

import numpy as np

from gradcheck.checking import Options, check_gradient
from gradcheck.errors import UsageError
from gradcheck.frameworks.function import Array
from gradcheck.kinds import check_pullback
from gradcheck.report import Report

_RAW = "raw_prediction"
_Method = Callable[..., Any]


def check_loss(
    loss: Any, y_true: Any, raw_prediction: Any, sample_weight: Any = None, **options: Unpack[Options]
) -> Report:
    """Decide whether the gradient of a loss by the raw predictions is right.

    Parameters
    ----------
    loss : object
        With ``loss(y_true=, raw_prediction=, sample_weight=)``, a number for each sample, and
        ``gradient(...)`` of the same arguments, as scikit-learn's loss modules.
    y_true : array_like, shape (n_samples,)
    raw_prediction : array_like, shape (n_samples,) or (n_samples, n_classes)
    sample_weight : array_like, shape (n_samples,), optional
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `gradcheck.check_gradient`.

    Returns
    -------
    Report
        Of random weights of the samples.

    Raises
    ------
    UsageError
        If a method is missing.
    """
    value, gradient = _method(loss, "loss"), _method(loss, "gradient")

    def call(method: _Method, raw: Array) -> Any:
        # The losses want all in one precision.
        same = [None if a is None else np.asarray(a, raw.dtype) for a in (y_true, sample_weight)]
        return method(y_true=same[0], raw_prediction=raw, sample_weight=same[1])

    def pull(params: dict[str, Array], cotangent: Array) -> dict[str, Array]:
        slopes = np.asarray(call(gradient, params[_RAW]))
        return {_RAW: slopes * cotangent.reshape(cotangent.shape + (1,) * (slopes.ndim - 1))}

    raw = np.asarray(raw_prediction)
    params = {_RAW: raw if raw.dtype.kind == "f" else raw.astype(float)}
    return check_pullback(lambda params: call(value, params[_RAW]), params, pull, options)


def check_kernel(kernel: Any, X: Any, **options: Unpack[Options]) -> Report:
    """Decide whether the gradient of a Gaussian process kernel by its ``theta`` is right.

    Parameters
    ----------
    kernel : sklearn.gaussian_process.kernels.Kernel
        ``kernel(X, eval_gradient=True)`` returns K and its derivatives, shape (n, n, n_theta).
    X : array_like, shape (n, n_features)
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `gradcheck.check_gradient`.

    Returns
    -------
    Report
        Of ``theta``, the logarithms of the hyperparameters, under random weights of the entries of K.

    Raises
    ------
    UsageError
        If a method is missing.
    """
    at = _method(kernel, "clone_with_theta")

    def pull(params: dict[str, Array], cotangent: Array) -> dict[str, Array]:
        slopes = at(params["theta"])(X, eval_gradient=True)[1]
        return {"theta": np.tensordot(cotangent, slopes, axes=2)}

    params = {"theta": np.asarray(kernel.theta)}
    return check_pullback(lambda params: at(params["theta"])(X), params, pull, options)


def check_estimator(estimator: Any, *data: Any, params: Any = None, **options: Unpack[Options]) -> Report:
    """Decide whether the gradient that an estimator exposes is right.

    Parameters
    ----------
    estimator : object
        With ``loss_gradient(params, *data)``, which returns loss and gradient; with ``loss(params,
        *data)`` and ``gradient(params, *data)``; or a fitted Gaussian process, whose
        ``log_marginal_likelihood`` is checked.
    *data
        What follows the parameters, such as X and y; nothing for a Gaussian process.
    params : nest of parameters
        The point; by default that of a Gaussian process, its ``kernel_.theta``.
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `gradcheck.check_gradient`.

    Returns
    -------
    Report

    Raises
    ------
    UsageError
        If the estimator has none of these methods, or there are no params.
    """
    if params is None and not hasattr(estimator, "kernel_"):
        raise UsageError("there are no params at which to check", do="pass params=, the point")
    if hasattr(estimator, "log_marginal_likelihood"):
        point = estimator.kernel_.theta if params is None else params
        # The kernel is cloned: a call must not move the one that was fitted.
        likelihood = partial(estimator.log_marginal_likelihood, eval_gradient=True, clone_kernel=True)
        return check_gradient(likelihood, point, **options)
    if hasattr(estimator, "loss_gradient"):
        return check_gradient(lambda p: tuple(estimator.loss_gradient(p, *data)), params, **options)
    value, gradient = _method(estimator, "loss"), _method(estimator, "gradient")
    return check_gradient(lambda p: value(p, *data), params, lambda p: gradient(p, *data), **options)


def _method(owner: Any, name: str) -> _Method:
    method = getattr(owner, name, None)
    if not callable(method):
        raise UsageError(
            f"there is no method {name!r} to call",
            given=type(owner).__name__,
            expected="a loss with loss and gradient, a kernel with clone_with_theta, or an estimator with "
            "loss_gradient, or loss and gradient",
        )
    found: _Method = method
    return found
