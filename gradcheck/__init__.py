"""gradcheck: decides whether a hand-written backward pass is right.

Public names are loaded when they are first used, so that ``import gradcheck`` costs
little more than ``import numpy``.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcheck import faults, frameworks, laws, networks, plots, strategies
    from gradcheck.checking import assert_gradient, check_gradient
    from gradcheck.errors import (
        GradientInconclusive,
        GradientInterfaceError,
        GradientMismatch,
        UsageError,
    )
    from gradcheck.kinds import check_hessian_product, check_jvp, check_layer, check_vjp
    from gradcheck.laws import iter_checks, parametrize_with_checks
    from gradcheck.report import Finding, ParameterReport, Report

__version__ = "0.1.0"

_HOME = {
    "assert_gradient": "checking",
    "check_gradient": "checking",
    "check_hessian_product": "kinds",
    "check_jvp": "kinds",
    "check_layer": "kinds",
    "check_vjp": "kinds",
    "faults": "faults",
    "frameworks": "frameworks",
    "iter_checks": "laws",
    "laws": "laws",
    "networks": "networks",
    "plots": "plots",
    "strategies": "strategies",
    "parametrize_with_checks": "laws",
    "GradientInconclusive": "errors",
    "GradientInterfaceError": "errors",
    "GradientMismatch": "errors",
    "UsageError": "errors",
    "Finding": "report",
    "ParameterReport": "report",
    "Report": "report",
}

__all__ = [
    "Finding",
    "GradientInconclusive",
    "GradientInterfaceError",
    "GradientMismatch",
    "ParameterReport",
    "Report",
    "UsageError",
    "assert_gradient",
    "check_gradient",
    "check_hessian_product",
    "check_jvp",
    "check_layer",
    "check_vjp",
    "faults",
    "frameworks",
    "iter_checks",
    "laws",
    "networks",
    "parametrize_with_checks",
    "plots",
    "strategies",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(f"{__name__}.{_HOME[name]}")
    value = home if name == _HOME[name] else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
