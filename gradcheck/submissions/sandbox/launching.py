"""Start the process of a submission, and clear away what it leaves."""

import contextlib
import json
import os
import site
import stat
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from gradcheck.submissions import course_functions
from gradcheck.submissions.sandbox import bubblewrap, view

_KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
# The runner must import neither the package (a submission may not need it) nor by a path that a
# file of the submission could shadow, so its two packages are put in place by hand.
_START = """
import sys, types
for name, path in (("gradcheck", sys.argv[1]), ("gradcheck.submissions", sys.argv[2])):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
from gradcheck.submissions.child import main
for name in [name for name in sys.modules if name.startswith("gradcheck")]:
    del sys.modules[name]
main(sys.argv[3])
"""


def launch(folder: Path, level: str, timeout: float, scratch: str) -> Any:
    """Start the process.

    Parameters
    ----------
    folder : Path
        Of the submission.
    level : {"bubblewrap", "process", "none"}
    timeout : float
        Seconds.
    scratch : str
        A folder that it may write into.

    Returns
    -------
    subprocess.Popen
        In a session of its own, all three streams being pipes.
    """
    inside = bubblewrap.SCRATCH if level == "bubblewrap" else scratch
    visible = view.of_submission(folder)
    readable = [*view.SYSTEM, *visible, *view.of_python(), str(view.RUNNER), "/dev/urandom"]
    facts = {
        "folder": str(folder),
        "helpers": course_functions.__file__,
        "visible": visible,
        "scratch": inside,
        "seconds": 0 if level == "none" else int(timeout) + 2,
        "readable": readable if level == "process" else [],
    }
    start = [sys.executable, "-P", "-B", "-c", _START, str(view.PACKAGE), str(view.RUNNER)]
    command = [*start, json.dumps(facts)]
    return subprocess.Popen(  # noqa: S603 (our own interpreter and runner)
        bubblewrap.command(visible, command) if level == "bubblewrap" else command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=os.sep,
        env=_environment(inside),
        start_new_session=True,
    )


def remove(scratch: str) -> None:
    """Remove a folder, whatever a submission has made of it: deeper than Python recurses, without rights."""
    with contextlib.suppress(OSError):
        while entries := list(os.scandir(scratch)):
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    _flatten(entry.path, scratch)
                else:
                    os.unlink(entry)
        os.rmdir(scratch)


def _flatten(folder: str, above: str) -> None:
    """Move what is in a folder above, and remove it."""
    os.chmod(folder, stat.S_IRWXU)
    for inner in list(os.scandir(folder)):
        if inner.is_dir(follow_symlinks=False):
            os.chmod(inner, stat.S_IRWXU)
        os.rename(inner, os.path.join(above, uuid.uuid4().hex))
    os.rmdir(folder)


def _environment(home: str) -> dict[str, str]:
    known = {name: os.environ[name] for name in _KEPT if name in os.environ}
    known |= dict.fromkeys(_ONE_THREAD, "1")
    return {
        **known,
        "HOME": home,
        "TMPDIR": home,
        "PYTHONHASHSEED": "0",
        "PYTHONUSERBASE": site.getuserbase(),
    }
