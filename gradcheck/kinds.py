"""More kinds of derivative to check: vjp, jvp, the backward pass of a layer, Hessian products.

Each becomes a few gradients of losses (`pullback`), judged by `check_gradient` and merged. The
derivative of a function of many outputs by complex parameters is what torch has, ``J^H c`` for a
cotangent c: of an analytic function f, ``conj(f') c``. jax has the conjugate: there it is
``conj(vjp(conj(c)))``.
"""

import dataclasses
from collections.abc import Callable, Iterable
from functools import partial, reduce
from typing import Any, Unpack

from gradcheck.arguments import Names, named
from gradcheck.checking import Options, check_gradient, refuse_bad_options
from gradcheck.errors import GradientInterfaceError, UsageError
from gradcheck.interface import name_of, refuse_non_callable
from gradcheck.methods.setting import RTOL
from gradcheck.pullback import Projection, Pullback
from gradcheck.pushforward import Pushforward
from gradcheck.report import Report, agreed

_Function = Callable[..., Any]

COTANGENTS = 2


def check_vjp(function: _Function, args: Any, vjp: _Function, **options: Unpack[Options]) -> Report:
    """Decide whether a vector-Jacobian product is right.

    Parameters
    ----------
    function : callable
        ``function(*args)``: a number, an array, or any nest of them.
    args : tuple or list
        The arguments, each any nest of parameters; anything else is the only argument. Integers
        are constants. Each is named as in the signature of `function`, or by its position.
    vjp : callable
        ``vjp(cotangent, *args)``: the gradients of all arguments, a tuple in their order (None for
        a constant, or nothing at all for any of them) or a dict by name; if a single one varies also
        its gradient itself. The cotangent is the nest that `function` returns; for complex outputs
        the loss is ``Re(sum(conj(cotangent) * out))``.
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `check_gradient`.

    Returns
    -------
    Report
        Of several random cotangents. The flag ``"nonlinear"``: twice the cotangent does not give
        twice the result, or zero not zero.

    Raises
    ------
    GradientInterfaceError
        If function, args and vjp do not fit each other.
    UsageError
        If an option cannot be used.

    Examples
    --------
    >>> import numpy as np, gradcheck
    >>> A, x = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, -1.0])
    >>> gradcheck.check_vjp(np.matmul, (A, x), lambda c, A, x: (np.outer(c, x), A.T @ c)).verdict
    'match'
    """
    order = "check_vjp(function, args, vjp)"
    refuse_non_callable(function, "the function", "function(*args)", order)
    refuse_non_callable(vjp, "the vjp", "vjp(cotangent, *args)", order)
    params = named(function, args)
    source = f"{name_of(vjp, 'vjp')}(cotangent, *args)"
    pull = partial(_vjp_by_name, vjp, Names(params, source))
    return check_pullback(partial(_apply, function), params, pull, options, source)


def check_layer(forward: _Function, backward: _Function, inputs: Any, **options: Unpack[Options]) -> Report:
    """Decide whether the backward pass of a layer is right.

    Parameters
    ----------
    forward : callable
        ``out, cache = forward(*inputs)``.
    backward : callable
        ``backward(dout, cache)``: the gradients of all inputs, as `vjp` returns them in `check_vjp`.
    inputs : tuple or list
        As `args` in `check_vjp`.
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `check_gradient`.

    Returns
    -------
    Report
        As of `check_vjp`; the flag ``"mutates"`` also where backward writes into dout.

    Raises
    ------
    GradientInterfaceError
        If forward, backward and inputs do not fit each other.
    UsageError
        If an option cannot be used.

    Examples
    --------
    >>> import numpy as np, gradcheck
    >>> def forward(x): return np.maximum(x, 0), x
    >>> def backward(dout, x): return dout * (x > 0)
    >>> gradcheck.check_layer(forward, backward, (np.array([-1.0, 2.0]),)).verdict
    'match'
    """
    order = "check_layer(forward, backward, inputs)"
    refuse_non_callable(forward, "forward", "forward(*inputs) that returns (out, cache)", order)
    refuse_non_callable(backward, "backward", "backward(dout, cache)", order)
    params = named(forward, inputs)
    source = f"{name_of(backward, 'backward')}(dout, cache)"
    pull = partial(_backward_by_name, forward, backward, Names(params, source))
    return check_pullback(partial(_forward_output, forward), params, pull, options, source)


def check_hessian_product(
    gradient: _Function, params: Any, product: _Function, **options: Unpack[Options]
) -> Report:
    """Decide whether a product of the Hessian with a vector is right.

    Parameters
    ----------
    gradient : callable
        ``gradient(params)``, the nest of params; taken to be right.
    params : nest of parameters
    product : callable
        ``product(params, v)`` with v of the nest that `gradient` returns: H v, the nest of params.
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `check_gradient`.

    Returns
    -------
    Report
        Of several random v, where ``product(params, v)`` is the gradient of ``gradient(params).v``.
        The flag ``"asymmetric"``: ``v.(H w)`` is not ``w.(H v)``.

    Raises
    ------
    GradientInterfaceError
        If gradient, params and product do not fit each other.
    UsageError
        If an option cannot be used.
    """
    order = "check_hessian_product(gradient, params, product)"
    refuse_non_callable(gradient, "the gradient", "gradient(params)", order)
    refuse_non_callable(product, "the product", "product(params, v) that returns H v", order)
    source = f"{name_of(product, 'product')}(params, v)"
    return check_pullback(gradient, params, partial(_call, product), options, source, symmetric=True)


def check_jvp(function: _Function, args: Any, jvp: _Function, **options: Unpack[Options]) -> Report:
    """Decide whether a Jacobian-vector product is right.

    Parameters
    ----------
    function, args
        As in `check_vjp`.
    jvp : callable
        ``jvp(args, tangents)``, both tuples: the tangent of the outputs, the nest that `function`
        returns. The tangents have the nests of the arguments, constants
        as they are.
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `check_gradient`.

    Returns
    -------
    Report
        The entries of each parameter are random tangents of it; those of ``all arguments`` move
        all together. The cost does not depend on the number of entries.

    Raises
    ------
    GradientInterfaceError
        If function, args and jvp do not fit each other.
    UsageError
        If an option cannot be used.
    """
    order = "check_jvp(function, args, jvp)"
    refuse_non_callable(function, "the function", "function(*args)", order)
    refuse_non_callable(jvp, "the jvp", "jvp(args, tangents)", order)
    return check_pushforward(partial(_apply, function), named(function, args), jvp, options)


def check_pullback(
    value: _Function,
    params: Any,
    pull: _Function,
    options: Options,
    source: str = "the gradient",
    *,
    symmetric: bool = False,
) -> Report:
    """Return the report of several random cotangents; ``pull(params, cotangent)`` is the nest of params."""
    _refuse_bad(options)
    seed = options.get("seed", 0)
    pullbacks = [Pullback(value, pull, Projection((seed, k)), source) for k in range(COTANGENTS)]
    report = _merged(check_gradient(p.loss, params, p.gradient, **options) for p in pullbacks)
    if any(p.writes_cotangent for p in pullbacks):
        report = _flagged(report, "mutates", "the cotangent (dout) that it is given is changed")
    if {"accumulates", "nondeterministic"} & {*report.flags}:
        return report
    nonlinear = next(filter(None, (p.nonlinear() for p in pullbacks)), "")
    if nonlinear:
        # It may be right for the cotangents drawn and still be wrong for others.
        twice = Pullback(value, pull, Projection((seed, 0), factor=2.0), source)
        report = report.merge(check_gradient(twice.loss, params, twice.gradient, **options))
        report = _flagged(report, "nonlinear", nonlinear)
    if symmetric and _asymmetric(pullbacks[0], pullbacks[1], options.get("rtol") or RTOL):
        report = _flagged(report, "asymmetric", "v.(H w) and w.(H v) differ: no Hessian does that")
    return report


def check_pushforward(value: _Function, params: dict[str, Any], jvp: _Function, options: Options) -> Report:
    """Return the report of several random tangents; jvp takes the values of params in their order."""
    _refuse_bad(options)
    return _merged(_check_tangents(params, value, jvp, k, options) for k in range(COTANGENTS))


def _refuse_bad(options: Options) -> None:
    if options.get("vectorized"):
        raise UsageError(
            "vectorized is for the losses of check_gradient",
            given=f"vectorized={options.get('vectorized')!r}, for a function of another kind",
            do="leave it out: it tells that a loss takes all leaves stacked along a new first axis, "
            "and returns one value for each element of the stack",
        )
    known = options.get("rtol"), options.get("method", "auto"), options.get("seed", 0)
    refuse_bad_options(*known, options.get("executor"))


def _check_tangents(params: Any, value: _Function, jvp: _Function, k: int, options: Options) -> Report:
    forward = Pushforward(value, params, jvp, (options.get("seed", 0), k))
    # Few evaluations, and the loss has a state: not a matter for other workers.
    alone: Options = {**options, "executor": None}
    report = check_gradient(forward.loss, forward.start, forward.gradient, **alone)
    notes, flags = forward.noticed
    report = dataclasses.replace(report, notes=(*report.notes, *notes))
    return dataclasses.replace(report, flags=tuple(dict.fromkeys([*report.flags, *flags])))


def _merged(reports: Iterable[Report]) -> Report:
    """Return the result of several cotangents; what is found has to be found with each of them."""
    reports = list(reports)
    return dataclasses.replace(reduce(Report.merge, reports), findings=agreed(reports))


def _flagged(report: Report, flag: str, note: str) -> Report:
    flags = tuple(dict.fromkeys([*report.flags, flag]))
    return dataclasses.replace(report, flags=flags, notes=(*report.notes, note))


def _asymmetric(first: Pullback, second: Pullback, rtol: float) -> bool:
    (value, allowed), (other, _) = first.product(second, rtol), second.product(first, rtol)
    return bool(abs(value - other) > allowed)


def _apply(function: _Function, params: dict[str, Any]) -> Any:
    return function(*params.values())


def _call(product: _Function, params: Any, cotangent: Any) -> Any:
    return product(params, cotangent)


def _forward(forward: _Function, params: dict[str, Any]) -> tuple[Any, Any]:
    result = _apply(forward, params)
    if isinstance(result, tuple) and len(result) == 2:
        return result
    raise GradientInterfaceError(
        "forward does not return (out, cache)",
        given=f"{type(result).__name__}" + (f" of {len(result)}" if isinstance(result, tuple) else ""),
        expected="a tuple of the output and of what backward(dout, cache) takes",
        do="return out, None if backward needs nothing",
    )


def _forward_output(forward: _Function, params: dict[str, Any]) -> Any:
    return _forward(forward, params)[0]


def _backward_by_name(
    forward: _Function, backward: _Function, names: Names, params: dict[str, Any], cotangent: Any
) -> dict[str, Any]:
    return names.given_to(backward(cotangent, _forward(forward, params)[1]))


def _vjp_by_name(vjp: _Function, names: Names, params: dict[str, Any], cotangent: Any) -> dict[str, Any]:
    return names.given_to(vjp(cotangent, *params.values()))
