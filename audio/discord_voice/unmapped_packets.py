"""Where datagrams wait, still encrypted, until it is known whose they are.

Opcode 5 tells whose a stream is, and may come after the stream's first packets, or never. Nothing
that waits here has been decrypted: it may be of somebody who does not want to be heard.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from audio.discord_voice.rtp import Rtp

WAIT_S: Final = 2.0
MAX_STREAMS: Final = 32
MAX_PACKETS_EACH: Final = 110
"""Two seconds of a stream, and some."""
MAX_BYTES: Final = 1 << 20

_FIRST_TRY_S: Final = 0.02
_MAX_TRIES_APART_S: Final = 0.64


class Datagram(NamedTuple):
    """A packet as it came."""

    data: bytes
    rtp: Rtp
    arrived_s: float


@dataclass(slots=True)
class _Stream:
    datagrams: deque[Datagram] = field(default_factory=deque)
    try_at_s: float = 0.0
    apart_s: float = _FIRST_TRY_S


class UnmappedPacketBuffer:
    """Datagrams of streams that nobody is known to own.

    Attributes:
        dropped: How many have been given up: too old, or too many.
        bytes: How much waits.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self.bytes = 0
        self._streams: dict[int, _Stream] = {}

    def __len__(self) -> int:
        return sum(len(stream.datagrams) for stream in self._streams.values())

    def add(self, datagram: Datagram) -> None:
        """Keep one; the oldest make room for it."""
        ssrc = datagram.rtp.ssrc
        if ssrc not in self._streams and len(self._streams) >= MAX_STREAMS:
            self._drop_stream(next(iter(self._streams)))
        stream = self._streams.setdefault(ssrc, _Stream())
        stream.datagrams.append(datagram)
        self.bytes += len(datagram.data)
        if len(stream.datagrams) > MAX_PACKETS_EACH:
            self._drop_first(stream)
        while self.bytes > MAX_BYTES:
            self._drop_stream(next(iter(self._streams)))

    def oldest(self, ssrc: int, most: int) -> list[Datagram]:
        """The first of a stream that wait."""
        stream = self._streams.get(ssrc)
        return list(islice(stream.datagrams, most)) if stream is not None else []

    def take(self, ssrc: int) -> list[Datagram]:
        """Everything of a stream, the oldest first; it waits no longer."""
        stream = self._streams.pop(ssrc, None)
        if stream is None:
            return []
        self.bytes -= sum(len(datagram.data) for datagram in stream.datagrams)
        return list(stream.datagrams)

    def tidy(self, now_s: float) -> None:
        """Give up what has waited too long."""
        for ssrc, stream in list(self._streams.items()):
            while stream.datagrams and now_s - stream.datagrams[0].arrived_s > WAIT_S:
                self._drop_first(stream)
            if not stream.datagrams:
                del self._streams[ssrc]

    def clear(self) -> None:
        """Give up everything."""
        for ssrc in list(self._streams):
            self._drop_stream(ssrc)

    def may_try(self, ssrc: int, now_s: float) -> bool:
        """Whether it is time to find out by trial whose a stream is; ever more seldom."""
        stream = self._streams.get(ssrc)
        if stream is None or now_s < stream.try_at_s:
            return False
        stream.try_at_s = now_s + stream.apart_s
        stream.apart_s = min(_MAX_TRIES_APART_S, 2 * stream.apart_s)
        return True

    def _drop_first(self, stream: _Stream) -> None:
        self.bytes -= len(stream.datagrams.popleft().data)
        self.dropped += 1

    def _drop_stream(self, ssrc: int) -> None:
        self.dropped += len(self.take(ssrc))
