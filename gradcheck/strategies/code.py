"""Drawn objects as code that rebuilds them, digit for digit."""

import sys
from typing import Any

import numpy as np

IMPORT = "from numpy import array, float32"


def array_code(array: Any) -> str:
    """Return code that rebuilds an array, with the names of `IMPORT`."""
    dtype = "" if array.dtype in (np.float64, np.int64) else f", dtype={array.dtype}"
    text = np.array2string(
        array, separator=", ", threshold=sys.maxsize, max_line_width=sys.maxsize, floatmode="unique"
    )
    return f"array({' '.join(text.split())}{dtype})"


def params_code(params: dict[str, Any]) -> str:
    """Return lines of code that rebuild a dict of arrays."""
    if not params:
        return "params = {}"
    leaves = "".join(f"    {name!r}: {array_code(leaf)},\n" for name, leaf in params.items())
    return f"params = {{\n{leaves}}}"
