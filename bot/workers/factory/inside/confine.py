"""Takes away from this process, for good, what code that nobody has read must not have.

Limits on processor time, memory and file size; no capabilities; and a seccomp filter under which no
process can be started (a fork bomb ends at its first fork, also for root, to whom RLIMIT_NPROC does
not apply), no socket opened, nothing mounted or traced. Threads, and the socket pair that asyncio
wakes itself with, are allowed.

Sources: seccomp(2), capset(2), linux/audit.h, linux/bpf_common.h, asm/unistd_64.h,
asm-generic/unistd.h.
"""

import ctypes
import errno
import os
import platform
import resource
import struct

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCH_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_CLONE_THREAD = 0x00010000
_X32_BIT = 0x40000000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_CAPABILITY_VERSION_3 = 0x20080522

_CLONE3 = 435
_REFUSED_EVERYWHERE = (
    424,  # pidfd_send_signal
    425,  # io_uring_setup: it could open sockets past this filter
    *(428, 429, 430, 431, 432, 433, 442),  # open_tree, move_mount, fsopen … fspick, mount_setattr
)
# AUDIT_ARCH; clone; and by name: fork and vfork (not on aarch64), ptrace, socket, mount, umount2,
# pivot_root, chroot, unshare, setns, bpf, perf_event_open, userfaultfd, keyctl, add_key,
# request_key, process_vm_readv, process_vm_writev
_ARCHITECTURES = {
    "x86_64": (
        0xC000003E,
        56,
        (57, 58, 101, 41, 165, 166, 155, 161, 272, 308, 321, 298, 323, 250, 248, 249, 310, 311),
    ),
    "aarch64": (
        0xC00000B7,
        220,
        (117, 198, 40, 39, 41, 51, 97, 268, 280, 241, 282, 219, 217, 218, 270, 271),
    ),
}


def confine(*, cpu_seconds: int, memory_bytes: int, file_bytes: int) -> None:
    """Confine this process; there is no way back.

    Args:
        cpu_seconds: After so much processor time it gets SIGXCPU; a second later it is killed.
        memory_bytes: Its whole address space.
        file_bytes: The longest file that it can write, its output included.

    Raises:
        OSError: The kernel refuses, or this kind of processor is not known here.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    libc = ctypes.CDLL(None, use_errno=True)
    _drop_capabilities(libc)
    _refuse_calls(libc)


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    header = ctypes.create_string_buffer(struct.pack("II", _CAPABILITY_VERSION_3, 0))
    none = ctypes.create_string_buffer(struct.pack("IIIIII", 0, 0, 0, 0, 0, 0))
    _succeed(libc.capset(header, none))


def _refuse_calls(libc: ctypes.CDLL) -> None:
    code = _filter(platform.machine())
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


def _filter(machine: str) -> bytes:
    """The BPF program.

    Raises:
        OSError: The numbers of this processor's system calls are not known here.
    """
    if machine not in _ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"no filter of system calls for {machine}")
    architecture, clone, refused = _ARCHITECTURES[machine]
    refuse = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    program = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_JUMP_EQUAL, 1, 0, architecture),
        refuse,
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_AT_LEAST, 0, 1, _X32_BIT),
        refuse,
        (_JUMP_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),  # the C library then uses clone, seen below
    ]
    for number in (*refused, *_REFUSED_EVERYWHERE):
        program += [(_JUMP_EQUAL, 0, 1, number), refuse]
    program += [
        (_JUMP_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_JUMP_ANY_BIT, 1, 0, _CLONE_THREAD),
        refuse,
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in program)
