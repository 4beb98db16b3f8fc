"""Builds the seccomp filter of allowed system calls. Pure: `confine.py` installs it.

The filter refuses every call that is not in this table: a list of dangerous calls would have to be
complete, and the kernel gets new ones every year. The table has what CPython and its standard
library need for work within one process. It omits calls that look harmless but hold kernel memory,
which no limit on the address space counts (System V and POSIX queues, semaphores and shared memory;
memfd; inotify, timers, queued signals; extended attributes; descriptors in flight; pages given to a
pipe; further filters), and all that start, trace or mount something.

Some calls are allowed with certain arguments only:

- clone: only with the flags of the C library's threads. A thread with its own table of files could
  hold that many more pipes.
- fcntl: a lock on a part of a file seems to succeed and does nothing. It would hold kernel memory
  without limit, and is of no use without a second process.
- mmap: no huge pages, which the host reserves for others.

Sources: seccomp(2), linux/audit.h, linux/bpf_common.h, asm/unistd_64.h, asm-generic/unistd.h,
asm-generic/fcntl.h, asm-generic/ioctls.h, linux/sched.h, nptl's createthread.c, musl's
pthread_create.c.
"""

import errno
import struct

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT = 0x15, 0x35, 0x45
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_X32_BIT = 0x40000000
_NEWER_THAN_THIS = 463
"""Calls from this number on get ENOSYS, since a C library falls back if a call does not exist, but
not if it is forbidden."""
_CLONE3 = 435

_PROCESSORS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The AUDIT_ARCH of each."""

# by name: the number on x86_64, and on aarch64 (None if it does not exist there)
_ALLOWED: dict[str, tuple[int, int | None]] = {
    # files
    "read": (0, 63), "write": (1, 64), "open": (2, None), "close": (3, 57), "stat": (4, None),
    "fstat": (5, 80), "lstat": (6, None), "lseek": (8, 62), "pread64": (17, 67),
    "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66), "access": (21, None),
    "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "flock": (73, 32), "fsync": (74, 82),
    "fdatasync": (75, 83), "truncate": (76, 45), "ftruncate": (77, 46), "getdents": (78, None),
    "getdents64": (217, 61), "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50),
    "rename": (82, None), "mkdir": (83, None), "rmdir": (84, None), "creat": (85, None),
    "link": (86, None), "unlink": (87, None), "symlink": (88, None), "readlink": (89, None),
    "chmod": (90, None), "fchmod": (91, 52), "chown": (92, None), "fchown": (93, 55),
    "lchown": (94, None), "umask": (95, 166), "utime": (132, None), "utimes": (235, None),
    "statfs": (137, 43), "fstatfs": (138, 44), "fadvise64": (221, 223), "openat": (257, 56),
    "mkdirat": (258, 34), "fchownat": (260, 54), "futimesat": (261, None),
    "newfstatat": (262, 79), "unlinkat": (263, 35), "renameat": (264, 38), "linkat": (265, 37),
    "symlinkat": (266, 36), "readlinkat": (267, 78), "fchmodat": (268, 53),
    "faccessat": (269, 48), "utimensat": (280, 88), "fallocate": (285, 47), "preadv": (295, 69),
    "pwritev": (296, 70), "renameat2": (316, 276), "copy_file_range": (326, 285),
    "preadv2": (327, 286), "pwritev2": (328, 287), "statx": (332, 291), "close_range": (436, 436),
    "openat2": (437, 437), "faccessat2": (439, 439), "fchmodat2": (452, 452),
    # memory
    "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216),
    "msync": (26, 227), "mincore": (27, 232), "madvise": (28, 233),
    # waiting for files; each takes a descriptor, whose number is limited
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    "pipe": (22, None), "pipe2": (293, 59), "epoll_create": (213, None),
    "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None),
    "epoll_pwait": (281, 22), "epoll_pwait2": (441, 441), "eventfd": (284, None),
    "eventfd2": (290, 19), "timerfd_create": (283, 85), "timerfd_settime": (286, 86),
    "timerfd_gettime": (287, 87),
    # the socket pair that wakes asyncio's loop; without sendmsg, which passes descriptors, and
    # setsockopt, which enlarges buffers
    "sendto": (44, 206), "recvfrom": (45, 207), "shutdown": (48, 210), "getsockname": (51, 204),
    "getpeername": (52, 205), "getsockopt": (55, 209),
    # threads and signals
    "sched_yield": (24, 124), "futex": (202, 98), "set_robust_list": (273, 99),
    "get_robust_list": (274, 100), "set_tid_address": (218, 96), "rseq": (334, 293),
    "exit": (60, 93), "exit_group": (231, 94), "gettid": (186, 178), "kill": (62, 129),
    "tkill": (200, 130), "tgkill": (234, 131), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132),
    "pause": (34, None), "alarm": (37, None), "getitimer": (36, 102), "setitimer": (38, 103),
    "restart_syscall": (219, 128), "wait4": (61, 260), "waitid": (247, 95),
    # time, and facts about the process
    "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "gettimeofday": (96, 169), "time": (201, None),
    "times": (100, 153), "getrandom": (318, 278), "getcpu": (309, 168), "uname": (63, 160),
    "sysinfo": (99, 179), "getrlimit": (97, 163), "prlimit64": (302, 261), "getrusage": (98, 165),
    "getpid": (39, 172), "getppid": (110, 173), "getpgrp": (111, None), "getpgid": (121, 155),
    "getsid": (124, 156), "getuid": (102, 174), "getgid": (104, 176), "geteuid": (107, 175),
    "getegid": (108, 177), "getgroups": (115, 158), "getresuid": (118, 148),
    "getresgid": (120, 150), "getpriority": (140, 141), "setpriority": (141, 140),
    "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126),
    "sched_getaffinity": (204, 123),
}  # fmt: skip

_THREAD = 0x3D0F00
"""VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID and CHILD_CLEARTID."""
_DETACHED = 0x400000
"""Without effect since Linux 2.6; musl sets it."""
_MAP_HUGETLB = 0x40000
_SETLK, _SETLKW = 6, 7
_FCNTL = (0, 1, 2, 3, 4, 5, 1030, 1032)  # DUPFD GETFD SETFD GETFL SETFL GETLK … GETPIPE_SZ
_IOCTL = (
    *(0x5401, 0x802C542A),  # TCGETS, TCGETS2: is it a terminal?
    0x5413,  # TIOCGWINSZ
    0x541B,  # FIONREAD
    *(0x5421, 0x5450, 0x5451),  # FIONBIO, FIONCLEX, FIOCLEX
)
_PRCTL = (15, 16)  # PR_SET_NAME, PR_GET_NAME
_AF_UNIX = 1
_XATTRS = ((188, 199), (5, 16))
"""setxattr … fremovexattr. If they are unsupported, `shutil` copies files without them."""

_Step = tuple[int, int, int, int]
_REFUSE: _Step = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
_UNKNOWN: _Step = (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)
_UNSUPPORTED: _Step = (_RETURN, 0, 0, _ERRNO | errno.EOPNOTSUPP)
_PERMIT: _Step = (_RETURN, 0, 0, _ALLOW)
_PRETEND: _Step = (_RETURN, 0, 0, _ERRNO)
"""Returns 0 without making the call."""


def seccomp_filter(machine: str) -> bytes:
    """Build the BPF program, at most 4096 steps of 8 bytes.

    Args:
        machine: The name from `platform.machine()`.

    Raises:
        OSError: This table does not have the processor's system calls.
    """
    if machine not in _PROCESSORS:
        raise OSError(errno.ENOSYS, f"no filter of system calls for {machine}")
    column = list(_PROCESSORS).index(machine)
    program = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_JUMP_EQUAL, 1, 0, _PROCESSORS[machine]),
        _REFUSE,  # 32-bit calls, which have other numbers
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_AT_LEAST, 0, 1, _X32_BIT),
        _REFUSE,
        (_JUMP_AT_LEAST, 0, 1, _NEWER_THAN_THIS),
        _UNKNOWN,
        (_JUMP_EQUAL, 0, 1, _CLONE3),
        _UNKNOWN,  # a filter cannot see its flags; the C library then uses clone
    ]
    for steps, numbers in (
        (_clone_steps(), (56, 220)),  # clone
        (_argument(3, _JUMP_ANY_BIT, [_MAP_HUGETLB], _REFUSE, _PERMIT), (9, 222)),  # mmap
        (_fcntl_steps(), (72, 25)),  # fcntl
        (_argument(1, _JUMP_EQUAL, _IOCTL, _PERMIT, _REFUSE), (16, 29)),  # ioctl
        (_argument(0, _JUMP_EQUAL, _PRCTL, _PERMIT, _REFUSE), (157, 167)),  # prctl
        (_argument(0, _JUMP_EQUAL, [_AF_UNIX], _PERMIT, _REFUSE), (53, 199)),  # socketpair
    ):
        program += [(_JUMP_EQUAL, 0, len(steps), numbers[column]), *steps]
    first, last = _XATTRS[column]
    program += [(_JUMP_AT_LEAST, 0, 2, first), (_JUMP_AT_LEAST, 1, 0, last + 1), _UNSUPPORTED]
    for numbers_of_one in _ALLOWED.values():
        number = numbers_of_one[column]
        if number is not None:
            program += [(_JUMP_EQUAL, 0, 1, number), _PERMIT]
    return b"".join(struct.pack("HBBI", *step) for step in [*program, _REFUSE])


def _argument(
    index: int, jump: int, values: "list[int] | tuple[int, ...]", then: _Step, otherwise: _Step
) -> list[_Step]:
    """Decide by one argument. In all of these calls the kernel reads only its lower half."""
    steps = [_load(index)]
    for value in values:
        steps += [(jump, 0, 1, value), then]
    return [*steps, otherwise]


def _clone_steps() -> list[_Step]:
    return [
        _load(0),
        (_AND, 0, 0, 0xFFFFFFFF ^ _DETACHED),
        (_JUMP_EQUAL, 0, 1, _THREAD),
        _PERMIT,
        _REFUSE,
    ]


def _fcntl_steps() -> list[_Step]:
    pretended = _argument(1, _JUMP_EQUAL, (_SETLK, _SETLKW), _PRETEND, _PERMIT)[:-1]
    return [*pretended, *_argument(1, _JUMP_EQUAL, _FCNTL, _PERMIT, _REFUSE)]


def _load(argument: int) -> _Step:
    return (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument)
