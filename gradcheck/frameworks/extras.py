"""Imports of what the extras install."""

import importlib
from typing import Any

from gradcheck.errors import missing_extra


def needed(module: str, extra: str) -> Any:
    """Return an imported module.

    Parameters
    ----------
    module : str
    extra : str
        The one that installs it.

    Raises
    ------
    UsageError
        If its package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise  # it is there, and something that it needs is not
        raise missing_extra(f"checks of gradcheck.frameworks.{extra}", package, extra) from error
