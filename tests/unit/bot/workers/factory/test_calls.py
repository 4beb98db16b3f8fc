"""The filter of system calls, run by hand: for both processors, whichever this one is."""

import errno
import struct

import pytest

from bot.workers.factory.sandbox_guest.calls import seccomp_filter

X86, ARM, I386 = 0xC000003E, 0xC00000B7, 0x40000003
KINDS = {"x86_64": X86, "aarch64": ARM}
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
REFUSED, UNKNOWN, UNSUPPORTED, PRETENDED = (
    ERRNO | number for number in (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, 0)
)
THREAD = 0x3D0F00


def verdict(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """What the filter returns for a call, as the kernel would work it out."""
    given = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("IIQ6Q", number, KINDS[machine] if arch is None else arch, 0, *given)
    program = list(struct.iter_unpack("HBBI", seccomp_filter(machine)))
    at = word = 0
    while True:
        code, yes, no, value = program[at]
        at += 1
        match code:
            case 0x20:
                (word,) = struct.unpack_from("I", data, value)
            case 0x54:
                word &= value
            case 0x06:
                return int(value)
            case 0x15:
                at += yes if word == value else no
            case 0x35:
                at += yes if word >= value else no
            case 0x45:
                at += yes if word & value else no
            case _:
                raise AssertionError(f"no such step: {code:#x}")


# by name: the numbers on x86_64 and on aarch64
MEMORY_PAST_THE_LIMIT = {
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190),
    "semop": (65, 193), "semctl": (66, 191), "msgget": (68, 186), "msgsnd": (69, 189),
    "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262), "timer_create": (222, 107), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "signalfd4": (289, 74), "sendfile": (40, 71),
    "splice": (275, 76), "vmsplice": (278, 75), "tee": (276, 77), "sendmsg": (46, 211),
    "recvmsg": (47, 212), "sendmmsg": (307, 269), "setsockopt": (54, 208), "io_setup": (206, 0),
    "io_uring_setup": (425, 425), "mlock": (149, 228), "mlockall": (151, 230),
    "landlock_add_rule": (445, 445), "seccomp": (317, 277), "add_key": (248, 217),
    "keyctl": (250, 219), "bpf": (321, 280), "userfaultfd": (323, 282),
    "perf_event_open": (298, 241), "process_vm_writev": (311, 271), "process_madvise": (440, 440),
}  # fmt: skip
OUT_OF_ITS_OWN = {
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "socket": (41, 198),
    "connect": (42, 203), "bind": (49, 200), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268),
    "mknodat": (259, 33), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "setuid": (105, 146),
    "capset": (126, 91), "open_by_handle_at": (304, 265), "personality": (135, 92),
}  # fmt: skip
NEEDED = {
    "read": (0, 63), "openat": (257, 56), "munmap": (11, 215), "futex": (202, 98),
    "getrandom": (318, 278), "epoll_ctl": (233, 21), "pipe2": (293, 59), "unlinkat": (263, 35),
    "exit_group": (231, 94), "clock_nanosleep": (230, 115), "renameat2": (316, 276),
}  # fmt: skip


@pytest.mark.parametrize("machine", KINDS)
@pytest.mark.parametrize("name", MEMORY_PAST_THE_LIMIT | OUT_OF_ITS_OWN)
def test_what_takes_memory_unseen_or_leaves_the_process_is_refused(machine: str, name: str) -> None:
    number = (MEMORY_PAST_THE_LIMIT | OUT_OF_ITS_OWN)[name][list(KINDS).index(machine)]

    assert verdict(machine, number) == REFUSED


@pytest.mark.parametrize("machine", KINDS)
@pytest.mark.parametrize("name", NEEDED)
def test_what_an_honest_program_needs_is_let_through(machine: str, name: str) -> None:
    assert verdict(machine, NEEDED[name][list(KINDS).index(machine)]) == ALLOW


@pytest.mark.parametrize("machine", KINDS)
def test_calls_by_another_convention_are_all_refused(machine: str) -> None:
    """32-bit calls and x32 have numbers of their own: 117 is `ipc` there, for all of System V."""
    assert {verdict(machine, number, arch=I386) for number in range(500)} == {REFUSED}
    assert {verdict(machine, number | 0x40000000) for number in range(600)} == {REFUSED}
    assert verdict(machine, 0xFFFFFFFF) == REFUSED


@pytest.mark.parametrize(("machine", "clone"), [("x86_64", 56), ("aarch64", 220)])
def test_threads_and_no_processes(machine: str, clone: int) -> None:
    assert verdict(machine, clone, THREAD) == ALLOW
    assert verdict(machine, clone, THREAD | 0x400000) == ALLOW  # musl's
    assert verdict(machine, clone, 17) == REFUSED  # fork
    for bit in (0x80, 0x1000, 0x2000, 0x4000, 0x20000, 0x10000000, 0x20000000, 0x80000000):
        assert verdict(machine, clone, THREAD | bit) == REFUSED, hex(bit)
    for bit in (0x100, 0x200, 0x400, 0x800, 0x10000):
        assert verdict(machine, clone, THREAD & ~bit) == REFUSED, hex(bit)
    assert verdict(machine, 435) == UNKNOWN  # clone3: the C library then uses clone


@pytest.mark.parametrize(
    ("machine", "mmap", "fcntl", "ioctl", "socketpair", "prctl"),
    [("x86_64", 9, 72, 16, 53, 157), ("aarch64", 222, 25, 29, 199, 167)],
)
def test_some_calls_are_let_through_with_certain_arguments(
    machine: str, mmap: int, fcntl: int, ioctl: int, socketpair: int, prctl: int
) -> None:
    assert verdict(machine, mmap, 0, 4096, 3, 0x22) == ALLOW
    assert verdict(machine, mmap, 0, 4096, 3, 0x40022) == REFUSED  # huge pages
    assert verdict(machine, fcntl, 3, 1030) == ALLOW  # F_DUPFD_CLOEXEC
    assert verdict(machine, fcntl, 3, 6) == PRETENDED  # a lock
    assert verdict(machine, fcntl, 3, 37) == REFUSED  # one that belongs to an open file
    assert verdict(machine, fcntl, 3, 1031) == REFUSED  # F_SETPIPE_SZ
    assert verdict(machine, fcntl, 3, 1026) == REFUSED  # F_NOTIFY
    assert verdict(machine, ioctl, 0, 0x5401) == ALLOW  # isatty
    assert verdict(machine, ioctl, 0, 0x5412) == REFUSED  # TIOCSTI
    assert verdict(machine, ioctl, 0, 0x40086602) == REFUSED  # FS_IOC_SETFLAGS
    assert verdict(machine, socketpair, 1) == ALLOW
    assert verdict(machine, socketpair, 30) == REFUSED  # TIPC
    assert verdict(machine, prctl, 15) == ALLOW
    assert verdict(machine, prctl, 22) == REFUSED  # PR_SET_SECCOMP


@pytest.mark.parametrize(("machine", "first", "last"), [("x86_64", 188, 199), ("aarch64", 5, 16)])
def test_there_are_no_extended_attributes(machine: str, first: int, last: int) -> None:
    assert {verdict(machine, n) for n in range(first, last + 1)} == {UNSUPPORTED}
    assert UNSUPPORTED not in {verdict(machine, n) for n in (first - 1, last + 1)}


def test_a_call_from_the_future_is_not_there_rather_than_forbidden() -> None:
    assert verdict("x86_64", 463) == verdict("aarch64", 9999) == UNKNOWN


def test_a_processor_that_is_not_known_has_no_filter_and_so_no_sandbox() -> None:
    with pytest.raises(OSError, match="riscv64"):
        seccomp_filter("riscv64")


@pytest.mark.parametrize("machine", KINDS)
def test_the_kernel_takes_no_longer_one(machine: str) -> None:
    assert len(seccomp_filter(machine)) // 8 <= 4096
