"""seccomp: system calls that a backward pass never needs fail from now on.

No process is started (threads are), no other one is signalled, traced or limited, no socket is
opened, and nothing of the file system is changed but what it holds. The filter is a program of
the kernel's packet filter [1]_. On an architecture without a table here nothing happens.

References
----------
.. [1] https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import ctypes
import errno
import os
import platform
from collections.abc import Iterator

_X86, _ARM = 0, 1
_ARCHITECTURES = {"x86_64": (_X86, 0xC000003E), "aarch64": (_ARM, 0xC00000B7)}
# Number on x86-64, on AArch64; None where there is no such call.
_SECCOMP = (317, 277)
_CLONE, _CLONE3 = (56, 220), (435, 435)
_OWN_ONLY = {"kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261)}
_DENIED = {
    # processes
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "move_pages": (279, 239),
    "migrate_pages": (256, 238), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122), "setpgid": (109, 154), "setsid": (112, 157),
    # network, and memory that outlives the process
    "socket": (41, 198), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186),
    "mq_open": (240, 180), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "io_uring_setup": (425, 425), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219),
    # the kernel
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "personality": (135, 92), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "mount_setattr": (442, 442),
    # what Landlock leaves open: rights, owners and times of files
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "utime": (132, None),
    "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
}  # fmt: skip
_CLONE_THREAD = 0x10000
_X32 = 0x40000000
# Instructions: load a word of the call's data; jump; return.
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENT_AT = 0, 4, 16
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_REFUSE = (_RETURN, 0, 0, _ERROR | errno.EPERM)
_MODE_FILTER, _ALL_THREADS = 1, 1
Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def restrict() -> bool:
    """Install the filter in all threads.

    Returns
    -------
    bool
        Whether it is in force.
    """
    if platform.machine() not in _ARCHITECTURES:
        return False
    column, architecture = _ARCHITECTURES[platform.machine()]
    code = b"".join(
        code.to_bytes(2, "little") + bytes((yes, no)) + value.to_bytes(4, "little")
        for code, yes, no, value in _instructions(column, architecture, os.getpid())
    )
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    done: int = libc.syscall(_SECCOMP[column], _MODE_FILTER, _ALL_THREADS, ctypes.byref(program))
    return done == 0


def _instructions(column: int, architecture: int, pid: int) -> Iterator[Instruction]:
    yield _LOAD, 0, 0, _ARCHITECTURE_AT
    yield _JUMP_EQUAL, 1, 0, architecture
    yield _REFUSE
    yield _LOAD, 0, 0, _NUMBER_AT
    if column == _X86:
        yield _JUMP_GREATER_EQUAL, 0, 1, _X32
        yield _REFUSE
    for number in (numbers[column] for numbers in _DENIED.values()):
        if number is not None:
            yield _JUMP_EQUAL, 0, 1, number
            yield _REFUSE
    # The C library then falls back to clone, whose flags can be looked at.
    yield _JUMP_EQUAL, 0, 1, _CLONE3[column]
    yield _RETURN, 0, 0, _ERROR | errno.ENOSYS
    yield _JUMP_EQUAL, 0, 4, _CLONE[column]
    yield _LOAD, 0, 0, _ARGUMENT_AT
    yield _JUMP_SET, 1, 0, _CLONE_THREAD
    yield _REFUSE
    yield _LOAD, 0, 0, _NUMBER_AT
    for name, numbers in _OWN_ONLY.items():
        yield _JUMP_EQUAL, 0, 5, numbers[column]
        yield _LOAD, 0, 0, _ARGUMENT_AT
        yield _JUMP_EQUAL, 2, 0, pid
        yield _JUMP_EQUAL, 1, 0, 0 if name == "prlimit64" else pid
        yield _REFUSE
        yield _LOAD, 0, 0, _NUMBER_AT
    yield _RETURN, 0, 0, _ALLOW
