"""What a submission's process does to itself before it loads the submission.

Limits on resources hold on any system; on Linux the process also gives up its privileges and
closes the file system (Landlock) and the kernel's interface (seccomp) behind itself, for good.
Neither needs a library: a handful of calls through ctypes, none of which the kernel has to know.
Modules in here import nothing of gradcheck but each other, since the submission's process loads them.
"""

import sys
from collections.abc import Sequence

from gradcheck.submissions.confinement import landlock, limits, seccomp


def confine(seconds: int, readable: Sequence[str], writable: Sequence[str]) -> list[str]:
    """Confine this process, for good.

    Parameters
    ----------
    seconds : int
        Processor time.
    readable, writable : sequence of str
        Files and folders; with none readable, files are confined from outside already.

    Returns
    -------
    list of str
        What is in force, in words.
    """
    done = limits.apply(seconds)
    if sys.platform == "linux":
        limits.give_up_privileges()
        if readable and landlock.restrict(readable, writable):
            done.append("Landlock")
        if seccomp.restrict():
            done.append("seccomp")
    return done
