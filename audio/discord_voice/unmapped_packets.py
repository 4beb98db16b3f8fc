"""Datagrams of streams without a known sender, kept encrypted until the sender is known.

Opcode 5 maps a stream to its sender, and may arrive after the stream's first packets, or never.
Nothing kept here has been decrypted: the sender may not want to be heard.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from audio.discord_voice.rtp import Rtp

WAIT_S: Final = 2.0
MAX_STREAMS: Final = 32
MAX_PACKETS_EACH: Final = 110
"""A little more than two seconds of a stream."""
MAX_BYTES: Final = 1 << 20

_FIRST_TRIAL_S: Final = 0.02
_MAX_TRIAL_INTERVAL_S: Final = 0.64


class Datagram(NamedTuple):
    """A packet as it arrived, and its header."""

    data: bytes
    rtp: Rtp
    arrived_s: float


@dataclass(slots=True)
class _Stream:
    datagrams: deque[Datagram] = field(default_factory=deque)
    next_trial_s: float = 0.0
    trial_interval_s: float = _FIRST_TRIAL_S


class UnmappedPacketBuffer:
    """Holds a bounded number of datagrams, by stream.

    Attributes:
        dropped: How many were dropped: too old, or too many.
        bytes: How much is held.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self.bytes = 0
        self._streams: dict[int, _Stream] = {}

    def __len__(self) -> int:
        return sum(len(stream.datagrams) for stream in self._streams.values())

    def add(self, datagram: Datagram) -> None:
        """Hold a datagram; the oldest make room for it."""
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

    def oldest(self, ssrc: int, count: int) -> list[Datagram]:
        """The first datagrams of a stream, without removing them."""
        stream = self._streams.get(ssrc)
        return list(islice(stream.datagrams, count)) if stream is not None else []

    def pop_stream(self, ssrc: int) -> list[Datagram]:
        """Remove and return all datagrams of a stream, the oldest first."""
        stream = self._streams.pop(ssrc, None)
        if stream is None:
            return []
        self.bytes -= sum(len(datagram.data) for datagram in stream.datagrams)
        return list(stream.datagrams)

    def expire(self, now_s: float) -> None:
        """Drop what is too old."""
        for ssrc, stream in list(self._streams.items()):
            while stream.datagrams and now_s - stream.datagrams[0].arrived_s > WAIT_S:
                self._drop_first(stream)
            if not stream.datagrams:
                del self._streams[ssrc]

    def clear(self) -> None:
        """Drop everything."""
        for ssrc in list(self._streams):
            self._drop_stream(ssrc)

    def is_trial_due(self, ssrc: int, now_s: float) -> bool:
        """Whether to try keys on a stream now. The interval doubles each time."""
        stream = self._streams.get(ssrc)
        if stream is None or now_s < stream.next_trial_s:
            return False
        stream.next_trial_s = now_s + stream.trial_interval_s
        stream.trial_interval_s = min(_MAX_TRIAL_INTERVAL_S, 2 * stream.trial_interval_s)
        return True

    def _drop_first(self, stream: _Stream) -> None:
        self.bytes -= len(stream.datagrams.popleft().data)
        self.dropped += 1

    def _drop_stream(self, ssrc: int) -> None:
        self.dropped += len(self.pop_stream(ssrc))
