"""What is said of a loss, another function or params that cannot be used."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.errors import GradientInterfaceError
from gradcheck.parameters import Parameters, as_array, leaf_nodes

Array = NDArray[Any]


def refuse_non_callable(
    function: Any,
    name: str = "the loss",
    call: str = "loss(params) that returns one number",
    order: str = "check_gradient(loss, params, gradient)",
) -> None:
    """Refuse what stands where a function belongs.

    Parameters
    ----------
    function : object
    name, call : str
        What belongs there, and how it is called.
    order : str
        The call of gradcheck that takes it.

    Raises
    ------
    GradientInterfaceError
    """
    if not callable(function):
        raise GradientInterfaceError(
            f"{name} cannot be called",
            given=f"{type(function).__name__}",
            expected=f"a function {call}",
            do=f"the order of arguments is {order}",
        )


def name_of(function: Any, otherwise: str) -> str:
    """Return what messages call a function of the user; a lambda has no name of its own."""
    name = getattr(function, "__qualname__", type(function).__name__).rpartition("<locals>.")[2]
    return otherwise if name == "<lambda>" else str(name)


def refuse_not_finite(parameters: Parameters) -> None:
    """Refuse a point with NaN, inf or masked entries in it."""
    for leaf, node in zip(parameters.leaves, leaf_nodes(parameters.nest), strict=True):
        if np.ma.is_masked(node):
            raise GradientInterfaceError(
                f"parameter {leaf.name!r} has masked entries",
                given=f"{np.sum(np.ma.getmaskarray(node))} masked of {node.size}",
                expected="an array whose entries all count",
                do="give those that count alone, as compressed() does, and place them in the loss",
            )
        finite = np.isfinite(leaf.values)
        if not finite.all():
            raise GradientInterfaceError(
                f"parameter {leaf.name!r} is not finite",
                given=f"{leaf.values[~finite][0]}, the first of {np.count_nonzero(~finite)} such entries",
                expected="finite numbers",
                do="leave masks and other constants out of params, or give them as integers",
            )


def integers_noted(result: Any) -> list[str]:
    """Return a note if what a loss returned, alone or before a gradient, is an integer."""
    value = result[0] if isinstance(result, tuple) else result
    note = f"the loss returns integers ({type(value).__name__}), which hide small changes: return a float"
    return [note] if as_array(value).dtype.kind in "iu" else []


def remedy(value: Any, number: Array) -> str:
    """Return what to do about a loss that is not one real number, in words; "" if nothing is known."""
    if value is None:
        return "add the missing return"
    if isinstance(value, tuple):
        return "leave the gradient argument out if the loss returns (value, gradient)"
    if number.size == 1 and number.dtype.kind in "fiu":
        return "return value.item()"
    return "sum or average over samples and outputs" if number.ndim else ""
