"""torch: functions, modules and ``torch.autograd.Function``; extra ``torch``.

Tensors that require a gradient vary, and so do the parameters of a module; anything else is a constant.
What is in single precision is checked on a copy in double precision where the function takes one.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Unpack

from gradcheck.assertion import assert_match
from gradcheck.checking import Options
from gradcheck.errors import UsageError
from gradcheck.frameworks.extras import needed
from gradcheck.frameworks.function import check_function
from gradcheck.frameworks.tensors import Call, TensorFunction
from gradcheck.report import Report

_CUT = "no output requires a gradient: to torch the function is a constant"
_NOT_NEEDED = ("eps", "atol", "rtol", "nondet_tol", "fast_mode", "check_undefined_grad")


def check(
    function: Any, inputs: Any, *, modes: Iterable[str] = ("rev",), order: int = 1, **options: Unpack[Options]
) -> Report:
    """Decide whether the derivatives that torch takes of a function are right.

    Parameters
    ----------
    function : callable, torch.nn.Module, or subclass of torch.autograd.Function
        ``function(*inputs)``: a tensor or any nest of them. Outputs that do not require a gradient
        are left aside; if none does, the right derivatives are zero.
    inputs : tuple or list
        The arguments. Tensors in them that require a gradient vary, each with the strides it has;
        anything else is the only argument.
    modes : some of {"rev", "fwd"}
        Reverse and forward mode.
    order : int
        2 checks the derivatives of the derivatives, too.
    **options
        ``rtol``, ``method``, ``seed``, ``executor``, ``progress`` as in `gradcheck.check_gradient`.

    Returns
    -------
    Report
        The parameters are named as in the signature, those of a module as the module names them.

    Raises
    ------
    UsageError
        If no tensor requires a gradient, it is of a layout that is not supported, or there is no torch.
    """
    call = Call(needed("torch", "torch"), function, inputs)
    judged = TensorFunction(call.torch, call, call.tensors)
    report = check_function(judged, modes, options, order)
    return replace(report, notes=(*report.notes, _CUT)) if judged.is_cut else report


def gradcheck(
    func: Any,
    inputs: Any,
    *,
    raise_exception: bool = True,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    **unused: Any,
) -> bool:
    """Do what `torch.autograd.gradcheck` does.

    Parameters
    ----------
    func, inputs
        As in `check`.
    raise_exception : bool
        Whether to raise, or to return False, unless the derivatives are right.
    check_forward_ad, check_backward_ad : bool
        Whether to check forward mode and reverse mode.
    **unused
        ``eps``, ``atol``, ``rtol``, ``nondet_tol``, ``fast_mode`` and ``check_undefined_grad`` are
        not needed: the error of the differences is measured. Other options of torch's must be False.

    Returns
    -------
    bool
        True if the derivatives are right.

    Raises
    ------
    GradientMismatch, GradientInconclusive
        If they are not, or cannot be judged.
    UsageError
        As `check`; or if an option asks for what is not checked here.
    """
    __tracebackhide__ = True
    _refuse_not_checked(unused)
    modes = ["rev"] * check_backward_ad + ["fwd"] * check_forward_ad
    return _judged(raise_exception, func, inputs, modes=modes)


def gradgradcheck(
    func: Any,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    raise_exception: bool = True,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    **unused: Any,
) -> bool:
    """Do what `torch.autograd.gradgradcheck` does: check first and second derivatives.

    Parameters
    ----------
    func, inputs, raise_exception, **unused
        As in `gradcheck`.
    grad_outputs
        Not needed: cotangents are drawn.
    check_fwd_over_rev : bool
        Whether to check forward mode, too, of the function and of its backward pass.
    check_rev_over_rev : bool
        Not needed: reverse mode is always checked.

    Returns
    -------
    bool
        As `gradcheck`, which raises the same.
    """
    __tracebackhide__ = True
    _refuse_not_checked(unused)
    modes = ["rev"] + ["fwd"] * check_fwd_over_rev
    return _judged(raise_exception, func, inputs, modes=modes, order=2)


def _judged(raise_exception: bool, *arguments: Any, **options: Any) -> bool:
    __tracebackhide__ = True
    if raise_exception:
        return assert_match(check, *arguments, **options).ok
    return check(*arguments, **options).ok


def _refuse_not_checked(unused: dict[str, Any]) -> None:
    asked = [name for name, value in unused.items() if name not in _NOT_NEEDED and value]
    if asked:
        raise UsageError(
            "an option asks for what is not checked here",
            given=", ".join(f"{name}={unused[name]!r}" for name in asked),
            expected=f"none of torch's but these, which are not needed: {', '.join(_NOT_NEEDED)}",
            do="leave it out, and ask torch's own checker for it",
        )
