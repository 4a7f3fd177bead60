"""Limits on resources, and privileges given up: what needs no support but that of the C library."""

import ctypes

_MEMORY = 2 << 30
_FILE = 16 << 20
_OPEN_FILES = 256
_NO_NEW_PRIVS = 38
_CAPABILITIES_VERSION = 0x20080522


def apply(seconds: int) -> list[str]:
    """Bound memory, processor time, open files, core dumps and the size of files written.

    Parameters
    ----------
    seconds : int
        Processor time.

    Returns
    -------
    list of str
        ``["limits"]``, or nothing where the system has none.
    """
    try:
        import resource
    except ImportError:
        return []
    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _FILE),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        try:
            # One second more for the processor time: at the soft limit a signal says what happened.
            resource.setrlimit(kind, (most, most + (kind == resource.RLIMIT_CPU)))
        except (ValueError, OSError):
            continue
    return ["limits"]


def give_up_privileges() -> None:
    """Let no program that is started have more rights, and drop what root may do."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())
