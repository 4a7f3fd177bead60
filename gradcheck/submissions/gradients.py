"""What a submission's backward returned, checked against its parameters."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck.errors import SubmissionError
from gradcheck.submissions.wire import Opaque

_KINDS = {"b": "booleans", "i": "integers", "u": "integers", "c": "complex numbers"}


def checked_gradient(returned: Any, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Return the gradient by the names of the parameters.

    Parameters
    ----------
    returned : nest
        What backward returned: a dict with ``W1`` or ``dW1`` for each parameter ``W1``.
    shapes : mapping of str to tuple of int
        Of the parameters.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    SubmissionError
        If a key is missing or too many, or a value is no array of real numbers of the shape of
        its parameter.
    """
    if not isinstance(returned, dict):
        raise _wrong(
            f"backward returns {_what(returned)}",
            expected=f"a dict with the gradients of {', '.join(shapes)}",
            do="end it with a return of that dict" if returned is None else "",
        )
    extra = [key for key in returned if key not in {*shapes, *(f"d{name}" for name in shapes)}]
    twice = [name for name in shapes if name in returned and f"d{name}" in returned]
    missing = [name for name in shapes if name not in returned and f"d{name}" not in returned]
    for names, what in ((missing, "lacks"), (extra, "has, beside the parameters,"), (twice, "has twice")):
        if names:
            raise _wrong(
                f"the gradient that backward returns {what} {', '.join(map(repr, names))}",
                given=f"keys {', '.join(returned)}",
                expected=f"keys {', '.join(shapes)}",
            )
    return {
        name: _checked(name, returned.get(name, returned.get(f"d{name}")), shape)
        for name, shape in shapes.items()
    }


def _checked(name: str, value: Any, shape: tuple[int, ...]) -> Any:
    if value is None or isinstance(value, Opaque | str | dict):
        raise _wrong(
            f"the gradient of {name} is {_what(value)}", expected=f"an array of real numbers, shape {shape}"
        )
    try:
        array = np.asarray(value)
    except ValueError:
        raise _wrong(f"the gradient of {name} is a list of rows of unequal length") from None
    if array.dtype.kind != "f":
        raise _wrong(
            f"the gradient of {name} holds {_KINDS.get(array.dtype.kind, 'other objects')}",
            given=f"dtype {array.dtype}",
            expected="real numbers, such as float64",
            do="look for a cast, or an array made of integers that the gradient is written into",
        )
    if array.shape != shape:
        raise _wrong(
            f"the gradient of {name} has another shape than {name}{_shape_hint(array.shape, shape)}",
            given=f"shape {array.shape}",
            expected=f"shape {shape}",
        )
    return array


def _shape_hint(given: tuple[int, ...], expected: tuple[int, ...]) -> str:
    without = [tuple(size for size in shape if size != 1) for shape in (given, expected)]
    if without[0] == without[1]:
        return ": only an axis of length 1 differs, which broadcasting would hide"
    if given[1:] == expected:
        return ": it has a first axis more, as if it were not summed over the samples"
    if given[::-1] == expected:
        return ": it is transposed"
    return ""


def _what(value: Any) -> str:
    if isinstance(value, Opaque):
        return f"of type {value.type}"
    return "None" if value is None else f"of type {type(value).__name__}"


def _wrong(problem: str, *, given: str = "", expected: str = "", do: str = "") -> SubmissionError:
    return SubmissionError("interface", problem, given=given, expected=expected, do=do)
