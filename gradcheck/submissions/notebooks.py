"""The Python code of a Jupyter notebook: its code cells one after the other, without magics.

This module imports nothing of gradcheck, since the submission's process loads it.
"""

import ast
import json
from typing import Any

_MAGICS = ("%", "!", "?")
# Cell magics whose cell is Python all the same.
_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")


def code_of(text: str | bytes) -> str:
    """Return the code of a notebook.

    Parameters
    ----------
    text : str or bytes
        The file: JSON.

    Returns
    -------
    str
        Cells that are no Python, and define nothing, are left out.

    Raises
    ------
    SyntaxError
        If the file is no notebook.
    """
    try:
        notebook = json.loads(text)
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        parts = [_python(_text(cell)) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise SyntaxError("the file is no Jupyter notebook") from error
    return "\n".join(part for part in parts if _counts(part))


def _text(cell: Any) -> str:
    source = cell.get("source", cell.get("input", ""))
    return source if isinstance(source, str) else "".join(source)


def _python(text: str) -> str:
    """Return a cell with its magics as comments, so that it keeps its lines."""
    first = text.lstrip()
    if first.startswith("%%") and not first.startswith(_PYTHON):
        return ""
    return "\n".join(f"# {line}" if _is_magic(line) else line for line in text.split("\n"))


def _is_magic(line: str) -> bool:
    plain = line.strip()
    is_help = plain.endswith("?") and not plain.startswith("#")
    return plain.startswith(_MAGICS) or is_help


def _counts(part: str) -> bool:
    """Tell whether a cell belongs to the program: one that does not parse must define something."""
    try:
        ast.parse(part)
    except SyntaxError:
        return any(line.startswith(("def ", "class ")) for line in part.split("\n"))
    return True
