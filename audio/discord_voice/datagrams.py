"""Reads a UDP socket so that no packet is lost while others have the processor.

A voice channel of fifty people sends 2,500 packets a second. A socket's usual receive buffer holds
those of a tenth of a second; the kernel drops what arrives while the reader waits for longer.
And after each call to the kernel, the reader has to wait until Python's other threads let it go on,
up to 5 ms where they are busy: so one call takes all packets that are there (`recvmmsg`, Linux).
While there are none, the reader sleeps: most voice channels are silent most of the time.
"""

import ctypes
import errno
import mmap
import os
import select
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from audio.constants import MAX_DATAGRAM_BYTES

BUFFER_S: Final = 2.0
"""For how long the reader may stand still."""
_PEOPLE: Final = 50
_PACKETS_PER_S: Final = 50
_PACKET_BYTES: Final = 2304
"""What the kernel counts for one packet in its buffer: far more than the packet's own 150 bytes
(a network card's driver takes a buffer of 2 KB, and the kernel adds its own record of 256)."""
BUFFER_BYTES: Final = int(BUFFER_S * _PEOPLE * _PACKETS_PER_S * _PACKET_BYTES)
_BATCH: Final = 128
_SO_RCVBUFFORCE: Final = 33  # asm-generic/socket.h; the module `socket` does not have it
_DONTWAIT: Final = 0x40
_POINTER_BYTES: Final = 8
"""`_Header` is laid out for 64 bits."""
_SLEEP_S: Final = 5.0
_LOOK_S: Final = 0.1
"""How long to wait for a socket where nothing can end the wait."""


@dataclass(frozen=True, slots=True)
class ReceiveBuffer:
    """A socket's receive buffer: how much the kernel keeps until it is read.

    Attributes:
        given_bytes: As the kernel counts, see `_PACKET_BYTES`.
    """

    given_bytes: int

    @property
    def seconds(self) -> float:
        """For how long fifty people may speak before packets are lost."""
        return BUFFER_S * self.given_bytes / BUFFER_BYTES

    @property
    def is_enough(self) -> bool:
        """Whether that is what was asked for."""
        return self.given_bytes >= BUFFER_BYTES

    @property
    def advice(self) -> str:
        """What to do for more."""
        return (
            f"Allow more, on the host: sysctl -w net.core.rmem_max={BUFFER_BYTES // 2}, and a line "
            "in /etc/sysctl.d to keep it."
        )


def enlarge_receive_buffer(udp: socket.socket) -> ReceiveBuffer:
    """Ask the kernel for a buffer of `BUFFER_S`. Returns the one that it really gave.

    The kernel doubles what is asked for, to allow for its own records, and gives no more than
    net.core.rmem_max to whoever is not an administrator (socket(7)).
    """
    options = [socket.SO_RCVBUF]
    if sys.platform.startswith("linux"):
        options.insert(0, _SO_RCVBUFFORCE)
    for option in options:
        with suppress(OSError):  # only an administrator may force it
            udp.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES // 2)
            break
    return ReceiveBuffer(udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF))


def probe_receive_buffer() -> ReceiveBuffer:
    """The buffer that a voice connection of this process gets.

    Raises:
        OSError: No UDP socket can be opened.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        return enlarge_receive_buffer(udp)


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("len", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """`struct mmsghdr` of recvmmsg(2), with `struct msghdr` in it."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("namelen", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),  # of a `_Vector`; a pointer's object would take 300 bytes more
        ("iovlen", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("controllen", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("padding", ctypes.c_int),
        ("received", ctypes.c_uint),
    )


class SocketWaiter:
    """Waits for packets at a socket; another thread can end the wait.

    A thread that waits for a socket does not notice that this one was closed, and another takes its
    place. Not `select()`: that refuses handles from 1,024 on, which a process with a few hundred
    voice connections reaches.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._event: int | None = None
        if sys.platform.startswith("linux"):
            self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def wait(self, udp: socket.socket) -> bool:
        """Wait a few seconds at most. Returns whether there may be a packet, or an error.

        Raises:
            OSError, ValueError: The socket is closed.
        """
        if sys.platform == "win32":  # it has no poll(), and its select() takes any handle
            return bool(select.select([udp], [], [], _LOOK_S)[0])
        else:  # noqa: RET505  (or mypy takes it for unreachable there)
            poll, number = select.poll(), udp.fileno()
            poll.register(number, select.POLLIN)
            if self._event is None:
                return bool(poll.poll(_LOOK_S * 1000))
            poll.register(self._event, select.POLLIN)
            ready = {one for one, _ in poll.poll(_SLEEP_S * 1000)}
            if self._event in ready and sys.platform.startswith("linux"):
                with suppress(BlockingIOError):
                    os.eventfd_read(self._event)
            return number in ready

    def wake(self) -> None:
        """End the wait, or the next one. For any thread, also after `close`."""
        with self._lock:  # its number may belong to another file once it is closed
            if sys.platform.startswith("linux") and self._event is not None:
                os.eventfd_write(self._event, 1)

    def close(self) -> None:
        """Free its handle; for the thread that waits."""
        with self._lock:
            if self._event is not None:
                os.close(self._event)
            self._event = None


class DatagramReader:
    """Takes the datagrams that have arrived, all at once. For one thread."""

    def __init__(self) -> None:
        self._call = _recvmmsg()
        # Not an array of ctypes: that is memory in use from the beginning, 256 KB for each call.
        size = _BATCH * MAX_DATAGRAM_BYTES
        self._buffer = (ctypes.c_char * size).from_buffer(mmap.mmap(-1, size))
        start = ctypes.addressof(self._buffer)
        self._vectors = (_Vector * _BATCH)()
        self._headers = (_Header * _BATCH)()
        for number, (header, vector) in enumerate(zip(self._headers, self._vectors, strict=True)):
            vector.base, vector.len = start + number * MAX_DATAGRAM_BYTES, MAX_DATAGRAM_BYTES
            header.iov, header.iovlen = ctypes.addressof(vector), 1

    def read(self, udp: socket.socket) -> list[bytes]:
        """What has arrived at a non-blocking socket; nothing if nothing has.

        Raises:
            OSError: The socket is closed or broken.
        """
        if self._call is None:
            return _one_by_one(udp)
        number = self._call(udp.fileno(), self._headers, _BATCH, _DONTWAIT, None)
        if number < 0:
            code = ctypes.get_errno()
            if code in {errno.EAGAIN, errno.EINTR}:
                return []
            raise OSError(code, os.strerror(code))
        view = memoryview(self._buffer).cast("B")
        starts = range(0, number * MAX_DATAGRAM_BYTES, MAX_DATAGRAM_BYTES)
        return [
            bytes(view[start : start + self._headers[n].received]) for n, start in enumerate(starts)
        ]


def _one_by_one(udp: socket.socket) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < _BATCH:
        try:
            found.append(udp.recv(MAX_DATAGRAM_BYTES))
        except BlockingIOError:
            break
    return found


def _recvmmsg() -> Any:
    """The C library's function; None where it has none."""
    call: Any = None
    if sys.platform.startswith("linux") and ctypes.sizeof(ctypes.c_void_p) == _POINTER_BYTES:
        call = getattr(ctypes.CDLL(None, use_errno=True), "recvmmsg", None)
    if call is not None:
        call.restype = ctypes.c_int
    return call
