"""The RTP stream of one Discord client: headers, extensions, padding."""

from __future__ import annotations

import random
import struct

from .transport import EXTENDED, HEADER, PADDED, VERSION, VIDEO_TYPE, VOICE_TYPE, Datagram

ONE_BYTE_EXTENSIONS = b"\xbe\xde\0\1"
"""RFC 8285: one-byte headers, one word of them."""
AUDIO_LEVEL, SPEAKING_FLAGS = 1, 9
RTCP_SENDER_REPORT = 200
VOICE_ACTIVE = 0x80
PADDING_MOST = 40


class RtpStream:
    """Numbers and dresses packets.

    Args:
        ssrc: The stream's.
        seed: Of the first sequence number and timestamp, and of which packets are padded.
        padded: Share of the packets that carry padding; Discord's are a few in a hundred.
    """

    def __init__(self, ssrc: int, *, seed: int, padded: float = 0.04) -> None:
        self.ssrc = ssrc
        self.padded = padded
        self._dice = random.Random(seed)  # noqa: S311 - dice that can be thrown again
        self._sequence = self._dice.randrange(1 << 16)
        self._origin = self._dice.randrange(1 << 32)

    def voice(self, payload: bytes, sample: int, level: int) -> Datagram:
        """A packet of voice.

        Args:
            payload: The frame, encrypted end to end.
            sample: Its first sample on the client's own clock at 48 kHz. That clock goes on while
                the client sends nothing; the sequence numbers do not.
            level: How far below full scale it is, in dB (RFC 6464).
        """
        extension = struct.pack(
            ">BBBB", AUDIO_LEVEL << 4, VOICE_ACTIVE | level & 0x7F, SPEAKING_FLAGS << 4, 1
        )
        padding = b""
        if self._dice.random() < self.padded:
            size = self._dice.randrange(1, PADDING_MOST)
            padding = bytes(size - 1) + bytes([size])
        flags = VERSION | EXTENDED | (PADDED if padding else 0)
        header = self._header(flags, VOICE_TYPE, sample)
        return Datagram(header + ONE_BYTE_EXTENSIONS, extension + payload + padding)

    def report(self) -> Datagram:
        """An RTCP sender report (RFC 3550), which shares the port with the voice."""
        words = self._dice.randbytes(20)
        return Datagram(struct.pack(">BBHI", VERSION, RTCP_SENDER_REPORT, 6, self.ssrc), words)

    def video(self, payload: bytes, sample: int) -> Datagram:
        """A packet of a camera's picture."""
        return Datagram(self._header(VERSION, VIDEO_TYPE, sample), payload)

    def _header(self, flags: int, kind: int, sample: int) -> bytes:
        self._sequence = self._sequence + 1 & 0xFFFF
        timestamp = self._origin + sample & 0xFFFFFFFF
        return HEADER.pack(flags, kind, self._sequence, timestamp, self.ssrc)
