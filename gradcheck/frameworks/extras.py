"""Imports of what the extras install."""

import importlib
from typing import Any

from gradcheck.errors import UsageError


class MissingExtra(UsageError, ImportError):  # noqa: N818 (named for what is wrong)
    """A package that an extra installs is not there."""


def needed(module: str, extra: str) -> Any:
    """Return an imported module.

    Parameters
    ----------
    module : str
    extra : str
        The one that installs it.

    Raises
    ------
    MissingExtra
        If its package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise
        raise MissingExtra(
            f"{package} is not installed",
            given=f"a call of gradcheck.frameworks.{extra}",
            do=f"pip install 'gradcheck[{extra}]'",
        ) from None
