"""Takes away from this process, for good, what code that nobody has read must not have.

Limits on processor time, memory, files and threads; no capabilities; and a filter that lets through
the system calls that one process needs for itself, and no others (`calls.py`): no process can be
started (a fork bomb ends at its first fork, also for root, to whom RLIMIT_NPROC does not apply), no
socket opened, nothing mounted or traced, and no memory taken that the limit does not see.

Sources: seccomp(2), capset(2), getrlimit(2), mount(2), tmpfs(5).
"""

import ctypes
import os
import platform
import resource
import struct

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_CAPABILITY_VERSION_3 = 0x20080522
_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV = 2, 4

_MAX_OPEN_FILES = 64
_COUNTS_BY_NAMESPACE = (5, 14)
"""From this kernel on RLIMIT_NPROC counts the processes of a user in a namespace of its own; before
it counted all that the user has on the host."""


def mount_scratch(path: str, *, size_bytes: int, inodes: int) -> bool:
    """Mount a file system in memory that holds so many bytes and so many files, where it may be.

    Bubblewrap's own has a limit of bytes only, and an empty file takes a kilobyte of the kernel's.

    Returns:
        Whether it was mounted.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # a namespace of its own: bubblewrap's belongs to the user namespace before this one
    if libc.unshare(_CLONE_NEWNS) != 0:
        return False
    options = f"size={size_bytes},nr_inodes={inodes},mode=755".encode()
    return bool(libc.mount(b"none", path.encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, options) == 0)


def confine(
    *, cpu_seconds: int, memory_bytes: int, file_bytes: int, threads: int, program: bytes
) -> None:
    """Confine this process; there is no way back.

    Args:
        cpu_seconds: After so much processor time it gets SIGXCPU; a second later it is killed.
        memory_bytes: Its whole address space.
        file_bytes: The longest file that it can write, its output included.
        threads: How many it may have, where the kernel counts them by namespace; not for root.
        program: The filter of system calls.

    Raises:
        OSError: The kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_CORE, 0),
        *([(resource.RLIMIT_NPROC, threads)] if _kernel() >= _COUNTS_BY_NAMESPACE else []),
    ):
        resource.setrlimit(what, (most, most))
    libc = ctypes.CDLL(None, use_errno=True)
    _drop_capabilities(libc)
    _refuse_calls(libc, program)


def _kernel() -> tuple[int, ...]:
    """Its version, as far as it is numbers: (5, 14)."""
    numbers = platform.release().split("-")[0].split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdigit())


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    header = ctypes.create_string_buffer(struct.pack("II", _CAPABILITY_VERSION_3, 0))
    none = ctypes.create_string_buffer(struct.pack("IIIIII", 0, 0, 0, 0, 0, 0))
    _succeed(libc.capset(header, none))


def _refuse_calls(libc: ctypes.CDLL, code: bytes) -> None:
    steps = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(steps))
    _succeed(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _succeed(
        libc.prctl(
            _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.create_string_buffer(program), 0, 0
        )
    )


def _succeed(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
