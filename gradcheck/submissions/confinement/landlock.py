"""Landlock: the process sees only some files from now on [1]_.

Without support in the kernel (Linux 5.13 or later, switched on) nothing happens.

References
----------
.. [1] https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
from collections.abc import Sequence

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on all architectures
_VERSION = 1
_BENEATH = 1
# Rights by their bits; bits that a version does not know must not be asked for.
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_FILE_RIGHTS = _EXECUTE | 1 << 1 | _READ_FILE | 1 << 14 | 1 << 15
_RIGHTS_SINCE = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_NETWORK_SINCE, _NETWORK = 4, 0b11
_SCOPE_SINCE, _SCOPE = 6, 0b11


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def restrict(readable: Sequence[str], writable: Sequence[str]) -> bool:
    """Close all files to this process but some, TCP, and signals to other processes.

    Parameters
    ----------
    readable, writable : sequence of str
        Files and folders, with all below; what does not exist is passed over.

    Returns
    -------
    bool
        Whether it is in force.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION)
    if version < 1:
        return False
    rights = sum(bits for since, bits in _RIGHTS_SINCE.items() if version >= since)
    handled = (ctypes.c_uint64 * 3)(
        rights, _NETWORK if version >= _NETWORK_SINCE else 0, _SCOPE if version >= _SCOPE_SINCE else 0
    )
    rules = libc.syscall(_CREATE_RULESET, handled, ctypes.sizeof(handled), 0)
    if rules < 0:
        return False
    reading = _EXECUTE | _READ_FILE | _READ_DIR
    for paths, granted in ((readable, reading), (writable, rights)):
        for path in paths:
            _allow(libc, rules, path, granted)
    done: int = libc.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)
    return done == 0


def _allow(libc: ctypes.CDLL, rules: int, path: str, granted: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):
        granted &= _FILE_RIGHTS
    rule = _Rule(granted, place)
    libc.syscall(_ADD_RULE, rules, _BENEATH, ctypes.byref(rule), 0)
    os.close(place)
