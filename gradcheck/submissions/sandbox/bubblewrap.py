"""The command that runs another in a container of its own, by bubblewrap [1]_.

References
----------
.. [1] https://github.com/containers/bubblewrap
"""

import functools
import shutil
import subprocess
from collections.abc import Sequence

from gradcheck.submissions.sandbox import view

SCRATCH = "/tmp/gradcheck-scratch"  # noqa: S108 (inside of the container)
_SCRATCH_BYTES = 64 << 20
_SECONDS = 10


def command(visible: Sequence[str], rest: Sequence[str]) -> list[str]:
    """Return the command that runs another one in a container.

    Parameters
    ----------
    visible : sequence of str
        Files and folders of the submission; read-only, as all but a small `SCRATCH`.
    rest : sequence of str
        The other command.

    Returns
    -------
    list of str
    """
    words = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"]
    words += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    words += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    words += ["--size", str(_SCRATCH_BYTES), "--tmpfs", "/tmp", "--dir", SCRATCH]  # noqa: S108
    for place in (*view.SYSTEM, *visible, *view.of_python()):
        words += ["--ro-bind-try", place, place]
    package, runner = str(view.PACKAGE), str(view.RUNNER)
    words += ["--tmpfs", package, "--ro-bind", runner, runner]
    for place in visible:
        if place.startswith(package):  # an example of ours
            words += ["--ro-bind", place, place]
    return [*words, "--remount-ro", package, "--remount-ro", "/", "--chdir", SCRATCH, "--", *rest]


@functools.cache
def obstacle() -> str:
    """Return why bubblewrap cannot be used here; ``""`` if it can.

    Returns
    -------
    str
    """
    if shutil.which("bwrap") is None:
        return "bubblewrap (the command bwrap) is not installed"
    try:
        found = subprocess.run(  # noqa: S603 (a fixed command)
            command([], ["true"]), capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bwrap does not run: {error}"
    if found.returncode == 0:
        return ""
    return found.stderr.strip().partition("\n")[0][:200] or f"bwrap ends with {found.returncode}"
