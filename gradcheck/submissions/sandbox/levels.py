"""Which level of confinement this system has."""

import os

from gradcheck.errors import UsageError
from gradcheck.submissions.sandbox import bubblewrap

LEVELS = ("auto", "bubblewrap", "process", "none")


def available(level: str) -> str:
    """Return the level that is meant, ``"auto"`` being the strongest there is.

    Parameters
    ----------
    level : str
        One of `LEVELS`.

    Returns
    -------
    {"bubblewrap", "process", "none"}

    Raises
    ------
    UsageError
        If it is not to be had.
    """
    if os.name != "posix":
        raise UsageError("submissions run on Linux and macOS only", given=f"os.name = {os.name!r}")
    if level == "auto":
        return "process" if bubblewrap.obstacle() else "bubblewrap"
    if level == "bubblewrap" and bubblewrap.obstacle():
        raise UsageError(
            "bubblewrap does not work here",
            given=bubblewrap.obstacle(),
            expected="a system where `bwrap --unshare-all --ro-bind / / true` succeeds",
            do="install it (apt-get install bubblewrap) and allow user namespaces, or take --sandbox auto",
        )
    return level
