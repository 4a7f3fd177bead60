"""Result dicts to text, one module a format, found by name.

A format is a module with ``render(results: Sequence[ResultDict]) -> str``. It renders plain
data and decides nothing, so that saved results can be rendered again.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Any

ResultDict = dict[str, Any]
FORMATS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def render(name: str, results: Sequence[ResultDict]) -> str:
    """Render results in the format of that name.

    Parameters
    ----------
    name : str
        One of `FORMATS`.
    results : sequence of dict
        As `Report.to_dict` gives them.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is no such format.
    """
    if name not in FORMATS:
        raise ValueError(f"no format {name!r}; there are {', '.join(FORMATS)}")
    text: str = importlib.import_module(f"{__name__}.{name}").render(results)
    return text
