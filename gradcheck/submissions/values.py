"""What came back from a submission, checked before it is used."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck.errors import SubmissionError


def number(value: Any) -> float:
    """Return a loss as a number.

    Raises
    ------
    SubmissionError
        If it is not one real number.
    """
    array = real(value)
    if array is None or array.size != 1:
        raise SubmissionError(
            "interface", "the loss is not one real number", given=described(value), expected="a number"
        )
    return float(array.reshape(()))


def real(value: Any) -> Any:
    """Return what is an array of real numbers, else None."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array if array.dtype.kind in "fiu" else None


def described(value: Any) -> str:
    """Say what a value is, in a message."""
    shape = f", shape {np.shape(value)}" if isinstance(value, np.ndarray) else ""
    return f"{type(value).__name__}{shape}"


def equal(after: Any, params: Mapping[str, Any]) -> bool:
    """Tell whether what came back are the same parameters, bit for bit."""
    return (
        isinstance(after, dict)
        and after.keys() == params.keys()
        and all(np.array_equal(after[name], params[name]) for name in params)
    )


def as_parameters(found: Any) -> dict[str, Any]:
    """Return parameters by name.

    Raises
    ------
    SubmissionError
        If they are no dict of arrays of real numbers.
    """
    if not isinstance(found, dict) or not found or any(real(value) is None for value in found.values()):
        raise SubmissionError(
            "interface",
            "the parameters are no nest of arrays of real numbers",
            given=described(found),
            expected="a dict, list or tuple of arrays",
        )
    return found
