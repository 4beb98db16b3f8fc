"""Confines this process for good, before it runs untrusted code.

It limits CPU time, memory, files and threads, drops all capabilities, and installs a filter that
allows only the system calls that a single process needs (`calls.py`). So the code cannot start a
process (a fork bomb ends at its first fork, even for root, to whom RLIMIT_NPROC does not apply),
open a socket, mount or trace anything, or take memory that no limit counts.

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
"""From this kernel on, RLIMIT_NPROC counts a user's processes in each user namespace; before, it
counted all that the user had on the host."""


def mount_scratch(path: str, *, size_bytes: int, inodes: int) -> bool:
    """Mount a file system in memory with a limited size and number of files, if permitted.

    Bubblewrap's own limits only the size, and an empty file takes a kilobyte of kernel memory.

    Returns:
        Whether it was mounted.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # a new namespace, since bubblewrap's belongs to the parent user namespace
    if libc.unshare(_CLONE_NEWNS) != 0:
        return False
    options = f"size={size_bytes},nr_inodes={inodes},mode=755".encode()
    return bool(libc.mount(b"none", path.encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, options) == 0)


def confine(
    *, cpu_seconds: int, memory_bytes: int, file_bytes: int, threads: int, program: bytes
) -> None:
    """Confine this process; this cannot be undone.

    Args:
        cpu_seconds: The CPU time after which it gets SIGXCPU, and a second later SIGKILL.
        memory_bytes: The limit of its address space.
        file_bytes: The limit of each file that it writes, and of its output.
        threads: The limit of threads, where the kernel counts them by namespace; not for root.
        program: The filter of system calls.

    Raises:
        OSError: The kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    for resource_id, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_CORE, 0),
        *([(resource.RLIMIT_NPROC, threads)] if _kernel() >= _COUNTS_BY_NAMESPACE else []),
    ):
        resource.setrlimit(resource_id, (limit, limit))
    libc = ctypes.CDLL(None, use_errno=True)
    _drop_capabilities(libc)
    _refuse_calls(libc, program)


def _kernel() -> tuple[int, ...]:
    """Return its version as numbers: (5, 14)."""
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
